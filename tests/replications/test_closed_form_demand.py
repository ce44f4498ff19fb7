"""Logit, nested logit and hedonic regressions against the published tables: Japan 2006-2016, Europe
1970-1999.

Every given number is asked for by id, at the tolerance that stands beside it.
"""

from __future__ import annotations

import numpy as np
import pytest
from closed_form import CARS, EUROPE, JAPAN, europe, europe_answer, japan, japan_answer
from published import assert_meets, assert_page_is_current, given

from kanrin.estimation import blp_instruments, differentiation_instruments

REGENERATED = 1e-8  # the file's own instruments are printed with about 15 digits, sums cancel some


@pytest.mark.parametrize(("table", "count"), [("t31", 7), ("t32", 35), ("t33", 12), ("t41", 8), ("t42", 13)])
def test_japan(table: str, count: int) -> None:
    japan()
    rows = given(JAPAN, f"jp.{table}.")
    assert len(rows) == count
    assert_meets(rows, {row.name: japan_answer(row.name) for row in rows})


def test_instruments_of_the_file() -> None:
    """The instruments that ship with the data, in the market and within year and Type."""
    data = japan()
    for nest, suffix in ((None, ""), ("Type", "_nest")):
        sums = blp_instruments(data, CARS, market="year", firm="Maker", nest=nest, count=True)
        spread = differentiation_instruments(data, CARS, market="year", firm="Maker", nest=nest)
        tail = " in nest" if nest else ""
        for x in ("hppw", "FuelEfficiency", "size"):
            for who, theirs in (("own", "own"), ("rival", "other")):
                for made, word, function in ((sums, "BLP", "sum"), (spread, "GH", "quadratic")):
                    ours = made.columns()[f"{who} {function}({x}){tail}"]
                    file = data.numbers(f"iv_{word}_{theirs}_{x}{suffix}")
                    np.testing.assert_allclose(ours, file, rtol=REGENERATED, atol=REGENERATED)
        if nest:
            for who, theirs in (("own", "own"), ("rival", "other")):
                np.testing.assert_array_equal(
                    sums.columns()[f"{who} count{tail}"], data.numbers(f"iv_BLP_{theirs}_num_nest")
                )


def test_europe() -> None:
    europe()
    rows = given(EUROPE)
    assert len(rows) == 56
    assert_meets(rows, {row.name: europe_answer(row.name) for row in rows})


def test_the_page_of_japan_holds_these_numbers() -> None:
    japan()
    assert_page_is_current("replications_pages", "japan-2006-2016", "japan-2006-2016")


def test_the_page_of_europe_holds_these_numbers() -> None:
    europe()
    assert_page_is_current("replications_pages", "european-cars", "european-cars")
