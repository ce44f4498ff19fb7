"""Many line-ups of one market at once: chord steps from the full line-up's equilibrium.

The full line-up is solved once (newton-price); its Phi^-1 then serves every line-up, since the candidates
are a small part of the market and change it little. The fixed point is the same as that of `solve_prices`:
only the path is cheaper. Rows that the chord does not carry home are solved one by one.

Layout (rows, agents, products), products sorted by firm, so that a firm's sum is one np.add.reduceat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kanrin.base import Bools, Floats, InputError
from kanrin.equilibrium._firstorder import FirstOrder, first_order, foc_jacobian
from kanrin.equilibrium._game import PriceGame
from kanrin.equilibrium._solve import default_start, is_sellable, settle, solve_prices
from kanrin.kernels import PriceRows, is_native, price_rows

__all__ = ["Chord", "Lineups", "chord_at", "solve_lineups"]

_TOLERANCE = 1e-11  # of max |p|, on |r p - c - zeta|
_COMPILED_TOLERANCE = 1e-12  # without a Jacobian the prices are farther off than the residual tells
_NEAR = 1e-5  # the full line-up needs no more: it only lends its Jacobian and a start
_MAX_CHORD_STEPS = 12
_MAX_BORROWED_STEPS = 24  # with a neighbour's Jacobian more steps are still cheaper than a Jacobian
_FEW_AGENTS = 50  # up to which an evaluation costs less than a step by a Jacobian (J, J)
_FEW_ROWS = 3
_CHUNK = 16  # rows worked on together: a chunk's arrays stay in cache
_LARGEST_UTILITY = 300.0  # exp and its square are safe below; beyond, rows are solved one by one


@dataclass(frozen=True)
class Lineups:
    """Equilibria of B line-ups. Products not offered: NaN price, zero share."""

    price: Floats  # (B, J) p, money, pre-tax
    shares: Floats  # (B, J) of potential buyers
    profit: Floats  # (B, F) money per potential buyer, each firm's own products
    residual: Floats  # (B,) max |r p - c - zeta| / max |p|
    converged: Bools  # (B,)
    steps: int  # most chord steps of any row


@dataclass(frozen=True)
class Chord:
    """The inverse Jacobian of a neighbouring market, to step by: draws of one market differ little.

    `order` (J,) sorts the products by firm; `inverse` (J, J) is (Lambda^-1 Phi)^-T in that order, pure.
    """

    order: NDArray[np.int64]
    inverse: Floats
    natural: Floats  # (J, J) the same in the order of the products


def chord_at(game: PriceGame, price: Floats) -> Chord:
    """The chord of a market at its equilibrium prices (J,), every product on sale (foc-jac)."""
    order = np.argsort(game.firms, kind="stable")
    picked = _take(game, order, game.cost[order])
    inverse = _inverse(picked, first_order(picked, np.asarray(price, dtype=np.float64)[order]))
    natural = np.empty_like(inverse)
    natural[np.ix_(order, order)] = inverse
    return Chord(order, inverse, natural)


def solve_lineups(
    game: PriceGame,
    offered: Bools,
    cost: Floats | None = None,
    *,
    start: Floats | None = None,
    chord: Chord | None = None,
) -> Lineups:
    """`solve_prices` for each row of `offered`, as one batch (zeta-mf), (foc-jac).

    offered: (B, J); cost: (J,) or (B, J) money, None = the game's; start: (J,) money, an equilibrium near by
    (a NaN is filled in); chord: a neighbour's Jacobian to try first, worth it for few rows: the fixed point
    is the same, and rows it does not carry home are solved as without it. Failures are kept, marked in
    `converged`. Raises InputError for shapes that do not match.
    """
    rows = np.array(offered, dtype=bool)
    if rows.ndim != 2 or rows.shape[1] != game.product_count:
        raise InputError(f"offered must be (line-ups, {game.product_count}); got {rows.shape}")
    costs = np.asarray(game.cost if cost is None else cost, dtype=np.float64)
    if costs.shape not in (game.cost.shape, rows.shape) or not np.isfinite(costs).all():
        raise InputError(f"cost must be finite, {game.cost.shape} or {rows.shape}; got {costs.shape}")
    costs = np.broadcast_to(costs, rows.shape)
    if start is not None and np.shape(start) != game.cost.shape:
        raise InputError(f"start must be one price a product, {game.cost.shape}; got {np.shape(start)}")
    if len(rows) == 0:
        return _empty(rows.shape, game.firm_count)
    answer = _empty(rows.shape, game.firm_count)
    if chord is not None and start is not None:
        steps = _borrowed(game, rows, costs, np.asarray(start, dtype=np.float64), chord, answer)
        left = np.flatnonzero(~answer.converged)
        if left.size == 0:
            return replace(answer, steps=steps)
        again = solve_lineups(game, rows[left], costs[left], start=start)
        for name in ("price", "shares", "profit", "residual", "converged"):
            getattr(answer, name)[left] = getattr(again, name)
        return replace(answer, steps=max(steps, again.steps))
    cheapest = _take(game, np.arange(game.product_count), costs.min(axis=0))
    union = np.flatnonzero(rows.any(axis=0) & is_sellable(cheapest))
    order = union[np.argsort(game.firms[union], kind="stable")]
    if order.size == 0:
        return answer
    picked = _take(game, order, costs[:, order].mean(axis=0))
    whole, converged = settle(picked, _filled(picked, start, order), _NEAR)
    pending = np.ones(len(rows), dtype=bool)
    steps = 0
    if converged:
        steps = _chord(picked, whole, rows[:, order], costs[:, order], order, answer)
        pending = ~answer.converged
    for row in np.flatnonzero(pending):
        _one(picked, rows[row, order], costs[row, order], whole.price, order, answer, int(row))
    return Lineups(answer.price, answer.shares, answer.profit, answer.residual, answer.converged, steps)


def _borrowed(
    game: PriceGame, rows: Bools, costs: Floats, start: Floats, chord: Chord, answer: Lineups
) -> int:
    """Chord steps with a neighbour's Jacobian from `start`; rows that fail stay marked."""
    if is_native():
        return _compiled(game, rows, costs, start, chord, answer)
    picked = _take(game, chord.order, costs[:, chord.order].mean(axis=0))
    begin = start[chord.order]
    if not np.isfinite(begin).all():
        answer.converged[:] = False
        return 0
    return _in_chunks(
        picked,
        begin,
        chord.inverse,
        rows[:, chord.order],
        costs[:, chord.order],
        chord.order,
        answer,
        _MAX_BORROWED_STEPS,
    )


