"""Line-ups within caps: a certification's cap as a shadow price added to the unit cost (caps).

For a cap on one firm's own cars the shadow price is the multiplier of that firm's constrained problem; it
steers prices and is not paid, so the maker's profit is counted at true costs.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kanrin.base import Bools, Floats, Ints
from kanrin.equilibrium import Chord, Games, Lineups, solve_games
from kanrin.kernels import Nearby

__all__ = ["solve_within_caps"]

_TOLERANCE = 1e-8  # on log(quantity / cap) of a binding cap
_MOST_STEPS = 40


def solve_within_caps(
    games: Games,
    offered: Bools,
    cost: Floats,
    caps: Floats,
    start: Floats,
    *,
    nearby: Nearby | None = None,
    chord: Chord | None = None,
) -> tuple[Lineups, Floats]:
    """`solve_games` with 0 <= lambda, s <= cap, lambda (cap - s) = 0 for the last C products.

    offered: (R, J); cost: (B, J), B = M R; caps: (B, C) shares of potential buyers, infinite without a cap;
    start: (M, J). Returns the line-ups, with profits at true costs, and the shadow prices (B, C) in money. A
    row whose caps are not met in time is marked as not converged.
    """
    found = solve_games(games, offered, cost, start, nearby=nearby, chord=chord)
    count = caps.shape[1]
    per_game = len(offered)
    shadow = np.zeros(caps.shape)
    limited = np.isfinite(caps) & np.tile(offered[:, -count:], (len(games.delta), 1))
    rows = np.flatnonzero((limited & (found.shares[:, -count:] > caps)).any(axis=1))
    if rows.size == 0:
        return found, shadow
    of, on = rows // per_game, np.ascontiguousarray(offered[rows % per_game])
    bound, at = np.where(limited[rows], caps[rows], np.inf), shadow[rows]
    solved = _rows(found, rows)
    inner, paid, begin = games.take(of), cost[rows], start[of]
    done = np.zeros(len(rows), dtype=bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.log(solved.shares[:, -count:] / bound)
        margin = inner.keep[:, -count:] * solved.price[:, -count:] - paid[:, -count:]
        slope = 1.0 / margin  # near its optimum a price loses one per cent of sales per per cent of margin
    for _ in range(_MOST_STEPS):
        active = (at > 0) | (gap > 0)
        step = np.where(active & np.isfinite(gap), gap / slope, 0.0)
        moved = np.maximum(0.0, at + step)
        far = np.where(active, np.abs(np.where(moved > 0, gap, 0.0)), 0.0).max(axis=1)
        done |= far <= _TOLERANCE
        live = np.flatnonzero(~done)
        if live.size == 0:
            break
        lifted = paid[live].copy()
        lifted[:, -count:] += moved[live]
        fresh = solve_games(inner.take(live), on[live], lifted, begin[live], chord=chord)
        solved = _with_rows(solved, live, fresh)
        with np.errstate(divide="ignore", invalid="ignore"):
            now = np.log(fresh.shares[:, -count:] / bound[live])
            secant = -(now - gap[live]) / (moved[live] - at[live])
        useful = np.isfinite(secant) & (secant > 0) & (np.abs(moved[live] - at[live]) > 0)
        slope[live] = np.where(useful, secant, slope[live])
        at[live], gap[live] = moved[live], now
    profit = solved.profit.copy()
    products = solved.shares.shape[1]
    for j in range(products - count, products):
        profit[:, games.firms[j]] += at[:, j - products + count] * solved.shares[:, j]
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
