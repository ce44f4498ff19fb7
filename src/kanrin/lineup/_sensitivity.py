"""What would turn the decision: each number at its low and high, flips of the choice, break-even rates.

All on common draws with the other inputs drawn; the key in question is held. Line-ups one step from the
chosen one are weighed along the range of the five most important keys (flips), and along a wide range of the
exchange rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, Ints
from kanrin.lineup._choose import Lineup, neighbours
from kanrin.lineup._draws import Draws, uncertain_keys
from kanrin.lineup._entry import Entries, reforecast
from kanrin.lineup._market import LEFT_HAND_DRIVE, BaseMarket, rebuild_at_belief, rebuild_at_size
from kanrin.lineup._terms import Terms, money_terms
from kanrin.lineup._valuation import Row
from kanrin.lineup._value import Inverted, Progress, invert_draws, mean_worth, value_rows
from kanrin.rules import FX, Book

__all__ = ["BreakEven", "Swing", "break_even_rates", "swings"]

MARKET_SIZE = "demand.market_size"
SELECTION = "plan.selection_shift_sd"
_TOP = 5
_NO_EFFECT = 0.5  # million JPY: a row below moves nothing that is printed
_TOLD_APART = (
    2.0  # standard errors by which a line-up must trail today before its overtaking is called a flip
)
_APART = (  # not a matter of money terms: valued by themselves, or not at all
    MARKET_SIZE,
    SELECTION,
    LEFT_HAND_DRIVE,
    "demand.deflator_2016_2025",
    "demand.jc08_over_wltc_litres",
    "demand.electricity_jpy_per_kwh",
    "demand.petrol_jpy_per_litre",
    "demand.comparable_share",
)
_POINTS = 5
_FX_STEPS = (0.5, 0.7, 0.85, 1.0, 1.1, 1.2, 1.35, 1.6, 2.2)  # of today's rate, searched for break-evens


@dataclass(frozen=True)
class Swing:
    """A key at its low and high: the chosen line-up's mean worth (million JPY), where the choice flips."""

    key: str
    value: float
    low: float
    high: float
    value_low: float  # headline plus the change on common draws
    value_high: float
    flips_at: float | None = None
    flips_to: Lineup | None = None
    searched: bool = False  # whether flips were looked for

    @property
    def size(self) -> float:
        """Distance between the worth at the two ends, million JPY."""
        return abs(self.value_high - self.value_low)


@dataclass(frozen=True)
class BreakEven:
    """Exchange rates at which a model's contribution, or the plan's worth (model None), is nil; all found."""

    model: str | None
    roots: tuple[float, ...]
    searched: tuple[float, float]


def _is_off(book: Book, key: str) -> bool:
    """Whether a number is a switch that stands at its zero: left out until the user turns it on."""
    assumed = book.case.assumptions.get(key)
    return assumed is not None and not assumed.drawn and assumed.value == assumed.low == 0.0


def _range(book: Book, key: str) -> tuple[float, float, float]:
    figure = book.figure(key)
    if key == FX:
        a = book.case.assumptions[FX]
        spread = (
            book.figure("fx.sigma_monthly").value
            * np.sqrt(book.number("plan.horizon_years") * 12 / 3)
            * 1.28155
        )
        if FX in book.case.overrides:
            low, high = float(np.exp(-spread)), float(np.exp(spread))
            return figure.value, figure.value * low, figure.value * high
        return figure.value, figure.value * a.low / a.value, figure.value * a.high / a.value
    low, high = (figure.value if x is None else x for x in (figure.low, figure.high))
    return figure.value, float(low), float(high)


