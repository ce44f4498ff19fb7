"""Twin: equilibrium prices row by row (zeta-mf): a fixed point, mixed by Anderson(5) (MODEL 3.6).

The plain move is -(m - zeta)/r, near the end -(m - zeta) over each product's own slope; with a borrowed
inverse Jacobian X it is -(m - zeta) X. One agent sum a firm gives zeta in O(J I); products not offered are
left out of every sum. What rows of a market teach each other saves steps only, and is left out here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats, Ints

__all__ = ["PriceRow", "twin_price_row", "zeta_residual"]

MEMORY = 5
WORSE = 10.0  # a residual so many times the best sends the search back to the best point
FORGET = 2.0  # a residual so many times the last makes the past worthless
MOST_RETREATS = 30
LARGEST_LOSS = 0.9  # of a margin above zero, in one step
CLOSE = 0.05  # relative residual below which the products' own slopes are trusted
LEAST_SLOPE, MOST_SLOPE = 0.25, 4.0  # of keep


@dataclass(frozen=True)
class PriceRow:
    """One game; products (J,), agents (I,)."""

    delta: Floats
    mu: Floats | None  # (J, I) utility beyond delta and price, the same in every row
    alpha: Floats
    weights: Floats
    cost: Floats
    keep: Floats
    ad_valorem: Floats
    levies: Floats
    firms: Ints
    kappa: Floats | None
    offered: Bools
    free: Bools

    def take(self, on: Bools) -> PriceRow:
        """The products offered only."""
        return PriceRow(
            self.delta[on], None if self.mu is None else self.mu[on], self.alpha, self.weights, self.cost[on],
            self.keep[on], self.ad_valorem[on], self.levies[on], self.firms[on], self.kappa, self.offered[on],
            self.free[on],
        )  # fmt: skip


def zeta_residual(row: PriceRow, price: Floats) -> tuple[Floats, Floats, Floats]:
    """m - zeta (J,), zero at fixed prices; shares (J,); Lambda (J,); every product offered (zeta-mf)."""
    consumer = (1.0 + row.ad_valorem) * price + row.levies
    utility = row.delta[:, None] + consumer[:, None] * row.alpha
    if row.mu is not None:
        utility = utility + row.mu
    shift = utility.max(axis=0, initial=0.0)
    e = np.exp(utility - shift)
    s = e / (np.exp(-shift) + e.sum(axis=0))
    share, lam = s @ row.weights, s @ (row.weights * row.alpha)
    margin = row.keep * price - row.cost
    size = int(row.firms.max(initial=-1)) + 1
    member = np.equal.outer(np.arange(size), row.firms).astype(np.float64)
    sums = member @ (s * margin[:, None])  # (F, I)
    if row.kappa is not None:
        sums = row.kappa[:size, :size] @ sums
    top = (s * sums[row.firms]) @ (row.weights * row.alpha) - row.keep / (1.0 + row.ad_valorem) * share
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = np.where(row.free, margin - top / lam, 0.0)
    return residual, share, lam


def own_slope(row: PriceRow, price: Floats) -> Floats:
    """keep - d zeta_j / d p_j (J,), the probabilities' squares left out; a quarter to four of keep."""
    consumer = (1.0 + row.ad_valorem) * price + row.levies
    utility = row.delta[:, None] + consumer[:, None] * row.alpha + (0.0 if row.mu is None else row.mu)
    shift = utility.max(axis=0, initial=0.0)
    e = np.exp(utility - shift)
    s = e / (np.exp(-shift) + e.sum(axis=0))
    slope = row.weights * row.alpha
    margin = row.keep * price - row.cost
    size = int(row.firms.max(initial=-1)) + 1
    kappa = np.eye(size) if row.kappa is None else row.kappa[:size, :size]
    sums = (kappa @ (np.equal.outer(np.arange(size), row.firms) @ (s * margin[:, None])))[row.firms]
    gross, lam = 1.0 + row.ad_valorem, s @ slope
    wedge = row.keep / gross
    zeta = ((s * sums) @ slope - wedge * (s @ row.weights)) / lam
    bend = gross * (((s * sums) @ (slope * row.alpha) - zeta * (s @ (slope * row.alpha))) / lam - wedge)
    result: Floats = np.clip(row.keep - bend, LEAST_SLOPE * row.keep, MOST_SLOPE * row.keep)
    return result


