"""Logit demand, with or without an outside good (McFadden 1978); one buyer type of (rc-shares)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.simulation._system import Surplus, vector

__all__ = ["Logit", "check_slope"]


def check_slope(alpha: float, market_size: float) -> None:
    """InputError unless alpha < 0 and market_size > 0."""
    if not (np.isfinite(alpha) and alpha < 0.0):
        raise InputError(
            f"alpha is {alpha:.6g}; expected a number below zero (utils per unit of money): otherwise profit "
            "grows without bound in price"
        )
    if not (np.isfinite(market_size) and market_size > 0.0):
        raise InputError(f"market_size is {market_size:.6g}; expected a number of buyers above zero")


@dataclass(frozen=True)
class Logit:
    """s_j proportional to exp(delta_j + alpha p_j); the outside good, where there is one, has utility 0.

    Raises InputError for alpha >= 0, a market size that is not positive or deltas that are not finite.
    """

    alpha: float  # utils per unit of money, < 0
    delta: Floats  # (J,) utils, mean utility without the price effect
    market_size: float = 1.0  # potential buyers; without an outside good, the quantity sold
    has_outside: bool = True

    def __post_init__(self) -> None:
        check_slope(self.alpha, self.market_size)
        object.__setattr__(self, "delta", vector("delta", self.delta))

    @property
    def product_count(self) -> int:
        """J."""
        return int(self.delta.size)

    def log_sum(self, price: Floats) -> Floats:
        """log V, V = sum_k exp(delta_k + alpha p_k), plus one with an outside good: utils."""
        utility = self.delta + self.alpha * np.asarray(price)
        top = utility.real.max(initial=0.0 if self.has_outside else -np.inf)
        total = np.exp(utility - top).sum() + (np.exp(-top) if self.has_outside else 0.0)
        result: Floats = top + np.log(total)
        return result

    def shares(self, price: Floats) -> Floats:
        """s_j (J,) of potential buyers (rc-shares)."""
        result: Floats = np.exp(self.delta + self.alpha * np.asarray(price) - self.log_sum(price))
        return result

    def quantities(self, price: Floats) -> Floats:
        """q_j = M s_j (J,)."""
        return self.market_size * self.shares(price)

    def by_price(self, price: Floats) -> Floats:
        """D_jk = M alpha s_j (1{j=k} - s_k) (J, J), (ds-dp)."""
        s = self.shares(price)
        result: Floats = self.market_size * self.alpha * (np.diag(s) - np.outer(s, s))
        return result

    def own_effect(self, price: Floats) -> Floats:
        """Lambda_j = M alpha s_j (J,), (Lambda)."""
        return self.alpha * self.quantities(price)

    def curvature(self, price: Floats, weights: Floats) -> Floats:
        """T (J, J), (foc-jac) for one type of buyer."""
        s = self.shares(price)
        own, objective = np.diag(weights), weights @ s
        result: Floats = np.outer(s, s) * (2.0 * objective[:, None] - own[:, None] - weights)
        result[np.diag_indices_from(result)] += s * (own - objective)
        return self.market_size * self.alpha**2 * result

    def compensating_variation(
        self, before: Floats, after: Floats, changed: Self | None = None, *, surplus: Surplus = Surplus.EXACT
    ) -> float:
        """M ln(V1/V0)/alpha, money, harm positive (cs)."""
        then = self if changed is None else changed
        return float(self.market_size * (then.log_sum(after) - self.log_sum(before)) / self.alpha)

    def subset(self, offered: Floats) -> Self:
        """Without the products not offered."""
        return replace(self, delta=self.delta[np.asarray(offered, dtype=bool)])

    def joined(self, mean_value: float) -> Self:
        """With one product more, last, of mean utility `mean_value`."""
        return replace(self, delta=np.append(self.delta, mean_value))
