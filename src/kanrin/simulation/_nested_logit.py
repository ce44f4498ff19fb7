"""Nested logit, one level, a nesting parameter for each nest (McFadden 1978; Cardell 1997); (rcnl-shares)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from kanrin.base import Floats, InputError, Ints
from kanrin.simulation._logit import check_slope
from kanrin.simulation._system import Surplus, vector

__all__ = ["NestedLogit", "checked_nests"]


def checked_nests(nests: Ints, rho: Floats, count: int) -> tuple[Ints, Floats]:
    """Nest numbers (J,) and rho (G,), read-only; InputError for what is no nest or outside [0, 1)."""
    numbers = np.array(nests)
    if numbers.shape != (count,) or not np.issubdtype(numbers.dtype, np.integer) or (numbers < 0).any():
        raise InputError(
            f"nests must be one whole number >= 0 a product, ({count},); got {numbers.dtype} {numbers.shape}"
        )
    numbers = numbers.astype(np.int64)
    groups = int(numbers.max(initial=-1)) + 1
    values = np.array(rho, dtype=np.float64)
    if values.ndim == 0:
        values = np.full(groups, float(values))
    if values.ndim != 1 or values.size < groups:
        raise InputError(f"rho must be one number a nest, {groups}; got shape {values.shape}")
    if not ((values >= 0.0) & (values < 1.0)).all():
        worst = values[int(np.argmax(np.abs(values - 0.5)))]
        raise InputError(f"rho is {worst:.6g}; expected a number in [0, 1) for every nest")
    numbers.setflags(write=False)
    values.setflags(write=False)
    return numbers, values


@dataclass(frozen=True)
class NestedLogit:
    """Products in nests g = 0..G-1; the outside good, where there is one, is a nest of its own, utility 0.

    Raises InputError for alpha >= 0, rho outside [0, 1) or nests that are not whole numbers 0..G-1.
    """

    alpha: float  # utils per unit of money, < 0
    delta: Floats  # (J,) utils, mean utility without the price effect
    nests: Ints  # (J,) 0..G-1
    rho: Floats  # (G,) in [0, 1); one number stands for all
    market_size: float = 1.0
    has_outside: bool = True

    def __post_init__(self) -> None:
        check_slope(self.alpha, self.market_size)
        put = object.__setattr__
        put(self, "delta", vector("delta", self.delta))
        nests, rho = checked_nests(self.nests, self.rho, self.delta.size)
        put(self, "nests", nests)
        put(self, "rho", rho)

    @property
    def product_count(self) -> int:
        """J."""
        return int(self.delta.size)

    def _parts(self, price: Floats) -> tuple[Floats, Floats, Floats]:
        """log s_{j|g} (J,), log s_j (J,), Q (scalar): (rcnl-shares)."""
        keep = 1.0 - self.rho[self.nests]
        x = (self.delta + self.alpha * np.asarray(price)) / keep
        count = self.rho.size
        top = np.full(count, -np.inf)
        np.maximum.at(top, self.nests, x.real)
        sums = np.zeros(count, dtype=x.dtype)
        np.add.at(sums, self.nests, np.exp(x - top[self.nests]))
        used = top > -np.inf
        log_d = np.where(used, top, 0.0) + np.log(np.where(used, sums, 1.0))
        inclusive = ((1.0 - self.rho) * log_d)[used]
        highest = inclusive.real.max(initial=0.0 if self.has_outside else -np.inf)
        total = np.exp(inclusive - highest).sum() + (np.exp(-highest) if self.has_outside else 0.0)
        q = highest + np.log(total)
        within = x - log_d[self.nests]
        return within, within + ((1.0 - self.rho) * log_d)[self.nests] - q, q

    def log_sum(self, price: Floats) -> Floats:
        """Q = log(1 + sum_g e^IV_g), utils (cs)."""
        return self._parts(price)[2]

    def shares(self, price: Floats) -> Floats:
        """s_j (J,) of potential buyers (rcnl-shares)."""
        result: Floats = np.exp(self._parts(price)[1])
        return result

    def quantities(self, price: Floats) -> Floats:
        """q_j = M s_j (J,)."""
        return self.market_size * self.shares(price)

    def by_price(self, price: Floats) -> Floats:
        """D = K(alpha) (J, J), (kernel), (ds-dp)."""
        within, joint, _ = self._parts(price)
        z, s = np.exp(within), np.exp(joint)
        rho = self.rho[self.nests]
        same = np.equal.outer(self.nests, self.nests)
        inner = np.diag(1.0 / (1.0 - rho)) - (rho / (1.0 - rho))[:, None] * z[None, :] * same - s[None, :]
        result: Floats = self.market_size * self.alpha * s[:, None] * inner
        return result

    def own_effect(self, price: Floats) -> Floats:
        """Lambda_j = M alpha s_j/(1 - rho) (J,), (Lambda): nest and market aggregates held."""
        return self.alpha * self.quantities(price) / (1.0 - self.rho[self.nests])

    def curvature(self, price: Floats, weights: Floats) -> Floats:
        """T (J, J), (foc-jac) for one type of buyer with nests."""
        within, joint, _ = self._parts(price)
        z, s = np.exp(within), np.exp(joint)
        rho = self.rho[self.nests]
        a, b = 1.0 / (1.0 - rho), rho / (1.0 - rho)
        same = np.equal.outer(self.nests, self.nests).astype(np.float64)
        own, objective = np.diag(weights), weights @ s
        of_nest = (weights * s) @ same  # (J, J): sum over the nest of l of H_jk m_k s_k
        nest = np.diag(of_nest)
        t = -(a * weights * s) * (s[:, None] + same * (b * z)[:, None])
        t -= (a * own * s)[:, None] * (s + same * b * z)
        t += same * (b * z * nest)[:, None] * (a[:, None] + b) * z
        t += (b * z * nest)[:, None] * s
        t += 2.0 * (objective * s)[:, None] * s
        t += same * (objective * s)[:, None] * (b * z)
        t += of_nest * s[:, None] * (b * z)
        t[np.diag_indices_from(t)] += a**2 * own * s - a * b * nest * z - a * objective * s
        result: Floats = self.market_size * self.alpha**2 * t
        return result

    def compensating_variation(
        self, before: Floats, after: Floats, changed: Self | None = None, *, surplus: Surplus = Surplus.EXACT
    ) -> float:
        """M (Q1 - Q0)/alpha, money, harm positive (cs)."""
        then = self if changed is None else changed
        return float(self.market_size * (then.log_sum(after) - self.log_sum(before)) / self.alpha)

    def subset(self, offered: Floats) -> Self:
        """Without the products not offered; nests keep their numbers."""
        on_sale = np.asarray(offered, dtype=bool)
        return replace(self, delta=self.delta[on_sale], nests=self.nests[on_sale])

    def joined(self, mean_value: float, nest: int) -> Self:
        """With one product more, last, in a nest that exists."""
        if not 0 <= nest < self.rho.size:
            raise InputError(f"nest {nest} does not exist; nests are 0..{self.rho.size - 1}")
        return replace(self, delta=np.append(self.delta, mean_value), nests=np.append(self.nests, nest))
