"""Twin: mean utilities that reproduce shares (inversion): (squarem), then (newton), market by market."""

from __future__ import annotations

import numpy as np

from kanrin.base import Floats, Ints
from kanrin.kernels._markets import Markets
from kanrin.kernels._twin_choice import Choice, choice, delta_jacobian

__all__ = ["twin_invert"]

TARGET = 1e-13  # |log S - log s| at which MODEL 2.5 stops
FLOOR = 1e-12  # accepted once the residual no longer halves: rounding
TO_NEWTON = 1e-2
LONGEST_STEP = 3.0  # cap of a Newton step, utils
LONGEST_RESIDUAL = 30.0  # cap of a contraction step and of a SQUAREM jump, utils
MAX_STEPS = 300


def twin_invert(
    markets: Markets, observed: Floats, start: Floats
) -> tuple[Floats, Floats, Floats, Ints, Ints]:
    """delta (N,), residual, bound, steps, converged (T,)."""
    count = markets.market_count
    delta = np.empty_like(observed)
    residual, bound = np.empty(count), np.empty(count)
    steps, converged = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    for t, (products, agents) in enumerate(markets.slices()):
        nests = None if markets.nests is None else markets.nests[products]
        one = _Market(
            markets.x2[products] @ markets.coefficients[agents].T,
            markets.weights[agents], nests, markets.rho, observed[products],
        )  # fmt: skip
        delta[products], residual[t], bound[t], steps[t], converged[t] = one.solve(start[products])
    return delta, residual, bound, steps, converged


class _Market:
    """One market's deviations, shares and nests."""

    def __init__(
        self, mu: Floats, weights: Floats, nests: Ints | None, rho: Floats | None, observed: Floats
    ) -> None:
        self.mu, self.weights, self.nests, self.rho = mu, weights, nests, rho
        self.observed, self.log_observed = observed, np.log(observed)
        self.damping = 1.0 - choice(mu, weights, nests, rho).rho

    def at(self, delta: Floats) -> tuple[Choice, Floats]:
        """Probabilities, and R = log S - log s."""
        found = choice(delta[:, None] + self.mu, self.weights, self.nests, self.rho)
        with np.errstate(divide="ignore"):
            return found, self.log_observed - np.log(found.shares)

    def solve(self, start: Floats) -> tuple[Floats, float, float, int, int]:
        """The best point, its residual and bound, steps, and 1 if it is good enough."""
        delta, best, smallest, bound = start, start, np.inf, np.inf
        for step in range(MAX_STEPS):
            found, residual = self.at(delta)
            size = float(np.abs(residual).max())
            if np.isnan(size):
                return best, smallest, bound, step, 0
            arrived = size < TARGET or (size < FLOOR and size > 0.5 * smallest)
            if size < smallest:
                best, smallest, bound = delta, size, _bound(found, size)
            if arrived:
                return best, smallest, bound, step, 1
            delta = delta + (
                self.newton(found, residual) if size < TO_NEWTON else self.squarem(delta, residual)
            )
        return best, smallest, bound, MAX_STEPS, 0

    def newton(self, found: Choice, residual: Floats) -> Floats:
        """d with L d = s R, capped (newton); the contraction where L is singular in rounding."""
        try:
            solved = np.linalg.solve(delta_jacobian(found), found.shares * residual)
        except np.linalg.LinAlgError:
            return self.contraction(residual)
        step = np.asarray(solved, dtype=np.float64)
        return step * min(1.0, LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))

    def squarem(self, delta: Floats, residual: Floats) -> Floats:
        """One SQUAREM move and the contraction after it (squarem), (contraction)."""
        r = self.contraction(residual)
        v = self.contraction(self.at(delta + r)[1]) - r
        a = min(max(float(np.linalg.norm(r)) / max(float(np.linalg.norm(v)), 1e-300), 1.0), 100.0)
        jump = np.clip(2.0 * a * r + a * a * v, -LONGEST_RESIDUAL, LONGEST_RESIDUAL)
        return jump + self.contraction(self.at(delta + jump)[1])

    def contraction(self, residual: Floats) -> Floats:
        """(1 - rho) R, capped."""
        return self.damping * np.clip(residual, -LONGEST_RESIDUAL, LONGEST_RESIDUAL)


def _bound(at: Choice, size: float) -> float:
    """|delta - delta*| at most (delta-bound)."""
    among_buyers = (at.joint * at.outside) @ at.weights / at.shares
    least = float(among_buyers.min())
    return size / least if least > 0.0 else np.inf
