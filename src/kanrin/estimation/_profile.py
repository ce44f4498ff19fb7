"""A profile of the objective: q at the best of all other parameters, one parameter held (MODEL
2.9, boundary)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats, InputError, SolveError, UnknownName
from kanrin.estimation._choices import LBFGSB
from kanrin.estimation._objective import evaluate
from kanrin.estimation._results import EstimationResults
from kanrin.estimation._search import minimise

__all__ = ["Profile", "profile"]

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

    What to report in place of a normal interval where a parameter is near its bound. Raises UnknownName, and
    InputError for no value.
    """
    theta = results.model.theta
    if name not in theta.names:
        raise UnknownName("nonlinear parameter", name, theta.names)
    if not len(values):
        raise InputError("profile: no values; give those to hold the parameter at")
    k = theta.names.index(name)
    objective, converged = np.full(len(values), np.nan), np.zeros(len(values), dtype=bool)
    nearest = np.argsort(np.abs(np.asarray(values, dtype=np.float64) - results.point.theta[k]))
    start, delta = results.point.theta, results.point.delta
    for at in nearest.tolist():
        low, high, begin = theta.low.copy(), theta.high.copy(), start.copy()
        low[k] = high[k] = begin[k] = values[at]

        def function(x: Floats, delta: Floats = delta) -> tuple[float, Floats]:
            point = evaluate(results.model, x, results.W, start=delta)
            return point.value, point.gradient

        try:
            found = minimise(function, begin, low, high, LBFGSB())
        except SolveError:
            continue
        objective[at], converged[at] = found.value, found.slope < 1e-3 * (1.0 + found.value)
    return Profile(name, np.asarray(values, dtype=np.float64), objective, converged, results.objective)
