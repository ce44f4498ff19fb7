"""Landed cost by another road: iteration, finite differences, the chain of prices, a case done by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kanrin.certify import assess
from kanrin.cost import DutyKeys, Shipment, duty, duty_rate, insure, landed, wedges
from kanrin.facts import Case, load_case
from kanrin.rules import FX, FX_CUSTOMS, Book, array_reader, open_book

EXACT = 1e-12  # the same closed form, evaluated in another order
DIFFERENCE = 1e-7  # central differences of a smooth function with a step of 1e-5

CAMRY, HIGHLANDER, TUNDRA = "toyota_camry_hybrid", "toyota_highlander_hybrid", "toyota_tundra"
EIGHT_PERCENT = {"jp.customs.hs8703.mfn": 0.08, "jp.us_market_access_goodwill_usd_per_vehicle": 500.0}


@pytest.fixture(scope="module")
def case() -> Case:
    return load_case("us-japan")


@pytest.fixture(scope="module")
def book(case: Case) -> Book:
    return open_book(case)


def shipped(book: Book, model: str, route: str, *, right_hand: bool = False) -> Shipment:
    candidate = book.case.candidate(model)
    option = next(o for o in assess(book, candidate) if o.pathway.id == "us_made_certification")
    return Shipment(candidate, book.case.routes[route], option, right_hand)


@pytest.fixture(scope="module")
def highlander(book: Book) -> Shipment:
    return shipped(book, HIGHLANDER, "princeton_in.baltimore.nagoya", right_hand=True)


def with_values(book: Book, values: Mapping[str, float]) -> Callable[[str], Any]:
    return array_reader(book, values)


def test_closed_form_of_cif_is_the_fixed_point_of_insuring_it(book: Book) -> None:
    """[L1]"""
    fob, freight = 25_000.0, 1_300.0
    factor, rate = book.number("insurance.insured_value_factor"), book.number("insurance.rate")
    cif = fob + freight
    for _ in range(60):
        cif = fob + freight + rate * factor * cif
    insured = insure(book.number, fob, freight)
    assert insured.cif == pytest.approx(cif, rel=EXACT)
    assert insured.insurance == pytest.approx(cif - fob - freight, rel=1e-9)
    assert insured.insured_value == pytest.approx(factor * cif, rel=EXACT)


def test_elasticity_to_the_exchange_rate_is_the_share_of_its_lines(book: Book, highlander: Shipment) -> None:
    """[L5]: customs rate moving with the settlement rate."""

    def cost(rate: float) -> float:
        return float(landed(with_values(book, {**EIGHT_PERCENT, FX: rate}), highlander).landed_cost)

    rate, step = book.number(FX), 1e-5
    up, down = cost(rate * (1 + step)), cost(rate * (1 - step))
    elasticity = (up - down) / (2 * step) / cost(rate)
    lines = landed(with_values(book, EIGHT_PERCENT), highlander)
    linked = (lines.fob_usd + lines.freight_usd + lines.insurance_usd) * lines.fx
    linked += lines.duty + lines.import_tax_carrying + lines.capital + lines.right_hand_unit - lines.goodwill
    assert 0.5 < elasticity < 1.0
    assert elasticity == pytest.approx(linked / lines.landed_cost, rel=DIFFERENCE)


@pytest.mark.parametrize("on", [date(2025, 3, 1), date(2025, 6, 1), date(2025, 10, 1), date(2026, 4, 1)])
def test_floor_is_the_larger_rate_and_never_the_sum(case: Case, on: date) -> None:
    """[L7]: the law as three rules against the combined rate that the tables state on their own."""
    keys = DutyKeys(
        "us.customs.hs8703.mfn",
        "us.section_232.automobile.jp_combined_floor",
        "us.section_232.automobile.jp_additional",
    )
    book = open_book(case, on)
    combined = book.number("us.automobile.jp.passenger_combined_rate")
    assert duty_rate(book.number, keys) == pytest.approx(combined, rel=EXACT)
    assert duty(book.figure, keys, 20_000.0).amount.value == pytest.approx(combined * 20_000.0, rel=EXACT)


def test_floor_below_the_base_rate_changes_nothing(case: Case) -> None:
    """[L7]: a light truck pays its 25 percent, not 25 + 15."""
    book = open_book(case, date(2025, 10, 1))
    keys = DutyKeys("us.customs.hs8704.mfn", "us.section_232.automobile.jp_combined_floor")
    assert duty_rate(book.number, keys) == 0.25


def test_specific_part_is_added_once(book: Book) -> None:
    read = {"base": 0.1, "specific": 700.0}.__getitem__
    assert duty(read, DutyKeys("base", specific="specific"), 10_000.0).amount == pytest.approx(1_700.0)


@pytest.mark.parametrize("model", [CAMRY, HIGHLANDER, TUNDRA])
def test_margin_is_nought_where_the_forward_chain_of_prices_ends(book: Book, model: str) -> None:
    """[L9]: landed cost and warranty, up through distributor and dealer, by iteration on the price."""
    plant = book.case.candidate(model).plant
    route = next(r.id for r in book.case.routes.values() if r.plant == plant)
    read, shipment = book.number, shipped(book, model, route)
    cut = wedges(read, shipment)
    price = 0.0
    for _ in range(200):
        receipt = cut.landed.landed_cost + read("warranty.reserve_share") * price
        wholesale = receipt / (1 - read("jp.distributor_margin")) + read("jp.inland_delivery_jpy")
        price = wholesale / (1 - read("jp.dealer_margin"))
    assert cut.zero_margin_price == pytest.approx(price, rel=EXACT)
    assert cut.margin(price) == pytest.approx(0.0, abs=1e-12 * price)


def test_customs_rate_moves_duty_and_import_tax_and_what_follows_only(
    book: Book, highlander: Shipment
) -> None:
    """[L10]"""
    rate = book.number(FX_CUSTOMS)
    before = landed(with_values(book, {**EIGHT_PERCENT, FX_CUSTOMS: rate}), highlander)
    after = landed(with_values(book, {**EIGHT_PERCENT, FX_CUSTOMS: 1.1 * rate}), highlander)
    moved = {name for name in vars(before) if getattr(before, name) != getattr(after, name)}
    assert moved == {"customs_value", "duty", "import_tax", "import_tax_carrying", "landed_cost"}
    assert after.duty == pytest.approx(1.1 * before.duty, rel=EXACT)


def test_duty_once_applied_raises_cost_by_itself_and_its_carrying(book: Book, highlander: Shipment) -> None:
    rate = {"jp.customs.hs8703.mfn": 0.1}
    free, taxed = landed(book.number, highlander), landed(with_values(book, rate), highlander)
    extra = 0.1 * free.customs_value
    share = free.import_tax_carrying / free.customs_value
    assert taxed.landed_cost - free.landed_cost == pytest.approx(extra + share * extra, rel=1e-9)


BY_HAND: dict[str, float] = {
    FX: 150.0,
    FX_CUSTOMS: 149.0,
    f"candidate.{CAMRY}.msrp_usd": 30_000.0,
    f"candidate.{CAMRY}.length_mm": 5_000.0,
    f"candidate.{CAMRY}.width_mm": 2_000.0,
    f"candidate.{CAMRY}.height_mm": 1_600.0,
    f"candidate.{CAMRY}.kerb_weight_kg": 1_565.0,
    "us.variable_cost_factor": 0.7,
    "us.parts_tariff_cost_share_of_msrp": 0.01,
    "us.msrp_offset.applies_to_exports": 1.0,
    "us.msrp_offset.rate": 0.0375,
    "us.maker_ex_works_factor": 0.8,
    "us.inland.rail_fixed_usd": 150.0,
    "us.inland.rail_usd_per_mile": 0.3,
    "route.georgetown_ky.brunswick.nagoya.inland_km": 1_609.344,
    "route.georgetown_ky.brunswick.nagoya.freight_usd_per_m3": 80.0,
    "route.georgetown_ky.brunswick.nagoya.transit_days": 66.0,
    "us.port_handling_usd": 130.0,
    "us.export_documents_usd": 20.0,
    "ocean.backhaul_factor": 0.75,
    "ocean.gross_over_net": 1.2,
    "ocean.stowage_factor": 1.05,
    "ocean.panama_toll_usd_per_vehicle": 60.0,
    "us.port_fee.vehicle_carrier": 46.0,
    "ocean.vessel_net_tons": 26_000.0,
    "ocean.vessel_ceu": 6_500.0,
    "ocean.vessel_fill": 0.8,
    "us.port_fee.pass_through": 0.5,
    "insurance.insured_value_factor": 1.1,
    "insurance.rate": 0.003,
    "jp.customs.valuation.basis_is_cif": 1.0,
    "jp.customs.hs8703.mfn": 0.1,
    "jp.consumption_tax.import_base_includes_duty": 1.0,
    "jp.consumption_tax.rate": 0.1,
    "capital.annual_rate": 0.05,
    "jp.port_dwell_days": 4.0,
    "jp.inland_delivery_days": 7.0,
    "jp.port_handling_jpy": 30_000.0,
    "jp.customs_clearance_jpy": 5_000.0,
    "cert.us_made_certification.unit_jpy": 15_000.0,
    "mod.navigation_telematics_jpy": 80_000.0,
    "rhd.unit_cost_usd": 300.0,
    "recall.reserve_jpy": 10_000.0,
    "jp.pdi_jpy": 60_000.0,
    "jp.us_market_access_goodwill_usd_per_vehicle": 100.0,
    "jp.dealer_margin": 0.13,
    "jp.distributor_margin": 0.08,
    "warranty.reserve_share": 0.025,
    "jp.inland_delivery_jpy": 35_000.0,
    "jp.eco_car_rate_for_us_made": 0.0,
    "jp.environmental_performance_levy.min_rate": 0.0,
    "jp.environmental_performance_levy.max_rate": 0.03,
    "jp.tonnage_tax.eco": 2_500.0,
    "jp.tonnage_tax.standard": 4_100.0,
    "jp.inspection.first_validity.passenger": 3.0,
    "jp.recycling_fee_jpy": 14_000.0,
    "jp.registration_costs_jpy": 40_000.0,
    "jp.compulsory_insurance_37_months_jpy": 24_190.0,
}


def test_a_camry_by_hand(book: Book) -> None:
    """Round numbers of our own, each step written out."""
    shipment = shipped(book, CAMRY, "georgetown_ky.brunswick.nagoya", right_hand=True)
    shipment = replace(shipment, option=replace(shipment.option, treatments=()))
    cut = wedges(BY_HAND.__getitem__, shipment)
    lines = cut.landed

    assert lines.production_usd == pytest.approx(21_000)
    assert lines.inland_usd == pytest.approx(150 + 300)  # a thousand miles
    assert lines.fob_usd == pytest.approx(21_000 + 300 - 1_125 + 450 + 150)
    assert lines.passage.ocean == pytest.approx(72 * 16 * 1.05)  # 72 USD a m3 on 16 m3 and what it wastes
    assert lines.passage.port_fee == pytest.approx(46 * 5 * 0.5)  # five net tons a car on board
    assert lines.freight_usd == pytest.approx(1_209.6 + 115 + 60)
    assert lines.fas_usd == pytest.approx(24_000 + 600)
    assert lines.cif_usd == pytest.approx(25_984.6 / 0.9967)
    assert lines.insurance_usd == pytest.approx(86.033089)
    assert lines.customs_value == pytest.approx(26_070.633089 * 149)
    assert lines.duty == pytest.approx(388_452.433030)
    assert lines.import_tax == pytest.approx(0.1 * 1.1 * 3_884_524.3303)
    assert lines.import_tax_carrying == pytest.approx(427_297.676333 * 0.05 * 11 / 365)
    assert lines.capital == pytest.approx(26_070.633089 * 150 * 0.05 * 73 / 365)
    abroad = (20_775 + 1_384.6 + 86.033089) * 150
    local = 30_000 + 5_000 + 15_000 + 80_000 + 45_000 + 10_000 + 60_000
    by_hand = abroad + 388_452.433030 + 643.873211 + local + 39_105.949634 - 15_000
    assert lines.landed_cost == pytest.approx(by_hand, rel=1e-9)

    assert cut.keep == pytest.approx(0.87 * 0.92 - 0.025)
    assert cut.cost == pytest.approx(by_hand + 0.92 * 35_000, rel=1e-9)
    assert cut.consumption_tax == 0.1
    assert cut.levy_rate == 0.03
    assert cut.levies == pytest.approx(4 * 4_100 * 3 + 14_000 + 40_000 + 24_190)
    price = (by_hand + 32_200) / 0.7754
    assert cut.on_the_road(cut.zero_margin_price) == pytest.approx(1.13 * price + 127_390, rel=1e-9)
