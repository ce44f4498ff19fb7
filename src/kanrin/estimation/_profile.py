"""A profile of the objective: q at the best of all other parameters, one parameter held (MODEL
2.9, boundary)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats, InputError, SolveError, UnknownName
from kanrin.estimation._choices import LBFGSB
from kanrin.estimation._gmm import is_near_singular
from kanrin.estimation._objective import Point, evaluate
from kanrin.estimation._results import EstimationResults
from kanrin.estimation._search import Seen, minimise

__all__ = ["Profile", "profile"]

_SETTLED = 1e-3  # largest slope relative to q of a search that counts
_CHI_SQUARED_95 = 3.841458820694124  # one degree of freedom


@dataclass(frozen=True)
class Profile:
    """q (n,) at the held values; `converged` marks the searches that got there; where one failed,
    q is nan."""

    name: str
    held: Floats
    objective: Floats
    converged: Bools
    best: float  # q at the estimate

    @property
    def within(self) -> Bools:
        """(n,) values a distance test keeps at 5 % (W must be the optimal one)."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.objective - self.best <= _CHI_SQUARED_95)


def profile(results: EstimationResults, name: str, values: Sequence[float]) -> Profile:
    """Hold one nonlinear parameter at each value and search the others anew at the estimate's W.

    What to report in place of a normal interval where a parameter is near its bound. Each search begins at
    the nearest value solved. Raises UnknownName, and InputError for no value, one that is not finite, or a W
    that is nearly singular.
    """
    theta = results.model.theta
    if name not in theta.names:
        raise UnknownName("nonlinear parameter", name, theta.names)
    if not len(values):
        raise InputError("profile: no values; give those to hold the parameter at")
    if is_near_singular(results.W):
        raise InputError(
            "profile: the weighting matrix of the estimate is nearly singular, so that q away from the "
            "estimate is rounding; estimate with fewer instruments, more clusters, or OneStep()"
        )
    held = np.asarray(values, dtype=np.float64)
    if not np.isfinite(held).all():
        raise InputError("profile: values to hold the parameter at must be finite numbers")
    k = theta.names.index(name)
    objective, converged = np.full(len(values), np.nan), np.zeros(len(values), dtype=bool)
    solved = [results.point]
    for at in np.argsort(np.abs(held - results.point.theta[k])).tolist():
        near = solved[int(np.argmin([abs(point.theta[k] - held[at]) for point in solved]))]
        low, high, begin = theta.low.copy(), theta.high.copy(), near.theta.copy()
        low[k] = high[k] = begin[k] = held[at]
        seen: list[Point] = []  # the latest, and the best behind it

        def function(x: Floats, delta: Floats = near.delta, seen: list[Point] = seen) -> tuple[float, Floats]:
            point = evaluate(results.model, x, results.W, start=delta)
            seen[:1] = [point]
            return point.value, point.gradient

        def watch(look: Seen, seen: list[Point] = seen) -> None:
            if look.is_best:
                seen[1:] = [seen[0]]

        try:
            found = minimise(function, begin, low, high, LBFGSB(), watch)
        except SolveError:
            continue
        objective[at], converged[at] = found.value, found.slope < _SETTLED * (1.0 + found.value)
        if converged[at]:
            solved.append(seen[1])
    return Profile(name, held, objective, converged, results.objective)
