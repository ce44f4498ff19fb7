"""A Figure's arithmetic: the bare number's value, the softest kind, a unit that follows, parents kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kanrin.base import Figure, Kind, UnitError, larger, softest

NUMBERS = st.floats(-1e9, 1e9, allow_nan=False)
KINDS = st.sampled_from(list(Kind))
ORDER = list(Kind)


def figure(value: float, unit: str = "JPY per vehicle", kind: Kind = Kind.FACT, key: str = "") -> Figure:
    return Figure(value, unit, kind, key)


@given(NUMBERS, NUMBERS, KINDS, KINDS)
def test_every_operation_gives_the_bare_number_and_softens(a: float, b: float, k: Kind, m: Kind) -> None:
    left, right = figure(a, kind=k), figure(b, kind=m)
    results = [
        (left + right, a + b),
        (left - right, a - b),
        (left * right, a * b),
        (larger(left, right), max(a, b)),
    ]
    if b:
        results.append((left / right, a / b))
    for result, value in results:
        assert result.value == value
        assert result.parents == (left, right)
        assert result.kind is not Kind.FACT, "what is calculated is no fact"
        assert ORDER.index(result.kind) >= max(ORDER.index(k), ORDER.index(m))


@given(st.lists(KINDS, min_size=1, max_size=5))
def test_softest_ignores_order_and_is_settled(kinds: list[Kind]) -> None:
    worst = softest(*kinds)
    assert worst is softest(*reversed(kinds)) is softest(worst, *kinds)


@pytest.mark.parametrize("kind", [Kind.FACT, Kind.DERIVED, Kind.ESTIMATE])
def test_one_assumed_input_makes_the_result_assumed(kind: Kind) -> None:
    assert (figure(1, kind=kind) + figure(2, kind=Kind.ASSUMPTION)).kind is Kind.ASSUMPTION


def test_units_follow_the_arithmetic() -> None:
    rate, price = figure(150, "JPY per USD"), figure(30_000, "USD per vehicle")
    duty = figure(0.15, "fraction of customs value")
    assert (rate * price).unit == "JPY per vehicle"
    assert (rate * price * duty).unit == "JPY per vehicle"
    assert (price / rate).named("x", unit="USD x USD per JPY per vehicle").value == 200
    assert (rate * price / (rate * price)).unit == "ratio"


@pytest.mark.parametrize("operate", [lambda a, b: a + b, lambda a, b: a - b, larger])
def test_unlike_units_refuse(operate: object) -> None:
    dollars, yen = figure(1, "USD per vehicle", key="a.usd"), figure(2, key="b.jpy")
    with pytest.raises(
        UnitError, match=r"a\.usd \[USD per vehicle\] and b\.jpy \[JPY per vehicle\]; convert one"
    ):
        operate(dollars, yen)  # type: ignore[operator]


def test_a_bare_number_other_than_zero_has_no_unit_to_add() -> None:
    with pytest.raises(UnitError):
        figure(1) + 5
    assert (figure(1) - 0).value == 1
    assert sum([figure(1), figure(2)]).value == 3  # type: ignore[union-attr]
    assert (1 - figure(0.25, "ratio")).value == 0.75


def test_a_name_may_reword_a_unit_but_not_change_it() -> None:
    named = figure(1, "JPY per vehicle").named("price", "list price")
    assert (named.key, named.label, named.unit) == ("price", "list price", "JPY per vehicle")
    with pytest.raises(UnitError, match=r"price is in 'JPY per vehicle', not in 'USD per vehicle'"):
        named.named("price", unit="USD per vehicle")


def test_walk_runs_down_to_every_ancestor_depth_first() -> None:
    a, b, c = (figure(1, key=k) for k in "abc")
    total = ((a + b).named("ab") + c).named("abc")
    assert [(depth, f.key) for depth, f in total.walk()] == [
        (0, "abc"),
        (1, "ab"),
        (2, "a"),
        (2, "b"),
        (1, "c"),
    ]


@given(st.lists(NUMBERS, min_size=1, max_size=6), NUMBERS)
def test_larger_of_arrays_is_larger_of_each(values: list[float], bound: float) -> None:
    assert list(larger(np.array(values), bound)) == [max(v, bound) for v in values]
