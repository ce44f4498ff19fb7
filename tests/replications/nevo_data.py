"""Nevo's cereals and the cars of Berry, Levinsohn and Pakes: the problems and our answers by given id."""

from __future__ import annotations

from functools import cache
from types import ModuleType

import numpy as np
import pytest

from kanrin.estimation import (
    BFGS,
    LBFGSB,
    Clustered,
    EstimationResults,
    OneStep,
    OwnAgents,
    Problem,
    Table,
    TwoStep,
    build_problem,
    estimate,
    read_csv,
)

COLUMNS = {"shares": "shares", "market": "market_ids", "price": "prices"}
SIGMA = [0.3302, 2.4526, 0.0163, 0.2441]
PI = [[5.4819, 0, 0.2037, 0], [15.8935, -1.2, 0, 2.6342], [-0.2506, 0, 0.0511, 0], [1.265, 0, -0.8091, 0]]
PARAMETERS = {
    "sigma_const": "sigma[1]",
    "sigma_price": "sigma[prices]",
    "sigma_sugar": "sigma[sugar]",
    "sigma_mushy": "sigma[mushy]",
    "pi_price_income": "pi[prices, income]",
    "price": "prices",
    "rho": "rho",
}
BLP_SIGMA = [3.612, 0, 4.628, 1.818, 1.050, 2.056]  # the published estimates, the starts of PyBLP's page
BLP_PI = [0, -43.501, 0, 0, 0, 0]
BLP_NAMES = {"const": "1", "lnhpwt": "log(hpwt)", "lnmpg": "log(mpg)", "lnspace": "log(space)"}


def pyblp_files() -> ModuleType:
    """The module that holds the paths of the data; a test is skipped without it."""
    return pytest.importorskip("pyblp", reason="PyBLP, which ships the data, is not installed").data


@cache
def products() -> Table:
    return read_csv(pyblp_files().NEVO_PRODUCTS_LOCATION)


def instruments(table: Table) -> list[str]:
    return [name for name in table.columns if name.startswith("demand_instruments")]


def logit_problem(table: Table) -> Problem:
    return build_problem(table, "0 + prices | product_ids", instruments=instruments(table), **COLUMNS)


def full_problem(table: Table) -> Problem:
    agents = read_csv(pyblp_files().NEVO_AGENTS_LOCATION)
    return build_problem(
        table,
        "0 + prices | product_ids",
        random="1 + prices + sugar + mushy",
        agents=OwnAgents(agents, market="market_ids", nodes=[f"nodes{k}" for k in range(4)]),
        demographics="0 + income + income_squared + age + child",
        instruments=instruments(table),
        **COLUMNS,
    )


def nested_problem(table: Table, nest: str) -> Problem:
    """One nest ("one") or two by a column; the number of products in the market-nest instruments rho."""
    table = table.join({"one": np.ones(table.rows)})
    cells = table.codes("market_ids", nest).codes
    table = table.join({"in_nest": np.bincount(cells)[cells].astype(float)})
    return build_problem(
        table, "0 + prices", instruments=[*instruments(table), "in_nest"], nest=nest, **COLUMNS
    )


@cache
def nevo_results(which: str) -> EstimationResults:
    """`logit`, `logit_2sls`, `nested_one`, `nested_mushy` or `full`."""
    if which == "logit":  # two steps: the weights begin as those of 2SLS and are updated once
        return estimate(logit_problem(products()))
    if which == "logit_2sls":
        return estimate(logit_problem(products()), weighting=OneStep())
    if which == "full":
        return estimate(
            full_problem(products()), sigma=SIGMA, pi=PI, weighting=OneStep(), search=BFGS(slope=1e-5)
        )
    return estimate(nested_problem(products(), which.removeprefix("nested_")), rho=0.7)


def nevo_answer(name: str) -> float:
    """Ours, by the id of a given answer."""
    _, which, what = name.split(".", 2)
    results = nevo_results(which)
    if what == "objective":
        return results.objective
    return results.error("prices") if what.endswith("se") else results[PARAMETERS[what]]


@cache
def blp_results() -> EstimationResults:
    """Demand and supply of 1995, as PyBLP's page sets them up."""
    files = pyblp_files()
    table, agents = read_csv(files.BLP_PRODUCTS_LOCATION), read_csv(files.BLP_AGENTS_LOCATION)
    problem = build_problem(
        table,
        "1 + hpwt + air + mpd + space",
        random="1 + prices + hpwt + air + mpd + space",
        instruments=[name for name in table.columns if name.startswith("demand_instruments")],
        supply_instruments=[name for name in table.columns if name.startswith("supply_instruments")],
        firms="firm_ids",
        costs="1 + log(hpwt) + air + log(mpg) + log(space) + trend",
        cost_bounds=(0.001, None),
        agents=OwnAgents(
            agents, market="market_ids", nodes=[f"nodes{k}" for k in range(5)], rest_never_buys=True
        ),
        demographics="0 + I(1 / income)",
        product="car_ids",
        **COLUMNS,
    )
    return estimate(
        problem,
        sigma=BLP_SIGMA,
        pi=BLP_PI,
        errors=Clustered("clustering_ids"),
        weighting=TwoStep(from_start=True),
        search=LBFGSB(slope=1e-4),
    )


def blp_answer(name: str) -> float:
    """Ours, by the id of a given answer."""
    kind, _, word = name.split(".")[1].partition("_")
    results = blp_results()
    if kind == "objective":
        return results.objective
    if kind == "pi":
        return results["pi[prices, I(1 / income)]"]
    label = BLP_NAMES.get(word, word)
    return results[{"sigma": f"sigma[{label}]", "beta": label, "gamma": f"cost: {label}"}[kind]]
