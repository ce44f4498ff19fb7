"""What would have to be true: the value of each number at which the plan just pays (break-even).

Prices are settled anew at each value tried. A key is followed from today's value towards where the worth
falls to nil: to the end of its range, then beyond it, and the root is closed in on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kanrin.base import Floats
from kanrin.demand import choice_probabilities
from kanrin.lineup._central import Central
from kanrin.lineup._choose import Lineup
from kanrin.lineup._draws import Draws
from kanrin.lineup._entry import Entries
from kanrin.lineup._market import BaseMarket
from kanrin.lineup._outcome import Sampled
from kanrin.lineup._sensitivity import APART, FX_REACH, MARKET_SIZE, Apart, Swing
from kanrin.lineup._terms import Terms, money_terms
from kanrin.lineup._valuation import Row, Valuation
from kanrin.lineup._value import Inverted, value_rows
from kanrin.rules import FX, Book

__all__ = ["Scale", "Threshold", "price_that_pays", "scale_that_pays", "thresholds"]

_REACH = 3.0  # times the distance from today's value to an end of the range: how far beyond is looked
_SETTLED = 0.01  # of the worth: a point nearer to nil than that ends the search
_LOOKS = 9
_SLACK = 1.5  # how much faster than a straight line the worth may change beyond the range
_BUYERS_PER_CAR = 1.25  # potential buyers a car sold, at least: a market of fewer cannot be inverted
_FLOOR = 0.1  # of the low end, below which a positive number is not followed


@dataclass(frozen=True)
class Threshold:
    """Where one number must stand for the plan to be worth nothing on average."""

    key: str
    value: float
    low: float
    high: float
    at: float | None  # None when none was found in `searched`
    error: float  # standard error of `at`, from the draws
    searched: tuple[float, float]

    @property
    def is_within(self) -> bool:
        """Whether it lies within the range held possible."""
        return self.at is not None and self.low <= self.at <= self.high


@dataclass(frozen=True)
class Scale:
    """A break-even of the plan as a whole beside what is planned."""

    planned: float
    at: Sampled | None  # None when there is none


def thresholds(
    book: Book,
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    inverted: Inverted,
    lineup: Lineup,
    maker: int,
    swings: Sequence[Swing],
    headline: Sampled,
    *,
    workers: int = 2,
) -> list[Threshold]:
    """The break-even value of every swing's key, most important first; worth in million JPY.

    `headline` is the printed worth; changes on `draws` are added to it.
    """
    terms: list[Terms] = [money_terms(book, market, entries, draws)]
    apart = Apart(book, market, entries, draws, terms[:1], maker, workers)

    def worth(points: Mapping[str, float]) -> dict[str, float]:
        money = [key for key in points if key not in APART]
        each = [*terms, *(money_terms(book, market, entries, draws, {key: points[key]}) for key in money)]
        rows = [Row(lineup, k) for k in range(len(each))]
        v = value_rows(market, entries, draws, each, rows, maker, inverted=inverted, workers=workers)
        means = v.value.mean(axis=0)
        found = {key: float(means[1 + k]) for k, key in enumerate(money)}
        found |= {k: float(apart.worth(k, x, [lineup]).mean()) for k, x in points.items() if k in APART}
        return {key: headline.value + found[key] - float(means[0]) for key in points}

    seen: dict[str, list[tuple[float, float]]] = {}
    reach: dict[str, tuple[float, float]] = {}
    for s in swings:
        seen[s.key] = _distinct([(s.low, s.value_low), (s.value, headline.value), (s.high, s.value_high)])
        reach[s.key] = _searched(s, book.figure(s.key).unit)
    if MARKET_SIZE in reach:
        low, high = reach[MARKET_SIZE]
        reach[MARKET_SIZE] = (
            max(low, min(_BUYERS_PER_CAR * float(market.units.sum()), seen[MARKET_SIZE][0][0])),
            high,
        )
    near = [
        s for s in swings if _bracket(seen[s.key], s.value) or _beyond(seen[s.key], s.value, reach[s.key])
    ]
    held = {s.key: s.value for s in near if s.key in draws.keys}  # the printed worth has it drawn
    for key, y in worth(held).items() if held else ():
        seen[key] = _distinct([*seen[key], (held[key], y)])
    ahead = {s.key: _beyond(seen[s.key], s.value, reach[s.key]) for s in swings}
    for look in range(_LOOKS):  # out to where the worth changes its sign, then in on the root
        asked = {}
        for s in swings:
            bracket = _bracket(seen[s.key], s.value)
            if bracket is None:
                x = ahead.pop(s.key, None)
            elif min(abs(y) for _, y in bracket) <= _SETTLED * abs(headline.value):
                x = None
            else:
                x = _middle(bracket) if look > 1 and look % 2 else _root(seen[s.key], bracket)
            if x is not None and all(abs(x - p) > 1e-9 * max(1.0, abs(x)) for p, _ in seen[s.key]):
                asked[s.key] = x
        if not asked:
            break
        for key, y in worth(asked).items():
            seen[key] = _distinct([*seen[key], (asked[key], y)])
    found = []
    for s in swings:
        bracket = _bracket(seen[s.key], s.value)
        tried = (min(x for x, _ in seen[s.key]), max(x for x, _ in seen[s.key]))
        at, error = None, 0.0
        if bracket:
            at = _root(seen[s.key], bracket)
            (x0, y0), (x1, y1) = bracket
            error = headline.error * abs((x1 - x0) / (y1 - y0))
        else:
            tried = (min(tried[0], reach[s.key][0]), max(tried[1], reach[s.key][1]))
        found.append(Threshold(s.key, s.value, s.low, s.high, at, error, tried))
    return found


_Point = tuple[float, float]


def _distinct(points: Sequence[_Point]) -> list[_Point]:
    return sorted(dict(points).items())


def _searched(swing: Swing, unit: str) -> tuple[float, float]:
    low = swing.value - _REACH * (swing.value - swing.low)
    high = swing.value + _REACH * (swing.high - swing.value)
    if swing.low >= 0.0:
        low = max(low, _FLOOR * swing.low)
    if swing.key == FX:
        low, high = (swing.value * step for step in FX_REACH)
    if unit.startswith(("fraction", "ratio")) and swing.low >= 0.0 and swing.high <= 1.0:
        high = min(high, (1.0 + swing.high) / 2.0)
    return low, high


def _beyond(points: Sequence[_Point], value: float, reach: tuple[float, float]) -> float | None:
    """The end of the reach to look at: where a straight line, or one somewhat steeper, comes to nil."""
    now = dict(points)[value]
    for end, (x, y) in ((reach[0], points[0]), (reach[1], points[-1])):
        if x != value and end != x:
            there = now + _SLACK * (y - now) * (end - value) / (x - value)
            if (there < 0.0) != (now < 0.0):
                return end
    return None


def _bracket(points: Sequence[_Point], value: float) -> tuple[_Point, _Point] | None:
    """The neighbours between which the worth changes its sign, those nearest to today's value."""
    pairs = [(a, b) for a, b in pairwise(points) if (a[1] < 0.0) != (b[1] < 0.0)]
    return min(pairs, key=lambda p: min(abs(p[0][0] - value), abs(p[1][0] - value)), default=None)


