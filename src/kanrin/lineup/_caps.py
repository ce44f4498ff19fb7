"""Line-ups within caps: a certification's cap as a shadow price added to the unit cost (caps).

For a cap on one firm's own cars the shadow price is the multiplier of that firm's constrained problem; it
steers prices and is not paid, so the maker's profit is counted at true costs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kanrin.base import Bools, Floats, Ints
from kanrin.equilibrium import Chord, Lineups, PriceGame, solve_lineups

__all__ = ["solve_within_caps"]

_TOLERANCE = 1e-8  # on log(quantity / cap) of a binding cap
_MOST_STEPS = 40


def solve_within_caps(
    game: PriceGame,
    offered: Bools,
    cost: Floats,
    caps: Floats,
    start: Floats,
    chord: Chord | None,
) -> tuple[Lineups, Floats]:
    """`solve_lineups` with 0 <= lambda, s <= cap, lambda (cap - s) = 0 for the last C products.

    offered, cost: (B, J); caps: (B, C) shares of potential buyers, infinite without a cap. Returns the
    line-ups, with profits at true costs, and the shadow prices (B, C) in the game's money. A row whose caps
    are not met in time is marked as not converged.
    """
    found = solve_lineups(game, offered, cost, start=start, chord=chord)
    count = caps.shape[1]
    shadow = np.zeros(caps.shape)
    limited = np.isfinite(caps) & offered[:, -count:]
    rows = np.flatnonzero((limited & (found.shares[:, -count:] > caps)).any(axis=1))
    if rows.size == 0:
        return found, shadow
    at, solved = shadow[rows], _rows(found, rows)
    bound, on = np.where(limited[rows], caps[rows], np.inf), offered[rows]
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.log(solved.shares[:, -count:] / bound)
        margin = game.keep[-count:] * solved.price[:, -count:] - cost[rows][:, -count:]
        slope = (
            1.0 / margin
        )  # near its optimum a price loses one per cent of sales per per cent of its margin
    done = np.zeros(len(rows), dtype=bool)
    for _ in range(_MOST_STEPS):
        active = (at > 0) | (gap > 0)
        step = np.where(active & np.isfinite(gap), gap / slope, 0.0)
        moved = np.maximum(0.0, at + step)
        done = np.where(active, np.abs(np.where(moved > 0, gap, 0.0)), 0.0).max(axis=1) <= _TOLERANCE
        if done.all():
            break
        lifted = cost[rows].copy()
        lifted[:, -count:] += moved
        solved = solve_lineups(game, on, lifted, start=start, chord=chord)
        with np.errstate(divide="ignore", invalid="ignore"):
            now = np.log(solved.shares[:, -count:] / bound)
            fresh = -(now - gap) / (moved - at)
        useful = np.isfinite(fresh) & (fresh > 0) & (np.abs(moved - at) > 0)
        slope = np.where(useful, fresh, slope)
        at, gap = moved, now
    profit = solved.profit.copy()
    firms = game.firms[-count:]
    for j in range(count):
        profit[:, firms[j]] += at[:, j] * solved.shares[:, solved.shares.shape[1] - count + j]
    solved = replace(solved, profit=profit, converged=solved.converged & done)
    shadow[rows] = at
    return _with_rows(found, rows, solved), shadow


_FIELDS = ("price", "shares", "profit", "residual", "converged")


def _rows(found: Lineups, rows: Ints) -> Lineups:
    return replace(found, **{n: getattr(found, n)[rows] for n in _FIELDS})


def _with_rows(found: Lineups, rows: Ints, solved: Lineups) -> Lineups:
    changed = {}
    for name in _FIELDS:
        values = getattr(found, name).copy()
        values[rows] = getattr(solved, name)
        changed[name] = values
    return replace(found, **changed, steps=max(found.steps, solved.steps))
