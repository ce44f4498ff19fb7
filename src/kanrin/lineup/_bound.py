"""How much a line-up can be worth at most, without solving it: (bound-hi) within a box of prices.

Split a line-up S from the cars E that the maker sells already, at the prices of its own equilibrium. With
s_it the chance that buyer i takes car t, m_t its margin and pi_i(E) what i brings the maker without S,

    Pi(E + S) = Pi(E) + sum over t in S of sum_i w_i s_it(E + S) (m_t - pi_i(E)),

since i's chances without S are those with S over 1 - s_iS. If every price lies in a box low..high, Pi(E) is
at most its best answer to rivals at `high`, s_it at most what t alone beside cars at `high` would have, and
pi_i(E) at least what cars at `low`, each sold as if it alone were at `high`, bring. So the worth is at most a
sum over cars, each at the price best for it. Without a floor under pi_i this is (bound); the floor takes off
the sales that a car takes from its maker's others. Cars known to be in are split off one after another, and
stand among E for those that follow. A cap enters by its best multiplier, which bounds from above at any
value. Home margin forgone can only lower the worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats
from kanrin.equilibrium import Games
from kanrin.kernels import price_rows
from kanrin.lineup._choose import Lineup
from kanrin.lineup._games import Work, draw_games

__all__ = ["Bound", "Box", "bound_lineups"]

_TOLERANCE = 1e-12
_ACCEPTED = 1e-9  # of max |p|: enough for a bound of profit, which is flat there
_AT_ONCE = 256  # draws
_GRID = 96  # margins looked at before the best is searched for
_REACH = (0.02, 60.0)  # margins looked at: of one over the mean slope, to of one over the flattest
_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
_STEPS = 24  # of golden section, and of the search for a multiplier


@dataclass(frozen=True)
class Box:
    """Lowest and highest price of every car, draw by draw; infinite the wrong way for a car never offered."""

    low: Floats  # (D, J + C) million JPY pre-tax
    high: Floats  # (D, J + C)

    def with_seen(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(np.minimum(self.low, other.low), np.maximum(self.high, other.high))

    def widened(self, room: float) -> Box:
        """The box with `room` times its own width added on either side."""
        width = np.subtract(self.high, self.low, out=np.zeros_like(self.low), where=np.isfinite(self.low))
        return Box(self.low - room * width, self.high + room * width)

    def holds(self, other: Box, slack: float = 1e-9) -> bool:
        """Whether the other lies inside, but for `slack` of the price."""
        return bool(
            (other.low >= (1.0 - slack) * self.low).all() and (other.high <= (1.0 + slack) * self.high).all()
        )


@dataclass(frozen=True)
class Bound:
    """The most a line-up can be worth: `rest` and the sum of `car` over its cars, million JPY.

    It holds for line-ups with all the cars of `inside`.
    """

    rest: float  # what the cars on sale can gain; infinite when it is not known
    car: Floats  # (C,)
    inside: tuple[int, ...] = ()

    def of(self, lineup: Lineup) -> float:
        """Upper bound of a line-up's mean worth; infinite where the bound says nothing."""
        if not all(lineup[k] for k in self.inside):
            return np.inf
        return self.rest + float(self.car[np.array(lineup, dtype=bool)].sum())

    @property
    def most(self) -> float:
        """Upper bound over all line-ups with the cars of `inside`."""
        sure = list(self.inside)
        others = np.delete(self.car, sure)
        return self.rest + float(self.car[sure].sum() + np.maximum(0.0, others).sum())


def bound_lineups(work: Work, box: Box, inside: tuple[int, ...] = ()) -> Bound:
    """The bound of line-ups with the cars of `inside` and prices in the box, on the draws of `work`."""
    terms, count = work.terms[0], len(work.slopes)
    rest, car = np.zeros(count), np.zeros((count, len(work.entries.entries)))
    for first in range(0, count, _AT_ONCE):
        draws = slice(first, min(first + _AT_ONCE, count))
        rest[draws], car[draws] = _of_draws(work, box, inside, draws)
    worth = terms.annuity[:, None] * car - terms.fixed
    if (terms.home_margin < 0.0).any():  # then a full plant would add to the worth
        return Bound(np.inf, worth.mean(axis=0), inside)
    return Bound(float((terms.annuity * rest).mean()), worth.mean(axis=0), inside)


def _of_draws(work: Work, box: Box, inside: tuple[int, ...], draws: slice) -> tuple[Floats, Floats]:
    """What the cars on sale gain at most (n,) and each candidate (n, C), million JPY a year."""
    market, terms = work.market, work.terms[0]
    games, cost, earned = draw_games(work, terms, draws)
    products, count = len(market.models), len(work.entries.entries)
    rest = _best_answer(work, games, cost, box.high[draws, :products]) - earned[:, work.maker]
    sure = [*range(products), *(products + t for t in inside)]
    low, high = np.ones((2, len(cost), products + count))
    low[:, sure], high[:, sure] = box.low[draws][:, sure], box.high[draws][:, sure]
    margin = games.keep * low - np.concatenate([cost, terms.cost[draws]], axis=1)
    slope = games.alpha[:, :, None] * (1.0 + games.ad_valorem)
    fixed = games.delta[:, None, :] + games.alpha[:, :, None] * games.levies
    most, least = np.exp(fixed + slope * low[:, None, :]), np.exp(fixed + slope * high[:, None, :])
    on: Bools = np.arange(products + count) < products
    own = games.firms == work.maker
    car = np.zeros((len(cost), count))
    for t in (*inside, *(t for t in range(count) if t not in inside)):
        alone = _Alone(
            slope[:, :, products + t],
            fixed[:, :, products + t],
            games.weights,
            games.keep[:, products + t],
            terms.cost[draws, t],
            1.0 + least[:, :, on].sum(axis=2),
            _brought(most[:, :, on], least[:, :, on], margin[:, on], own[on]),
        )
        car[:, t] = alone.most(terms.cap[draws, t] / market.size)
        on[products + t] = t in inside
    return market.size * rest, market.size * car


