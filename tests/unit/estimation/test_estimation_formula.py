"""Formulas: what they mean, and messages that point at the column."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kanrin.base import InputError, UnknownName
from kanrin.estimation import as_table, parse_formula
from kanrin.estimation._design import build_design, price_slopes

EXACT = 1e-14  # arithmetic of a few operations

TABLE = as_table(
    {
        "price": np.array([1.0, 2.0, 4.0, 5.0]),
        "hp": np.array([3.0, 1.0, 2.0, 2.0]),
        "fuel": np.array(["gas", "hybrid", "gas", "diesel"]),
        "market": np.array([1, 1, 2, 2]),
        "two words": np.array([0.0, 1.0, 0.0, 3.0]),
        "容量": np.array([4.0, 5.0, 4.0, 7.0]),
    }
)
P, H = TABLE.numbers("price"), TABLE.numbers("hp")


@pytest.mark.parametrize(
    ("text", "labels", "columns"),
    [
        ("price", ("1", "price"), [np.ones(4), P]),
        ("0 + price", ("price",), [P]),
        ("price - 1", ("price",), [P]),
        ("1 + price*hp", ("1", "price", "hp", "price:hp"), [np.ones(4), P, H, P * H]),
        ("0 + price:hp + price:hp", ("price:hp",), [P * H]),
        ("0 + log(price) + hp**2", ("log(price)", "hp**2"), [np.log(P), H**2]),
        ("0 + I(price / hp - 2 * hp)", ("I(price / hp - 2 * hp)",), [P / H - 2 * H]),
        ("0 + I(-price**2)", ("I(-price**2)",), [-(P**2)]),
        ("0 + I(容量 > 4)", ("I(容量 > 4)",), [np.array([0.0, 1, 0, 1])]),
        ("0 + I(fuel == 'gas')", ("I(fuel == 'gas')",), [np.array([1.0, 0, 1, 0])]),
        ("0 + `two words`", ("two words",), [TABLE.numbers("two words")]),
        (
            "C(fuel)",
            ("1", "C(fuel)[gas]", "C(fuel)[hybrid]"),
            [np.ones(4), np.array([1.0, 0, 1, 0]), np.array([0.0, 1, 0, 0])],
        ),
        (
            "C(fuel, 'gas')",
            ("1", "C(fuel)[diesel]", "C(fuel)[hybrid]"),
            [np.ones(4), np.array([0.0, 0, 0, 1]), np.array([0.0, 1, 0, 0])],
        ),
        (
            "0 + C(market)",
            ("C(market)[1]", "C(market)[2]"),
            [np.array([1.0, 1, 0, 0]), np.array([0.0, 0, 1, 1])],
        ),
        (
            "0 + C(market):price",
            ("C(market)[1]:price", "C(market)[2]:price"),
            [P * np.array([1.0, 1, 0, 0]), P * np.array([0.0, 0, 1, 1])],
        ),
        ("price | market", ("price",), [P]),
    ],
)
def test_columns(text: str, labels: tuple[str, ...], columns: list[np.ndarray]) -> None:
    design = build_design(text, TABLE)
    assert design.labels == labels
    np.testing.assert_allclose(design.matrix, np.column_stack(columns), rtol=EXACT)


def test_absorbed_effects() -> None:
    formula = parse_formula("1 + price | market + fuel:market")
    assert formula.absorbed == (("market",), ("fuel", "market"))
    assert not formula.intercept
    assert formula.names == ("price", "market", "fuel")


def test_slopes_in_price() -> None:
    formula = parse_formula("1 + price + log(price):hp + price**2 + hp + C(market):price")
    slopes = price_slopes(formula, TABLE, "price")
    one, two = np.array([1.0, 1, 0, 0]), np.array([0.0, 0, 1, 1])
    design = build_design(formula, TABLE)
    expected = {"1": 0 * P, "price": np.ones(4), "log(price):hp": H / P, "price**2": 2 * P, "hp": 0 * P}
    expected |= {"C(market)[1]:price": one, "C(market)[2]:price": two}
    for k, label in enumerate(design.labels):
        np.testing.assert_allclose(slopes[:, k], expected[label], rtol=EXACT)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "empty"),
        ("1 + ", 5, "end of the formula"),
        ("price + )", 9, "')'"),
        ("price + log(hp", 15, "')' expected"),
        ("price + sin(hp)", 9, "unknown function sin()"),
        ("price / hp", 7, "I(a / b)"),
        ("price > 2", 7, "I(a > b)"),
        ("y ~ price", 3, "left side"),
        ("price | market | fuel", 16, "one '|' only"),
        ("price + 3", 9, "needs a column"),
        ("price - hp", 9, "only '- 1'"),
        ("price + $", 9, "no meaning"),
        ("C(fuel, gas)", 9, "base level"),
    ],
)
def test_faults_point_at_their_column(text: str, column: int, words: str) -> None:
    with pytest.raises(InputError, match=rf"column {column}\b") as fault:
        parse_formula(text)
    assert words in str(fault.value)
    if text:
        assert str(fault.value).splitlines()[-1].index("^") == column + 1


def test_unknown_column_names_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"'prise'.*did you mean price.*column 5") as fault:
        build_design("1 + prise", TABLE)
    assert "1 + prise" in str(fault.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 + fuel", r"'fuel'.*not numeric.*'gas'.*C\(fuel\)"),
        ("1 + log(`two words`)", r"rows \[0, 2\] of column two words"),
        ("1 + I(price / `two words`)", r"division by zero"),
        ("1 + I(hp > 0)", r"I\(hp > 0\).*same"),
        ("0 + I(hp > 9)", r"zero in every row"),
        ("C(fuel, 'steam')", "unknown level of fuel"),
    ],
)
def test_columns_that_cannot_be(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        build_design(text, TABLE)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.text(alphabet="ab1 0.+-*/:|()`'\"><=,CIlogxp$é\n", max_size=25))
def test_any_text_is_a_formula_or_a_fault(text: str) -> None:
    try:
        formula = parse_formula(text)
    except InputError as fault:
        assert "column" in str(fault)
    else:
        assert parse_formula(formula.text) == formula