def swings(
    book: Book,
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    lineup: Lineup,
    used: Sequence[str],
    maker: int,
    headline: Mapping[Lineup, float],
    *,
    workers: int = 2,
    progress: Progress | None = None,
) -> list[Swing]:
    """Swings of every uncertain key in `used`, most important first, flips for the first five.

    `headline` holds the printed worth of line-ups, million JPY: changes on the common draws here are added
    to it, so that a row at today's value is the printed one. An empty line-up has nothing to swing; then
    the flips of the nearest single-car line-ups are looked for along the exchange rate only.
    """
    keys = [
        k for k in uncertain_keys(book, [*used, FX], choices=True) if k not in _APART and not _is_off(book, k)
    ]
    inverted = invert_draws(market, draws)
    terms: list[Terms] = [money_terms(book, market, entries, draws)]
    rows: list[Row] = [Row(lineup, 0)]
    ranges = {key: _range(book, key) for key in keys}
    for key in keys:
        for end in ranges[key][1:]:
            terms.append(money_terms(book, market, entries, draws, {key: end}))
            rows.append(Row(lineup, len(terms) - 1))
    found: list[Swing] = []
    if any(lineup):
        v = value_rows(
            market,
            entries,
            draws,
            terms,
            rows,
            maker,
            inverted=inverted,
            workers=workers,
            progress=progress,
            what="sensitivity",
        )
        means = v.value.mean(axis=0)
        for k, key in enumerate(keys):
            value, low, high = ranges[key]
            at_low, at_high = (headline[lineup] + float(means[1 + 2 * k + e] - means[0]) for e in (0, 1))
            found.append(Swing(key, value, low, high, at_low, at_high))
        shift = headline[lineup] - float(means[0])
        apart = _Apart(book, market, entries, draws, terms[:1], lineup, maker, workers, shift)
        found += [apart.selection(), apart.market_size(), apart.left_hand_drive()]
        found = [s for s in found if s.size > _NO_EFFECT]
        found.sort(key=lambda s: (-round(s.size, 6), s.key))
    return _flips(book, market, entries, draws, inverted, lineup, found, maker, workers, progress)


@dataclass(frozen=True)
class _Apart:
    """Swings of what is not a matter of money terms: each end is a valuation of its own."""

    book: Book
    market: BaseMarket
    entries: Entries
    draws: Draws
    terms: list[Terms]
    lineup: Lineup
    maker: int
    workers: int
    shift: float  # from these draws to the headline

    def _worth(self, market: BaseMarket, entries: Entries, xi_shift: float = 0.0) -> float:
        v = value_rows(
            market,
            entries,
            self.draws,
            self.terms,
            [Row(self.lineup)],
            self.maker,
            xi_shift=xi_shift,
            workers=self.workers,
        )
        return float(v.value.mean()) + self.shift

    def selection(self) -> Swing:
        """The candidates' xi moved by so many standard deviations."""
        value, low, high = _range(self.book, SELECTION)
        ends = [self._worth(self.market, self.entries, x - value) for x in (low, high)]
        return Swing(SELECTION, value, low, high, ends[0], ends[1])

    def market_size(self) -> Swing:
        """The market inverted anew with other numbers of potential buyers."""
        value, low, high = _range(self.book, MARKET_SIZE)
        ends = [self._worth(rebuild_at_size(self.market, x), self.entries) for x in (low, high)]
        return Swing(MARKET_SIZE, value, low, high, ends[0], ends[1])

    def left_hand_drive(self) -> Swing:
        """The forecast made anew from another belief about left-hand drive."""
        value, low, high = _range(self.book, LEFT_HAND_DRIVE)
        ends = []
        for x in (low, high):
            market = rebuild_at_belief(self.book, self.market, x)
            ends.append(self._worth(market, reforecast(self.book, market, self.entries)))
        return Swing(LEFT_HAND_DRIVE, value, low, high, ends[0], ends[1])


def _grid(low: float, value: float, high: float, points: int) -> list[float]:
    inside = np.linspace(low, high, points)
    return sorted({float(x) for x in [*inside, value]})


