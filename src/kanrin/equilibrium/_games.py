"""Many price games at once: M markets that differ in tastes, costs and what sellers keep, R line-ups in each.

Draws of one market are such games. Compiled, all rows go through the kernel in one call; rows may begin at
rows of the same market solved before them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kanrin.base import Bools, Floats, Ints
from kanrin.equilibrium._game import PriceGame
from kanrin.equilibrium._lineups import Chord, Lineups, solve_lineups
from kanrin.kernels import Nearby, is_native, price_rows

__all__ = ["Games", "solve_games"]

_TOLERANCE = 1e-12  # without a Jacobian the prices are farther off than the residual tells
_ACCEPTED = 1e-11  # of max |p|, on |r p - c - zeta|
_FEW = 48  # line-ups of a market up to which NumPy does better with a borrowed Jacobian than one of its own


@dataclass(frozen=True)
class Games:
    """M games of J products sold to I kinds of buyers; one unit of money throughout. Checked when solved."""

    delta: Floats  # (M, J) utils, mean utility without the price effect
    alpha: Floats  # (M, I) utils per unit of money, < 0
    weights: Floats  # (I,) sum one
    keep: Floats  # (M, J) r, part of the pre-tax price that reaches the maker
    ad_valorem: Floats  # (J,) v, rate on the pre-tax price
    levies: Floats  # (J,) l, money per vehicle
    firms: Ints  # (J,) who sets the price

    @classmethod
    def of(cls, game: PriceGame) -> Games:
        """One game alone."""
        return cls(
            game.delta[None],
            game.alpha[None],
            game.weights,
            game.keep[None],
            game.ad_valorem,
            game.levies,
            game.firms,
        )

    def take(self, which: Ints) -> Games:
        """The games `which`, in that order."""
        return replace(self, delta=self.delta[which], alpha=self.alpha[which], keep=self.keep[which])

    def game(self, m: int, cost: Floats) -> PriceGame:
        """Game m with unit costs (J,)."""
        return PriceGame(
            delta=self.delta[m],
            alpha=self.alpha[m],
            weights=self.weights,
            cost=cost,
            keep=self.keep[m],
            ad_valorem=self.ad_valorem,
            levies=self.levies,
            firms=self.firms,
        )


def solve_games(
    games: Games,
    offered: Bools,
    cost: Floats,
    start: Floats,
    *,
    nearby: Nearby | None = None,
    chord: Chord | None = None,
) -> Lineups:
    """Equilibria of R line-ups in each of M games, B = M R rows, the rows of a game together (zeta-mf).

    offered: (R, J), the same in every game, or with one row a game (M, J); cost: (B, J) money; start: (M, J)
    money, an equilibrium near by; nearby: rows begin at rows before, compiled only; chord: a Jacobian near
    by, without compiled kernels only. Neither changes the answer. A row that the batch does not find is
    solved by itself; a failure is kept, marked in `converged`. Raises InputError as `price_rows`.
    """
    markets = len(games.delta)
    rows = len(cost) // markets if markets else 1
    if rows == 1:
        offered = np.ascontiguousarray(np.broadcast_to(offered, cost.shape))
    if not is_native():
        return _one_by_one(games, offered, cost, start, chord)
    found = price_rows(
        np.ascontiguousarray(games.delta), np.ascontiguousarray(games.alpha), games.weights, cost,
        np.ascontiguousarray(games.keep), games.ad_valorem, games.levies, games.firms, offered=offered,
        start=start, rows=rows, nearby=nearby, tolerance=_TOLERANCE, threads=1,
    )  # fmt: skip
    answer = Lineups(
        found.price,
        found.shares,
        found.profit,
        found.residual,
        found.residual <= _ACCEPTED,
        int(found.steps.max(initial=0)),
    )
    for b in np.flatnonzero(~answer.converged):
        m, r = divmod(int(b), rows)
        alone = solve_lineups(
            games.game(m, cost[b]), offered[r if rows > 1 else m][None], cost[b][None], start=start[m]
        )
        _put(answer, slice(b, b + 1), alone)
    return answer


def _one_by_one(games: Games, offered: Bools, cost: Floats, start: Floats, chord: Chord | None) -> Lineups:
    markets = len(games.delta)
    rows = len(cost) // markets if markets else 1
    firms = int(games.firms.max(initial=-1)) + 1
    answer = Lineups(
        np.empty(cost.shape), np.empty(cost.shape), np.empty((len(cost), firms)), np.empty(len(cost)),
        np.empty(len(cost), dtype=bool), 0,
    )  # fmt: skip
    for m in range(markets):
        mine = slice(m * rows, (m + 1) * rows)
        on = offered if rows > 1 else offered[m][None]
        game = games.game(m, cost[mine].mean(axis=0))
        found = solve_lineups(game, on, cost[mine], start=start[m], chord=chord if rows <= _FEW else None)
        _put(answer, mine, found)
    return answer


def _put(answer: Lineups, where: slice, found: Lineups) -> None:
    for name in ("price", "shares", "profit", "residual", "converged"):
        getattr(answer, name)[where] = getattr(found, name)
