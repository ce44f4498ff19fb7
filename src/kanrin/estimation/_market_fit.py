"""One market at an estimate: what a simulation takes from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kanrin.base import Floats, Ints, SolveError
from kanrin.estimation._objective import Point
from kanrin.estimation._problem import Problem
from kanrin.estimation._substitution import MarketPoint, market_costs

__all__ = ["MarketFit", "market_fit"]


@dataclass(frozen=True)
class MarketFit:
    """One market at the estimate, for what comes after. Rows are the products, columns the agents."""

    name: str
    rows: Ints  # (J,) row of the data
    shares: Floats  # (J,) of potential buyers
    represented: float  # part of potential buyers the agents stand for; divide shares by it to compare
    prices: Floats  # (J,) what the buyer pays
    delta: Floats  # (J,) mean utility, X1 price effect included
    mu: Floats  # (J, I) deviation, price effect of X2 included
    alpha: Floats  # (J, I) dV_ij/dp^c_j at the observed price
    weights: Floats  # (I,) sum one
    nests: Ints | None  # (J,)
    rho: Floats  # (J,)
    firms: NDArray[Any] | None  # (J,)
    ownership: Floats | None  # (J, J)
    costs: Floats | None  # (J,)
    is_price_linear: bool  # alpha_ij the same for all products: prices can move far
    frames: str = "dict"  # kind of frame the data came in
    costs_fault: str = ""  # why costs are None though the firms are known

    def __repr__(self) -> str:
        return f"MarketFit({self.name}: {len(self.rows)} products, {len(self.weights)} agents)"

    @property
    def negative_weight(self) -> float:
        """Weight of agents with a price slope at or above zero for some product; must be 0 to price."""
        return float(self.weights[(self.alpha >= 0).any(axis=0)].sum())


def market_fit(problem: Problem, point: Point, at: MarketPoint) -> MarketFit:
    """The market of `at`; without a cost side, costs by the first-order conditions where they exist."""
    flat, t, j, alpha = at.flat, at.t, at.products, at.alpha
    i = slice(int(flat.agent_start[t]), int(flat.agent_start[t + 1]))
    costs, fault = (point.costs[j] if problem.has_supply else None), ""
    if costs is None and flat.ownership is not None:
        try:
            costs = market_costs(at, problem.receipts[j])
        except SolveError as error:  # demand stands without costs
            fault = str(error)
    firms = problem.firms
    return MarketFit(
        problem.market_names[t], problem.order[j], problem.shares[j],
        float(problem.shares[j][0] / flat.shares[j][0]), problem.prices[j], point.delta[j],
        flat.x2[j] @ at.coefficients[i].T, alpha, flat.weights[i],
        None if flat.nests is None else flat.nests[j], at.rho[j],
        None if firms is None else firms.levels[firms.codes[j]],
        None if flat.ownership is None else flat.ownership[t], costs,
        bool(np.allclose(alpha, alpha[0])), problem.table.kind, fault,
    )  # fmt: skip
