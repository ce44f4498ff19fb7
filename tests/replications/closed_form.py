"""Cars in Japan 2006-2016 and Europe 1970-1999: closed-form estimates and our answers by given id."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pytest
from published import REFERENCE

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

JAPAN = "japan_cars_2006_2016"
EUROPE = "european_cars_1970_1999"
NAMES = {"cons": "1", "FE": "FuelEfficiency", "sigma": "rho", "hp": "horsepower"}
COUNTRIES = {"UK": "country5", "France": "country2", "Germany": "country3", "Italy": "country4"}
MODELS = {"Alphard": "アルファード", "Corolla": "カローラ", "Juke": "ジューク", "Tanto": "タント"}
CARS = "hppw + FuelEfficiency + size"


@cache
def japan() -> Table:
    """The product data; a test is skipped without them."""
    path = REFERENCE / JAPAN / "data_for_estimation.csv"
    if not path.exists():
        pytest.skip("the Japanese product data 2006-2016 are not beside the project")
    return read_csv(path)


@cache
def japan_results() -> dict[str, LinearResults]:
    """Tables 3.2 and 4.2, column by column."""
    data, formula = japan(), f"1 + price + {CARS}"
    names = {"shares": "share", "market": "year", "price": "price"}
    sums = blp_instruments(data, CARS, market="year", firm="Maker")
    spread = differentiation_instruments(data, CARS, market="year", firm="Maker")
    return {
        "t32.ols": estimate_logit(data, formula, **names),
        "t32.blp": estimate_logit(data, formula, instruments=sums, **names),
        "t32.gh": estimate_logit(data, formula, instruments=spread, **names),
        "t42.ols": estimate_logit(data, formula, nest="Type", **names),
    }


def _asked(results: LinearResults, what: str, *rest: str) -> float:
    if what == "R2":
        return results.r2
    if what == "F":
        return results.first_stages[0].F
    name = NAMES.get(what, COUNTRIES.get(what, what))
    if name.startswith("seg_"):
        name = f"C(segment)[{name[4:]}]"
    return results.error(name) if rest == ("se",) else results[name]


def _summary(what: str, how: str) -> float:
    values = japan().numbers(NAMES.get(what, what))
    return float(values.mean() if how == "mean" else values.std(ddof=1))


def _elasticities(column: str, how: str) -> float:
    own = (
        japan_results()[f"t32.{column}"]["price"] * japan().numbers("price") * (1 - japan().numbers("share"))
    )
    return float({"mean": np.mean, "median": np.median, "min": np.min, "max": np.max}[how](own))


def _elasticity_of(kind: str, model: str) -> float:
    data = japan()
    (row,) = np.flatnonzero((data.column("Name") == MODELS[model]) & (data.numbers("year") == 2016))
    slope = japan_results()["t32.gh"]["price"] * float(data.numbers("price")[row])
    share = float(data.numbers("share")[row])
    return slope * (1 - share) if kind == "own" else -slope * share


def japan_answer(name: str) -> float:
    """Ours, by the id of a given answer."""
    _, table, *what = name.split(".")
    if table == "t31":
        return _summary(*what)
    if table == "t33":
        return _elasticities(*what)
    if table == "t41":
        return _elasticity_of(*what)
    return _asked(japan_results()[f"{table}.{what[0]}"], *what[1:])


@cache
def europe() -> Table:
    """The product data with shares; a test is skipped without them or pandas."""
    pandas = pytest.importorskip("pandas")
    path = REFERENCE / EUROPE / "Cars-1.dta"
    if not path.exists():
        pytest.skip("the European car data 1970-1999 are not beside the project")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnicodeWarning)  # some car names are in another encoding
        frame = pandas.read_stata(path)
    frame["size"] = frame["pop"].astype(float) / 4
    frame["share"] = frame["qu"].astype(float) / frame["size"]
    frame["market"] = frame["country"].astype(str) + " " + frame["year"].astype(str)
    return as_table(frame)


@cache
def europe_results() -> dict[str, LinearResults]:
    """The hedonic regression and the logit."""
    countries = "country2 + country3 + country4 + country5"
    return {
        "hedonic": estimate_linear(
            europe(),
            "log(price)",
            "1 + horsepower + fuel + width + height + weight + C(segment, 'subcompact') + "
            f"{countries} + domestic",
            errors=Unadjusted(),
        ),
        "logit": estimate_logit(
            europe(),
            f"1 + price + horsepower + fuel + width + height + domestic + year + {countries}",
            shares="share",
            market="market",
        ),
    }


def europe_answer(name: str) -> float:
    """Ours, by the id of a given answer."""
    _, table, *what = name.split(".")
    return _asked(europe_results()[table], *what)
