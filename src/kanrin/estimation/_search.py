"""The search for the smallest objective: SciPy's BFGS and L-BFGS-B behind one door, failures kept in hand.

SciPy is asked for only here; `pip install kanrin[estimation]` brings it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kanrin.base import Floats, InputError, SolveError
from kanrin.estimation._choices import BFGS, Search

__all__ = ["Found", "Seen", "minimise"]

_WORSE = 1e3  # a point that fails is told to be this much worse than the worst seen
_AGAIN = 3  # searches begun again from the best point where failing points broke one off


@dataclass(frozen=True)
class Seen:
    """What a search has seen after an evaluation: the best point, and how many were tried."""

    x: Floats
    value: float
    slope: float  # largest projected slope
    evaluations: int
    failures: int
    is_best: bool  # whether this evaluation is the best one


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
    fault: str = ""  # of the last point that could not be solved
    notes: tuple[str, ...] = ()  # what a reader must know though the search went on


def minimise(
    function: Callable[[Floats], tuple[float, Floats]],
    start: Floats,
    low: Floats,
    high: Floats,
    search: Search,
    watch: Callable[[Seen], None] | None = None,
) -> Found:
    """Smallest value from `start`. A point that `function` cannot solve counts as a very bad one.

    watch: told after every evaluation that could be solved. Where failing points break a search off, it
    begins again from the best point. Raises the SolveError of the start when the start itself fails,
    InputError when SciPy is not at hand.
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
    if not (np.isfinite(value) and np.isfinite(gradient).all()):
        raise SolveError(f"the objective at the start is {value:.3g}; start with smaller sigma and pi")
    best: list[tuple[Floats, float, Floats]] = [(start.copy(), value, gradient.copy())]
    counts = [1, 0]
    worst = [abs(value)]
    reason = [""]

    def tell(is_best: bool) -> None:
        if watch is not None:
            x, value, gradient = best[0]
            watch(Seen(x, value, _projected(x, gradient, low, high), counts[0], counts[1], is_best))

    def failed(x: Floats, why: str) -> tuple[float, Floats]:
        counts[1] += 1
        reason[0] = why
        return _WORSE * (1.0 + worst[0]), np.zeros_like(x)

    def told(x: Floats) -> tuple[float, Floats]:
        counts[0] += 1
        try:
            q, slope = function(x)
        except (SolveError, InputError) as error:  # bad input at a trial point is the point's fault
            return failed(x, str(error))
        if not (np.isfinite(q) and np.isfinite(slope).all()):
            return failed(x, "the objective is not a number")
        worst[0] = max(worst[0], abs(q))
        is_best = q <= best[0][1]
        if is_best:
            best[0] = (x.copy(), q, slope.copy())
        tell(is_best)
        return q, slope

    tell(True)
    for _ in range(_AGAIN):
        failures, before = counts[1], best[0][1]
        ended = _searched(optimize, told, best[0][0], low, high, search)
        x, value, gradient = best[0]
        slope = _projected(x, gradient, low, high)
        converged = slope <= search.slope * (1 + 1e-9)
        if converged or counts[1] == failures or value >= before:
            break
    advice = "" if converged else (
        f"the search stopped at a largest slope of {slope:.2g}, {search.slope:.2g} asked "
        f"({ended}); try "
        "other starts, columns on like scales, or a tighter model"
    )  # fmt: skip
    return Found(
        x, float(value), gradient, slope, counts[0], counts[1], converged, advice, reason[0].partition(";")[0]
    )


def _projected(x: Floats, gradient: Floats, low: Floats, high: Floats) -> float:
    """Largest slope that the bounds leave."""
    return float(np.abs(np.clip(x - gradient, low, high) - x).max(initial=0.0))


def _searched(
    optimize: Any,
    told: Callable[[Floats], tuple[float, Floats]],
    start: Floats,
    low: Floats,
    high: Floats,
    search: Search,
) -> str:
    """One search by SciPy; its last word."""
    if isinstance(search, BFGS):
        options = {"maxiter": search.most, "gtol": search.slope}
        return str(optimize.minimize(told, start, jac=True, method="BFGS", options=options).message)
    options = {
        "maxiter": search.most,
        "maxfun": 5 * search.most,
        "gtol": search.slope,
        "ftol": 0.0,
        "maxcor": 20,
    }
    bounds = list(zip(low, high, strict=True))
    ended = optimize.minimize(told, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return str(ended.message)
