"""Almost ideal demand with symmetric, homogeneous B and one market elasticity (Deaton & Muellbauer 1980;
Epstein & Rubinfeld 2004)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.simulation._linear import eliminate
from kanrin.simulation._system import Surplus, complex_step_curvature, vector

__all__ = ["AIDS"]


@dataclass(frozen=True)
class AIDS:
    """w = a + B ln p; expenditure X(p) = X0 P^(e+1), ln P = a'ln p + ln p'B ln p/2 - base; q = w X/p.

    X follows from the elasticities B_jk/w_j + w_k (e + 1) - 1{j=k} exactly, as B is symmetric.
    Raises InputError for a B that is not (J, J) and symmetric, or a market elasticity >= 0.
    """

    intercept: Floats  # (J,) a
    slopes: Floats  # (J, J) B, symmetric
    market_elasticity: float  # e < 0
    expenditure: float  # X0, money a period, where ln P = 0
    log_base: float = 0.0  # a'ln p + ln p'B ln p/2 at the prices where X = X0

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "intercept", vector("intercept", self.intercept))
        b = np.array(self.slopes, dtype=np.float64)
        if b.shape != (self.intercept.size,) * 2 or not np.isfinite(b).all():
            raise InputError(f"slopes must be finite, ({self.intercept.size},) squared; got {b.shape}")
        if np.abs(b - b.T).max(initial=0.0) > 1e-9 * np.abs(b).max(initial=1e-300):
            raise InputError("slopes B must be symmetric; otherwise there is no expenditure function")
        b.setflags(write=False)
        put(self, "slopes", b)
        if not (np.isfinite(self.market_elasticity) and self.market_elasticity < 0.0):
            raise InputError(f"market_elasticity is {self.market_elasticity:.6g}; expected a number below 0")
        if not (np.isfinite(self.expenditure) and self.expenditure > 0.0):
            raise InputError(f"expenditure is {self.expenditure:.6g}; expected money above zero")

    @property
    def product_count(self) -> int:
        """J."""
        return int(self.intercept.size)

    def log_index(self, price: Floats) -> Floats:
        """ln P, zero at the base."""
        x = np.log(np.asarray(price))
        result: Floats = self.intercept @ x + x @ self.slopes @ x / 2.0 - self.log_base
        return result

    def expenditure_shares(self, price: Floats) -> Floats:
        """w_j (J,) of expenditure on the J products; may fall below zero far from the base."""
        result: Floats = self.intercept + self.slopes @ np.log(np.asarray(price))
        return result

    def total_expenditure(self, price: Floats) -> Floats:
        """X, money a period."""
        result: Floats = self.expenditure * np.exp((self.market_elasticity + 1.0) * self.log_index(price))
        return result

    def quantities(self, price: Floats) -> Floats:
        """q_j = w_j X/p_j (J,)."""
        p = np.asarray(price)
        result: Floats = self.expenditure_shares(p) * self.total_expenditure(p) / p
        return result

    def by_price(self, price: Floats) -> Floats:
        """D_jk = X/(p_j p_k) (B_kj + w_k w_j (e + 1) - 1{j=k} w_k) (J, J)."""
        p = np.asarray(price)
        w, x = self.expenditure_shares(p), self.total_expenditure(p)
        inner = self.slopes + (self.market_elasticity + 1.0) * np.outer(w, w) - np.diag(w)
        result: Floats = x * inner / np.outer(p, p)
        return result

    def own_effect(self, price: Floats) -> Floats:
        """Not defined: AIDS has no single aggregate that a small seller could take as given."""
        raise InputError("monopolistic competition is not defined for AIDS; use Logit, NestedLogit or CES")

    def curvature(self, price: Floats, weights: Floats) -> Floats:
        """T (J, J), (foc-jac)."""
        return complex_step_curvature(self.by_price, price, weights)

    def compensating_variation(
        self, before: Floats, after: Floats, changed: Self | None = None, *, surplus: Surplus = Surplus.EXACT
    ) -> float:
        """The integral of demand: X0 (P1^(e+1) - P0^(e+1))/(e + 1), money, harm positive.

        PACKAGES: X (P1/P0 - 1), X = X0 (1 + (e + 1) sum w1 dp/p).
        """
        then = self if changed is None else changed
        power = self.market_elasticity + 1.0
        before_log, after_log = float(self.log_index(before)), float(then.log_index(after))
        if surplus is Surplus.PACKAGES:
            if changed is not None:
                raise InputError("the packages' formula compares the same products; ask for Surplus.EXACT")
            growth = self.expenditure_shares(after) @ (np.asarray(after) / np.asarray(before) - 1.0)
            spent = float(self.total_expenditure(before)) * (1.0 + power * float(growth))
            return float(spent * np.expm1(after_log - before_log))
        if abs(power) < 1e-12:
            return self.expenditure * (after_log - before_log)
        gap = np.expm1(power * after_log) - np.expm1(power * before_log)
        return float(self.expenditure * gap / power)

    def subset(self, offered: Floats) -> Self:
        """Without the products not offered: their shares are zero, at the prices that make them so."""
        on_sale = np.asarray(offered, dtype=bool)
        a, b, constant = eliminate(self.intercept, self.slopes, on_sale)
        return replace(self, intercept=a, slopes=b, log_base=self.log_base - constant)
