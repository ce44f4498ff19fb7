"""What would turn the decision: each number at its low and high, flips of the choice, break-even rates.

All on common draws with the other inputs drawn; the key in question is held. Line-ups one step from the
chosen one are weighed along the range of every key that moves enough to turn the choice (flips): five points
for the most important, the two ends and today for the others; and along a wide range of the exchange rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kanrin.base import Floats, Ints
from kanrin.lineup._choose import Lineup, neighbours
from kanrin.lineup._draws import Draws, uncertain_keys
from kanrin.lineup._entry import Entries, reforecast
from kanrin.lineup._market import LEFT_HAND_DRIVE, BaseMarket, rebuild_at_belief, rebuild_at_size
from kanrin.lineup._terms import Terms, money_terms
from kanrin.lineup._valuation import Row
from kanrin.lineup._value import Inverted, Progress, mean_worth, value_rows
from kanrin.rules import FX, Book

__all__ = [
    "APART",
    "Apart",
    "Belief",
    "BreakEven",
    "Swing",
    "break_even_rates",
    "key_range",
    "roots",
    "swings",
]

MARKET_SIZE = "demand.market_size"
SELECTION = "plan.selection_shift_sd"
_TOP = 5
_CAN_TURN = 0.5  # of what the nearest other line-up trails by: a swing below turns nothing
_NO_EFFECT = 0.5  # million JPY: a row below moves nothing that is printed
_TOLD_APART = 2.0  # standard errors by which a line-up must trail today for its overtaking to be a flip
APART = (  # not a matter of money terms: valued by themselves, or not at all
    MARKET_SIZE,
    SELECTION,
    LEFT_HAND_DRIVE,
    "demand.deflator_2016_2025",
    "demand.jc08_over_wltc_litres",
    "demand.electricity_jpy_per_kwh",
    "demand.petrol_jpy_per_litre",
    "demand.comparable_share",
    "plan.pilot_years",
)
_POINTS = 5
_FX_DRAWS = 128  # on which the rate is moved: paired, so that few tell the change
_FX_STEPS = (0.5, 0.7, 0.85, 1.0, 1.1, 1.2, 1.35, 1.6, 2.2)  # of today's rate, searched for break-evens
FX_REACH = (_FX_STEPS[0], _FX_STEPS[-1])


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
    too_small: bool = False  # moves the worth by less than half of what the nearest other line-up trails by

    @property
    def size(self) -> float:
        """Distance between the worth at the two ends, million JPY."""
        return abs(self.value_high - self.value_low)


@dataclass(frozen=True)
class Belief:
    """The worth of line-ups along the range of a key that is drawn by no chance, million JPY."""

    key: str
    grid: Floats  # (G,)
    lineups: tuple[Lineup, ...]  # N, the chosen one first
    worth: Floats  # (D, G, N)


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


def key_range(book: Book, key: str) -> tuple[float, float, float]:
    """Value, low and high of a key; the exchange rate's where its range is the spread of its random walk."""
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
    inverted: Inverted,
    lineup: Lineup,
    used: Sequence[str],
    maker: int,
    headline: Mapping[Lineup, float],
    *,
    workers: int = 2,
    progress: Progress | None = None,
) -> tuple[list[Swing], list[Belief]]:
    """Swings of every uncertain key in `used`, most important first, each with where the choice flips.

    `headline` holds the printed worth of line-ups, million JPY: changes on the common draws here are added
    to it, so that a row at today's value is the printed one. An empty line-up has nothing to swing; then
    the flips of the nearest single-car line-ups are looked for along the exchange rate only. Beside them the
    worth along the keys that no draw moves.
    """
    keys = [
        k for k in uncertain_keys(book, [*used, FX], choices=True) if k not in APART and not _is_off(book, k)
    ]
    terms: list[Terms] = [money_terms(book, market, entries, draws)]
    rows: list[Row] = [Row(lineup, 0)]
    ranges = {key: key_range(book, key) for key in keys}
    for key in keys:
        for end in ranges[key][1:]:
            terms.append(money_terms(book, market, entries, draws, {key: end}))
            rows.append(Row(lineup, len(terms) - 1))
    found: list[Swing] = []
    beliefs: list[Belief] = []
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
        apart = Apart(book, market, entries, draws, terms[:1], maker, workers)
        near = [lineup, *neighbours(lineup)]
        beliefs = [apart.belief(key, near) for key in (SELECTION, MARKET_SIZE, LEFT_HAND_DRIVE)]
        found += [
            _apart_swing(belief, headline[lineup], means[0], *key_range(book, belief.key))
            for belief in beliefs
        ]
        found = [s for s in found if s.size > _NO_EFFECT]
        found.sort(key=lambda s: (-round(s.size, 6), s.key))
    flipped = _flips(book, market, entries, draws, inverted, lineup, found, beliefs, maker, workers, progress)
    return flipped, beliefs


def _apart_swing(belief: Belief, headline: float, now: float, value: float, low: float, high: float) -> Swing:
    worth = belief.worth[:, :, 0].mean(axis=0)
    ends = [headline + float(worth[np.searchsorted(belief.grid, x)] - now) for x in (low, high)]
    return Swing(belief.key, value, low, high, ends[0], ends[1])


