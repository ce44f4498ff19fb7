"""Taxes at purchase: steps of the tables, who gets the eco rate, plates of pickups, subsidy."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from kanrin.certify import assess
from kanrin.cost import Shipment, best_route, levies
from kanrin.facts import load_case
from kanrin.rules import Book, open_book

CASE = load_case("us-japan")
US_MADE, TESTED = "us_made_certification", "type_designation"


def shipped(book: Book, model: str, pathway: str = US_MADE) -> Shipment:
    candidate = CASE.candidate(model)
    option = next(o for o in assess(book, candidate) if o.pathway.id == pathway)
    return Shipment(candidate, best_route(book, candidate).route, option, False)


@pytest.mark.parametrize(
    ("kg", "steps"), [(1_500.0, 3), (1_500.1, 4), (1_565.0, 4), (2_000.0, 4), (2_035.0, 5)]
)
def test_tonnage_tax_counts_started_half_tonnes(kg: float, steps: int) -> None:
    book = open_book(CASE.with_overrides({"candidate.toyota_camry_hybrid.kerb_weight_kg": kg}))
    tax = levies(book.figure, shipped(book, "toyota_camry_hybrid"))
    assert tax.tonnage_tax.value == steps * 4_100 * 3
    assert tax.tonnage_tax.unit == "JPY per vehicle"


def test_eco_rate_needs_a_fuel_economy_value() -> None:
    book, granted = open_book(CASE), open_book(CASE.with_overrides({"jp.eco_car_rate_for_us_made": 1}))
    camry = "toyota_camry_hybrid"
    standard, eco = 4 * 4_100 * 3, 4 * 2_500 * 3
    assert levies(book.number, shipped(book, camry)).tonnage_tax == standard
    assert levies(book.number, shipped(book, camry, TESTED)).tonnage_tax == eco
    assert levies(granted.number, shipped(granted, camry)).tonnage_tax == eco
    gas = shipped(granted, "toyota_highlander_gas", TESTED)
    assert levies(granted.number, gas).tonnage_tax == standard  # 1,985 kg: four steps as well
    electric = shipped(book, "tesla_model_y_us")
    assert levies(book.number, electric).tonnage_tax == 4 * 2_500 * 3


def test_performance_levy_until_it_was_abolished() -> None:
    before, after = open_book(CASE, date(2026, 3, 1)), open_book(CASE, date(2026, 4, 1))
    camry = "toyota_camry_hybrid"
    assert levies(before.number, shipped(before, camry)).levy_rate == 0.03
    assert levies(before.number, shipped(before, camry, TESTED)).levy_rate == 0.0
    assert levies(after.number, shipped(after, camry)).levy_rate == 0.0


def test_a_pickup_on_goods_plates_is_taxed_by_gross_weight() -> None:
    goods, passenger = (
        open_book(CASE),
        open_book(CASE.with_overrides({"jp.plate_class.certified_pickup_is_goods": 0})),
    )
    tundra = "toyota_tundra"
    assert levies(goods.number, shipped(goods, tundra)).tonnage_tax == 4 * 4_100 * 2
    assert levies(passenger.number, shipped(passenger, tundra)).tonnage_tax == 5 * 4_100 * 3


def test_subsidy_is_scored_up_to_the_ceiling_for_electric_cars_only() -> None:
    book = open_book(CASE)
    model_y = shipped(book, "tesla_model_y_us")
    tax = levies(book.number, model_y)
    assert tax.subsidy == 850_000
    assert tax.total == pytest.approx(
        tax.tonnage_tax + tax.recycling + tax.registration + tax.insurance - 850_000
    )
    rich = open_book(CASE.with_overrides({"jp.cev_subsidy.typical_us_ev_jpy": 1_400_000}))
    assert levies(rich.number, model_y).subsidy == 1_300_000
    assert levies(book.number, shipped(book, "toyota_camry_hybrid")).subsidy is None


def test_the_factor_of_us_made_cars_binds_on_their_pathway_only() -> None:
    book = open_book(CASE.with_overrides({"jp.cev_subsidy.us_made_factor": 0}))
    on_new_route, tested = (shipped(book, "tesla_model_y_us", pathway) for pathway in (US_MADE, TESTED))
    assert levies(book.number, on_new_route).subsidy == 0
    assert levies(book.number, tested).subsidy == 850_000


def test_a_share_of_the_flag_blends_the_rates() -> None:
    """Sweeps draw the flag: half a chance of the eco rate is the mean of both."""
    shipment = shipped(open_book(CASE), "toyota_camry_hybrid")
    flag = "jp.eco_car_rate_for_us_made"
    half_way = CASE.assumptions[flag].model_copy(update={"value": 0.5})
    half = open_book(replace(CASE, assumptions={**CASE.assumptions, flag: half_way}))
    assert levies(half.number, shipment).tonnage_tax == pytest.approx(4 * 3 * (4_100 + 2_500) / 2)
