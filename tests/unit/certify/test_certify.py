"""Certification: what is open on a day, what a pathway asks of a car and costs, which is cheapest and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import MappingProxyType

import numpy as np
import pytest

from kanrin.base import InputError, Kind
from kanrin.certify import (
    Choice,
    PathwayOption,
    assess,
    cap,
    choose,
    fixed_cost,
    lead_time,
    programme_cost,
    unit_cost,
)
from kanrin.certify._reason import Programme, yen
from kanrin.facts import Case, Equipment, GapRow, load_case
from kanrin.rules import Book, array_reader, open_book

EXACT = 1e-12  # the same sums of the same numbers, in another order at most

CASE = load_case("us-japan")
NEWS_DAY, DEFAULT_DAY = date(2025, 10, 27), date(2026, 4, 1)
NEW_ROUTE = "us_made_certification"
SHARE = "certify.unknown_treatment_share"
CAMRY, TUNDRA = "toyota_camry_hybrid", "toyota_tundra"


def options(
    car: str, on: date = DEFAULT_DAY, *, case: Case = CASE, known_on: date | None = None, user: str = "maker"
) -> tuple[Book, dict[str, PathwayOption]]:
    book = open_book(case, on, known_on)
    return book, {o.pathway.id: o for o in assess(book, case.candidates[car], user=user)}


def chosen(car: str, on: date = DEFAULT_DAY, *, units: float = 3000, case: Case = CASE) -> Choice:
    book, found = options(car, on, case=case)
    return choose(book, tuple(found.values()), units_per_year=units, years=4, discount_rate=0.08)


def with_gap(**changes: object) -> Case:
    """The case with columns of one requirement changed."""
    row: GapRow = CASE.gaps[str(changes.pop("id"))]
    return replace(CASE, gaps=MappingProxyType({**CASE.gaps, row.id: row.model_copy(update=changes)}))


def with_equipment(car: str, requirement: str) -> Case:
    made = Equipment(
        candidate=car, requirement=requirement, has="yes", kind=Kind.ASSUMPTION, source="kanrin.assumption"
    )
    return replace(CASE, equipment=MappingProxyType({**CASE.equipment, f"{car}.{requirement}": made}))


def test_on_the_day_of_the_news_the_new_route_is_only_under_consideration():
    _, found = options(CAMRY, NEWS_DAY)
    assert not found[NEW_ROUTE].feasible
    assert found[NEW_ROUTE].obstacles == (
        "only under consideration (nippon.com / Jiji 2025-05-22); not available on 2025-10-27",
    )


def test_between_announcement_and_enactment_it_is_only_announced():
    _, found = options(CAMRY, date(2026, 1, 10))
    assert (
        found[NEW_ROUTE]
        .obstacles[0]
        .startswith("only announced (Asahi Shimbun (AJW) 2025-12-20) for 2026-01-31")
    )
    _, enacted_later = options(CAMRY, NEWS_DAY, known_on=DEFAULT_DAY)
    assert "enacted" in enacted_later[NEW_ROUTE].obstacles[0]
    assert not enacted_later[NEW_ROUTE].feasible


def test_from_its_day_it_is_open_and_taken_and_the_choice_says_what_is_not_certain():
    choice = chosen(CAMRY)
    assert choice.option.pathway.id == NEW_ROUTE
    for part in (
        "a car, about 5 months (2 to 9)",
        "3,000 cars a year over 4 years",
        "90 % likely",
        "as low as 5,000",
    ):
        assert part in choice.reason
    refused = {o.pathway.id: reason for o, reason in choice.not_taken}
    assert set(refused) == set(CASE.pathways) - {NEW_ROUTE}
    assert "dearer over the programme" in refused["php"]
    assert "pedestrian head protection is blocking" in refused["parallel_import"]
    assert refused["common_structure"] == "not for cars of heading 8703; it is for 8704"


def test_the_user_may_open_the_route_ahead_of_the_law():
    case = CASE.with_overrides({"jp.us_made_certification.available": 1})
    _, found = options(CAMRY, NEWS_DAY, case=case)
    assert found[NEW_ROUTE].feasible


def test_pickups_are_refused_while_their_eligibility_is_only_reported():
    _, found = options(TUNDRA)
    assert not found[NEW_ROUTE].feasible
    said = " ".join(found[NEW_ROUTE].obstacles)
    assert "only reported" in said and "--set jp.us_made_certification.pickup_eligible=1" in said


def test_users_origins_and_dates_bar_a_pathway():
    _, anyone = options(CAMRY, user="anyone")
    assert "not for anyone" in anyone["php"].obstacles[0]
    elsewhere = replace(CASE, about=CASE.about.model_copy(update={"origin": "MX"}))
    assert "not for cars built in MX" in options(CAMRY, case=elsewhere)[1][NEW_ROUTE].obstacles[0]
    closed = CASE.pathways["php"].model_copy(update={"available_to": date(2026, 1, 1)})
    ended = replace(CASE, pathways=MappingProxyType({**CASE.pathways, "php": closed}))
    assert options(CAMRY, case=ended)[1]["php"].obstacles == (
        "ended on 2026-01-01; not available on 2026-04-01",
    )
    for last_day, is_open in ((date(2026, 4, 1), False), (date(2026, 4, 2), True)):
        closing = CASE.pathways["php"].model_copy(update={"available_to": last_day})
        case = replace(CASE, pathways=MappingProxyType({**CASE.pathways, "php": closing}))
        assert ("ended on" in " ".join(options(CAMRY, case=case)[1]["php"].obstacles)) is not is_open
    for first_day, is_open in ((DEFAULT_DAY, True), (date(2026, 4, 2), False)):
        opening = CASE.pathways["php"].model_copy(update={"available_from": first_day})
        case = replace(CASE, pathways=MappingProxyType({**CASE.pathways, "php": opening}))
        assert ("open before" in " ".join(options(CAMRY, case=case)[1]["php"].obstacles)) is not is_open


def test_an_unknown_treatment_never_costs_nothing():
    for car in CASE.candidates:
        book, found = options(car)
        for option in found.values():
            for t in option.treatments:
                if t.treatment == "unknown":
                    assert t.cost_key and t.factor_key == SHARE
                    assert book.number(t.cost_key) * book.number(SHARE) > 0
                    assert (
                        book.figure(SHARE).kind is Kind.ASSUMPTION
                        and book.figure(SHARE).low != book.figure(SHARE).high
                    )
    case = with_gap(id="cyber_update", unit_cost_assumption_key="")
    warned = options(CAMRY, case=case)[1][NEW_ROUTE].warnings
    assert any("cyber security" in w and "names no cost" in w for w in warned)


def test_equipment_takes_a_modification_away_and_its_cost_with_it():
    case = with_equipment(CAMRY, "rear_turn_signal_colour")
    book, bare = options(CAMRY)
    _, fitted = options(CAMRY, case=case)
    for name in ("php", "type_designation"):
        saved = unit_cost(book.number, bare[name]) - unit_cost(book.number, fitted[name])
        assert abs(saved - book.number("mod.rear_turn_amber_jpy")) < 1
    treatment = next(t for t in fitted["php"].treatments if t.requirement_id == "rear_turn_signal_colour")
    assert (treatment.treatment, treatment.cost_key) == ("met", "") and treatment.note.startswith(
        "already fitted"
    )


def test_a_fitted_part_does_not_spare_the_evidence_for_it():
    _, found = options(CAMRY)
    aeb = {name: next(t for t in o.treatments if t.requirement_id == "aeb") for name, o in found.items()}
    assert (aeb["php"].treatment, aeb["php"].cost_key) == ("test", "mod.aeb_jpy")
    assert (aeb["parallel_import"].treatment, aeb["parallel_import"].cost_key) == ("met", "")


def test_a_car_that_passes_the_head_test_needs_no_redesign_and_is_not_barred():
    book, found = options(CAMRY, case=with_equipment(CAMRY, "pedestrian_head"))
    assert found["parallel_import"].feasible
    _, bare = options(CAMRY)
    saved = fixed_cost(book.number, bare["php"]) - fixed_cost(book.number, found["php"])
    assert saved == pytest.approx(book.number("mod.pedestrian_redesign_jpy_per_model"), rel=EXACT)
    head = next(t for t in bare["php"].treatments if t.requirement_id == "pedestrian_head")
    assert head.per == "model" and "taken to fail the test" in head.note


def test_a_cost_named_by_two_requirements_is_met_once_and_in_full_if_one_asks_all():
    book, found = options(CAMRY)
    crash = book.number("test.crash_set_jpy_per_model")
    named = [t for t in found["type_designation"].treatments if t.cost_key == "test.crash_set_jpy_per_model"]
    assert len(named) == 2
    parts = (
        "cert.type_designation.fixed_jpy",
        "mod.pedestrian_redesign_jpy_per_model",
        "test.noise_emission_jpy_per_model",
    )
    expected = crash + sum(book.number(key) for key in parts)
    assert fixed_cost(book.number, found["type_designation"]) == pytest.approx(expected, rel=EXACT)
    mixed = with_gap(id="frontal_crash", us_made_certification="unknown")
    _, half = options(CAMRY, case=mixed)
    both = replace(mixed, gaps=MappingProxyType({
        **mixed.gaps, "side_pole_crash": mixed.gaps["side_pole_crash"].model_copy(update={NEW_ROUTE: "test"}),
    }))  # fmt: skip
    _, full = options(CAMRY, case=both)
    base = fixed_cost(book.number, found[NEW_ROUTE])
    share = book.number(SHARE)
    assert fixed_cost(book.number, half[NEW_ROUTE]) == pytest.approx(base + share * crash, rel=EXACT)
    assert fixed_cost(book.number, full[NEW_ROUTE]) == pytest.approx(base + crash, rel=EXACT)


def test_requirements_not_in_force_or_for_other_cars_do_not_apply():
    _, before = options(CAMRY, NEWS_DAY)
    _, after = options(CAMRY)
    asked = [{t.requirement_id for t in found[NEW_ROUTE].treatments} for found in (before, after)]
    assert "rear_mark" not in asked[0] and "rear_mark" in asked[1]
    assert "ev_charging" not in asked[1]
    assert "ev_charging" in {t.requirement_id for t in options("tesla_model_y_us")[1][NEW_ROUTE].treatments}


def test_costs_of_figures_and_of_arrays_agree():
    rng = np.random.default_rng(3)
    for car in (CAMRY, TUNDRA, "tesla_model_y_us"):
        book, found = options(car)
        for option in found.values():
            for cost, unit in ((unit_cost, "JPY per vehicle"), (fixed_cost, "JPY per model")):
                figure = cost(book.figure, option)
                assert figure.unit == unit and figure.kind is Kind.ASSUMPTION
                assert figure.value == pytest.approx(cost(book.number, option), rel=EXACT)
                share = rng.uniform(0, 1, 5)
                swept = np.broadcast_to(cost(array_reader(book, {SHARE: share}), option), 5)
                one_by_one = [cost(array_reader(book, {SHARE: float(x)}), option) for x in share]
                np.testing.assert_allclose(swept, one_by_one, rtol=EXACT)
            assert lead_time(book.figure, option).unit == "months"


def test_the_cap_bars_a_volume_above_it_and_not_one_at_it():
    case = CASE.with_overrides({"jp.us_made_certification.available": 0})
    book, found = options(CAMRY, case=case)
    limit = cap(book.number, found["php"])
    assert limit == 5000 and cap(book.number, found["type_designation"]) is None
    php = (found["php"],)
    at_cap = choose(book, php, units_per_year=limit, years=4, discount_rate=0.08)
    assert at_cap.option.pathway.id == "php" and "Cap 5,000" in at_cap.reason
    with pytest.raises(InputError, match="cap of 5,000 a type and year is below the 5,001 cars") as error:
        choose(book, php, units_per_year=limit + 1, years=4, discount_rate=0.08)
    assert CAMRY in str(error.value)


def test_the_cheapest_is_the_cheapest_by_hand_at_every_volume():
    book, found = options(TUNDRA, NEWS_DAY)
    for units in (0, 1, 50, 3000, 20000):
        choice = choose(book, tuple(found.values()), units_per_year=units, years=4, discount_rate=0.08)
        annuity = (1 - 1.08**-4) / np.log(1.08)
        total = {
            name: fixed_cost(book.number, o) * 1.08 ** (lead_time(book.number, o) / 12)
            + unit_cost(book.number, o) * units * annuity
            for name, o in found.items()
            if o.feasible and (cap(book.number, o) or np.inf) >= units
        }
        assert choice.option.pathway.id == min(total, key=total.__getitem__)


def test_the_cost_of_a_programme_without_interest_is_a_plain_sum():
    assert programme_cost(7.0, 2.0, 9.0, Programme(10.0, 3.0, 0.0)) == 67.0
    nearly = programme_cost(7.0, 2.0, 9.0, Programme(10.0, 3.0, 1e-9))
    assert nearly == pytest.approx(67.0, rel=1e-7)  # of the order of the rate


def test_the_cost_once_is_carried_to_the_first_sale_and_the_cost_a_car_spread_over_the_years():
    annuity = (1 - 1.1**-3) / np.log(1.1)
    by_hand = 7.0 * 1.1 ** (9 / 12) + 2.0 * 10.0 * annuity
    assert programme_cost(7.0, 2.0, 9.0, Programme(10.0, 3.0, 0.1)) == pytest.approx(by_hand, rel=EXACT)


def test_no_feasible_pathway_names_the_model_and_every_obstacle():
    book, found = options(CAMRY, NEWS_DAY)
    barred = tuple(o for o in found.values() if not o.feasible)
    with pytest.raises(InputError) as error:
        choose(book, barred, units_per_year=100, years=4, discount_rate=0.08)
    text = str(error.value)
    assert CAMRY in text and all(obstacle in text for o in barred for obstacle in o.obstacles)


@pytest.mark.parametrize(
    ("units", "years", "rate"), [(-1, 4, 0.1), (1, 0, 0.1), (1, 4, -0.1), (float("nan"), 4, 0.1)]
)
def test_a_programme_that_makes_no_sense_is_refused(units: float, years: float, rate: float):
    book, found = options(CAMRY)
    with pytest.raises(InputError, match="makes no sense"):
        choose(book, tuple(found.values()), units_per_year=units, years=years, discount_rate=rate)


def test_a_cost_in_an_unlike_unit_is_refused_with_its_place():
    case = with_gap(id="noise", unit_cost_assumption_key="cert.php.lead_time_months")
    with pytest.raises(InputError, match=r"gaps\.csv:\d+: cert\.php\.lead_time_months is in 'months'"):
        options(CAMRY, case=case)


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0, "0 yen"), (47_000, "47,000 yen"), (1_095_400, "1.1 million yen"), (1.5e9, "1.5 billion yen")],
)
def test_yen_in_words(amount: float, words: str):
    assert yen(amount) == words
