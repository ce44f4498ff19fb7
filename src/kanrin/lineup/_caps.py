"""Line-ups within caps: a cap on some cars as a shadow price added to their unit costs (caps).

A certification caps one car, a quota, a restraint, a plant or a ship several. For caps on one firm's own cars
the shadow price is the multiplier of that firm's constrained problem; it steers prices and is not paid, so
the maker's profit is counted at true costs. Rows whose caps are slack cost nothing: only rows that sell too
many are solved again, by Newton on the logs of the quantities over their caps, its Jacobian begun at the
margins (near its optimum a price loses one per cent of sales per per cent of margin) and mended by Broyden.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kanrin.base import Bools, Floats, Ints
from kanrin.equilibrium import Chord, Games, Lineups, solve_games
from kanrin.kernels import Nearby

__all__ = ["solve_within_caps"]

_TOLERANCE = 1e-9  # on log(quantity / cap) of a binding cap
_MOST_STEPS = 60
_SWEEPS = 200
_STILL = 1e-13  # of the largest shadow price
_TRUSTED = 20.0  # times the slope at the margins, how far a mended one may be from it


def solve_within_caps(
    games: Games,
    offered: Bools,
    cost: Floats,
    caps: Floats,
    start: Floats,
    *,
    members: Floats | None = None,
    nearby: Nearby | None = None,
    chord: Chord | None = None,
) -> tuple[Lineups, Floats]:
    """`solve_games` with 0 <= lambda _|_ cap - A s >= 0 over the last C products.

    offered: (R, J); cost: (B, J), B = M R; members: A (K, C) >= 0, None: a cap for each product; caps: (B, K)
    shares of potential buyers above zero, infinite without a cap; start: (M, J). Returns the line-ups, with
    profits at true costs, and the shadow prices (B, K) in money. A row whose caps are not met in time is
    marked as not converged.
    """
    found = solve_games(games, offered, cost, start, nearby=nearby, chord=chord)
    a = np.eye(caps.shape[1]) if members is None else np.asarray(members, dtype=np.float64)
    count, per_game, shadow = a.shape[1], len(offered), np.zeros(caps.shape)
    used = np.flatnonzero(np.isfinite(caps).any(axis=0))
    if used.size == 0:
        return found, shadow
    counted = found.shares[:, -count:] @ a[used].T
    rows = np.flatnonzero((counted > caps[:, used]).any(axis=1))
    if rows.size == 0:
        return found, shadow
    of, on = rows // per_game, np.ascontiguousarray(offered[rows % per_game])
    a = a[used]
    bound = _tightest(a, on[:, -count:], caps[np.ix_(rows, used)])
    inner, paid = games.take(of), cost[rows]
    solved, at, done = _met(inner, on, paid, a, bound, start[of], _rows(found, rows), chord)
    profit = solved.profit.copy()
    steered = (at @ a) * solved.shares[:, -count:]
    for j, firm in enumerate(games.firms[-count:]):
        profit[:, firm] += steered[:, j]
    solved = replace(solved, profit=profit, converged=solved.converged & done)
    shadow[np.ix_(rows, used)] = at
    return _with_rows(found, rows, solved), shadow


def _met(
    games: Games,
    on: Bools,
    paid: Floats,
    a: Floats,
    bound: Floats,
    start: Floats,
    solved: Lineups,
    chord: Chord | None,
) -> tuple[Lineups, Floats, Bools]:
    """Shadow prices at which every row keeps its caps: the line-ups, (n, K) money, and which were met."""
    count = a.shape[1]
    at, gap = np.zeros(bound.shape), _gap(a, bound, solved.shares[:, -count:])
    slope = _at_margins(a, solved, games.keep[:, -count:] * solved.price[:, -count:] - paid[:, -count:])
    first = np.diagonal(slope, axis1=1, axis2=2).copy()
    near = np.where(np.isfinite(solved.price), solved.price, start)
    done = np.zeros(len(on), dtype=bool)
    for _ in range(_MOST_STEPS):
        far = np.where(at > 0.0, np.abs(gap), np.maximum(gap, 0.0)).max(axis=1)
        done |= far <= _TOLERANCE
        live = np.flatnonzero(~done)
        if live.size == 0:
            break
        moved = _step(slope[live], at[live], gap[live])
        by = moved - at[live]
        lifted, begin = paid[live].copy(), near[live].copy()
        lifted[:, -count:] += moved @ a
        begin[:, -count:] += (by @ a) / games.keep[live, -count:]
        fresh = solve_games(games.take(live), on[live], lifted, np.ascontiguousarray(begin), chord=chord)
        now = _gap(a, bound[live], fresh.shares[:, -count:])
        slope[live] = _mended(slope[live], first[live], by, now, gap[live])
        at[live], gap[live] = moved, now
        near[live] = np.where(np.isfinite(fresh.price), fresh.price, begin)
        solved = _with_rows(solved, live, fresh)
    return solved, at, done


def _tightest(a: Floats, on: Bools, bound: Floats) -> Floats:
    """Caps (n, K) with those left out that count the same cars of the row as a tighter one: never binding."""
    counted = a[None] * on[:, None, :]  # (n, K, C)
    out = bound.copy()
    for k in range(len(a)):
        for m in range(len(a)):
            if m != k:
                same = (counted[:, k] == counted[:, m]).all(axis=1)
                looser = (bound[:, m] < bound[:, k]) | ((bound[:, m] == bound[:, k]) & (m < k))
                out[same & looser, k] = np.inf
    return out


def _gap(a: Floats, bound: Floats, shares: Floats) -> Floats:
    """log(A s / cap) (n, K), above zero where a cap is broken; far below where there is none."""
    with np.errstate(divide="ignore"):
        gap = np.log(shares @ a.T) - np.log(bound)
    return np.asarray(np.maximum(gap, -1e300))


def _at_margins(a: Floats, solved: Lineups, margin: Floats) -> Floats:
    """d log(A s)_k / d lambda_l (n, K, K) if every car lost one part in m of its sales per unit of money."""
    shares = solved.shares[:, -a.shape[1] :]
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where((shares > 0.0) & (margin > 0.0), shares / margin, 0.0)
        total = np.maximum(shares @ a.T, 1e-300)
    out: Floats = -np.einsum("kj,lj,nj->nkl", a, a, weight) / total[:, :, None]
    return out


def _step(slope: Floats, at: Floats, gap: Floats) -> Floats:
    """Shadow prices (n, K) at which the straightened caps hold: gap + slope (lambda - at) <= 0 <= lambda, one
    of the two zero. Each in turn, the others held (Gauss and Seidel, projected): caps on the same cars share.
    """
    moved, off = at.copy(), gap.copy()
    own = np.diagonal(slope, axis1=1, axis2=2)
    own = np.where(own < 0.0, own, -np.inf)  # nothing of the row counts: the cap cannot be moved
    for _ in range(_SWEEPS):
        largest = 0.0
        for k in range(at.shape[1]):
            by = np.maximum(0.0, moved[:, k] - off[:, k] / own[:, k]) - moved[:, k]
            moved[:, k] += by
            off += slope[:, :, k] * by[:, None]
            largest = max(largest, float(np.abs(by).max()))
        if largest <= _STILL * float(moved.max(initial=0.0)):
            break
    return moved


def _mended(slope: Floats, first: Floats, by: Floats, now: Floats, before: Floats) -> Floats:
    """Broyden's change of the Jacobian, where quantities still fall with their own shadow price as before."""
    seen = (now > -1e299) & (before > -1e299)
    change = np.where(seen, now - before, 0.0)
    length = (by * by).sum(axis=1)
    wrong = np.where(seen, change - np.einsum("nkl,nl->nk", slope, by), 0.0)
    safe = np.where(length > 0.0, length, 1.0)
    fresh = slope + wrong[:, :, None] * by[:, None, :] / safe[:, None, None]
    own = np.diagonal(fresh, axis1=1, axis2=2)
    falling = ((own <= first / _TRUSTED) & (own >= first * _TRUSTED)) | ~seen
    useful = (length > 0.0) & falling.all(axis=1)
    return np.where(useful[:, None, None], fresh, slope)


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
