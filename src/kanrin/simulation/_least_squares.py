"""Levenberg-Marquardt for a few parameters, and which of them the residuals do not move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, SolveError

__all__ = ["Fit", "fit"]

_STEP = 1e-5  # of central differences, in transformed parameters of order one
_MAX_STEPS = 200
_SMALL = 1e-13


@dataclass(frozen=True)
class Fit:
    """A least-squares point."""

    point: Floats  # (K,)
    residual: Floats  # (T,)
    jacobian: Floats  # (T, K)
    converged: bool


def _jacobian(function: Callable[[Floats], Floats], x: Floats) -> Floats:
    columns = []
    for k in range(x.size):
        step = np.zeros(x.size)
        step[k] = _STEP
        columns.append((function(x + step) - function(x - step)) / (2.0 * _STEP))
    return np.column_stack(columns)


def fit(function: Callable[[Floats], Floats], starts: list[Floats]) -> Fit:
    """The least sum of squares of function(x) (T,) over x (K,), best of several starts.

    A start or step where the function raises SolveError or gives no finite number is passed over. Raises
    SolveError when that is every start.
    """

    def safe(x: Floats) -> Floats | None:
        try:
            with np.errstate(all="ignore"):
                value = function(x)
        except SolveError as error:
            reasons.append(str(error))
            return None
        return value if np.isfinite(value).all() else None

    reasons: list[str] = []
    best: Fit | None = None
    for start in starts:
        found = _run(function, safe, start)
        if found is not None and (
            best is None or found.residual @ found.residual < best.residual @ best.residual
        ):
            best = found
    if best is None:
        why = reasons[-1] if reasons else "the targets have no finite value there"
        raise SolveError(f"calibration failed at every start: {why}")
    return best


def _run(
    function: Callable[[Floats], Floats], safe: Callable[[Floats], Floats | None], start: Floats
) -> Fit | None:
    x, damping = start, 1e-3
    residual = safe(x)
    if residual is None:
        return None
    jacobian = _tried(function, x)
    if jacobian is None:
        return None
    for _ in range(_MAX_STEPS):
        gradient, size = jacobian.T @ residual, float(residual @ residual)
        normal = jacobian.T @ jacobian
        scale = np.maximum(np.diag(normal), 1e-12 * max(float(np.diag(normal).max()), 1e-300))
        step = -np.linalg.lstsq(normal + damping * np.diag(scale), gradient, rcond=1e-15)[0]
        step *= min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        trial = safe(x + step)
        if trial is not None and float(trial @ trial) <= size:
            x, residual, damping = x + step, trial, damping / 10.0
            moved = _tried(function, x)
            if moved is None:
                return None
            jacobian = moved
            if float(np.abs(step).max()) < _SMALL * 10.0:
                return Fit(x, residual, jacobian, True)
        else:
            damping *= 10.0
            if damping > 1e12:
                return Fit(x, residual, jacobian, True)
    return Fit(x, residual, jacobian, False)


def _tried(function: Callable[[Floats], Floats], x: Floats) -> Floats | None:
    try:
        with np.errstate(all="ignore"):
            jacobian = _jacobian(function, x)
    except SolveError:
        return None
    return jacobian if np.isfinite(jacobian).all() else None
