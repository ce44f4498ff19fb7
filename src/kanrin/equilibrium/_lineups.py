"""Many line-ups of one market at once: chord steps from the full line-up's equilibrium.

The full line-up is solved once (newton-price); its Phi^-1 then serves every line-up, since the candidates are a small part
of the market and change it little. The fixed point is the same as that of `solve_prices`: only the path is cheaper. Rows
that the chord does not carry home are solved one by one.

Layout (rows, agents, products), products sorted by firm, so that a firm's sum is one np.add.reduceat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kanrin.base import Bools, Floats, InputError
from kanrin.equilibrium._firstorder import FirstOrder, first_order, foc_jacobian
from kanrin.equilibrium._game import PriceGame
from kanrin.equilibrium._solve import solve_prices

__all__ = ["Lineups", "solve_lineups"]

_TOLERANCE = 1e-11  # of max |p|, on |r p - c - zeta|
_MAX_CHORD_STEPS = 12
_CHUNK = 16  # rows worked on together: a chunk's arrays stay in cache
_LARGEST_UTILITY = 600.0  # exp is safe below; checked once, else rows are solved one by one


@dataclass(frozen=True)
class Lineups:
    """Equilibria of B line-ups. Products not offered: NaN price, zero share."""

    price: Floats  # (B, J) p, money, pre-tax
    shares: Floats  # (B, J) of potential buyers
    profit: Floats  # (B, F) money per potential buyer, each firm's own products
    residual: Floats  # (B,) max |r p - c - zeta| / max |p|
    converged: Bools  # (B,)
    steps: int  # most chord steps of any row


def solve_lineups(
    game: PriceGame, offered: Bools, cost: Floats | None = None, *, start: Floats | None = None
) -> Lineups:
    """`solve_prices` for each row of `offered`, as one batch (zeta-mf), (foc-jac).

    offered: (B, J); cost: (J,) or (B, J) money, None = the game's; start: (J,) money, an equilibrium near by (a NaN is
    filled in). Failures are kept, marked in `converged`. Raises InputError for shapes that do not match.
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
    union = np.flatnonzero(rows.any(axis=0))
    order = union[np.argsort(game.firms[union], kind="stable")]
    answer = _empty(rows.shape, game.firm_count)
    if order.size == 0:
        return answer
    picked = _take(game, order, costs[:, order].mean(axis=0))
    begin = None if start is None else np.asarray(start, dtype=np.float64)[order]
    if begin is not None and not np.isfinite(begin).all():
        begin = None
    whole = solve_prices(picked, start=begin)
    pending = np.ones(len(rows), dtype=bool)
    steps = whole.steps
    if whole.converged and np.isfinite(whole.price).all():
        steps = _chord(picked, whole.price, rows[:, order], costs[:, order], order, answer)
        pending = ~answer.converged
    for row in np.flatnonzero(pending):
        _one(picked, rows[row, order], costs[row, order], whole.price, order, answer, int(row))
    return Lineups(
        answer.price, answer.shares, answer.profit, answer.residual, answer.converged, steps
    )


def _empty(shape: tuple[int, ...], firms: int) -> Lineups:
    n = shape[0]
    return Lineups(
        np.full(shape, np.nan), np.zeros(shape), np.zeros((n, firms)), np.zeros(n), np.ones(n, dtype=bool), 0
    )


def _take(game: PriceGame, order: NDArray[np.int64], cost: Floats) -> PriceGame:
    """The products `order`, in that order."""
    return PriceGame(
        delta=game.delta[order], alpha=game.alpha, weights=game.weights, cost=cost, keep=game.keep[order],
        ad_valorem=game.ad_valorem[order], levies=game.levies[order], firms=game.firms[order], kappa=game.kappa,
    )  # fmt: skip


def _one(
    game: PriceGame, on_sale: Bools, cost: Floats, near: Floats, order: NDArray[np.int64], answer: Lineups, row: int
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
    game: PriceGame, price: Floats, offered: Bools, costs: Floats, order: NDArray[np.int64], answer: Lineups
) -> int:
    """Fill `answer` by p <- p - (Lambda^-1 Phi)^-1 (m - zeta), Phi and Lambda of the full line-up; most steps taken."""
    at = first_order(game, price)
    phi = foc_jacobian(game, at)
    inverse = np.linalg.inv(phi / at.capital_lambda[:, None]).T.copy()
    most = 0
    for first in range(0, len(offered), _CHUNK):
        rows = slice(first, first + _CHUNK)
        most = max(most, _chord_rows(game, at, inverse, offered[rows], costs[rows], order, answer, first))
    return most


def _chord_rows(
    game: PriceGame,
    at: FirstOrder,
    inverse: Floats,
    offered: Bools,
    costs: Floats,
    order: NDArray[np.int64],
    answer: Lineups,
    first: int,
) -> int:
    gross, weights = 1.0 + game.ad_valorem, game.weights
    wedge = game.keep / gross
    starts = np.flatnonzero(np.diff(game.firms, prepend=-1))
    firm_of = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(order))))
    base = (game.delta + game.levies) * 0.0 + game.delta  # (J,)
    slope = game.alpha[:, None] * gross  # (I, J): dV/dp
    fixed = base + game.alpha[:, None] * game.levies  # (I, J): V at p = 0
    live = np.arange(len(offered))
    price = np.broadcast_to(at.price, offered.shape).copy()
    kappa = None if game.kappa is None else game.kappa[np.ix_(game.firms[starts], game.firms[starts])]
    two = np.stack([weights, weights * game.alpha])  # (2, I)
    for step in range(_MAX_CHORD_STEPS + 1):
        on, p = offered[live], price[live]
        e = np.multiply(slope, np.where(on, p, np.inf)[:, None, :])
        e += fixed
        if step == 0 and float(e.max(initial=-np.inf)) > _LARGEST_UTILITY:
            answer.converged[first : first + len(offered)] = False
            return step
        np.exp(e, out=e)
        total = 1.0 + e.sum(axis=2)  # (b, I)
        pair = (two / total[:, None, :]) @ e  # (b, 2, J): shares, Lambda
        share, lam = pair[:, 0], pair[:, 1]
        margin = np.where(on, game.keep * p - costs[live], 0.0)
        sums = np.add.reduceat(e * margin[:, None, :], starts, axis=2)  # (b, I, F)
        if kappa is not None:
            sums = sums @ kappa.T
        sums *= (two[1] / total**2)[:, :, None]
        e *= sums[:, :, firm_of]
        top = e.sum(axis=1) - wedge * share
        sold = on & (lam < 0.0)
        residual = np.where(sold, margin - top / np.where(sold, lam, 1.0), 0.0)
        size = np.abs(residual).max(axis=1) / np.abs(np.where(on, p, 0.0)).max(axis=1, initial=1e-300)
        size = np.where(np.isfinite(size), size, np.inf)
        done = size <= _TOLERANCE
        if done.any():
            target = first + live[done]
            kept = np.where(sold[done], p[done], np.nan)
            answer.price[target[:, None], order] = kept
            answer.shares[target[:, None], order] = np.where(sold[done], share[done], 0.0)
            by_firm = np.add.reduceat(margin[done] * share[done], starts, axis=1)
            answer.profit[target[:, None], game.firms[starts]] = by_firm
        answer.residual[first + live] = size
        answer.converged[first + live] = done
        if done.all() or step == _MAX_CHORD_STEPS:
            return step
        price[live] = p - np.where(np.isfinite(residual), residual, 0.0) @ inverse
        live = live[~done]
    return _MAX_CHORD_STEPS