def _compiled(
    game: PriceGame, rows: Bools, costs: Floats, start: Floats, chord: Chord, answer: Lineups
) -> int:
    """`_borrowed` by the compiled kernel, on one thread: callers run many batches side by side."""
    if not np.isfinite(start).all():
        answer.converged[:] = False
        return 0
    inverse = chord.natural if game.alpha.size > _FEW_AGENTS else None

    def solved(which: slice | NDArray[np.int64], near: Floats) -> PriceRows:
        return price_rows(
            game.delta, game.alpha, game.weights, np.ascontiguousarray(costs[which]), game.keep,
            game.ad_valorem, game.levies, game.firms,
            kappa=game.kappa, offered=np.ascontiguousarray(rows[which]), start=np.ascontiguousarray(near),
            inverse=inverse, tolerance=_COMPILED_TOLERANCE, threads=1,
        )  # fmt: skip

    if len(rows) > _FEW_ROWS:
        start = _starts(game, rows, costs, start, solved)
    found = solved(slice(None), start)
    answer.price[:], answer.shares[:] = found.price, found.shares
    answer.profit[:, : found.profit.shape[1]] = found.profit
    answer.residual[:], answer.converged[:] = found.residual, found.residual <= _TOLERANCE
    return int(found.steps.max(initial=0))


