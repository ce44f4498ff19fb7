"""Parameters that made the data come back within three standard errors: every kind of demand and supply.

Shares by simulation over buyers, prices by the first-order conditions of their makers, written here anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from kanrin.base import Floats
from kanrin.estimation import (
    LinearCost,
    LogCost,
    Lognormal,
    OwnAgents,
    PriceOverIncome,
    blp_instruments,
    build_problem,
    differentiation_instruments,
    estimate,
)

TRUTH = 3.0  # standard errors
STILL = 1e-11  # of prices: the fixed point has come to rest
MARKETS, PRODUCTS, BUYERS, MAKERS = 40, 12, 120, 4
BETA = (1.0, 0.8)  # constant, x
GAMMA = (0.3, 0.4, 0.5)  # constant, x, w
KAPPA = np.array([[1, 0.5, 0, 0], [0.2, 1, 0, 0], [0, 0, 1, 0.3], [0, 0, 0, 1]])


@dataclass(frozen=True)
class World:
    """What makes the data."""

    alpha: float = -2.0
    sigma: Floats = field(default_factory=lambda: np.zeros((2, 2)))  # of constant and x
    spread: float = 0.0  # of the price coefficient
    lognormal: bool = False  # price coefficient -exp(alpha + spread nu)
    over_income: bool = False
    pi: float = 0.0  # of x with a demographic
    rho: float = 0.0
    log_cost: bool = True
    markets: int = MARKETS
    kappa: Floats = field(default_factory=lambda: np.eye(MAKERS))


def made(world: World, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Data of products and of buyers."""
    rng = np.random.default_rng(seed)
    products: list[dict[str, Any]] = []
    buyers: list[dict[str, Any]] = []
    nest = np.arange(PRODUCTS) % 3
    same = (nest[:, None] == nest).astype(float)
    for t in range(world.markets):
        x, w, z = rng.uniform(0, 2, PRODUCTS), rng.uniform(0, 1, PRODUCTS), rng.uniform(0, 1, PRODUCTS)
        maker = rng.integers(0, MAKERS, PRODUCTS)
        xi, omega = 0.2 * rng.standard_normal(PRODUCTS), 0.1 * rng.standard_normal(PRODUCTS)
        index = GAMMA[0] + GAMMA[1] * x + GAMMA[2] * w + omega
        cost = np.exp(index) if world.log_cost else 1 + index
        nu, income = rng.standard_normal((BUYERS, 3)), np.exp(0.5 * rng.standard_normal(BUYERS))
        kids = rng.normal() + rng.standard_normal(BUYERS)
        taste = nu[:, :2] @ world.sigma.T
        slope = world.alpha + world.spread * nu[:, 2]
        if world.lognormal:
            slope = -np.exp(slope)
        if world.over_income:
            slope = slope / income
        fixed = (BETA[0] + xi)[:, None] + taste[:, 0] + x[:, None] * (BETA[1] + taste[:, 1] + world.pi * kids)
        price = _equilibrium(fixed, slope, cost, world.kappa[np.ix_(maker, maker)], same, world.rho)
        share = _choices(fixed + slope * price[:, None], same, world.rho)[0].mean(axis=1)
        products.append({
            "market": np.full(PRODUCTS, t), "maker": maker, "nest": nest, "x": x, "w": w, "z": z,
            "price": price, "share": share, "kids": np.full(PRODUCTS, kids.mean()),
        })  # fmt: skip
        buyers.append({
            "market": np.full(BUYERS, t), "n0": nu[:, 0], "n1": nu[:, 1], "n2": nu[:, 2], "income": income,
            "kids": kids,
        })  # fmt: skip
    return tuple({k: np.concatenate([p[k] for p in part]) for k in part[0]} for part in (products, buyers))  # type: ignore[return-value]


def _choices(utility: Floats, same: Floats, rho: float) -> tuple[Floats, Floats]:
    """s_ij, and s_ij within the nest."""
    e = np.exp(utility / (1 - rho))
    total = same @ e
    top = total ** (1 - rho)
    by_nest = top / (1 + (top / same.sum(axis=1, keepdims=True)).sum(axis=0))
    return e / total * by_nest, e / total


def _equilibrium(
    fixed: Floats, slope: Floats, cost: Floats, owns: Floats, same: Floats, rho: float
) -> Floats:
    """Prices at rest: p = c + Lambda^-1 ((H o Gamma)(p - c) - s) (Morrow & Skerlos 2011)."""
    price = 1.5 * cost
    for _ in range(3_000):
        s, within = _choices(fixed + slope * price[:, None], same, rho)
        rows = len(slope)
        diagonal = (s @ slope) / rows / (1 - rho)
        gamma = (s * slope) @ s.T / rows + rho / (1 - rho) * same * ((within * slope) @ s.T) / rows
        new = cost + ((owns * gamma) @ (price - cost) - s.mean(axis=1)) / diagonal
        if float(np.abs(new - price).max()) < STILL:
            return np.asarray(new)
        price = new
    raise AssertionError("the data of the test have no equilibrium")