@dataclass(frozen=True)
class Apart:
    """Keys that are not a matter of money terms: the market or the forecast is made anew at each value."""

    book: Book
    market: BaseMarket
    entries: Entries
    draws: Draws
    terms: list[Terms]
    maker: int
    workers: int

    def worth(self, key: str, x: float, lineups: Sequence[Lineup]) -> Floats:
        """(D, N) worth of line-ups with a key held at x, million JPY."""
        market, entries, shift = self.market, self.entries, 0.0
        if key == SELECTION:  # the candidates' xi moved by so many standard deviations
            shift = x - self.book.number(key)
        elif key == MARKET_SIZE:  # inverted anew with another number of potential buyers
            market = rebuild_at_size(market, x)
        elif key == LEFT_HAND_DRIVE:  # the forecast made anew from another belief
            market = rebuild_at_belief(self.book, market, x)
            entries = reforecast(self.book, market, entries)
        else:
            raise ValueError(f"{key} is a matter of money terms, or moves no worth")
        rows = [Row(lineup) for lineup in lineups]
        v = value_rows(
            market, entries, self.draws, self.terms, rows, self.maker, xi_shift=shift, workers=self.workers
        )
        return v.value

    def belief(self, key: str, lineups: Sequence[Lineup]) -> Belief:
        """The worth of line-ups at the low, today's and the high value of a key."""
        value, low, high = key_range(self.book, key)
        grid = sorted({low, value, high})
        worth = np.stack([self.worth(key, x, lineups) for x in grid], axis=1)
        return Belief(key, np.array(grid), tuple(lineups), worth)


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
    beliefs: Sequence[Belief],
    maker: int,
    workers: int,
    progress: Progress | None,
) -> list[Swing]:
    near = [lineup, *neighbours(lineup)]
    money = [s for s in found if s.key not in APART]
    today = book.number(FX)

    def along(grids: Mapping[str, Sequence[float]]) -> tuple[Floats, dict[str, Floats]]:
        """(D, N) today, and (G, N) means along each grid, of the line-ups nearby."""
        terms: list[Terms] = [money_terms(book, market, entries, draws)]
        rows: list[Row] = [Row(other, 0) for other in near]
        for key, grid in grids.items():
            for x in grid:
                terms.append(money_terms(book, market, entries, draws, {key: x}))
                rows += [Row(other, len(terms) - 1) for other in near]
        v = value_rows(
            market, entries, draws, terms, rows, maker,
            inverted=inverted, workers=workers, progress=progress, what="flips",
        )  # fmt: skip
        means = v.value.mean(axis=0).reshape(-1, len(near))
        ends = np.cumsum([1, *(len(grid) for grid in grids.values())])
        blocks = {key: means[a:b] for key, a, b in zip(grids, ends[:-1], ends[1:], strict=True)}
        return v.value[:, : len(near)], blocks

    grids = {s.key: _grid(s.low, s.value, s.high, _POINTS) for s in money[:_TOP] if s.key != FX}
    grids[FX] = [today * step for step in _FX_STEPS]
    now, blocks = along(grids)
    behind = now[:, :1] - now  # today: the chosen less the other, on common draws
    error = behind.std(axis=0, ddof=1) / np.sqrt(draws.count)
    lead = behind.mean(axis=0)
    trailing = np.flatnonzero(lead > _TOLD_APART * error)  # others are too close to call today
    closest = float(lead[trailing].min()) if trailing.size else np.inf
    rest = [s for s in money[_TOP:] if s.key != FX and s.size >= _CAN_TURN * closest]
    if rest:
        more = {s.key: sorted({s.low, s.value, s.high}) for s in rest}
        grids |= more
        blocks |= along(more)[1]
    for belief in beliefs:
        grids[belief.key] = belief.grid.tolist()
        blocks[belief.key] = belief.worth.mean(axis=0)
    out = []
    for s in found:
        if s.key in blocks:
            to = _nearest_flip(np.array(grids[s.key]), blocks[s.key], near, trailing, s.value)
            s = replace(s, flips_at=to[0], flips_to=to[1], searched=True)
        else:
            s = replace(s, too_small=True)
        out.append(s)
    return out


def _nearest_flip(
    grid: Floats, block: Floats, near: list[Lineup], trailing: Ints, value: float
) -> tuple[float | None, Lineup | None]:
    """The point nearest to today's value at which a line-up that trails today overtakes the chosen one."""
    best: tuple[float, Lineup] | None = None
    for column in trailing:
        for root in roots(grid, block[:, 0] - block[:, column]):
            if best is None or abs(root - value) < abs(best[0] - value):
                best = (root, near[column])
    return best if best is not None else (None, None)


def roots(x: Floats, y: Floats) -> list[float]:
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
    headline: Mapping[Lineup, float],
    *,
    workers: int = 2,
    progress: Progress | None = None,
) -> list[BreakEven]:
    """(break-even) Exchange rates at which each chosen model's contribution and the plan's worth are nil.

    The rate is held at each point of a grid, prices settled anew, on some of the draws given; the change
    there is added to the printed worth, `headline`; straight lines between.
    """
    if not any(lineup):
        return []
    draws, inverted = draws.first(_FX_DRAWS), inverted.first(_FX_DRAWS)
    today = book.number(FX)
    grid = [today * step for step in _FX_STEPS]
    without = [tuple(b and k != j for k, b in enumerate(lineup)) for j, on in enumerate(lineup) if on]
    near = list(dict.fromkeys([lineup, *without]))
    terms = [money_terms(book, market, entries, draws, {FX: x}) for x in grid]
    terms.append(money_terms(book, market, entries, draws))
    rows = [Row(other, k) for k in range(len(terms)) for other in near]
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
    means = worth.reshape(len(terms), len(near))
    means = np.array([headline[s] for s in near]) + means[:-1] - means[-1]
    searched = (grid[0], grid[-1])
    chosen = [j for j, on in enumerate(lineup) if on]
    found = []
    for j, other in zip(chosen, without, strict=True):
        gap = means[:, 0] - means[:, near.index(other)]
        found.append(BreakEven(entries.ids[j], tuple(roots(np.array(grid), gap)), searched))
    found.append(BreakEven(None, tuple(roots(np.array(grid), means[:, 0])), searched))
    return found