def _flips(
    book: Book,
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    inverted: Inverted,
    lineup: Lineup,
    found: list[Swing],
    maker: int,
    workers: int,
    progress: Progress | None,
) -> list[Swing]:
    near = [lineup, *neighbours(lineup)]
    top = [s for s in found if s.key not in _APART][:_TOP]
    today = book.number(FX)
    grids = {s.key: _grid(s.low, s.value, s.high, _POINTS) for s in top if s.key != FX}
    grids[FX] = [today * step for step in _FX_STEPS]
    terms: list[Terms] = [money_terms(book, market, entries, draws)]
    rows: list[Row] = [Row(other, 0) for other in near]
    for key, grid in grids.items():
        for x in grid:
            terms.append(money_terms(book, market, entries, draws, {key: x}))
            rows += [Row(other, len(terms) - 1) for other in near]
    v = value_rows(
        market,
        entries,
        draws,
        terms,
        rows,
        maker,
        inverted=inverted,
        workers=workers,
        progress=progress,
        what="flips",
    )
    means = v.value.mean(axis=0).reshape(-1, len(near))
    behind = v.value[:, :1] - v.value[:, : len(near)]  # today: the chosen less the other, on common draws
    error = behind.std(axis=0, ddof=1) / np.sqrt(draws.count)
    trailing = np.flatnonzero(behind.mean(axis=0) > _TOLD_APART * error)  # others are too close to call today
    at = 1
    flips: dict[str, tuple[float | None, Lineup | None]] = {}
    for key, grid in grids.items():
        block = means[at : at + len(grid)]
        at += len(grid)
        value = today if key == FX else next(s.value for s in top if s.key == key)
        flips[key] = _nearest_flip(np.array(grid), block, near, trailing, value)
    out = []
    for s in found:
        if s.key in flips:
            where, to = flips[s.key]
            s = Swing(s.key, s.value, s.low, s.high, s.value_low, s.value_high, where, to, True)
        out.append(s)
    return out


def _nearest_flip(
    grid: Floats, block: Floats, near: list[Lineup], trailing: Ints, value: float
) -> tuple[float | None, Lineup | None]:
    """The point nearest to today's value at which a line-up that trails today overtakes the chosen one."""
    best: tuple[float, Lineup] | None = None
    for column in trailing:
        for root in _roots(grid, block[:, 0] - block[:, column]):
            if best is None or abs(root - value) < abs(best[0] - value):
                best = (root, near[column])
    return best if best is not None else (None, None)


def _roots(x: Floats, y: Floats) -> list[float]:
    """Sign changes of y over x, by straight lines between neighbours."""
    found = []
    for a, b, ya, yb in zip(x[:-1], x[1:], y[:-1], y[1:], strict=True):
        if (ya < 0) != (yb < 0):
            found.append(float(a + (b - a) * ya / (ya - yb)))
    return found


def break_even_rates(
    book: Book,
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    inverted: Inverted,
    lineup: Lineup,
    maker: int,
    *,
    workers: int = 2,
    progress: Progress | None = None,
) -> list[BreakEven]:
    """(break-even) Exchange rates at which each chosen model's contribution and the plan's worth are nil.

    On the draws given, the rate held at each point of a grid, prices settled anew; straight lines between.
    """
    if not any(lineup):
        return []
    today = book.number(FX)
    grid = [today * step for step in _FX_STEPS]
    without = [tuple(b and k != j for k, b in enumerate(lineup)) for j, on in enumerate(lineup) if on]
    near = list(dict.fromkeys([lineup, *without]))
    terms = [money_terms(book, market, entries, draws, {FX: x}) for x in grid]
    rows = [Row(other, k) for k in range(len(grid)) for other in near]
    worth = mean_worth(
        market,
        entries,
        draws,
        terms,
        rows,
        maker,
        inverted=inverted,
        workers=workers,
        progress=progress,
        what="break-even rates",
    )
    means = worth.reshape(len(grid), len(near))
    searched = (grid[0], grid[-1])
    chosen = [j for j, on in enumerate(lineup) if on]
    found = []
    for j, other in zip(chosen, without, strict=True):
        gap = means[:, 0] - means[:, near.index(other)]
        found.append(BreakEven(entries.ids[j], tuple(_roots(np.array(grid), gap)), searched))
    found.append(BreakEven(None, tuple(_roots(np.array(grid), means[:, 0])), searched))
    return found