def _starts(
    game: PriceGame,
    rows: Bools,
    costs: Floats,
    start: Floats,
    solved: Callable[[NDArray[np.int64], Floats], PriceRows],
) -> Floats:
    """(B, J) prices near the rows' own: those of the fullest row, costs passed on, and what each product
    that is missing moves by itself, where some row lacks it alone.
    """
    lead = int(rows.sum(axis=1).argmax())
    first = solved(np.array([lead]), start)
    if not first.converged[0]:
        return start
    base = np.where(rows[lead], first.price[0], start)
    near: Floats = base + (costs - costs[lead]) / game.keep
    missing = rows[lead] & ~rows
    one = np.flatnonzero((missing.sum(axis=1) == 1) & ~(rows & ~rows[lead]).any(axis=1))
    lacked = missing[one].argmax(axis=1)
    lacked, at = np.unique(lacked, return_index=True)
    one = one[at]
    if not 1 < len(one) < len(rows) // 2:
        return near
    alone = solved(one, near[one])
    moved = np.where(alone.converged[:, None] & np.isfinite(alone.price), alone.price - near[one], 0.0)
    return np.asarray(near + missing[:, lacked].astype(np.float64) @ moved)


def _filled(game: PriceGame, start: Floats | None, order: NDArray[np.int64]) -> Floats:
    """The start in the order of the game, missing prices replaced by the default."""
    if start is None:
        return default_start(game)
    given = np.asarray(start, dtype=np.float64)[order]
    return given if np.isfinite(given).all() else np.where(np.isfinite(given), given, default_start(game))


def _empty(shape: tuple[int, ...], firms: int) -> Lineups:
    n = shape[0]
    return Lineups(
        np.full(shape, np.nan), np.zeros(shape), np.zeros((n, firms)), np.zeros(n), np.ones(n, dtype=bool), 0
    )


def _take(game: PriceGame, order: NDArray[np.int64], cost: Floats) -> PriceGame:
    """The products `order`, in that order."""
    return PriceGame(
        delta=game.delta[order],
        alpha=game.alpha,
        weights=game.weights,
        cost=cost,
        keep=game.keep[order],
        ad_valorem=game.ad_valorem[order],
        levies=game.levies[order],
        firms=game.firms[order],
        kappa=game.kappa,
    )


def _one(
    game: PriceGame,
    on_sale: Bools,
    cost: Floats,
    near: Floats,
    order: NDArray[np.int64],
    answer: Lineups,
    row: int,
) -> None:
    """Solve one row by itself and write it down."""
    alone = _take(game, np.arange(game.product_count), cost)
    start = near if np.isfinite(near).all() else None
    found = solve_prices(alone, offered=on_sale, start=start)
    if not found.converged and start is not None:
        found = solve_prices(alone, offered=on_sale)
    answer.price[row, order] = found.price
    answer.shares[row, order] = found.shares
    money = np.where(found.shares > 0.0, found.margin, 0.0) * found.shares
    answer.profit[row] = np.bincount(game.firms, weights=money, minlength=answer.profit.shape[1])
    answer.residual[row] = found.residual
    answer.converged[row] = found.converged


def _chord(
    game: PriceGame, at: FirstOrder, offered: Bools, costs: Floats, order: NDArray[np.int64], answer: Lineups
) -> int:
    """Fill `answer` by p <- p - Phi^-1 Lambda (m - zeta), Phi, Lambda of the full line-up; most steps."""
    return _in_chunks(game, at.price, _inverse(game, at), offered, costs, order, answer, _MAX_CHORD_STEPS)


def _inverse(game: PriceGame, at: FirstOrder) -> Floats:
    """(Lambda^-1 Phi)^-T (J, J), rows to multiply a residual from the left."""
    scaled = foc_jacobian(game, at) / at.capital_lambda[:, None]
    inverse: Floats = np.asarray(np.linalg.inv(scaled).T, dtype=np.float64, order="C")
    return inverse


def _in_chunks(
    game: PriceGame,
    begin: Floats,
    inverse: Floats,
    offered: Bools,
    costs: Floats,
    order: NDArray[np.int64],
    answer: Lineups,
    limit: int,
) -> int:
    batch = _Batch.of(game, min(_CHUNK, len(offered)))
    most = 0
    for first in range(0, len(offered), _CHUNK):
        rows = slice(first, first + _CHUNK)
        most = max(
            most, _chord_rows(batch, begin, inverse, offered[rows], costs[rows], order, answer, first, limit)
        )
    return most


