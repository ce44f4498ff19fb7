"""Laws of landed cost that hold whatever the numbers: sums, scale, currency, explaining equals sweeping."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kanrin.base import Figure, UnitError, is_pure
from kanrin.cost import Shipment, Wedges, shipment_for, waterfall, wedges
from kanrin.facts import load_case
from kanrin.rules import FX, FX_CUSTOMS, Book, Tracker, array_reader, open_book

ADDS_UP = 1e-13  # of the price: some forty additions in double precision
HOMOGENEOUS = 1e-12  # a different order of rounding in some forty operations
SAME_ARITHMETIC = 1e-12  # MODEL.md section 7: explain and sweep

CAMRY, HIGHLANDER, TUNDRA, MODEL_Y = (
    "toyota_camry_hybrid", "toyota_highlander_hybrid", "toyota_tundra", "tesla_model_y_us",
)  # fmt: skip
MODELS = (CAMRY, HIGHLANDER, TUNDRA, MODEL_Y)
IN_FORCE = {"jp.customs.hs8703.mfn": 0.06, "jp.customs.hs8704.mfn": 0.06, "us.port_fee.vehicle_carrier": 46.0}

models = st.sampled_from(MODELS)
factors = st.floats(0.2, 5.0)
seeds = st.integers(0, 2**32 - 1)


@cache
def book() -> Book:
    return open_book(load_case("us-japan"))


@cache
def shipment(model: str) -> Shipment:
    return shipment_for(book(), model, 3_000)


@cache
def keys_read(model: str) -> tuple[str, ...]:
    """Every key that the arithmetic of a car asks for."""
    tracker = Tracker(book().number)
    wedges(tracker, shipment(model))
    return tuple(tracker.keys)


def drawn(model: str, seed: int, size: int) -> dict[str, np.ndarray]:
    """Draws of every key: uniform over its range, or 20 percent around it; zero rates get a value."""
    random = np.random.default_rng(seed)
    draws = {}
    for key in keys_read(model):
        figure = book().figure(key)
        value = IN_FORCE.get(key, figure.value)
        low, high = figure.low, figure.high
        if low is None or high is None or low == high:
            low, high = 0.8 * value, 1.2 * value
        draws[key] = random.uniform(low, high, size)
    return draws


def result(model: str, values: dict[str, Any]) -> Wedges:
    return wedges(array_reader(book(), values), shipment(model))


def is_money(key: str, currency: str) -> bool:
    return book().figure(key).unit.startswith(currency) and key not in (FX, FX_CUSTOMS)


def money_out(cut: Wedges) -> np.ndarray:
    return np.array([cut.landed.landed_cost, cut.cost, cut.levies, cut.zero_margin_price])


@settings(max_examples=25, deadline=None)
@given(model=models, rate=st.floats(100.0, 200.0), keep=st.floats(0.0, 0.2), price=st.floats(2e6, 2e7))
def test_lines_add_up_to_the_price_on_the_road(model: str, rate: float, keep: float, price: float) -> None:
    """[L2], with and without a list price; subtotals stand where they belong."""
    changed = open_book(book().case.with_overrides({"fx.usd_jpy": rate, "jp.dealer_margin": keep}))
    for asked in (None, price):
        table = waterfall(changed, shipment(model), list_price=asked)
        running = 0.0
        for line in table.lines:
            if line.kind == "subtotal":
                assert line.amount_jpy == pytest.approx(running, rel=ADDS_UP, abs=1e-7), line.line
            else:
                running += line.amount_jpy
        assert table.lines[-1].line == "on_the_road"
        if asked is not None:
            assert table.amount("list_price") == pytest.approx(asked, rel=ADDS_UP)


@settings(max_examples=25, deadline=None)
@given(model=models, seed=seeds, factor=factors)
def test_cost_has_degree_one_in_all_money(model: str, seed: int, factor: float) -> None:
    """[L3]"""
    draws = drawn(model, seed, 3)
    scaled = {k: v * factor if is_money(k, "JPY") or is_money(k, "USD") else v for k, v in draws.items()}
    before, after = result(model, draws), result(model, scaled)
    np.testing.assert_allclose(money_out(after), factor * money_out(before), rtol=HOMOGENEOUS)
    np.testing.assert_array_equal(after.keep, before.keep)


@settings(max_examples=25, deadline=None)
@given(model=models, seed=seeds, factor=factors)
def test_a_dollar_of_another_size_changes_nothing(model: str, seed: int, factor: float) -> None:
    """[L4]: dollar lines over k, both exchange rates times k."""
    draws = drawn(model, seed, 3)
    moved = {k: v / factor if is_money(k, "USD") else v for k, v in draws.items()}
    moved |= {FX: draws[FX] * factor, FX_CUSTOMS: draws[FX_CUSTOMS] * factor}
    before, after = result(model, draws), result(model, moved)
    np.testing.assert_allclose(money_out(after), money_out(before), rtol=HOMOGENEOUS)


@settings(max_examples=25, deadline=None)
@given(model=models, seed=seeds)
def test_elasticities_to_the_rates_and_to_yen_money_sum_to_one(model: str, seed: int) -> None:
    """[L6], one small step at a time. Both exchange rates count: the customs rate is one of them."""
    draws = drawn(model, seed, 1)
    names = [k for k in draws if is_money(k, "JPY") or k in (FX, FX_CUSTOMS)]
    centre, total, step = money_out(result(model, draws)), np.zeros((4, 1)), 1e-5
    for name in names:
        up = result(model, draws | {name: draws[name] * (1 + step)})
        down = result(model, draws | {name: draws[name] * (1 - step)})
        total = total + (money_out(up) - money_out(down)) / (2 * step) / centre
    np.testing.assert_allclose(total, 1.0, rtol=1e-6)


@settings(max_examples=30, deadline=None)
@given(model=models, seed=seeds)
def test_figures_and_arrays_tell_the_same(model: str, seed: int) -> None:
    """Each key the arithmetic reads is drawn; a Figure and an array come out equal, line by line."""
    size = 3
    draws = drawn(model, seed, size)
    swept = result(model, draws)
    for i in range(size):

        def read(key: str, i: int = i) -> Figure:
            return replace(book().figure(key), value=float(draws[key][i]))

        told = wedges(read, shipment(model))
        for name, figure, array in pairs(told, swept):
            assert figure.value == pytest.approx(_at(array, i), rel=SAME_ARITHMETIC, abs=1e-15), name
    assert {"us.variable_cost_factor", FX, "jp.dealer_margin"} <= set(draws)


def pairs(told: Any, swept: Any, path: str = "") -> list[tuple[str, Figure, Any]]:
    """(name, Figure, array) of every field, nested records too."""
    found = []
    for field in fields(told):
        left, right = getattr(told, field.name), getattr(swept, field.name)
        if isinstance(left, Figure):
            found.append((f"{path}{field.name}", left, right))
        elif left is not None:
            found += pairs(left, right, f"{path}{field.name}.")
    return found


def _at(array: Any, i: int) -> float:
    return float(array[i]) if np.ndim(array) else float(array)


SHARES = (
    "keep",
    "consumption_tax",
    "levy_rate",
    "duty_rate",
    "dealer_margin",
    "distributor_margin",
    "warranty_share",
)
UNLIKE: dict[str, str] = {
    f"candidate.{CAMRY}.msrp_usd": "JPY per vehicle",
    "jp.pdi_jpy": "USD per vehicle",
    "us.port_handling_usd": "JPY per vehicle",
    FX: "ratio",
    "ocean.stowage_factor": "m3 per vehicle",
    "jp.registration_costs_jpy": "JPY per model",
    "jp.inland_delivery_days": "months",
    "us.inland.rail_usd_per_mile": "USD per vehicle",
}


@pytest.mark.parametrize("key", UNLIKE)
def test_figures_refuse_unlike_units(key: str) -> None:
    def read(asked: str) -> Figure:
        figure = book().figure(asked)
        return replace(figure, unit=UNLIKE[key]) if asked == key else figure

    with pytest.raises(UnitError):
        wedges(read, shipment(CAMRY))


def test_every_result_has_the_unit_it_should() -> None:
    told = wedges(book().figure, shipment(MODEL_Y))
    units = {name: figure.unit for name, figure, _ in pairs(told, told)}
    assert units.pop("landed.fx") == "JPY per USD"
    for name, unit in units.items():
        if name.endswith("_usd") or name.startswith("landed.passage."):
            assert unit == "USD per vehicle", name
        elif name.rpartition(".")[2] in SHARES:
            assert is_pure(unit), name
        else:
            assert unit == "JPY per vehicle", name
