"""Logit, nested logit and hedonic regressions against the published tables: Japan 2006-2016, Europe
1970-1999.

Every given number is asked for by id, at the tolerance that stands beside it.
"""

from __future__ import annotations

import csv
import warnings
from pathlib import Path

import numpy as np
import pytest

from kanrin.estimation import (
    LinearResults,
    Table,
    Unadjusted,
    as_table,
    blp_instruments,
    differentiation_instruments,
    estimate_linear,
    estimate_logit,
    read_csv,
)

REFERENCE = Path(__file__).parents[2].parent / "shared" / "reference"
JAPAN = REFERENCE / "japan_cars_2006_2016"
EUROPE = REFERENCE / "european_cars_1970_1999"
NAMES = {"cons": "1", "FE": "FuelEfficiency", "sigma": "rho", "hp": "horsepower"}
COUNTRIES = {"UK": "country5", "France": "country2", "Germany": "country3", "Italy": "country4"}
CARS = "hppw + FuelEfficiency + size"
REGENERATED = 1e-8  # the file's own instruments are printed with about 15 digits, sums cancel some


def given(folder: Path, *tables: str) -> list[tuple[str, float, float]]:
    path = folder / "given.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        (r["id"], float(r["value"]), float(r["tolerance"]))
        for r in rows
        if any(r["id"].startswith(t) for t in tables)
    ]


def asked(results: LinearResults, what: str, *rest: str) -> float:
    if what == "R2":
        return results.r2
    if what == "F":
        return results.first_stages[0].F
    name = NAMES.get(what, COUNTRIES.get(what, what))
    if name.startswith("seg_"):
        name = f"C(segment)[{name[4:]}]"
    return results.error(name) if rest == ("se",) else results[name]


@pytest.fixture(scope="module")
def japan() -> Table:
    if not JAPAN.exists():
        pytest.skip("the Japanese product data 2006-2016 are not at hand")
    return read_csv(JAPAN / "data_for_estimation.csv")


@pytest.fixture(scope="module")
def japan_results(japan: Table) -> dict[str, LinearResults]:
    formula = f"1 + price + {CARS}"
    names = {"shares": "share", "market": "year", "price": "price"}
    sums = blp_instruments(japan, CARS, market="year", firm="Maker")
    spread = differentiation_instruments(japan, CARS, market="year", firm="Maker")
    return {
        "t32.ols": estimate_logit(japan, formula, **names),
        "t32.blp": estimate_logit(japan, formula, instruments=sums, **names),
        "t32.gh": estimate_logit(japan, formula, instruments=spread, **names),
        "t42.ols": estimate_logit(japan, formula, nest="Type", **names),
    }


def test_japan_summary(japan: Table) -> None:
    rows = given(JAPAN, "jp.t31")
    assert len(rows) == 7
    for name, value, tolerance in rows:
        column = NAMES.get(name.split(".")[2], name.split(".")[2])
        values = japan.numbers(column)
        ours = values.mean() if name.endswith("mean") else values.std(ddof=1)
        assert ours == pytest.approx(value, abs=tolerance), name


def test_japan_logits(japan_results: dict[str, LinearResults]) -> None:
    rows = given(JAPAN, "jp.t32", "jp.t42")
    assert len(rows) == 48
    for name, value, tolerance in rows:
        _, table, column, *rest = name.split(".")
        assert asked(japan_results[f"{table}.{column}"], *rest) == pytest.approx(value, abs=tolerance), name


def test_japan_elasticities(japan: Table, japan_results: dict[str, LinearResults]) -> None:
    price, share = japan.numbers("price"), japan.numbers("share")
    how = {"mean": np.mean, "median": np.median, "min": np.min, "max": np.max}
    rows = given(JAPAN, "jp.t33")
    assert len(rows) == 12
    for name, value, tolerance in rows:
        _, _, column, what = name.split(".")
        own = japan_results[f"t32.{column}"]["price"] * price * (1 - share)
        assert how[what](own) == pytest.approx(value, abs=tolerance), name
    models = {"Alphard": "アルファード", "Corolla": "カローラ", "Juke": "ジューク", "Tanto": "タント"}
    alpha = japan_results["t32.gh"]["price"]
    for name, value, tolerance in given(JAPAN, "jp.t41"):
        _, _, what, model = name.split(".")
        row = (japan.column("Name") == models[model]) & (japan.numbers("year") == 2016)
        assert row.sum() == 1
        p, s = float(price[row][0]), float(share[row][0])
        ours = alpha * p * (1 - s) if what == "own" else -alpha * p * s
        assert ours == pytest.approx(value, abs=tolerance), name


def test_instruments_of_the_file(japan: Table) -> None:
    """The instruments that ship with the data, in the market and within year and Type."""
    for nest, suffix in ((None, ""), ("Type", "_nest")):
        sums = blp_instruments(japan, CARS, market="year", firm="Maker", nest=nest, count=True)
        spread = differentiation_instruments(japan, CARS, market="year", firm="Maker", nest=nest)
        tail = " in nest" if nest else ""
        for x in ("hppw", "FuelEfficiency", "size"):
            for who, theirs in (("own", "own"), ("rival", "other")):
                for made, word, function in ((sums, "BLP", "sum"), (spread, "GH", "quadratic")):
                    ours = made.columns()[f"{who} {function}({x}){tail}"]
                    file = japan.numbers(f"iv_{word}_{theirs}_{x}{suffix}")
                    np.testing.assert_allclose(ours, file, rtol=REGENERATED, atol=REGENERATED)
        if nest:
            for who, theirs in (("own", "own"), ("rival", "other")):
                np.testing.assert_array_equal(
                    sums.columns()[f"{who} count{tail}"], japan.numbers(f"iv_BLP_{theirs}_num_nest")
                )


@pytest.fixture(scope="module")
def europe() -> Table:
    pandas = pytest.importorskip("pandas")
    if not (EUROPE / "Cars-1.dta").exists():
        pytest.skip("the European car data 1970-1999 are not at hand")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnicodeWarning)  # some car names are in another encoding
        frame = pandas.read_stata(EUROPE / "Cars-1.dta")
    frame["size"] = frame["pop"].astype(float) / 4
    frame["share"] = frame["qu"].astype(float) / frame["size"]
    frame["market"] = frame["country"].astype(str) + " " + frame["year"].astype(str)
    return as_table(frame)


def test_europe(europe: Table) -> None:
    countries = "country2 + country3 + country4 + country5"
    hedonic = estimate_linear(
        europe,
        "log(price)",
        "1 + horsepower + fuel + width + height + weight + C(segment, 'subcompact') + "
        f"{countries} + domestic",
        errors=Unadjusted(),
    )
    logit = estimate_logit(
        europe,
        f"1 + price + horsepower + fuel + width + height + domestic + year + {countries}",
        shares="share",
        market="market",
    )
    rows = given(EUROPE, "eu.")
    assert len(rows) == 56
    for name, value, tolerance in rows:
        _, table, *what = name.split(".")
        ours = asked(hedonic if table == "hedonic" else logit, *what)
        assert ours == pytest.approx(value, abs=tolerance), name
