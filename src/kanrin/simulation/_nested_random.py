"""Random-coefficients nested logit with given buyers (Grigolon & Verboven 2014), (rcnl-shares)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from kanrin.base import Floats, InputError, Ints
from kanrin.simulation._nested_logit import checked_nests
from kanrin.simulation._random_coefficients import RandomCoefficients
from kanrin.simulation._system import Surplus

__all__ = ["NestedRandomCoefficients"]


@dataclass(frozen=True)
class NestedRandomCoefficients:
    """`plain` with products in nests 0..G-1 and a parameter rho for each; the outside good stands alone.

    Raises InputError for rho outside [0, 1) or nests that are not whole numbers 0..G-1.
    """

    plain: RandomCoefficients
    nests: Ints  # (J,) 0..G-1
    rho: Floats  # (G,) in [0, 1); one number stands for all

    has_outside = True

    def __post_init__(self) -> None:
        nests, rho = checked_nests(self.nests, self.rho, self.plain.product_count)
        object.__setattr__(self, "nests", nests)
        object.__setattr__(self, "rho", rho)

    @property
    def product_count(self) -> int:
        """J."""
        return self.plain.product_count

    @property
    def market_size(self) -> float:
        """Potential buyers."""
        return self.plain.market_size

    @property
    def alpha(self) -> Floats:
        """(I,) utils per unit of money."""
        return self.plain.alpha

    @property
    def weights(self) -> Floats:
        """(I,) of the buyers."""
        return self.plain.weights

    def _parts(self, price: Floats) -> tuple[Floats, Floats, Floats]:
        """s_{ij|g} (J, I), s_ij (J, I), Q_i (I,), (rcnl-shares)."""
        base = self.plain.delta[:, None] + np.asarray(price)[:, None] * self.plain.alpha
        utility = base if self.plain.mu is None else base + self.plain.mu
        x = utility / (1.0 - self.rho[self.nests])[:, None]
        used = np.unique(self.nests)
        log_d = np.zeros((self.rho.size, x.shape[1]), dtype=x.dtype)
        for g in used:
            inner = x[self.nests == g]
            top = inner.real.max(axis=0)
            log_d[g] = top + np.log(np.exp(inner - top).sum(axis=0))
        inclusive = (1.0 - self.rho)[:, None] * log_d
        highest = inclusive[used].real.max(axis=0, initial=0.0)
        q = highest + np.log(np.exp(-highest) + np.exp(inclusive[used] - highest).sum(axis=0))
        within = x - log_d[self.nests]
        return np.exp(within), np.exp(within + inclusive[self.nests] - q), q

    def shares(self, price: Floats) -> Floats:
        """s_j (J,) of potential buyers (rcnl-shares)."""
        result: Floats = self._parts(price)[1] @ self.weights
        return result

    def quantities(self, price: Floats) -> Floats:
        """q_j = M s_j (J,)."""
        return self.market_size * self.shares(price)

    def by_price(self, price: Floats) -> Floats:
        """D = K(alpha) (J, J), (kernel), (ds-dp)."""
        z, s, _ = self._parts(price)
        rho = self.rho[self.nests]
        scaled = s * (self.weights * self.alpha)
        same = np.equal.outer(self.nests, self.nests)
        result: Floats = -(scaled @ s.T) - (rho / (1.0 - rho))[:, None] * (scaled @ z.T) * same
        result[np.diag_indices_from(result)] += scaled.sum(axis=1) / (1.0 - rho)
        return self.market_size * result

    def own_effect(self, price: Floats) -> Floats:
        """Lambda_j = M sum_i w_i alpha_i s_ij/(1 - rho) (J,), (Lambda)."""
        _, s, _ = self._parts(price)
        result: Floats = self.market_size * (s @ (self.weights * self.alpha)) / (1.0 - self.rho[self.nests])
        return result

    def curvature(self, price: Floats, weights: Floats) -> Floats:
        """T (J, J), (foc-jac) with nests."""
        z, s, _ = self._parts(price)
        rho = self.rho[self.nests]
        a, b = 1.0 / (1.0 - rho), rho / (1.0 - rho)
        same = np.equal.outer(self.nests, self.nests).astype(np.float64)
        own, m = np.diag(weights), self.weights * self.alpha**2
        objective, nest = weights @ s, (weights * same) @ s  # A_ij, B_ij
        ms, mz = m * s, m * z
        joint, mixed = ms @ s.T, mz @ s.T  # sum_i m s_ij s_il, sum_i m z_ij s_il
        t = -(a * weights) * (joint + same * b[:, None] * mixed)
        t -= (a * own)[:, None] * (joint + same * (ms @ z.T) * b)
        t += same * b[:, None] * ((mz * nest) @ z.T) * (a + b)
        t += b[:, None] * ((mz * nest) @ s.T)
        t += 2.0 * ((ms * objective) @ s.T)
        t += same * ((ms * objective) @ z.T) * b
        for g in np.unique(self.nests):
            inside = self.nests == g
            of_nest = weights[:, inside] @ s[inside]  # B^l_ij for l in g
            t[:, inside] += ((ms * of_nest) @ z[inside].T) * b[inside]
        diagonal = a**2 * own * ms.sum(axis=1) - a * b * (mz * nest).sum(axis=1)
        t[np.diag_indices_from(t)] += diagonal - a * (ms * objective).sum(axis=1)
        result: Floats = self.market_size * t
        return result

    def surplus_by_agent(self, price: Floats) -> Floats:
        """CS_i = Q_i/(-alpha_i) (I,), money a buyer, up to a constant (cs)."""
        result: Floats = self._parts(price)[2] / -self.alpha
        return result

    def compensating_variation(
        self, before: Floats, after: Floats, changed: Self | None = None, *, surplus: Surplus = Surplus.EXACT
    ) -> float:
        """M sum_i w_i (CS_i before - after), money, harm positive (cs)."""
        then = self if changed is None else changed
        lost = self.surplus_by_agent(before) - then.surplus_by_agent(after)
        return float(self.market_size * (self.weights @ lost))

    def subset(self, offered: Floats) -> Self:
        """Without the products not offered; nests keep their numbers."""
        on_sale = np.asarray(offered, dtype=bool)
        return replace(self, plain=self.plain.subset(on_sale), nests=self.nests[on_sale])

    def joined(self, mean_value: float, nest: int, taste: Floats | None = None) -> Self:
        """With one product more, last, in a nest that exists."""
        if not 0 <= nest < self.rho.size:
            raise InputError(f"nest {nest} does not exist; nests are 0..{self.rho.size - 1}")
        return replace(self, plain=self.plain.joined(mean_value, taste), nests=np.append(self.nests, nest))
