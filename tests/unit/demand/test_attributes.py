"""The attribute recipe: by hand, by equivalence, and its refusals."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.base import InputError, UnknownName
from kanrin.demand import (
    ATTRIBUTES,
    Recipe,
    attribute_matrix,
    electricity_from_equivalent,
    litres_per_100km,
    price_million_real,
    support,
)

EXACT = 1e-12
RECIPE = Recipe(1.25, 0.9, 30.0, 150.0)


def _cars() -> dict[str, np.ndarray]:
    return {
        "length_mm": np.array([4000.0, 5000.0, 3400.0]),
        "width_mm": np.array([1700.0, 1900.0, 1475.0]),
        "height_mm": np.array([1500.0, 1600.0, 1800.0]),
        "kerb_weight_kg": np.array([1000.0, 2000.0, 900.0]),
        "power_kw": np.array([73.549875, 147.09975, 47.0]),
        "fuel_economy_km_per_l": np.array([20.0, np.nan, 22.0]),
        "electricity_wh_per_km": np.array([np.nan, 150.0, np.nan]),
        "seats": np.array([4.0, 5.0, 4.0]),
        "is_kei": np.array([0.0, 0.0, 1.0]),
    }


def test_by_hand() -> None:
    found = attribute_matrix(ATTRIBUTES, _cars(), RECIPE)
    expected = {
        "constant": [1, 1, 1],
        # 5 l; 15 kWh x 30 JPY / 150 JPY = 3 l; both on the estimate's cycle
        "litres_per_100km": [0.9 * 5, 0.9 * 3, 0.9 * 100 / 22],
        "log_power_to_weight": np.log([0.1, 0.1, 47.0 / 0.73549875 / 900]),
        "log_size": np.log([10.2, 15.2, 9.027]),
        "more_than_4_seats": [0, 1, 0],
        "kei": [0, 0, 1],
    }
    for k, name in enumerate(ATTRIBUTES):
        np.testing.assert_allclose(found[:, k], expected[name], rtol=EXACT, err_msg=name)


def test_names_choose_columns_and_their_order() -> None:
    both = attribute_matrix(["kei", "log_size"], _cars(), RECIPE)
    one = attribute_matrix(["log_size"], _cars(), RECIPE)
    np.testing.assert_array_equal(both[:, 1:], one)
    only_needed = {k: v for k, v in _cars().items() if k.endswith("_mm")}
    np.testing.assert_array_equal(attribute_matrix(["log_size"], only_needed, RECIPE), one)


def test_equal_running_cost_is_equal_litres() -> None:
    cars = _cars()
    cost_per_km = 150.0 / 1000 * RECIPE.electricity_jpy_per_kwh
    cars["fuel_economy_km_per_l"][0] = RECIPE.petrol_jpy_per_litre / cost_per_km
    litres = litres_per_100km(cars, RECIPE)
    assert litres[0] == pytest.approx(litres[1], rel=EXACT)


def test_plug_in_hybrid_is_taken_by_its_fuel() -> None:
    cars = _cars()
    before = litres_per_100km(cars, RECIPE)[0]
    cars["electricity_wh_per_km"][0] = 10.0
    assert litres_per_100km(cars, RECIPE)[0] == before


def test_price_and_equivalents() -> None:
    np.testing.assert_allclose(price_million_real(np.array([2.5e6]), RECIPE), [2.0], rtol=EXACT)
    # 100 MPGe: 33.705 kWh for 100 miles
    km_per_litre = 100 * 1.609344 / 3.785411784
    np.testing.assert_allclose(
        electricity_from_equivalent(np.array([km_per_litre])), [337.05 / 1.609344], rtol=EXACT
    )


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="hppw") as caught:
        attribute_matrix(["log_size", "hppw"], _cars(), RECIPE)
    assert isinstance(caught.value, InputError)
    for name in ATTRIBUTES:
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "column", "value", "words"),
    [
        ("litres_per_100km", "fuel_economy_km_per_l", np.nan, "neither km per litre nor Wh per km.*rows 0"),
        ("log_power_to_weight", "power_kw", 0.0, "log_power_to_weight.*rows 0"),
        ("log_size", "height_mm", np.nan, "log_size.*rows 0"),
        ("log_size", "height_mm", None, "needs the column 'height_mm'"),
    ],
)
def test_what_is_missing_is_named(name: str, column: str, value: float | None, words: str) -> None:
    cars = _cars()
    if value is None:
        del cars[column]
    else:
        cars[column][0] = value
    with pytest.raises(InputError, match=words):
        attribute_matrix([name], cars, RECIPE)


@pytest.mark.parametrize("field", range(4))
def test_a_recipe_is_positive(field: int) -> None:
    values = [1.0] * 4
    values[field] = 0.0
    with pytest.raises(InputError, match="positive number"):
        Recipe(*values)


def test_support_inside_and_outside() -> None:
    rng = np.random.default_rng(0)
    market = rng.normal(size=(200, 2)) @ np.array([[1.0, 0.8], [0.0, 0.6]])
    inside = support(market.mean(axis=0), market, ["a", "b"])
    assert inside.outside == ()
    assert not inside.is_extrapolation
    assert inside.distance < EXACT * 1e3

    big = int(np.argmax(market[:, 1]))
    out = support(np.array([0.0, market[big, 1] + 1]), market, ["a", "b"])
    assert [(o.name, o.nearest) for o in out.outside] == [("b", big)]
    assert out.outside[0].high == market[big, 1]
    assert out.is_extrapolation


def test_support_sees_a_strange_combination_within_all_ranges() -> None:
    rng = np.random.default_rng(1)
    a = rng.normal(size=300)
    market = np.column_stack([a, a + 0.1 * rng.normal(size=300)])
    found = support(np.array([1.5, -1.5]), market, ["a", "b"])
    assert found.outside == ()
    assert found.distance > found.largest
    assert found.is_extrapolation


def test_support_does_not_depend_on_units() -> None:
    rng = np.random.default_rng(2)
    market = rng.normal(size=(50, 3))
    scale = np.array([1.0, 100.0, 0.01])
    one = support(market[7] + 1, market, ["a", "b", "c"])
    two = support((market[7] + 1) * scale, market * scale, ["a", "b", "c"])
    assert one.distance == pytest.approx(two.distance, rel=1e-9)
    assert one.nearest == two.nearest
