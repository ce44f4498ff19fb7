"""What every demand system offers, and the curvature of one that has no closed form for it.

A system is data: quantities at consumer prices, their derivatives, and what a change of prices is worth to
buyers. Elasticities, diversion, equilibria and welfare are functions of it. Prices may be complex in
`quantities`, `by_price` and `own_effect` (derivatives by the complex step).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from kanrin.base import Floats, InputError

__all__ = ["DemandSystem", "Surplus", "complex_step_curvature", "vector"]

_STEP = 1e-30  # of the complex step: no truncation, no cancellation


class Surplus(Enum):
    """Which compensating variation.

    EXACT: what the demand system implies; equal to the integral of (Hicksian) demand over the price change.
    PACKAGES: the formula of the R packages `antitrust` and `trade`, which differs for CES (the exponent is
    divided by one plus outside over inside expenditure) and AIDS (expenditure after the change, to first
    order, times the change of the price index). The two are one for the other systems.
    """

    EXACT = "exact"
    PACKAGES = "packages"


class DemandSystem(Protocol):
    """J products at consumer prices p^c (J,), one unit of money."""

    @property
    def product_count(self) -> int:
        """J."""
        ...

    def quantities(self, price: Floats) -> Floats:
        """q (J,), units a period."""
        ...

    def by_price(self, price: Floats) -> Floats:
        """D_jk = dq_k/dp^c_j (J, J), row = price moved (ds-dp), in quantities."""
        ...

    def own_effect(self, price: Floats) -> Floats:
        """Lambda_j (J,): dq_j/dp^c_j with the market's aggregate held, as a small seller sees it (Lambda)."""
        ...

    def curvature(self, price: Floats, weights: Floats) -> Floats:
        """T_jl = sum_k weights_jk dD_jk/dp^c_l (J, J), (foc-jac)."""
        ...

    def compensating_variation(
        self, before: Floats, after: Floats, changed: Self | None = None, *, surplus: Surplus = Surplus.EXACT
    ) -> float:
        """Money that makes up for prices `after` in place of `before`; harm is positive.

        changed: the system after, when products came or went; None: the same.
        """
        ...

    def subset(self, offered: Floats) -> Self:
        """The system without the products that are not offered (J,)."""
        ...


def complex_step_curvature(by_price: Callable[[Floats], Floats], price: Floats, weights: Floats) -> Floats:
    """T_jl = sum_k weights_jk dD_jk/dp_l by the complex step, exact to rounding (foc-jac)."""
    count = len(price)
    result = np.empty((count, count))
    for j in range(count):
        moved = np.asarray(price, dtype=np.complex128).copy()
        moved[j] += 1j * _STEP
        slope = by_price(moved).imag / _STEP  # type: ignore[arg-type]
        result[:, j] = (weights * slope).sum(axis=1)
    return result


def vector(
    name: str,
    value: ArrayLike,
    count: int | None = None,
    *,
    positive: bool = False,
    names: Sequence[str] | None = None,
) -> Floats:
    """A read-only list of finite numbers (J,); InputError names the first that is not as expected."""
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{name} holds something that is not a number ({error}); give numbers only"
        ) from error
    if array.ndim == 0 and count is not None:
        array = np.full(count, float(array))
    if array.ndim != 1 or (count is not None and array.size != count):
        expected = "one list" if count is None else f"one number a product, ({count},)"
        raise InputError(f"{name} must be {expected}; got shape {array.shape}")
    bad = ~np.isfinite(array) | (array <= 0.0 if positive else False)
    if bad.any():
        j = int(np.argmax(bad))
        which = f"product {j}" if names is None else names[j]
        raise InputError(
            f"{name} of {which} is {array[j]:.6g}; expected a finite number"
            + (" above zero: drop the product or mend the number" if positive else "")
        )
    array.setflags(write=False)
    return array
