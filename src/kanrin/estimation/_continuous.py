"""The search of continuously updated GMM: theta, beta and gamma together, W = S^-1 at the same point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kanrin.base import Floats, InputError, SolveError
from kanrin.estimation._objective import Point, evaluate, gradient_at, moment_jacobian, moment_rows
from kanrin.estimation._run import Run
from kanrin.estimation._search import Found, Seen, minimise

__all__ = ["search_continuous"]

_LEAST_SCALE = 1e-3
_POLISH = 10  # Gauss-Newton steps after a search that stopped short
_NEAR = 1e-2  # largest slope, relative to q, at which such steps are tried


def search_continuous(run: Run, begin: Point, x0: Floats | None = None) -> tuple[Point, Found, Floats]:
    """The smallest q from the parameters of `begin`, or from x0 (P + K,) on their scale; its W."""
    model, count = run.model, len(begin.theta)
    latest = [begin.delta]
    size = model.zd.shape[1] + (model.zs.shape[1] if model.has_supply else 0)
    none = np.zeros((size, size))

    def look(x: Floats) -> tuple[Point, Floats]:
        point = evaluate(model, x[:count], none, start=latest[0], gradient=False, linear=x[count:])
        latest[0] = point.delta
        try:
            return point, run.updated(point)
        except InputError as error:  # at a point far off; the search steps back from it
            raise SolveError(str(error)) from None

    seen: list[tuple[Point, Floats]] = []  # the latest, and the best behind it

    def function(x: Floats) -> tuple[float, Floats]:
        point, W = look(x)
        rows = moment_rows(model, point)
        mean = rows.mean(axis=0)
        Wg = W @ mean
        own = (rows - mean) @ Wg  # a'(g_j - g)
        if run.clusters is not None:
            own = np.bincount(run.clusters, weights=own)[run.clusters]
        by_theta, by_linear = gradient_at(model, point, Wg, (1.0 - own, 1.0 - own))
        q = float(model.rows * mean @ Wg)
        seen[:1] = [(replace(point, value=q), W)]
        return q, np.concatenate([by_theta, by_linear])

    start = np.concatenate([begin.theta, begin.linear])
    scale = 1.0 / np.maximum(np.abs(start), _LEAST_SCALE)
    wide = np.full(len(begin.linear), np.inf)

    def scaled(x: Floats) -> tuple[float, Floats]:
        q, slope = function(x / scale)
        return q, slope / scale

    def watch(look: Seen) -> None:
        if look.is_best:
            seen[1:] = [seen[0]]
        run.reporter.watch(look, look.x / scale)

    low, high = np.append(model.theta.low, -wide) * scale, np.append(model.theta.high, wide) * scale
    found = minimise(scaled, (start if x0 is None else x0) * scale, low, high, run.how, watch)
    run.count(found)
    best = seen[1]
    for _ in range(_POLISH):  # q stands still in its last digits before its slope does
        if found.converged or found.slope > _NEAR * (1.0 + found.value):
            break
        try:
            x = _stepped(run, *best, found, scale, low, high)
            value, gradient = scaled(x)
        except SolveError:
            break
        slope = float(np.abs(np.clip(x - gradient, low, high) - x).max())
        if not slope < found.slope:
            break
        best = seen[0]
        is_there = slope <= run.how.slope
        found = replace(
            found, x=x, value=value, gradient=gradient, slope=slope, converged=is_there,
            advice="" if is_there else found.advice,
        )  # fmt: skip
    return best[0], found, best[1]


def _stepped(
    run: Run, point: Point, W: Floats, found: Found, scale: Floats, low: Floats, high: Floats
) -> Floats:
    """One Gauss-Newton step on the scaled parameters that are free."""
    G = moment_jacobian(run.model, point) / scale
    free = (found.x > low) & (found.x < high)
    curvature = 2.0 * run.model.rows * (G[:, free].T @ W @ G[:, free])
    out = found.x.copy()
    out[free] -= np.linalg.lstsq(curvature, found.gradient[free], rcond=None)[0]
    return np.asarray(np.clip(out, low, high))
