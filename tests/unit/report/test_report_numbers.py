"""Numbers are thin, carry their unit, and never lose a sign."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kanrin.answer._words import count
from kanrin.report._break_even import break_even_rate
from kanrin.report._numbers import (
    cars,
    chance,
    counted,
    flag,
    interval,
    jpy,
    jpy_range,
    number,
    per_cent,
    shown,
    tiny,
    usd,
    value_with_unit,
)


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (4_931_234.0, "¥4.93 million"),
        (5_182_000, "¥5.18 million"),
        (412_345.0, "¥412,000"),
        (850.0, "¥850"),
        (0.0, "¥0"),
        (-0.2, "¥0"),
        (-1_130_000_000.0, "−¥1.13 billion"),
        (999_999.0, "¥1 million"),
        (2.5e12, "¥2.5 trillion"),
    ],
)
def test_yen(x: float, text: str) -> None:
    assert jpy(x) == text


def test_dollars_and_cars() -> None:
    assert usd(1.62e8) == "$162 million"
    assert cars(3123.0) == "3,100"
    assert cars(47.4) == "47"
    assert cars(-621.0) == "−620"


def test_interval_as_in_the_storyboard() -> None:
    units = {"mean": 3100.0, "p10": 900.0, "p90": 6700.0}
    assert interval(units, "cars", "cars a year") == "3,100 cars a year (80 %: 900 to 6,700)"


def test_ranges_in_one_scale() -> None:
    assert jpy_range(-0.61e9, 3.3e9) == "−¥0.61 to ¥3.3 billion"
    assert jpy_range(0.0, 0.0) == "¥0 to ¥0"
    assert jpy_range(0.0, 2e6) == "¥0 to ¥2 million"
    assert jpy_range(12_000.0, 3.4e9) == "¥12,000 to ¥3.4 billion"


def test_shares_and_chances() -> None:
    assert per_cent(0.24) == "24 %"
    assert per_cent(0.0024) == "0.24 %"
    assert per_cent(0.0) == "0 %"
    assert per_cent(-0.031) == "−3.1 %"
    assert chance(0.24, 0.031) == "24 % ± 3"
    assert chance(0.0) == "none in the draws"


def test_values_of_rules() -> None:
    assert value_with_unit(1, "1 yes, 0 no") == "yes"
    assert value_with_unit(0.1, "fraction of tax-exclusive value") == "10 % of tax-exclusive value"
    assert value_with_unit(159.5, "JPY per USD") == "159.5 JPY per USD"
    assert value_with_unit(6500, "JPY per vehicle per year") == "¥6,500 per vehicle per year"
    assert value_with_unit("left", None) == "left"
    assert number(0.0005) == "0.0005"


def test_rates_of_law_keep_their_digits_and_one_is_singular() -> None:
    assert value_with_unit(0.0375, "fraction of aggregate MSRP") == "3.75 % of aggregate MSRP"
    assert value_with_unit(0.000125, "fraction") == "0.0125 %"
    assert value_with_unit(1, "years") == "1 year"
    assert counted(4, "years") == "4 years"
    assert flag(1.0, "1 yes, 0 no") == "yes"
    assert flag(0.5, "1 yes, 0 no") == "0.5"


def test_residuals_and_signs_are_typeset() -> None:
    assert tiny(1.285e-16) == "1.3 × 10⁻¹⁶"
    assert tiny(-8.1e-11) == "−8.1 × 10⁻¹¹"
    assert tiny(0.0) == "0"
    assert (
        shown("-0.5 sd: yes (1 yes, 0 no), 2026-04-01, --set a=-1") == "−0.5 sd: yes, 2026-04-01, --set a=-1"
    )


def test_where_no_rate_breaks_even_the_mean_tells_which_side() -> None:
    item = {"break_even_jpy_per_usd": None, "break_even_searched": [79.3, 349.1], "profit_jpy": {"mean": 1.0}}
    assert break_even_rate(item) == "pays at every rate tried (¥79 to ¥349)"
    assert break_even_rate({**item, "profit_jpy": {"mean": -1.0}}) == "pays at no rate tried (¥79 to ¥349)"
    assert break_even_rate({**item, "break_even_jpy_per_usd": 171.44}) == "¥171.4 per dollar"


@given(st.floats(min_value=-1e13, max_value=1e13))
def test_money_reads_back_within_its_three_digits(x: float) -> None:
    text = jpy(x)
    head, _, scale = text.replace("¥", "").replace("−", "-").replace(",", "").partition(" ")
    back = float(head) * {"": 1.0, "million": 1e6, "billion": 1e9, "trillion": 1e12}[scale]
    assert abs(back - x) <= max(0.005 * abs(x), 0.5)  # three significant digits, whole yen


@given(st.floats(0, 300_000))
def test_the_headline_and_the_tables_round_cars_alike(units: float) -> None:
    assert count(units) == cars(units)