def lone_start(row: PriceRow) -> Floats:
    """c/r + 1/|alpha| at the mean slope (J,): where the search begins when nothing is known."""
    return row.cost / row.keep + 1.0 / np.abs(row.weights @ row.alpha)


def twin_price_row(
    whole: PriceRow, start: Floats | None, inverse: Floats | None, tolerance: float, max_steps: int
) -> tuple[Floats, Floats, float, int, int]:
    """Price and shares (J,), NaN and 0 where not offered; relative residual, steps, 1 if converged."""
    on = whole.offered
    price, share = np.full(on.size, np.nan), np.zeros(on.size)
    if not on.any():
        return price, share, 0.0, 0, 1
    row = whole.take(on)
    begin = lone_start(row) if start is None else start[on]
    chord = None if inverse is None else inverse[np.ix_(on, on)]
    found, sold, size, steps = _search(row, begin, chord, tolerance, max_steps)
    converged = int(size <= tolerance)
    price[on], share[on] = found, sold
    return price, share, size, steps, converged


def _search(
    row: PriceRow, price: Floats, chord: Floats | None, tolerance: float, max_steps: int
) -> tuple[Floats, Floats, float, int]:
    best, best_share, best_move, smallest = price, np.zeros_like(price), np.zeros_like(price), np.inf
    last, damp, retreats = np.inf, 1.0, 0
    typical = 1.0 / abs(float(row.weights @ row.alpha))
    slope: Floats | None = None
    was_sloped = False
    past = _Anderson()
    for step in range(max_steps + 1):
        residual, share, _ = zeta_residual(row, price)
        with np.errstate(divide="ignore", invalid="ignore"):
            size = float(np.abs(residual).max() / np.abs(price).max())
        if size < smallest:
            smallest, best, best_share = size, price, share
            best_move = -residual / row.keep
        if size <= tolerance:
            return price, share, size, step
        if step == max_steps:
            break
        if not np.isfinite(size) or size > WORSE * smallest:
            retreats += 1
            if not np.isfinite(smallest) or retreats > MOST_RETREATS:
                break
            past.clear()
            chord, damp, last = None, damp / 2.0, np.inf
            price = best + damp * best_move
            continue
        if slope is None and chord is None and size < CLOSE:
            slope = own_slope(row, price)
        sloped = slope is not None and chord is None and retreats == 0 and size < CLOSE
        if chord is not None:
            move = np.where(row.free, -(residual @ chord), 0.0)
        else:
            move = -residual / (slope if slope is not None and sloped else row.keep)
        if size > FORGET * last or sloped != was_sloped:
            past.clear()
        was_sloped = sloped
        last = size
        change = past.mixed(price, move)
        margin = row.keep * price - row.cost
        reach = np.abs(price) + np.abs(margin) + typical
        down = np.where(margin > 0.0, np.minimum(reach, LARGEST_LOSS * margin / row.keep), reach)
        price = price + np.clip(change, -down, reach)
    return best, best_share, smallest, step


class _Anderson:
    """The last moves, mixed so that the moves cancel; the first step is plain."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.points: list[Floats] = []
        self.moves: list[Floats] = []

    def mixed(self, point: Floats, move: Floats) -> Floats:
        """The displacement to take from `point`."""
        self.points = [*self.points, point][-MEMORY - 1 :]
        self.moves = [*self.moves, move][-MEMORY - 1 :]
        if len(self.points) < 2:
            return move
        by_point = np.diff(np.array(self.points), axis=0)
        by_move = np.diff(np.array(self.moves), axis=0)
        mix = np.linalg.lstsq(by_move.T, move, rcond=1e-10)[0]
        result: Floats = move - mix @ (by_point + by_move)
        return result
