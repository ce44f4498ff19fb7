"""Starts found from the data: the 2SLS logit for prices, a linear approximation for the spreads of tastes.

With K_jk = x_jk (x_jk / 2 - sum_l S_l x_lk) the log odds are nearly X1 beta + K sigma^2 + xi: two-stage least
squares give variances to start from (Salanie & Wolak 2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kanrin.estimation._linear import dependent_columns
from kanrin.estimation._problem import Problem

__all__ = ["alpha_starts", "price_start", "spread_starts"]

_SPREAD = 0.5  # times 1 / sd of the column, where the approximation finds no variance
_LEAST, _MOST = 0.1, 3.0  # in the same unit


def spread_starts(problem: Problem) -> dict[str, float]:
    """A start of sigma's diagonal for each random coefficient."""
    assert problem.x2 is not None
    x2 = problem.x2.matrix
    size = x2.std(axis=0)
    unit = np.where(size > 1e-12, 1.0 / np.where(size > 1e-12, size, 1.0), 1.0)
    out = _SPREAD * unit
    mean = np.zeros_like(x2)
    for k in range(x2.shape[1]):
        sums = np.bincount(problem.markets.codes, weights=problem.shares * x2[:, k])
        mean[:, k] = sums[problem.markets.codes]
    effects = problem.demand_effects
    x = effects.residuals(np.column_stack([problem.x1.matrix, x2 * (x2 / 2 - mean)]))
    basis = np.linalg.qr(problem.zd)[0]
    fitted = basis @ (basis.T @ x)
    if x.shape[1] <= basis.shape[1] and not dependent_columns(fitted, np.linalg.norm(x, axis=0)):
        y = effects.residuals(problem.logit_delta)
        variance = np.linalg.lstsq(fitted, basis @ (basis.T @ y), rcond=None)[0][problem.x1.matrix.shape[1] :]
        found = np.sqrt(np.maximum(variance, 0.0))
        out = np.where(variance > 0, np.clip(found, _LEAST * unit, _MOST * unit), out)
    return dict(zip(problem.x2.labels, map(float, out), strict=True))


def alpha_starts(
    problem: Problem, alpha: float | Mapping[str, float] | None, labels: Sequence[str]
) -> list[float]:
    """Starts of the price coefficients that are searched: those given, the 2SLS logit for the others."""
    if not labels:
        return []
    if isinstance(alpha, int | float):
        return [float(alpha)] + [0.0] * (len(labels) - 1)
    given = dict(alpha or {})
    missing = [label for label in labels if label not in given]
    if missing:
        found = _logit_prices(problem)
        for label in missing:
            given[label] = found.get(label, 0.0)
    return [float(given[label]) for label in labels]


def price_start(problem: Problem) -> float:
    """Price coefficient of the logit, from the price alone when X1 has none; minus one over the
    mean price at worst."""
    found = _logit_prices(problem).get(problem.price)
    return found if found is not None and found < 0 else -1.0 / float(np.abs(problem.prices).mean())


def _logit_prices(problem: Problem) -> dict[str, float]:
    """Coefficients of the 2SLS logit on the same instruments, by label."""
    x, labels = problem.x1.matrix, list(problem.x1.labels)
    if problem.price not in labels:
        x, labels = np.column_stack([x, problem.prices]), [*labels, problem.price]
    x = problem.demand_effects.residuals(x)
    basis = np.linalg.qr(problem.zd)[0]
    y = problem.demand_effects.residuals(problem.logit_delta)
    values = np.linalg.lstsq(basis @ (basis.T @ x), basis @ (basis.T @ y), rcond=None)[0]
    return dict(zip(labels, map(float, values), strict=True))
