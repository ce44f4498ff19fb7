"""Simulated buyers: each has a scale on the price slope and a weight.

The price slope of buyer i is alpha_i = alpha / y_i, y_i income relative to the median
household (price-index).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kanrin.base import Floats, InputError

__all__ = ["Agents", "lognormal_income_agents", "own_agents"]

_WEIGHT_SUM_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Agents:
    """Buyers that stand for the market.

    alpha_scale: (I,) pure number, > 0; the slope of buyer i is alpha * alpha_scale_i.
    weights: (I,) pure number, >= 0, sum one.
    Raises InputError for wrong shapes, non-finite or non-positive scales, negative weights or a sum other
    than one.
    """

    alpha_scale: Floats
    weights: Floats

    def __post_init__(self) -> None:
        scale = np.array(self.alpha_scale, dtype=np.float64)
        weights = np.array(self.weights, dtype=np.float64)
        if scale.ndim != 1 or scale.shape != weights.shape or scale.size == 0:
            raise InputError(
                f"agents need one weight for each price scale, both (I,); got {scale.shape} and "
                f"{weights.shape}; give two lists of the same length"
            )
        if not (np.isfinite(scale).all() and (scale > 0.0).all()):
            worst = int(np.argmin(np.where(np.isfinite(scale), scale, -np.inf)))
            raise InputError(
                f"agent {worst} has price scale {scale[worst]}; expected a finite number > 0 "
                "(1 / income, income above zero)"
            )
        if not (np.isfinite(weights).all() and (weights >= 0.0).all()):
            raise InputError("agent weights must be finite and not negative; drop the agents without weight")
        if abs(float(weights.sum()) - 1.0) > _WEIGHT_SUM_TOLERANCE:
            raise InputError(
                f"agent weights sum to {weights.sum():.12g}, expected 1; divide them by their sum"
            )
        weights = weights / weights.sum()
        for name, array in (("alpha_scale", scale), ("weights", weights)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def alpha(self, alpha: float | Floats) -> Floats:
        """Price slopes (..., I), utils per unit of money, for slopes (...) at median income (price-index)."""
        return np.multiply.outer(np.asarray(alpha, dtype=np.float64), self.alpha_scale)


def lognormal_income_agents(log_income_sd: float, nodes: int = 13) -> Agents:
    """Gauss-Hermite nodes of ln y ~ N(0, log_income_sd^2), alpha_i = alpha / y_i (price-index).

    log_income_sd: sd of log income relative to the median, >= 0; nodes: at least 1. Raises InputError
    otherwise.
    """
    if not (np.isfinite(log_income_sd) and log_income_sd >= 0.0):
        raise InputError(f"log_income_sd is {log_income_sd}; expected a number >= 0")
    if nodes < 1:
        raise InputError(f"{nodes} nodes asked; expected at least 1")
    if log_income_sd == 0.0:
        return Agents(np.ones(1), np.ones(1))
    x, w = np.polynomial.hermite.hermgauss(nodes)
    return Agents(np.exp(-log_income_sd * np.sqrt(2.0) * x), w / w.sum())


def own_agents(income: ArrayLike, weights: ArrayLike) -> Agents:
    """The caller's own buyers: income (I,) relative to the median household, > 0; weights (I,), sum one."""
    y = np.asarray(income, dtype=np.float64)
    if y.ndim != 1 or not (np.isfinite(y).all() and (y > 0.0).all()):
        raise InputError(
            "incomes must be one list of finite numbers above zero, relative to the median household"
        )
    return Agents(1.0 / y, np.asarray(weights, dtype=np.float64))
