"""What line-ups are worth by other ways, draw by draw on common random numbers, at one date: the plan's day.

Cars that are ready at different times start at different times. With the cars of a line-up in order of their
first sale, months L_1 <= L_2 <= .., and S_k the first k of them, worth at the day of the plan is

    sum over k of (1 + rho)^(-L_k/12) [V(S_k) - V(S_(k-1))],

V the worth at the first sale that a plan prints: each car adds its own years from its own start. With one
lead time for all this is V(S) discounted, and ranks as V does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kanrin.base import Floats
from kanrin.lineup._aligned import aligned
from kanrin.lineup._draws import Draws
from kanrin.lineup._entry import Entries, reforecast
from kanrin.lineup._market import BaseMarket
from kanrin.lineup._second import Second
from kanrin.lineup._terms import Terms, first_sale, money_terms
from kanrin.lineup._valuation import Row
from kanrin.lineup._value import Inverted, invert_draws, value_rows
from kanrin.lineup._ways import Way, with_way
from kanrin.rules import Book

__all__ = ["Assigned", "WayWorth", "way_worth"]

Assigned = tuple[int, ...]  # (C,) the way of each car, -1 for a car that stays at home
_COLUMNS = ("cost", "keep", "levies", "levy_rate", "landed", "fixed", "cap")
_CARS = ("cost", "fixed", "cap", "saving", "first_cap", "late")


@dataclass(frozen=True)
class _Found:
    value: Floats  # (D,) million JPY at the first sale
    units: Floats  # (D, C)
    binds: Floats  # (C,) share of draws in which a cap holds sales down or a second way is added


@dataclass
class WayWorth:
    """Worths found so far, by the ways assigned. Made by `way_worth`."""

    book: Book
    market: BaseMarket
    entries: Entries  # with the ways the forecast of the draws was made for
    ways: Sequence[Sequence[Way]]
    draws: Draws
    maker: int
    workers: int
    inverted: Inverted
    months: Sequence[Sequence[float]]  # to the first sale, by car and way
    rate: float
    found: dict[Assigned, _Found] = field(default_factory=dict)
    columns: dict[tuple[int, int], Terms] = field(default_factory=dict)
    sides: dict[tuple[bool, ...], Entries] = field(default_factory=dict)
    base: Terms | None = None

    def months_of(self, ways: Sequence[Sequence[Way]]) -> list[list[float]]:
        """Months to the first sale, by car and way."""
        return [
            [float(first_sale(self.book.number, with_way(e, w))) for w in mine]
            for e, mine in zip(self.entries.entries, ways, strict=True)
        ]

    def discount(self, months: float) -> float:
        """(1 + rho)^(-months/12)."""
        return float((1.0 + self.rate) ** (-months / 12.0))

    def steps(self, assigned: Assigned) -> list[tuple[float, Assigned]]:
        """Months and line-up of each start, the earliest first."""
        on = [j for j, w in enumerate(assigned) if w >= 0]
        when = {j: self.months[j][assigned[j]] for j in on}
        return [
            (m, tuple(w if j in when and when[j] <= m else -1 for j, w in enumerate(assigned)))
            for m in sorted(set(when.values()))
        ]

    def find(self, asked: Iterable[Assigned]) -> None:
        """Value the line-ups asked about, and the shorter ones their starts need, in few calls."""
        wanted = dict.fromkeys(part for a in asked for _, part in self.steps(a))
        by_side: dict[tuple[bool, ...], list[Assigned]] = {}
        for a in wanted:
            if a not in self.found:
                by_side.setdefault(self._side(a), []).append(a)
        for side, group in by_side.items():
            self._value(side, group)

    def at_first_sale(self, assigned: Assigned) -> Floats:
        """(D,) worth as a plan prints it."""
        if all(w < 0 for w in assigned):
            return np.zeros(self.draws.count)
        self.find([assigned])
        if assigned not in self.found:
            self._value(self._side(assigned), [assigned])
        return self.found[assigned].value

    def today(self, assigned: Assigned) -> Floats:
        """(D,) worth at the day of the plan."""
        self.find([assigned])
        total, before = np.zeros(self.draws.count), np.zeros(self.draws.count)
        for months, part in self.steps(assigned):
            value = self.found[part].value
            total = total + self.discount(months) * (value - before)
            before = value
        return total

    def units(self, assigned: Assigned, car: int) -> tuple[float, float]:
        """Mean units a year of a car, and the share of draws in which its cap binds."""
        self.at_first_sale(assigned)
        found = self.found[assigned]
        return float(found.units[:, car].mean()), float(found.binds[car])

    def _side(self, assigned: Assigned) -> tuple[bool, ...]:
        return tuple(
            self.ways[j][w].right_hand if w >= 0 else self.entries.entries[j].right_hand
            for j, w in enumerate(assigned)
        )

    def _entries(self, side: tuple[bool, ...]) -> Entries:
        if side == tuple(e.right_hand for e in self.entries.entries):
            return self.entries
        if side not in self.sides:
            turned = tuple(
                replace(e, shipment=replace(e.shipment, right_hand=right))
                for e, right in zip(self.entries.entries, side, strict=True)
            )
            made = reforecast(self.book, self.market, replace(self.entries, entries=turned))
            self.sides[side] = replace(made, forecast=aligned(made.forecast, self.entries.forecast))
        return self.sides[side]

    def _column(self, car: int, way: int) -> Terms:
        """Money terms of one car by one way, all else left out."""
        if (car, way) not in self.columns:
            one = with_way(self.entries.entries[car], self.ways[car][way])
            alone = replace(self.entries, entries=(one,))
            self.columns[car, way] = money_terms(self.book, self.market, alone, self.draws)
        return self.columns[car, way]

    def _terms(self, assigned: Assigned) -> Terms:
        if self.base is None:
            self.base = money_terms(self.book, self.market, self.entries, self.draws)
        parts = {name: getattr(self.base, name).copy() for name in _COLUMNS}
        seconds: dict[int, Terms] = {}
        for j, w in enumerate(assigned):
            if w < 0:
                continue
            column = self._column(j, w)
            for name in _COLUMNS:
                parts[name][:, j] = getattr(column, name)[:, 0]
            if column.second is not None:
                seconds[j] = column
        return replace(self.base, **parts, second=self._seconds(seconds))

    def _seconds(self, cars: dict[int, Terms]) -> Second | None:
        if not cars:
            return None
        first = next(iter(cars.values())).second
        assert first is not None
        shape = (self.draws.count, len(self.entries.entries))
        tables = {name: np.zeros(shape) for name in _CARS}
        has = np.zeros(shape[1], dtype=bool)
        for j, column in cars.items():
            has[j] = True
            for name in _CARS:
                tables[name][:, j] = getattr(column.second, name)[:, 0]
        return replace(first, has=has, **tables)

    def _value(self, side: tuple[bool, ...], group: Sequence[Assigned]) -> None:
        terms = [self._terms(a) for a in group]
        rows = [Row(tuple(w >= 0 for w in a), k) for k, a in enumerate(group)]
        v = value_rows(
            self.market, self._entries(side), self.draws, terms, rows, self.maker,
            inverted=self.inverted, workers=self.workers,
        )  # fmt: skip
        held = v.shadow > 0.0
        if v.stepped is not None:
            held = held | v.stepped
        for k, a in enumerate(group):
            self.found[a] = _Found(v.value[:, k], v.units[:, k], held[:, k].mean(axis=0))


def way_worth(
    book: Book,
    market: BaseMarket,
    entries: Entries,
    ways: Sequence[Sequence[Way]],
    draws: Draws,
    maker: int,
    workers: int,
) -> WayWorth:
    """Worths by other ways on these draws, found as they are asked for."""
    rate = book.number("capital.discount_rate")
    inverted = invert_draws(market, draws)
    made = WayWorth(book, market, entries, ways, draws, maker, workers, inverted, (), rate)
    return replace(made, months=made.months_of(ways))