def _best_answer(work: Work, games: Games, cost: Floats, high: Floats) -> Floats:
    """Profit (n,) per potential buyer of the maker's cars on sale at their best prices, rivals' at `high`."""
    market = work.market
    own: Bools = market.firm_of == work.maker
    if not own.any():
        return np.zeros(len(cost))
    j = high.shape[1]
    best = price_rows(
        np.ascontiguousarray(games.delta[:, :j]), np.ascontiguousarray(games.alpha), games.weights, cost,
        np.ascontiguousarray(games.keep[:, :j]), games.ad_valorem[:j], games.levies[:j], market.firm_of,
        free=own, start=np.where(own, market.price, high), tolerance=_TOLERANCE, threads=1,
    )  # fmt: skip
    out: Floats = np.where(best.residual <= _ACCEPTED, best.profit[:, work.maker], np.inf)
    return out


def _brought(most: Floats, least: Floats, margin: Floats, own: Bools) -> Floats:
    """At least what a buyer brings by the maker's cars (n, I); odds are (n, I, E), margins (n, E)."""
    others_most = most.sum(axis=2, keepdims=True) - most[:, :, own]
    others_least = least.sum(axis=2, keepdims=True) - least[:, :, own]
    seldom = least[:, :, own] / (1.0 + least[:, :, own] + others_most)
    often = most[:, :, own] / (1.0 + most[:, :, own] + others_least)
    earned = margin[:, None, own]
    out: Floats = (earned * np.where(earned > 0.0, seldom, often)).sum(axis=2)
    return out


@dataclass(frozen=True)
class _Alone:
    """One candidate beside the cars on sale, n draws."""

    slope: Floats  # (n, I) utils per million JPY pre-tax
    fixed: Floats  # (n, I) utils at price zero
    weights: Floats  # (I,)
    keep: Floats  # (n,)
    cost: Floats  # (n,)
    beside: Floats  # (n, I) one and the odds of all cars on sale
    floor: Floats  # (n, I) what a buyer brings without it, million JPY

    def most(self, cap: Floats) -> Floats:
        """(n,) the most it adds, million JPY per potential buyer; cap: (n,) share, infinite without."""
        none = np.zeros(len(self.cost))
        found, sold = self._best(none)
        over = sold > cap
        if not over.any():
            return found
        high = np.where(over, self._reach()[1], 0.0)
        low = none
        for _ in range(_STEPS):
            middle = (low + high) / 2.0
            value, sold = self._best(middle)
            bound = np.where(over, value + middle * np.where(over, cap, 0.0), np.inf)
            found = np.minimum(found, bound)
            more = sold > cap
            low, high = np.where(more, middle, low), np.where(more, high, middle)
        return found

    def _reach(self) -> tuple[Floats, Floats]:
        """Smallest and largest margin looked at (n,): a car of few, under a cap, is sold to the richest."""
        typical = self.keep / np.abs(self.slope @ self.weights)
        return _REACH[0] * typical, _REACH[1] * self.keep / np.abs(self.slope).min(axis=1)

    def _best(self, multiplier: Floats) -> tuple[Floats, Floats]:
        """Largest gain over the car's own price and what it sells there, (n,) each."""
        least, most = self._reach()
        at = np.geomspace(least, most, _GRID, axis=1)
        gains = np.stack([self._gain(at[:, k], multiplier)[0] for k in range(_GRID)], axis=1)
        top = gains.argmax(axis=1)
        rows = np.arange(len(at))
        low = np.where(top > 0, at[rows, np.maximum(top - 1, 0)], 0.0)
        high = at[rows, np.minimum(top + 1, _GRID - 1)]
        for _ in range(_STEPS):
            left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
            lower = self._gain(left, multiplier)[0] >= self._gain(right, multiplier)[0]
            low, high = np.where(lower, low, left), np.where(lower, right, high)
        value, sold = self._gain((low + high) / 2.0, multiplier)
        return np.maximum(value, gains[rows, top]), sold

    def _gain(self, margin: Floats, multiplier: Floats) -> tuple[Floats, Floats]:
        """Gain (n,) at a margin over cost (n,), buyers at a loss turned away, and share sold."""
        price = (self.cost + margin) / self.keep
        odds = np.exp(self.fixed + self.slope * price[:, None])
        taken = odds / (self.beside + odds)
        per_car = np.maximum(0.0, (margin - multiplier)[:, None] - self.floor)
        return (taken * per_car) @ self.weights, (taken * (per_car > 0.0)) @ self.weights
