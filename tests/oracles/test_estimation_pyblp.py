"""Objective, gradient and standard errors against PyBLP on its own data (P1, P2, P3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kanrin.estimation import (
    Clustered,
    EstimationResults,
    OneStep,
    OwnAgents,
    Robust,
    blp_instruments,
    build_problem,
    differentiation_instruments,
    estimate,
    optimal_instruments,
    read_csv,
)

VALUE = 1e-10  # of the objective, relative
SLOPE = 1e-7  # of the gradient: PyBLP inverts to 1e-14 in another norm and clips costs
ERROR = 1e-6  # of standard errors, relative (P3)
SAME = 1e-9  # of linear parameters
PRICES = 1e-8  # two iterations of (zeta) with their own tolerances (P13)
SLOPES = 1e-6  # of the instruments, relative to the largest (P14)

PI = [[5.5, 0, 0.2, 0], [16.0, -1.2, 0, 2.6], [-0.25, 0, 0.05, 0], [1.3, 0, -0.8, 0]]
SIGMA = [[0.33, 0, 0, 0], [0.5, 2.4, 0, 0], [0, 0, 0.02, 0], [0.1, 0, 0, 0.24]]


@pytest.fixture(scope="module")
def pyblp() -> Any:
    module = pytest.importorskip("pyblp", reason="PyBLP is not installed")
    module.options.verbose = False
    module.options.weights_tol = np.inf  # the BLP agents stand for the likely buyers only
    return module


@pytest.fixture(scope="module")
def frames(pyblp: Any) -> dict[str, Any]:
    pandas = pytest.importorskip("pandas")
    data = pyblp.data
    names = {
        "nevo": data.NEVO_PRODUCTS_LOCATION, "nevo agents": data.NEVO_AGENTS_LOCATION,
        "blp": data.BLP_PRODUCTS_LOCATION, "blp agents": data.BLP_AGENTS_LOCATION,
    }  # fmt: skip
    return {name: pandas.read_csv(Path(path)) for name, path in names.items()}


def compare(
    ours: EstimationResults, theirs: Any, gradient: np.ndarray, errors: np.ndarray, names: list[str]
) -> None:
    assert ours.objective == pytest.approx(float(np.ravel(theirs.objective)[0]), rel=VALUE)
    scale = np.abs(gradient).max()
    np.testing.assert_allclose(ours.point.gradient, gradient, rtol=0, atol=SLOPE * scale)
    np.testing.assert_allclose([ours.error(n) for n in names], errors, rtol=ERROR)


@pytest.mark.parametrize("kind", ["robust", "clustered"])
def test_nevo_with_correlated_tastes(pyblp: Any, frames: dict[str, Any], kind: str) -> None:
    products, agents = frames["nevo"], frames["nevo agents"]
    F = pyblp.Formulation
    clustered = products.assign(clustering_ids=products["product_ids"])
    problem = pyblp.Problem(
        (F("0 + prices", absorb="C(product_ids)"), F("1 + prices + sugar + mushy")),
        clustered,
        F("0 + income + income_squared + age + child"),
        agents,
    )
    theirs = problem.solve(
        np.array(SIGMA), np.array(PI), optimization=pyblp.Optimization("return"), method="1s", se_type=kind,
        check_optimality="gradient",
    )  # fmt: skip
    ours = estimate(
        build_problem(
            products, "0 + prices | product_ids", shares="shares", market="market_ids", price="prices",
            random="1 + prices + sugar + mushy", demographics="0 + income + income_squared + age + child",
            agents=OwnAgents(agents, market="market_ids", nodes=[f"nodes{k}" for k in range(4)]),
            instruments=[c for c in products.columns if c.startswith("demand_instruments")],
        ),
        sigma=SIGMA, pi=PI, weighting=OneStep(), at_start=True,
        errors=Robust() if kind == "robust" else Clustered("product_ids"),
    )  # fmt: skip
    assert ours["prices"] == pytest.approx(float(theirs.beta[0, 0]), rel=SAME)
    names = [n for n in ours.names if n.startswith(("sigma", "pi"))]
    lower, pis = np.tril_indices(4), np.array(PI) != 0
    used = np.array(SIGMA)[lower] != 0
    errors = np.concatenate([theirs.sigma_se[lower][used], theirs.pi_se[pis]])
    compare(ours, theirs, np.ravel(theirs.gradient), errors, names)


def test_blp_demand_and_supply(pyblp: Any, frames: dict[str, Any]) -> None:
    products, agents = frames["blp"], frames["blp agents"]
    F = pyblp.Formulation
    problem = pyblp.Problem(
        (
            F("1 + hpwt + air + mpd + space"),
            F("1 + prices + hpwt + air + mpd + space"),
            F("1 + log(hpwt) + air + log(mpg) + log(space) + trend"),
        ),
        products, F("0 + I(1 / income)"), agents, costs_type="log",
    )  # fmt: skip
    sigma, pi = np.array([3.6, 0, 4.6, 1.8, 1.05, 2.05]), np.array([0, -43.5, 0, 0, 0, 0.0])
    theirs = problem.solve(
        np.diag(sigma), pi[:, None], optimization=pyblp.Optimization("return"), method="1s",
        costs_bounds=(0.001, None), se_type="clustered",
        check_optimality="gradient",
    )  # fmt: skip
    ours = estimate(
        build_problem(
            products, "1 + hpwt + air + mpd + space", random="1 + prices + hpwt + air + mpd + space",
            shares="shares", market="market_ids", price="prices", firms="firm_ids",
            costs="1 + log(hpwt) + air + log(mpg) + log(space) + trend", cost_bounds=(0.001, None),
            instruments=[c for c in products.columns if c.startswith("demand_instruments")],
            supply_instruments=[c for c in products.columns if c.startswith("supply_instruments")],
            agents=OwnAgents(
                agents, market="market_ids", nodes=[f"nodes{k}" for k in range(5)], rest_never_buys=True
            ),
            demographics="0 + I(1 / income)",
        ),
        sigma=sigma, pi=pi, weighting=OneStep(), errors=Clustered("clustering_ids"), at_start=True,
    )  # fmt: skip
    linear = np.concatenate([theirs.beta.ravel(), theirs.gamma.ravel()])
    np.testing.assert_allclose(ours.point.linear, linear, rtol=1e-7)
    errors = np.concatenate(
        [
            np.diag(theirs.sigma_se)[sigma != 0],
            [theirs.pi_se[1, 0]],
            theirs.beta_se.ravel(),
            theirs.gamma_se.ravel(),
        ]
    )
    compare(ours, theirs, np.ravel(theirs.gradient), errors, list(ours.names))


def test_instruments(pyblp: Any, frames: dict[str, Any]) -> None:
    """(iv-blp), (iv-diff): P10, P11, P12."""
    products = frames["blp"]
    formula, text = pyblp.Formulation("0 + hpwt + mpd + space"), "hpwt + mpd + space"
    where = {"market": "market_ids", "firm": "firm_ids"}
    np.testing.assert_allclose(
        blp_instruments(products, text, **where).matrix,
        pyblp.build_blp_instruments(formula, products),
        atol=1e-9,
    )
    for kind in ("local", "quadratic"):
        for interact in (False, True):
            theirs = pyblp.build_differentiation_instruments(formula, products, kind, interact=interact)
            ours = differentiation_instruments(products, text, kind=kind, interactions=interact, **where)
            size = np.abs(theirs).max(axis=0)
            signs = ours.matrix / size, theirs / size
            np.testing.assert_allclose(np.abs(signs[0]), np.abs(signs[1]), atol=1e-10)


def test_tables_read(frames: dict[str, Any]) -> None:
    """A frame and the same file read without a library are the same table."""
    pyblp = pytest.importorskip("pyblp")
    table = read_csv(pyblp.data.BLP_PRODUCTS_LOCATION)
    np.testing.assert_array_equal(table.numbers("prices"), frames["blp"]["prices"].to_numpy())


def test_optimal_instruments(pyblp: Any, frames: dict[str, Any]) -> None:
    """(iv-optimal) at xi = omega = 0: P13, P14. PyBLP leaves out what is collinear: its columns
    are found in ours."""
    products, agents = frames["blp"], frames["blp agents"]
    few = products[products["market_ids"] < 1974]
    buyers = agents[agents["market_ids"] < 1974]
    F = pyblp.Formulation
    unused = [c for c in few.columns if c.endswith(("instruments5", "instruments6", "instruments7"))]
    problem = pyblp.Problem(
        (F("1 + hpwt + air"), F("0 + prices + hpwt"), F("1 + log(hpwt) + air")),
        few.drop(columns=unused),
        F("0 + I(1 / income)"), buyers, costs_type="log",
    )  # fmt: skip
    theirs = problem.solve(
        np.diag([0.0, 2.0]), np.array([[-30.0], [0.0]]), optimization=pyblp.Optimization("return"),
        method="1s", check_optimality="gradient",
    )  # fmt: skip
    made = theirs.compute_optimal_instruments(
        method="approximate", iteration=pyblp.Iteration("simple", {"atol": 1e-13, "max_evaluations": 5000})
    )
    listed = [c for c in few.columns if c not in unused]
    ours = optimal_instruments(
        estimate(
            build_problem(
                few, "1 + hpwt + air", random="0 + prices + hpwt", shares="shares", market="market_ids",
                price="prices", firms="firm_ids", costs="1 + log(hpwt) + air",
                instruments=[c for c in listed if c.startswith("demand_instruments")],
                supply_instruments=[c for c in listed if c.startswith("supply_instruments")],
                agents=OwnAgents(buyers, market="market_ids", nodes=["nodes1"], rest_never_buys=True),
                demographics="0 + I(1 / income)",
            ),
            sigma=[0.0, 2.0], pi=[-30.0, 0.0], weighting=OneStep(), at_start=True,
        )
    )  # fmt: skip
    np.testing.assert_allclose(ours.prices, np.ravel(made.expected_prices), rtol=PRICES)
    assert ours.supply is not None
    for theirs_z, ours_z in ((made.demand_instruments, ours.demand), (made.supply_instruments, ours.supply)):
        for k in range(ours_z.matrix.shape[1]):
            column = ours_z.matrix[:, k]
            gap = np.abs(theirs_z - column[:, None]).max(axis=0) / np.abs(column).max()
            assert gap.min() < SLOPES, ours_z.labels[k]
