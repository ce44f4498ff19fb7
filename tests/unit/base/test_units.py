"""Units as an algebra: products and quotients of dimensions, whatever the wording."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kanrin.base import is_pure, product_unit, quotient_unit, same_unit
from kanrin.facts._case import SHIPPED

with (SHIPPED / "us_japan" / "units.csv").open(encoding="utf-8", newline="") as _file:
    SHIPPED_UNITS = [row["unit"] for row in csv.DictReader(_file)]
UNITS = st.sampled_from(SHIPPED_UNITS)


@given(UNITS, UNITS)
def test_a_quotient_undoes_a_product(a: str, b: str) -> None:
    assert same_unit(quotient_unit(product_unit(a, b), b), a)
    assert same_unit(product_unit(quotient_unit(a, b), b), a)


@given(UNITS, UNITS, UNITS)
def test_products_commute_and_associate(a: str, b: str, c: str) -> None:
    assert same_unit(product_unit(a, b), product_unit(b, a))
    assert same_unit(product_unit(product_unit(a, b), c), product_unit(a, product_unit(b, c)))


@given(UNITS)
def test_a_unit_over_itself_is_pure(a: str) -> None:
    assert is_pure(quotient_unit(a, a))
    assert same_unit(quotient_unit("ratio", quotient_unit("ratio", a)), a)


@given(UNITS, UNITS)
def test_a_pure_number_keeps_the_wording_of_the_other(a: str, b: str) -> None:
    if is_pure(a) and not is_pure(b):
        assert product_unit(a, b) == product_unit(b, a) == quotient_unit(b, a) == b


@pytest.mark.parametrize(
    ("left", "right", "product"),
    [
        ("JPY per USD", "USD per vehicle", "JPY per vehicle"),
        ("USD per m3", "m3 per vehicle", "USD per vehicle"),
        ("fraction per year", "years", "ratio"),
        ("JPY per litre", "litres per litre", "JPY per litre"),
        ("JPY per vehicle per year", "years", "JPY per vehicle"),
        ("fraction of customs value", "JPY per vehicle", "JPY per vehicle"),
    ],
)
def test_products_of_the_landed_cost(left: str, right: str, product: str) -> None:
    assert same_unit(product_unit(left, right), product)


@pytest.mark.parametrize(
    ("left", "right"),
    [("JPY", "USD"), ("JPY per vehicle", "JPY per type"), ("days", "months"), ("kg", "ratio")],
)
def test_unlike_units_are_told_apart(left: str, right: str) -> None:
    assert not same_unit(left, right)
