"""Starts found from the data: the 2SLS logit, nested logit, and a linear approximation for spreads of tastes.

With K_jk = x_jk (x_jk / 2 - sum_l S_l x_lk) the log odds are nearly X1 beta + K sigma^2 + xi: two-stage least
squares give variances to start from (Salanie & Wolak 2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kanrin.base import InputError
from kanrin.estimation._choices import LogCost, Lognormal
from kanrin.estimation._linear import dependent_columns
from kanrin.estimation._problem import Problem
from kanrin.estimation._shares_in import within_shares

__all__ = ["alpha_starts", "mean_starts", "price_start", "rho_start", "spread_starts"]

_SPREAD = 0.5  # times 1 / sd of the column, where the approximation finds no variance
_LEAST, _MOST = 0.1, 3.0  # in the same unit
_RHO, _LEAST_RHO, _MOST_RHO = 0.5, 0.1, 0.9  # start of rho, and how near its ends it may begin
_ELASTIC = 3.0  # own-price elasticity of the median price at the start
_CHEAPEST = 1.5  # and of the cheapest product


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


def rho_start(problem: Problem) -> float:
    """rho of the nested logit by two-stage least squares, kept away from its ends; one half where the
    instruments cannot tell it."""
    if problem.nests is None:
        return _RHO
    within = np.log(within_shares(problem.shares, problem.markets, problem.nests))
    x = problem.demand_effects.residuals(np.column_stack([problem.x1.matrix, within]))
    basis = np.linalg.qr(problem.zd)[0]
    fitted = basis @ (basis.T @ x)
    if x.shape[1] > basis.shape[1] or dependent_columns(fitted, np.linalg.norm(x, axis=0)):
        return _RHO
    y = problem.demand_effects.residuals(problem.logit_delta)
    rho = float(np.linalg.lstsq(fitted, basis @ (basis.T @ y), rcond=None)[0][-1])
    return min(max(rho, _LEAST_RHO), _MOST_RHO) if np.isfinite(rho) else _RHO


def mean_starts(problem: Problem) -> dict[str, float]:
    """Means of lognormal coefficients, log of those of the 2SLS logit where their sign is right."""
    signs = {name: form.sign for name, form in problem.forms.items() if isinstance(form, Lognormal)}
    if not signs or problem.x2 is None:
        return {}
    columns = [problem.x2.labels.index(name) for name in signs]
    x = np.column_stack([problem.x1.matrix, problem.x2.matrix[:, columns]])
    x = problem.demand_effects.residuals(x)
    basis = np.linalg.qr(problem.zd)[0]
    fitted = basis @ (basis.T @ x)
    if x.shape[1] > basis.shape[1] or dependent_columns(fitted, np.linalg.norm(x, axis=0)):
        return {}
    y = problem.demand_effects.residuals(problem.logit_delta)
    found = np.linalg.lstsq(fitted, basis @ (basis.T @ y), rcond=None)[0][-len(signs) :]
    return {
        name: float(np.log(sign * value))
        for (name, sign), value in zip(signs.items(), found, strict=True)
        if sign * value > 0
    }


def alpha_starts(
    problem: Problem, alpha: float | Mapping[str, float] | None, labels: Sequence[str]
) -> list[float]:
    """Starts of the price coefficients that are searched: those given; else `price_start` for the price
    itself, or the 2SLS logit where the price only stands in other terms."""
    if not labels:
        return []
    given = {problem.price: float(alpha)} if isinstance(alpha, int | float) else dict(alpha or {})
    if problem.price in labels:
        given.setdefault(problem.price, price_start(problem))
        if not given[problem.price] < 0:
            raise InputError(
                f"the price coefficient starts at {given[problem.price]:g}; margins need a start below zero"
            )
        return [float(given.get(label, 0.0)) for label in labels]
    found = _logit_prices(problem)
    return [float(given.get(label, found.get(label, 0.0))) for label in labels]


def price_start(problem: Problem) -> float:
    """Price coefficient of the logit, or of a demand elastic enough where that is too near zero.

    A search with costs that starts near zero runs to a point at which every cost sits on its bound; so with
    costs the logit elasticity of the median price is at least three, and the logit margin leaves the cheapest
    product a cost when costs have logarithms.
    """
    found = _logit_prices(problem).get(problem.price)
    start = found if found is not None and found < 0 else -1.0 / float(np.abs(problem.prices).mean())
    positive = problem.prices[problem.prices > 0]
    if not problem.has_supply or not positive.size:
        return start
    start = min(start, -_ELASTIC / float(np.median(positive)))
    return min(start, -_CHEAPEST / float(positive.min())) if isinstance(problem.cost_form, LogCost) else start


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