@dataclass(frozen=True)
class _Batch:
    """What the rows of one market have in common, and room to work in."""

    game: PriceGame  # products sorted by firm
    slope: Floats  # (I, J) dV/dp
    fixed: Floats  # (I, J) V at p = 0
    pair: Floats  # (2, I) weights, weights * alpha
    wedge: Floats  # (J,) r/(1 + v)
    starts: NDArray[np.int64]  # (F',) first product of each firm present
    counts: NDArray[np.int64]  # (F',) its products
    kappa: Floats | None  # (F', F')
    room: Floats  # (2, b, I, J)

    @classmethod
    def of(cls, game: PriceGame, rows: int) -> _Batch:
        gross = 1.0 + game.ad_valorem
        starts = np.flatnonzero(np.diff(game.firms, prepend=-1))
        present = game.firms[starts]
        return cls(
            game,
            game.alpha[:, None] * gross,
            game.delta + game.alpha[:, None] * game.levies,
            np.stack([game.weights, game.weights * game.alpha]),
            game.keep / gross,
            starts,
            np.diff(np.append(starts, game.product_count)),
            None if game.kappa is None else game.kappa[np.ix_(present, present)],
            np.empty((2, rows, game.alpha.size, game.product_count)),
        )

    def evaluate(
        self, price: Floats, offered: Bools, cost: Floats
    ) -> tuple[Floats, Floats, Floats, Floats, float]:
        """Shares, Lambda, margins, top of (zeta-mf), each (b, J), and the largest utility seen."""
        e, work = self.room[0, : len(price)], self.room[1, : len(price)]
        np.multiply(self.slope, price[:, None, :], out=e)
        np.add(e, self.fixed, out=e)
        highest = float(e.max())
        if not highest < _LARGEST_UTILITY:
            np.minimum(e, _LARGEST_UTILITY, out=e)
        np.exp(e, out=e)
        if not offered.all():
            np.multiply(e, offered[:, None, :], out=e)
        total = 1.0 + e.sum(axis=2)  # (b, I)
        both = (self.pair / total[:, None, :]) @ e
        margin = np.where(offered, self.game.keep * price - cost, 0.0)
        np.multiply(e, margin[:, None, :], out=work)
        sums = np.add.reduceat(work, self.starts, axis=2)  # (b, I, F')
        if self.kappa is not None:
            sums = sums @ self.kappa.T
        sums *= (self.pair[1] / total**2)[:, :, None]
        np.multiply(e, np.repeat(sums, self.counts, axis=2), out=work)
        return both[:, 0], both[:, 1], margin, work.sum(axis=1) - self.wedge * both[:, 0], highest


def _chord_rows(
    batch: _Batch,
    begin: Floats,
    inverse: Floats,
    offered: Bools,
    costs: Floats,
    order: NDArray[np.int64],
    answer: Lineups,
    first: int,
    limit: int,
) -> int:
    live = np.arange(len(offered))
    price = np.broadcast_to(begin, offered.shape).copy()
    firms = batch.game.firms[batch.starts]
    for step in range(limit + 1):
        on, p = offered[live], price[live]
        share, lam, margin, top, highest = batch.evaluate(p, on, costs[live])
        if not highest < _LARGEST_UTILITY:
            answer.converged[first + live] = False
            return step
        residual = np.where(on, margin - top / np.where(lam < 0.0, lam, -1e-300), 0.0)
        size = np.abs(residual).max(axis=1) / np.where(on, np.abs(p), 0.0).max(axis=1, initial=1e-300)
        done = size <= _TOLERANCE
        if done.any():
            row = first + live[done]
            answer.price[row[:, None], order] = np.where(on[done], p[done], np.nan)
            answer.shares[row[:, None], order] = np.where(on[done], share[done], 0.0)
            answer.profit[row[:, None], firms] = np.add.reduceat(
                margin[done] * share[done], batch.starts, axis=1
            )
        answer.residual[first + live] = np.where(np.isfinite(size), size, np.inf)
        answer.converged[first + live] = done
        if done.all() or step == limit:
            return step
        live, residual = live[~done], residual[~done]
        price[live] = p[~done] - residual @ inverse
    return limit
