"""What would turn the decision: each number at its low and high, flips of the choice, break-even rates.

All on common draws with the other inputs drawn; the key in question is held. Line-ups one step from the
chosen one are weighed along the range of the five most important keys (flips), and along a wide range of the
exchange rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats
from kanrin.lineup._choose import Lineup, neighbours
from kanrin.lineup._draws import Draws, uncertain_keys
from kanrin.lineup._entry import Entries
from kanrin.lineup._market import BaseMarket, rebuild_at_size
from kanrin.lineup._terms import Terms, money_terms
from kanrin.lineup._valuation import Row
from kanrin.lineup._value import Progress, value_rows
from kanrin.rules import FX, Book

__all__ = ["BreakEven", "Swing", "break_even_rates", "swings"]

MARKET_SIZE = "demand.market_size"
SELECTION = "plan.selection_shift_sd"
_TOP = 5
_TOLD_APART = 2.0  # standard errors by which another line-up must lead before the choice is said to flip
_APART = (
    MARKET_SIZE,
    SELECTION,
    "demand.deflator_2016_2025",
    "demand.jc08_over_wltc_litres",
    "demand.electricity_jpy_per_kwh",
    "demand.petrol_jpy_per_litre",
    "demand.comparable_share",
)
_POINTS = 5
_FX_SPAN = (0.5, 1.6)  # of today's rate, the range searched for break-evens
_FX_POINTS = 9


@dataclass(frozen=True)
class Swing:
    """A key at its low and high: the chosen line-up's mean worth (million JPY), where the choice flips."""

    key: str
    value: float
    low: float
    high: float
    value_low: float
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
            return figure.value, figure.value * float(np.exp(-spread)), figure.value * float(np.exp(spread))
        return figure.value, figure.value * a.low / a.value, figure.value * a.high / a.value
    return figure.value, float(figure.low or 0.0), float(figure.high or 0.0)


def swings(
    book: Book,
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    lineup: Lineup,
    used: Sequence[str],
    maker: int,
    *,
    workers: int = 2,
    progress: Progress | None = None,
) -> tuple[list[Swing], list[BreakEven]]:
    """Swings of every uncertain key in `used`, most important first, flips for the first five; break-evens.

    An empty line-up has nothing to swing; then the flips of the nearest single-car line-ups are looked for
    along the exchange rate only.
    """
    keys = [k for k in uncertain_keys(book, [*used, FX], choices=True) if k not in _APART]
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
            market, entries, draws, terms, rows, maker, workers=workers, progress=progress, what="sensitivity"
        )
        means = v.value.mean(axis=0)
        for k, key in enumerate(keys):
            value, low, high = ranges[key]
            found.append(Swing(key, value, low, high, float(means[1 + 2 * k]), float(means[2 + 2 * k])))
        found.append(_selection(book, market, entries, draws, terms[:1], lineup, maker, workers))
        found.append(_market_size(book, market, entries, draws, terms[:1], lineup, maker, workers))
        found.sort(key=lambda s: (-round(s.size, 6), s.key))
    return _flips(book, market, entries, draws, lineup, found, maker, workers, progress)


def _selection(
    book: Book,
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    terms: list[Terms],
    lineup: Lineup,
    maker: int,
    workers: int,
) -> Swing:
    """The candidates' xi moved by so many standard deviations."""

    def worth(shift: float) -> float:
        v = value_rows(market, entries, draws, terms, [Row(lineup)], maker, xi_shift=shift, workers=workers)
        return float(v.value.mean())

    value, low, high = _range(book, SELECTION)
    return Swing(SELECTION, value, low, high, worth(low), worth(high))


def _market_size(
    book: Book,
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    terms: list[Terms],
    lineup: Lineup,
    maker: int,
    workers: int,
) -> Swing:
    """The market inverted anew with other numbers of potential buyers."""

    def worth(size: float) -> float:
        other = rebuild_at_size(market, size)
        v = value_rows(other, entries, draws, terms, [Row(lineup)], maker, workers=workers)
        return float(v.value.mean())

    value, low, high = _range(book, MARKET_SIZE)
    return Swing(MARKET_SIZE, value, low, high, worth(low), worth(high))


def _grid(low: float, value: float, high: float, points: int) -> list[float]:
    inside = np.linspace(low, high, points)
    return sorted({float(x) for x in [*inside, value]})


def _flips(
    book: Book,
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    lineup: Lineup,
    found: list[Swing],
    maker: int,
    workers: int,
    progress: Progress | None,
) -> tuple[list[Swing], list[BreakEven]]:
    near = [lineup, *neighbours(lineup)]
    top = [s for s in found if s.key not in _APART][:_TOP]
    today = book.number(FX)
    grids = {s.key: _grid(s.low, s.value, s.high, _POINTS) for s in top if s.key != FX}
    grids[FX] = _grid(today * _FX_SPAN[0], today, today * _FX_SPAN[1], _FX_POINTS)
    terms: list[Terms] = []
    rows: list[Row] = []
    for key, grid in grids.items():
        for x in grid:
            terms.append(money_terms(book, market, entries, draws, {key: x}))
            rows += [Row(other, len(terms) - 1) for other in near]
    v = value_rows(
        market, entries, draws, terms, rows, maker, workers=workers, progress=progress, what="flips"
    )
    means = v.value.mean(axis=0).reshape(-1, len(near))
    # the chosen less the other, under the same terms
    gaps = v.value[:, [k - k % len(near) for k in range(len(rows))]] - v.value
    error = gaps.std(axis=0, ddof=1) / np.sqrt(draws.count)
    # below zero: overtaken beyond doubt
    lead = (gaps.mean(axis=0) + _TOLD_APART * error).reshape(-1, len(near))
    at = 0
    flips: dict[str, tuple[float | None, Lineup | None]] = {}
    roots: list[BreakEven] = []
    for key, grid in grids.items():
        block, ahead = means[at : at + len(grid)], lead[at : at + len(grid)]
        at += len(grid)
        if key == FX:
            roots = break_even_rates(np.array(grid), block, lineup, near, entries.ids)
        value = today if key == FX else next(s.value for s in top if s.key == key)
        flips[key] = _nearest_flip(np.array(grid), ahead, near, value)
    out = []
    for s in found:
        if s.key in flips:
            where, to = flips[s.key]
            s = Swing(s.key, s.value, s.low, s.high, s.value_low, s.value_high, where, to, True)
        out.append(s)
    return out, roots


def _nearest_flip(
    grid: Floats, ahead: Floats, near: list[Lineup], value: float
) -> tuple[float | None, Lineup | None]:
    """The point nearest to today's value past which another line-up leads the chosen one beyond doubt."""
    best: tuple[float, Lineup] | None = None
    for column in range(1, len(near)):
        for root in _roots(grid, ahead[:, column]):
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
    grid: Floats, block: Floats, lineup: Lineup, near: list[Lineup], ids: Sequence[str]
) -> list[BreakEven]:
    """(break-even) Exchange rates at which each chosen model's contribution and the plan's worth are nil."""
    searched = (float(grid[0]), float(grid[-1]))
    found = []
    for j, model in enumerate(ids):
        if lineup[j]:
            without = near.index(tuple(b and k != j for k, b in enumerate(lineup)))
            found.append(BreakEven(model, tuple(_roots(grid, block[:, 0] - block[:, without])), searched))
    found.append(BreakEven(None, tuple(_roots(grid, block[:, 0])), searched))
    return found
