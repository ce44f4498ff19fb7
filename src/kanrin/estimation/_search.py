"""The search for the smallest objective: SciPy's BFGS and L-BFGS-B behind one door, failures kept in hand.

SciPy is asked for only here; `pip install kanrin[estimation]` brings it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, InputError, SolveError
from kanrin.estimation._choices import BFGS, LBFGSB, Search

__all__ = ["Found", "minimise"]

_WORSE = 1e3  # a point that fails is told to be this much worse than the worst seen


@dataclass(frozen=True)
class Found:
    """Where a search ended and how."""

    x: Floats
    value: float
    gradient: Floats
    slope: float  # largest projected slope
    evaluations: int
    failures: int
    converged: bool
    advice: str


def minimise(
    function: Callable[[Floats], tuple[float, Floats]],
    start: Floats,
    low: Floats,
    high: Floats,
    search: Search,
) -> Found:
    """Smallest value from `start`. A point at which `function` raises SolveError counts as a very bad one.

    Raises the SolveError of the start when the start itself fails, InputError when SciPy is not at hand.
    """
    try:
        optimize = importlib.import_module("scipy.optimize")
    except ModuleNotFoundError:
        raise InputError(
            "the search for nonlinear parameters needs SciPy; install it with pip install "
            "'kanrin[estimation]'"
        ) from None
    bounded = bool(np.isfinite(low).any() or np.isfinite(high).any())
    if bounded and isinstance(search, BFGS):
        raise InputError(
            "BFGS does not hold to bounds; use LBFGSB(), or take the bounds away with bounds=None"
        )
    value, gradient = function(start)
    best: list[tuple[Floats, float, Floats]] = [(start.copy(), value, gradient.copy())]
    counts = [1, 0]
    worst = [abs(value)]

    def told(x: Floats) -> tuple[float, Floats]:
        counts[0] += 1
        try:
            q, slope = function(x)
        except SolveError:
            counts[1] += 1
            return _WORSE * (1.0 + worst[0]), np.zeros_like(x)
        if not (np.isfinite(q) and np.isfinite(slope).all()):
            counts[1] += 1
            return _WORSE * (1.0 + worst[0]), np.zeros_like(x)
        worst[0] = max(worst[0], abs(q))
        if q <= best[0][1]:
            best[0] = (x.copy(), q, slope.copy())
        return q, slope

    if isinstance(search, LBFGSB):
        options = {
            "maxiter": search.most,
            "maxfun": 5 * search.most,
            "gtol": search.slope,
            "ftol": 0.0,
            "maxcor": 20,
        }
        ended = optimize.minimize(
            told,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=list(zip(low, high, strict=True)),
            options=options,
        )
    else:
        options = {"maxiter": search.most, "gtol": search.slope}
        ended = optimize.minimize(told, start, jac=True, method="BFGS", options=options)
    x, value, gradient = best[0]
    projected = np.clip(x - gradient, low, high) - x
    slope = float(np.abs(projected).max(initial=0.0))
    converged = slope <= search.slope * (1 + 1e-9)
    advice = "" if converged else (
        f"the search stopped at a largest slope of {slope:.2g}, {search.slope:.2g} asked "
        f"({ended.message}); try "
        "other starts, columns on like scales, or a tighter model"
    )  # fmt: skip
    return Found(x, float(value), gradient, slope, counts[0], counts[1], converged, advice)
