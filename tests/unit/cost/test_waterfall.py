"""The table: it adds up for every car, every key answers, every source is listed, words fit numbers."""

from __future__ import annotations

from typing import Any

import pytest

from kanrin.base import Figure, InputError, Kind, UnknownName
from kanrin.certify import unit_cost
from kanrin.cost import Waterfall, landed, shipment_for, waterfall, wedges
from kanrin.facts import load_case
from kanrin.rules import Book, open_book

ADDS_UP = 1e-13  # of the price
CASE = load_case("us-japan")
KINDS = {"fact", "derived", "estimate", "assumption", "subtotal"}


@pytest.fixture(scope="module")
def book() -> Book:
    return open_book(CASE)


@pytest.fixture(scope="module")
def camry(book: Book) -> Waterfall:
    return waterfall(book, shipment_for(book, "toyota_camry_hybrid", 3_000))


@pytest.mark.parametrize("model", CASE.candidates)
def test_lines_of_every_candidate_add_up_and_answer(book: Book, model: str) -> None:
    table = waterfall(book, shipment_for(book, model, 1_000))
    running = 0.0
    for line in table.lines:
        if line.kind == "subtotal":
            assert line.amount_jpy == pytest.approx(running, rel=ADDS_UP)
            continue
        running += line.amount_jpy
        assert line.kind in KINDS
        assert book.figure(line.key) if line.key else "mod." in line.note, line.line
        assert line.figure is not None and line.figure.kind == line.kind, line.line
        sources = [source.strip() for source in line.source.split(";")]
        assert sources
        assert set(sources) <= set(CASE.sources), line.line
    assert table.amount("on_the_road") == pytest.approx(running, rel=ADDS_UP)
    assert len({line.line for line in table.lines}) == len(table.lines)


def test_without_a_price_the_maker_just_breaks_even(book: Book, camry: Waterfall) -> None:
    shipment = shipment_for(book, "toyota_camry_hybrid", 3_000)
    cut = wedges(book.number, shipment)
    assert "margin" not in {line.line for line in camry.lines}
    assert camry.amount("price_before_tax") == pytest.approx(cut.cost / cut.keep, rel=ADDS_UP)
    same = waterfall(book, shipment, list_price=camry.amount("list_price"))
    assert same.amount("margin") == pytest.approx(0.0, abs=1e-6)


def test_with_a_price_the_margin_is_what_the_game_counts(book: Book) -> None:
    shipment = shipment_for(book, "toyota_highlander_hybrid", 3_000)
    cut = wedges(book.number, shipment)
    asked = Figure(9_900_000.0, "JPY per vehicle", Kind.ESTIMATE, label="price of the game")
    table = waterfall(book, shipment, list_price=asked)
    price = 9_900_000.0 / 1.1
    assert table.amount("price_before_tax") == pytest.approx(price)
    assert table.amount("margin") == pytest.approx(cut.keep * price - cut.cost)
    assert table.amount("on_the_road") == pytest.approx(9_900_000.0 + cut.levies)
    assert table.amount("right_hand") > 0


def test_the_bases_of_insurance_and_duty_are_at_the_transfer_price(book: Book, camry: Waterfall) -> None:
    lines = landed(book.number, shipment_for(book, "toyota_camry_hybrid", 3_000))
    assert f"{lines.insured_value_usd:,.0f} USD" in camry.line("insurance").base
    assert f"{lines.customs_value:,.0f} JPY" in camry.line("duty").base
    assert lines.cif_usd > lines.fob_usd + lines.freight_usd + lines.insurance_usd


def test_a_rate_of_nought_is_as_firm_as_its_law(camry: Waterfall) -> None:
    duty, fee = camry.line("duty"), camry.line("port_fee")
    assert (duty.amount_jpy, duty.rate, duty.kind, duty.source) == (0.0, 0.0, "fact", "cnn.zero_for_zero")
    assert (fee.amount_jpy, fee.kind, fee.source) == (0.0, "fact", "vedder.portfee")
    levy = camry.line("performance_levy")
    assert (levy.amount_jpy, levy.kind, levy.source) == (0.0, "fact", "wms.fy2026")
    assert camry.line("production").kind == "assumption"


def test_optional_lines_come_only_when_they_count(book: Book, camry: Waterfall) -> None:
    absent = {"goodwill", "msrp_offset", "right_hand", "canal", "subsidy", "margin"}
    assert not absent & {line.line for line in camry.lines}
    settings = {"jp.us_market_access_goodwill_usd_per_vehicle": 1_000, "us.msrp_offset.applies_to_exports": 1}
    other = open_book(CASE.with_overrides(settings))
    table = waterfall(other, shipment_for(other, "toyota_camry_hybrid", 3_000))
    assert table.amount("goodwill") == pytest.approx(-1_000 * other.number("fx.usd_jpy"))
    assert table.amount("msrp_offset") == pytest.approx(-0.0375 * 29_100 * other.number("fx.usd_jpy"))
    subsidy = waterfall(book, shipment_for(book, "tesla_model_y_us", 500)).amount("subsidy")
    assert subsidy == -850_000


@pytest.mark.parametrize("model", ["toyota_camry_hybrid", "toyota_tundra", "tesla_model_y_us"])
def test_modification_and_certification_are_what_certify_counts(book: Book, model: str) -> None:
    shipment = shipment_for(book, model, 3_000)
    lines = landed(book.number, shipment)
    whole = unit_cost(book.number, shipment.option)
    assert lines.modification + lines.certification_unit == pytest.approx(whole)
    assert lines.certification_unit == book.number(shipment.option.pathway.unit_cost_key)


def test_the_wheel_is_on_the_right_where_the_plant_builds_it(book: Book) -> None:
    assert shipment_for(book, "toyota_highlander_hybrid", 3_000).right_hand
    assert not shipment_for(book, "toyota_camry_hybrid", 3_000).right_hand
    with pytest.raises(UnknownName, match="toyota_camry_hybrid"):
        shipment_for(book, "toyota_camri_hybrid", 3_000)


def test_rows_frame_and_page(camry: Waterfall) -> None:
    rows = camry.to_rows()
    assert list(rows[0]) == ["line", "label", "base", "rate", "amount_jpy", "kind", "source", "key", "note"]
    frame = camry.to_frame()
    assert list(frame.columns) == list(rows[0])
    assert frame.loc[frame["kind"] != "subtotal", "amount_jpy"].sum() == pytest.approx(
        camry.amount("on_the_road")
    )
    page = camry._repr_html_()
    assert page.count("<tr>") == len(rows) + 1
    assert "Landed cost" in page


def test_without_pandas_the_frame_says_what_to_install(
    camry: Waterfall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("kanrin.cost._waterfall.import_module", missing)
    with pytest.raises(InputError, match=r"kanrin\[frames\]"):
        camry.to_frame()


def test_an_unknown_line_is_an_error_with_the_names(camry: Waterfall) -> None:
    with pytest.raises(InputError, match=r"no line 'tariff'.*duty"):
        camry.amount("tariff")
