"""CES demand: expenditure shares v_j p_j^(1-gamma) of a budget, outside good 1 (Dixit & Stiglitz 1977)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.simulation._system import Surplus, complex_step_curvature, vector

__all__ = ["CES"]


@dataclass(frozen=True)
class CES:
    """r_j = v_j p_j^(1-gamma) / (1 + sum_k v_k p_k^(1-gamma)), q_j = Y r_j / p_j; no 1 without outside good.

    Raises InputError for gamma <= 1, values or a budget that are not positive.
    """

    gamma: float  # > 1, elasticity of substitution
    value: Floats  # (J,) v > 0
    budget: float  # Y, money a period, outside good included
    has_outside: bool = True

    def __post_init__(self) -> None:
        if not (np.isfinite(self.gamma) and self.gamma > 1.0):
            raise InputError(f"gamma is {self.gamma:.6g}; expected a number above one")
        if not (np.isfinite(self.budget) and self.budget > 0.0):
            raise InputError(f"budget is {self.budget:.6g}; expected an amount of money above zero")
        object.__setattr__(self, "value", vector("value", self.value, positive=True))

    @property
    def product_count(self) -> int:
        """J."""
        return int(self.value.size)

    def log_sum(self, price: Floats) -> Floats:
        """log V, V = sum_k v_k p_k^(1-gamma), plus one with an outside good."""
        x = np.log(self.value) + (1.0 - self.gamma) * np.log(np.asarray(price))
        top = x.real.max(initial=0.0 if self.has_outside else -np.inf)
        total = np.exp(x - top).sum() + (np.exp(-top) if self.has_outside else 0.0)
        result: Floats = top + np.log(total)
        return result

    def expenditure_shares(self, price: Floats) -> Floats:
        """r_j (J,) of the budget."""
        p = np.asarray(price)
        result: Floats = np.exp(np.log(self.value) + (1.0 - self.gamma) * np.log(p) - self.log_sum(p))
        return result

    def outside_over_inside(self, price: Floats) -> float:
        """A: expenditure on the outside good over expenditure on the J products."""
        inside = float(self.expenditure_shares(price).sum())
        return (1.0 - inside) / inside if self.has_outside else 0.0

    def quantities(self, price: Floats) -> Floats:
        """q_j = Y r_j/p_j (J,)."""
        result: Floats = self.budget * self.expenditure_shares(price) / np.asarray(price)
        return result

    def by_price(self, price: Floats) -> Floats:
        """D_jk = -1{j=k} gamma q_j/p_j + (gamma - 1) q_k r_j/p_j (J, J)."""
        p, r = np.asarray(price), self.expenditure_shares(price)
        q = self.budget * r / p
        result: Floats = (self.gamma - 1.0) * np.outer(r / p, q) - np.diag(self.gamma * q / p)
        return result

    def own_effect(self, price: Floats) -> Floats:
        """Lambda_j = -gamma q_j/p_j (J,): the price index held."""
        result: Floats = -self.gamma * self.quantities(price) / np.asarray(price)
        return result

    def curvature(self, price: Floats, weights: Floats) -> Floats:
        """T (J, J), (foc-jac)."""
        return complex_step_curvature(self.by_price, price, weights)

    def compensating_variation(
        self, before: Floats, after: Floats, changed: Self | None = None, *, surplus: Surplus = Surplus.EXACT
    ) -> float:
        """Y (exp(ln(V1/V0)/(1 - gamma)) - 1), money, harm positive.

        PACKAGES divides the exponent by 1 + A, A = outside over inside expenditure before.
        """
        then = self if changed is None else changed
        exponent = float(then.log_sum(after) - self.log_sum(before)) / (1.0 - self.gamma)
        if surplus is Surplus.PACKAGES:
            exponent /= 1.0 + self.outside_over_inside(before)
        return float(self.budget * np.expm1(exponent))

    def subset(self, offered: Floats) -> Self:
        """Without the products not offered."""
        return replace(self, value=self.value[np.asarray(offered, dtype=bool)])

    def joined(self, mean_value: float) -> Self:
        """With one product more, last, of value v = `mean_value`."""
        return replace(self, value=np.append(self.value, mean_value))
