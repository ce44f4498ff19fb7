"""Searches over one model: the smallest q at a given W, polished, and the weighting matrix that follows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kanrin.base import Bools, Floats, InputError, Ints, SolveError
from kanrin.estimation._choices import Errors, Search
from kanrin.estimation._gmm import moment_covariance, symmetric_inverse
from kanrin.estimation._objective import Model, Point, evaluate, moment_jacobian
from kanrin.estimation._parameters import Theta
from kanrin.estimation._progress import Reporter
from kanrin.estimation._search import Found, Seen, minimise

__all__ = ["Run", "at_bound"]

_ON_BOUND = 1e-8
_POLISH = 10  # Gauss-Newton steps after a search that stopped short
_NEAR = 1e-2  # largest slope, relative to q, at which such steps are tried


class Run:
    """One model under search: keeps the latest mean utilities as the next start."""

    def __init__(
        self,
        model: Model,
        errors: Errors,
        clusters: Ints | None,
        search: Search,
        at_start: bool,
        reporter: Reporter,
    ) -> None:
        self.model, self.errors, self.clusters = model, errors, clusters
        self.how, self.at_start, self.reporter = search, at_start, reporter
        self.notes: list[str] = []
        self.tried, self.failed, self.fault = 0, 0, ""  # points of all searches so far

    def updated(self, point: Point) -> Floats:
        """W = S^-1 at a point. Raises InputError when S has no inverse, or there are too few clusters."""
        moments = self.model.zd.shape[1] + (self.model.zs.shape[1] if self.model.has_supply else 0)
        count = moments + 1 if self.clusters is None else int(self.clusters.max()) + 1
        if count <= moments:  # centred sums of G clusters have rank G - 1 at most
            raise InputError(
                f"{count} clusters cannot weigh {moments} moments: their covariance is singular; use fewer "
                "instruments, smaller clusters, or weight in one step, OneStep()"
            )
        S = moment_covariance(self.model, point, self.errors, self.clusters)
        return symmetric_inverse(S, "the covariance of the moments")

    def count(self, found: Found) -> None:
        """Add the points of a search to those tried."""
        self.tried, self.failed = self.tried + found.evaluations, self.failed + found.failures
        self.fault = found.fault or self.fault

    def told(self) -> tuple[str, ...]:
        """What a reader must know of the searches."""
        stepped = (
            f"{self.failed} of {self.tried} points tried could not be solved, and the search stepped back "
            f"from them (the last: {self.fault})"
        )
        return (*self.notes, *([stepped] if self.failed else []))

    def search(self, start: Floats, W: Floats, delta: Floats | None) -> tuple[Point, Found]:
        """The smallest q at a given W. Raises SolveError when the start cannot be solved."""
        latest = [self.model.start if delta is None else delta]
        if not len(start) or self.at_start:
            point = evaluate(self.model, start, W, start=latest[0])
            slope = float(np.abs(point.gradient).max(initial=0.0))
            advice = "" if not len(start) else "the starts are taken as they are, without search"
            return point, Found(start, point.value, point.gradient, slope, 1, 0, not len(start), advice)
        seen: list[Point] = []  # the latest point, and the best one behind it

        def function(theta: Floats) -> tuple[float, Floats]:
            point = evaluate(self.model, theta, W, start=latest[0])
            latest[0] = point.delta
            seen[:1] = [point]
            return point.value, point.gradient

        def watch(look: Seen) -> None:
            if look.is_best:
                seen[1:] = [seen[0]]
            self.reporter.watch(look)

        theta = self.model.theta
        found = minimise(function, start, theta.low, theta.high, self.how, watch)
        point = seen[1]  # as it was solved: solved anew from elsewhere it might not be
        self.count(found)
        return (point, found) if found.converged else self.polished(point, found, W)

    def polished(self, point: Point, found: Found, W: Floats) -> tuple[Point, Found]:
        """Gauss-Newton steps where a search stopped because q no longer moves in its last digits.

        Near the end the slope can still be halved many times after q stands still; a step counts only when it
        makes the largest slope smaller.
        """
        slope = found.slope
        theta = self.model.theta
        for _ in range(_POLISH):
            free = ~at_bound(theta, point.theta)
            if slope <= self.how.slope or slope > _NEAR * (1.0 + point.value) or not free.any():
                break
            try:
                new = self._stepped(point, W, free)
            except SolveError:
                break
            moved = np.clip(new.theta - new.gradient, theta.low, theta.high) - new.theta
            if not float(np.abs(moved).max()) < slope:
                break
            point, slope = new, float(np.abs(moved).max())
        converged = slope <= self.how.slope
        return point, replace(
            found,
            x=point.theta,
            value=point.value,
            gradient=point.gradient,
            slope=slope,
            converged=converged,
            advice="" if converged else found.advice,
        )

    def _stepped(self, point: Point, W: Floats, free: Bools) -> Point:
        """One Gauss-Newton step over the parameters that are free."""
        theta = self.model.theta
        G = moment_jacobian(self.model, point)
        index = np.concatenate([np.flatnonzero(free), np.arange(len(free), G.shape[1])])
        right = np.concatenate([point.gradient[free], np.zeros(len(index) - int(free.sum()))])
        curvature = 2.0 * self.model.rows * (G[:, index].T @ W @ G[:, index])
        step = np.linalg.lstsq(curvature, right, rcond=None)[0][: int(free.sum())]
        x = point.theta.copy()
        x[free] = np.clip(x[free] - step, theta.low[free], theta.high[free])
        none = theta.spread_at_zero(self.model.flat.x2, x)  # q is even in them: its slope is zero at zero
        x[none] = np.clip(0.0, theta.low[none], theta.high[none])
        return evaluate(self.model, x, W, start=point.delta)


def at_bound(theta: Theta, values: Floats) -> Bools:
    """(P,) which parameters stand on a bound."""
    size = _ON_BOUND * (1.0 + np.abs(values))
    return np.asarray((values <= theta.low + size) | (values >= theta.high - size))
