"""The search of continuously updated GMM: theta, beta and gamma together, W = S^-1 at the same point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kanrin.base import Floats, InputError, SolveError
from kanrin.estimation._objective import Point, evaluate, gradient_at, moment_rows
from kanrin.estimation._run import Run
from kanrin.estimation._search import Found, Seen, minimise

__all__ = ["search_continuous"]

_LEAST_SCALE = 1e-3


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
    point, W = seen[1]
    return point, found, W