def _middle(bracket: tuple[_Point, _Point]) -> float:
    """The middle of a bracket, by ratio where its ends are of different size."""
    (a, _), (b, _) = bracket
    return float(np.sqrt(a * b)) if 0.0 < 4.0 * a < b else 0.5 * (a + b)


def _root(points: Sequence[_Point], bracket: tuple[_Point, _Point]) -> float:
    """The root inside the bracket: of a parabola of x over y through a third point, or of a straight line."""
    (x0, y0), (x1, y1) = bracket
    straight = x0 + (x1 - x0) * y0 / (y0 - y1)
    others = [p for p in points if p not in bracket and p[1] not in (y0, y1)]
    if others:
        x2, y2 = min(others, key=lambda p: abs(p[0] - straight))
        bent = (
            x0 * y1 * y2 / ((y0 - y1) * (y0 - y2))
            + x1 * y0 * y2 / ((y1 - y0) * (y1 - y2))
            + x2 * y0 * y1 / ((y2 - y0) * (y2 - y1))
        )
        if min(x0, x1) < bent < max(x0, x1):
            return bent
    return straight


def scale_that_pays(valuation: Valuation, terms: Terms, lineup: Lineup) -> Scale:
    """Cars a year at which the chosen line-up (row 0) just pays, all markets smaller in proportion.

    Worth is linear in the scale of the market while no cap binds and no plant is full.
    """
    units = float(valuation.units[:, 0].sum(axis=1).mean())
    fixed = terms.fixed @ np.array(lineup, dtype=np.float64)
    earned = terms.annuity * (valuation.gain[:, 0] - valuation.forgone[:, 0])
    if not earned.mean() > 0.0:
        return Scale(units, None)
    part = float(fixed.mean() / earned.mean())
    spread = (fixed - part * earned).std(ddof=1) / np.sqrt(len(earned)) if len(earned) > 1 else 0.0
    return Scale(units, Sampled(units * part, units * float(spread / earned.mean())))


def price_that_pays(
    central: Central, market: BaseMarket, maker: int, annuity: float, headline: float, lineup: Lineup
) -> Scale:
    """Part of their planned prices at which the chosen cars would just pay, all cut alike; 1 is planned.

    In the central case, every other price held where the plan puts it; the change is added to the printed
    worth, million JPY. The largest such part below 1 is given.
    """
    game, price = central.game, central.solution.price
    on = np.flatnonzero(central.offered)
    chosen = np.zeros(len(price), dtype=bool)
    chosen[-len(lineup) :] = lineup
    own = game.firms[on] == maker

    def profit(part: float) -> float:
        asked = np.where(chosen, part * price, price)
        paid = ((1.0 + game.ad_valorem) * asked + game.levies)[on]
        taken, _ = choice_probabilities(game.delta[on], game.alpha, paid)
        margin = (game.keep * asked - game.cost)[on]
        return float(market.size * (margin * (taken @ game.weights))[own].sum())

    planned = profit(1.0)
    grid: Floats = np.linspace(1.0, 0.5, 51)
    worth = np.array([headline + annuity * (profit(float(x)) - planned) for x in grid])
    below = np.flatnonzero(worth < 0.0)
    if below.size == 0 or below[0] == 0:
        return Scale(1.0, None)
    k = int(below[0])
    at = grid[k - 1] + (grid[k] - grid[k - 1]) * worth[k - 1] / (worth[k - 1] - worth[k])
    return Scale(1.0, Sampled(float(at), 0.0))
