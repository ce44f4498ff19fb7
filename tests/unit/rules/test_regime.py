"""Law on a day as known on a day, on the shipped case: what is pending, the ends of law, kinds, messages."""

from __future__ import annotations

from datetime import date

import pytest

from kanrin.base import Kind, NotInForce, UnknownName
from kanrin.facts import load_case
from kanrin.rules import EndOfLaw, at

CASE = load_case("us-japan")
NEWS_DAY, DEFAULT_DAY = date(2025, 10, 27), date(2026, 4, 1)
FEE = "us.port_fee.vehicle_carrier"
AFTER_SUSPENSION = date(2026, 11, 24)


def pending(on: date, known_on: date | None = None) -> set[tuple[str, float, str, date]]:
    return {
        (p.rule.key, p.spell.value, p.spell.status, p.spell.effective_from)
        for p in at(CASE, on, known_on).pending()
    }


def test_pending_on_the_day_of_the_news_has_the_review_and_enacted_law_to_come():
    found = pending(NEWS_DAY)
    assert ("jp.us_made_certification.available", 1, "considered", date(2025, 12, 1)) in found
    assert ("us.section_232.bus.additional", 0.1, "in_force", date(2025, 11, 1)) in found
    keys = {key for key, *_ in found}
    assert "us.section_232.automobile.jp_combined_floor" not in keys  # the announced 15% has come
    assert "us.port_fee.vehicle_carrier" not in keys  # the fee considered in June was withdrawn


def test_pending_on_the_default_day_has_korea_and_the_tonnage_thresholds():
    found = pending(DEFAULT_DAY)
    assert ("us.section_232.automobile.kr_combined_floor", 0.25, "announced", date(2026, 1, 26)) in found
    assert ("jp.tonnage_tax.exemption_threshold", 1.05, "in_force", date(2026, 5, 1)) in found
    assert ("jp.tonnage_tax.quarter_cut_threshold", 0.85, "announced", date(2027, 5, 1)) in found
    assert ("jp.us_made_certification.pickup_eligible", 1, "reported", date(2026, 2, 16)) in found
    assert "jp.us_made_certification.available" not in {key for key, *_ in found}


def test_law_enacted_and_replaced_before_its_day_is_pending_while_it_was_the_law():
    key = "us.msrp_offset.rate"
    before = [(p.spell.value, p.spell.effective_from) for p in at(CASE, date(2025, 9, 1)).pending(key)]
    assert before == [(0.025, date(2026, 5, 1)), (0.0, date(2027, 5, 1))]
    after = [(p.spell.value, p.spell.effective_from) for p in at(CASE, NEWS_DAY).pending(key)]
    assert after == [(0.0375, date(2026, 5, 1))]


def test_an_announcement_that_was_enacted_for_a_later_day_is_not_listed_twice():
    rows = at(CASE, NEWS_DAY, DEFAULT_DAY).pending("jp.us_made_certification.available")
    assert [(p.spell.status, p.spell.effective_from) for p in rows] == [("in_force", date(2026, 2, 16))]


def test_a_gap_is_refused_with_what_is_covered_and_the_ways_out():
    with pytest.raises(NotInForce) as error:
        at(CASE, AFTER_SUSPENSION).figure(FEE)
    for part in (
        FEE,
        "2026-11-24",
        "2025-11-10..2026-11-10",
        "--end-of-law carry",
        "--end-of-law assume",
        "--set",
    ):
        assert part in str(error.value)


def test_a_gap_is_carried_or_assumed_by_choice_and_warns():
    carried = at(CASE, AFTER_SUSPENSION, end_of_law=EndOfLaw.CARRY)
    assert (carried.figure(FEE).value, carried.figure(FEE).kind) == (0.0, Kind.ASSUMPTION)
    assert any("carried past its end on 2026-11-10" in w for w in carried.warnings({FEE}))
    assumed = at(CASE, AFTER_SUSPENSION, end_of_law="assume")
    stand_in = CASE.assumptions["us.port_fee.assumed_after_2026_11_09"]
    figure = assumed.figure(FEE)
    assert (figure.value, figure.low, figure.high) == (stand_in.value, stand_in.low, stand_in.high)
    assert any(stand_in.key in w for w in assumed.warnings({FEE}))


@pytest.mark.parametrize("end_of_law", list(EndOfLaw))
def test_nothing_is_carried_back_before_the_first_spell(end_of_law: EndOfLaw):
    key = "us.section_122.surcharge"
    with pytest.raises(NotInForce):
        at(CASE, date(2026, 2, 1), AFTER_SUSPENSION, end_of_law).figure(key)


def test_internal_sources_support_no_fact():
    regime = at(CASE, DEFAULT_DAY)
    assert regime.figure("us.automobile.jp.passenger_combined_rate").kind is Kind.DERIVED
    assert regime.figure("jp.inspection.next_validity.passenger").kind is Kind.ASSUMPTION
    assert regime.figure("jp.php.cap_per_type").kind is Kind.FACT


def test_days_before_any_rule_and_unknown_rules_are_refused():
    with pytest.raises(NotInForce, match="the rules begin on"):
        at(CASE, date(1950, 1, 1))
    with pytest.raises(NotInForce, match="knowledge begins on"):
        at(CASE, DEFAULT_DAY, date(1950, 1, 1))
    with pytest.raises(UnknownName, match=r"jp\.php\.cap_per_type"):
        at(CASE, DEFAULT_DAY).figure("jp.php.cap_per_typ")


def test_a_rule_set_by_the_user_is_in_force_as_an_assumption():
    regime = at(CASE.with_overrides({"jp.us_made_certification.available": 1}), NEWS_DAY)
    figure = regime.figure("jp.us_made_certification.available")
    assert (figure.value, figure.kind, figure.source) == (1.0, Kind.ASSUMPTION, "kanrin.user")