def recovered(
    world: World, truth: dict[str, float], linear: str, nodes: list[str], starts: dict[str, Any], seed: int,
    **more: Any,
) -> None:  # fmt: skip
    data, buyers = made(world, seed)
    nested = {"nest": "nest"} if world.rho else {}
    spread = differentiation_instruments(data, "x + w", market="market", firm="maker", **nested)
    sums = blp_instruments(data, "x", market="market", firm="maker")
    extra = ["kids", "I(x * kids)"] if world.pi else []
    agents = OwnAgents(buyers, "market", None, nodes) if nodes or "forms" in more else None
    problem = build_problem(
        data, linear, shares="share", market="market", price="price", agents=agents,
        instruments=["w", "z", spread, sums, *extra], **nested, **more,
    )  # fmt: skip
    results = estimate(problem, **starts)
    assert results.converged
    for name, value in truth.items():
        found = abs(results[name]) if name.startswith("sigma") else results[name]  # a root up to its sign
        assert results.error(name) < 1.0, name
        assert abs(found - value) < TRUTH * results.error(name), name
    assert results.overidentification()[2] > 1e-3


ONE = np.diag([0.0, 1.0])
FULL = np.array([[1.0, 0.0], [0.7, 1.0]])
P = {"price": -2.0, "x": 0.8}
OVER = {"price": PriceOverIncome("income")}
DEMAND: dict[str, tuple[World, dict[str, float], str, list[str], dict[str, Any], dict[str, Any]]] = {
    "logit": (World(), P, "1 + price + x", [], {}, {}),
    "nested logit": (World(rho=0.6), P | {"rho": 0.6}, "1 + price + x", [], {}, {}),
    "normal": (World(sigma=ONE), P | {"sigma[x]": 1.0}, "1 + price + x", ["n1"], {}, {"random": "0 + x"}),
    "full Sigma": (
        World(sigma=FULL, markets=3 * MARKETS),
        {"sigma[1]": 1.0, "sigma[x]": 1.0, "sigma[x, 1]": 0.7, "price": -2.0},
        "1 + price + x", ["n0", "n1"], {"sigma": [[0.6, 0], [0.3, 0.6]]}, {"random": "1 + x"},
    ),
    "normal price": (
        World(spread=0.5, markets=3 * MARKETS), {"price": -2.0, "sigma[price]": 0.5},
        "1 + price + x", ["n2"], {"sigma": 0.2},
        {"random": "0 + price"},
    ),
    "lognormal price": (
        World(alpha=0.6, spread=0.4, lognormal=True), {"mean[price]": 0.6, "sigma[price]": 0.4, "x": 0.8},
        "1 + x", ["n2"], {"sigma": 0.3}, {"random": "0 + price", "forms": {"price": Lognormal(-1)}},
    ),
    "price over income": (
        World(over_income=True), {"price/income": -2.0, "x": 0.8}, "1 + x", [], {}, {"forms": OVER},
    ),
    "demographics": (
        World(sigma=ONE, pi=0.8), P | {"sigma[x]": 1.0, "pi[x, kids]": 0.8}, "1 + price + x", ["n1"],
        {"sigma": 0.7, "pi": 0.3}, {"random": "0 + x", "demographics": "0 + kids"},
    ),
    "nested, normal": (
        World(sigma=ONE, rho=0.3), {"rho": 0.3, "sigma[x]": 1.0}, "1 + price + x", ["n1"], {},
        {"random": "0 + x"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DEMAND)
def test_demand(name: str) -> None:
    world, truth, linear, nodes, starts, more = DEMAND[name]
    recovered(world, truth, linear, nodes, starts, 7, **more)


@pytest.mark.parametrize("kappa", [np.eye(MAKERS), KAPPA], ids=["each its own", "asymmetric stakes"])
@pytest.mark.parametrize("log_cost", [True, False], ids=["log cost", "linear cost"])
@pytest.mark.parametrize("rho", [0.0, 0.4], ids=["no nests", "nests"])
def test_supply(kappa: Floats, log_cost: bool, rho: float) -> None:
    gamma = dict(zip(("cost: 1", "cost: x", "cost: w"), (GAMMA[0] + (not log_cost), *GAMMA[1:]), strict=True))
    recovered(
        World(sigma=ONE, kappa=kappa, log_cost=log_cost, rho=rho),
        P | {"sigma[x]": 1.0} | gamma | ({"rho": rho} if rho else {}),
        "1 + price + x", ["n1"], {}, 11, random="0 + x", firms="maker", kappa=kappa, costs="1 + x + w",
        cost_form=LogCost() if log_cost else LinearCost(), supply_instruments=["z"],
    )  # fmt: skip
