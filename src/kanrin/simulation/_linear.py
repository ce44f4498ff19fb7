"""Linear demand q = a + B p, and the same with products taken off the market."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from kanrin.base import Bools, Floats, InputError
from kanrin.simulation._system import Surplus, vector

__all__ = ["Linear", "eliminate"]


def eliminate(intercept: Floats, slopes: Floats, offered: Bools) -> tuple[Floats, Floats, float]:
    """a, B of the products offered once the others are priced so that a + B x is zero for them.

    Returns the constant a_n'x_n/2 that their prices add to a'x + x'Bx/2 as well. InputError when B of the
    products taken off is singular: no price chokes them off.
    """
    gone = ~offered
    if not gone.any():
        return intercept, slopes, 0.0
    block = slopes[np.ix_(gone, gone)]
    try:
        level = -np.linalg.solve(block, intercept[gone])
        answer = -np.linalg.solve(block, slopes[np.ix_(gone, offered)])
    except np.linalg.LinAlgError as error:
        raise InputError(
            "the products taken off have no price at which nobody buys; keep one of them"
        ) from error
    across = slopes[np.ix_(offered, gone)]
    return (
        intercept[offered] + across @ level,
        slopes[np.ix_(offered, offered)] + across @ answer,
        float(intercept[gone] @ level) / 2.0,
    )


@dataclass(frozen=True)
class Linear:
    """q = a + B p (J,), B[k, j] = dq_k/dp_j.

    Raises InputError for a B that is not (J, J) and finite, or an own slope that is not below zero.
    """

    intercept: Floats  # (J,) a, units a period
    slopes: Floats  # (J, J) B, units per unit of money
    base: float = 0.0  # money; what products taken off add to a'p + p'B p/2

    def __post_init__(self) -> None:
        object.__setattr__(self, "intercept", vector("intercept", self.intercept))
        b = np.array(self.slopes, dtype=np.float64)
        if b.shape != (self.intercept.size,) * 2 or not np.isfinite(b).all():
            raise InputError(f"slopes must be finite, ({self.intercept.size},) squared; got {b.shape}")
        if not (np.diag(b) < 0.0).all():
            raise InputError(
                f"own slope of product {int(np.argmax(np.diag(b)))} is {np.diag(b).max():.6g}; expected < 0"
            )
        b.setflags(write=False)
        object.__setattr__(self, "slopes", b)

    @property
    def product_count(self) -> int:
        """J."""
        return int(self.intercept.size)

    def quantities(self, price: Floats) -> Floats:
        """q (J,); below zero past a choke price."""
        result: Floats = self.intercept + self.slopes @ np.asarray(price)
        return result

    def by_price(self, price: Floats) -> Floats:
        """D = B' (J, J)."""
        return np.array(self.slopes.T)

    def own_effect(self, price: Floats) -> Floats:
        """Not defined: linear demand has no aggregate that a small seller could take as given."""
        raise InputError("monopolistic competition is not defined for linear demand; use Logit or CES")

    def curvature(self, price: Floats, weights: Floats) -> Floats:
        """Zero (J, J)."""
        return np.zeros((self.product_count, self.product_count))

    def compensating_variation(
        self, before: Floats, after: Floats, changed: Self | None = None, *, surplus: Surplus = Surplus.EXACT
    ) -> float:
        """The integral of demand, a'dp + (p1'B p1 - p0'B p0)/2, money, harm positive.

        With a B that is not symmetric, the straight path from p0 to p1 (its symmetric part). Products that
        came or went are held at the price at which nobody buys them, which needs a symmetric B.
        """
        if changed is None:
            middle = (self.quantities(before) + self.quantities(after)) / 2.0
            return float(middle @ (np.asarray(after) - np.asarray(before)))
        for system in (self, changed):
            if np.abs(system.slopes - system.slopes.T).max() > 1e-9 * np.abs(system.slopes).max():
                raise InputError("the value of a product to buyers needs symmetric slopes B")
        return float(changed._potential(after) - self._potential(before))

    def _potential(self, price: Floats) -> float:
        p = np.asarray(price)
        return float(self.intercept @ p + p @ self.slopes @ p / 2.0) + self.base

    def subset(self, offered: Floats) -> Self:
        """Without the products not offered: their quantities are zero, at the prices that make them so."""
        a, b, constant = eliminate(self.intercept, self.slopes, np.asarray(offered, dtype=bool))
        return replace(self, intercept=a, slopes=b, base=self.base + constant)
