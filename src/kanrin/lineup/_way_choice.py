"""The way of each candidate chosen inside the plan, a_j of (plan): what is worth most, not what costs least.

Every combination of line-up and ways is weighed where these are few. Else the search is local: from the ways
that cost least at each car's own volume, one car at a time tries another pathway or the other side of the
wheel with all else fixed, cars not chosen as if added, until no change pays. A change pays when it is worth
more by at least `_SURE` standard errors of the difference on common draws. Ways are compared at the day of
the plan (`_way_worth.py`), line-ups as ever at the first sale. The chance of a refusal counts: with chance p
a car of increment g by a way that spends F on certification is worth p g + (1 - p)(max(0, g') - F), g' that
of its best way that needs no such approval, begun when the refusal is known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from kanrin.base import Floats
from kanrin.certify import fixed_cost
from kanrin.lineup._choose import Lineup
from kanrin.lineup._draws import Draws
from kanrin.lineup._entry import Entries, reforecast, told
from kanrin.lineup._market import MILLION, BaseMarket
from kanrin.lineup._terms import read_terms
from kanrin.lineup._way_worth import Assigned, WayWorth, way_worth
from kanrin.lineup._ways import Way, approval, list_ways, own_way, with_way
from kanrin.rules import Book, Tracker

__all__ = ["CarWays", "Ways", "Weighed", "choose_ways", "way_keys"]

EXACT = 4096  # combinations of line-up and ways that are all weighed at most ..
_EXACT_ROWS = 8192  # .. and on all draws together
_SWEEPS = 6
_TOLERANCE = 1e-6  # million JPY: below it a change pays nothing
_SURE = 2.0  # standard errors


@dataclass(frozen=True)
class Weighed:
    """A way of a car in the plan, all else as chosen. Money in million JPY at the day of the plan."""

    way: Way
    gives_up: float  # against the way taken; 0 for that
    gives_up_se: float
    months: float  # to the first sale
    refused: float  # chance that the authority says no
    units: float  # a year, once on sale
    binds: float  # share of draws in which the cap binds


@dataclass(frozen=True)
class CarWays:
    """The ways of one candidate, the one taken first, then by worth."""

    weighed: tuple[Weighed, ...]
    left_out: tuple[tuple[str, str], ...]  # id, reason
    by_cost: Way  # the one that costs least at the car's own volume
    fallback: Way | None  # after a refusal; None where none is worth it
    sunk: float  # million JPY spent on certification if refused

    @property
    def taken(self) -> Way:
        """The way taken."""
        return self.weighed[0].way


@dataclass(frozen=True)
class Ways:
    """How the candidates come: C of them."""

    cars: tuple[CarWays, ...]
    exact: bool  # every combination weighed, or one car at a time
    combinations: int
    draws: int


def choose_ways(
    book: Book,
    market: BaseMarket,
    entries: Entries,
    lineup: Lineup,
    draws: Draws,
    maker: int,
    units: Mapping[str, float],
    *,
    fixed: Sequence[str] = (),
    by_cost: Sequence[Way] | None = None,
    sure: float = _SURE,
    workers: int = 2,
) -> tuple[Entries, Ways]:
    """The candidates each by the way worth most, and how the ways compare.

    `lineup` is where the search starts; `units` a year are what reasons are told at; the models `fixed` keep
    their way. Where no way is worth more than the one at hand, the entries come back as they are.
    """
    every = [list_ways(book, e) for e in entries.entries]
    kept = [i in fixed for i in entries.ids]
    ways = [mine[:1] if stays else mine for (mine, _), stays in zip(every, kept, strict=True)]
    worth = way_worth(book, market, entries, ways, draws, maker, workers)
    ways, left_out = _without_slack(worth, lineup, [out for _, out in every])
    worth = replace(worth, ways=ways, months=worth.months_of(ways))
    combinations = math.prod(1 + len(w) for w in ways)
    exact = combinations <= EXACT and combinations * draws.count <= _EXACT_ROWS
    search = _Search(book, worth, sure)
    start: Assigned = tuple(0 for _ in ways)
    if exact:
        best = search.every(lineup)
    else:
        best = search.one_by_one(lineup, start)
    cars = tuple(
        search.compared(best, lineup, j, left_out[j], own_way(e) if by_cost is None else by_cost[j])
        for j, e in enumerate(entries.entries)
    )
    found = Ways(cars, exact, combinations, draws.count)
    if best == start:
        return entries, found
    changed = []
    for j, e in enumerate(entries.entries):
        if best[j] == 0:
            changed.append(e)
            continue
        why = f"worth most to the plan of the {len(ways[j])} ways weighed"
        other = replace(with_way(e, ways[j][best[j]]), why=why)
        changed.append(
            replace(other, choice=told(book, other.options, other.choice.option, why, units[e.candidate.id]))
        )
    return reforecast(book, market, replace(entries, entries=tuple(changed))), found


def _without_slack(
    worth: WayWorth, lineup: Lineup, left_out: Sequence[tuple[tuple[str, str], ...]]
) -> tuple[list[tuple[Way, ...]], list[tuple[tuple[str, str], ...]]]:
    """The ways without a second way where the cap of the first binds in no draw: that is the first alone."""
    first = {
        (j, k): tuple(k if i == j else (0 if on else -1) for i, on in enumerate(lineup))
        for j, mine in enumerate(worth.ways)
        for k, w in enumerate(mine)
        if w.then is None
        and any((o.option, o.drive) == (w.option, w.drive) for o in mine if o.then is not None)
    }
    worth.find(first.values())
    kept, told_why = [], []
    for j, mine in enumerate(worth.ways):
        out = list(left_out[j])
        slack = [
            (w.option.pathway.id, w.drive)
            for k, w in enumerate(mine)
            if (j, k) in first and worth.units(first[j, k], j)[1] == 0.0
        ]
        stays = []
        for k, w in enumerate(mine):
            if k and w.then is not None and (w.option.pathway.id, w.drive) in slack:
                out.append(
                    (w.id, f"the cap of {w.option.pathway.name} binds in no draw: as good as it alone")
                )
            else:
                stays.append(w)
        kept.append(tuple(stays))
        told_why.append(tuple(out))
    return kept, told_why


@dataclass
class _Search:
    book: Book
    worth: WayWorth
    sure: float

    def pays(self, gain: Floats) -> bool:
        """Whether a change that adds `gain` (D,) is worth it."""
        error = float(gain.std(ddof=1)) / math.sqrt(len(gain)) if len(gain) > 1 else 0.0
        return float(gain.mean()) > _TOLERANCE + self.sure * error

    def near(self, car: int, way: int) -> list[int]:
        """The way itself, other pathways on its side of the wheel, and the other side by its pathway."""
        mine = self.worth.ways[car]
        return [k for k, w in enumerate(mine) if w.drive == mine[way].drive or w.pathway == mine[way].pathway]

    def better(self, lineup: Lineup, ways: Assigned, car: int, among: Sequence[int]) -> int:
        """The way that pays most against the one at hand; that itself where none does."""
        now = self.score(lineup, ways, car, ways[car])
        gains = {k: self.score(lineup, ways, car, k) - now for k in among if k != ways[car]}
        paying = [k for k, gain in gains.items() if self.pays(gain)]
        return max(paying, key=lambda k: float(gains[k].mean()), default=ways[car])

    def _with(self, lineup: Lineup, ways: Assigned, car: int | None = None, way: int = -1) -> Assigned:
        """The line-up with the ways, `car` added by `way`, or left out for -1."""
        return tuple(way if j == car else (ways[j] if on else -1) for j, on in enumerate(lineup))

    def score(self, lineup: Lineup, ways: Assigned, car: int, way: int) -> Floats:
        """(D,) what a car adds by a way, all else fixed, million JPY at the day of the plan, risk counted."""
        without = self.worth.today(self._with(lineup, ways, car, -1))
        gain = self.worth.today(self._with(lineup, ways, car, way)) - without
        option = self.worth.ways[car][way].option
        chance = float(np.mean(approval(self.book, option)))
        if chance >= 1.0:
            return gain
        back = self.fallback(lineup, ways, car, way)
        after = self.worth.discount(self.worth.months[car][way])
        other: Floats = np.zeros(len(gain))
        if back is not None:
            other = after * (self.worth.today(self._with(lineup, ways, car, back)) - without)
        out: Floats = chance * gain + (1.0 - chance) * (other - self.sunk(car, way))
        return out

    def sunk(self, car: int, way: int) -> float:
        """Certification spent, million JPY at the day of the plan."""
        return float(fixed_cost(self.book.number, self.worth.ways[car][way].option)) / MILLION

    def fallback(self, lineup: Lineup, ways: Assigned, car: int, way: int) -> int | None:
        """The way of the same side taken after a refusal; None where staying at home is worth more."""
        mine = self.worth.ways[car]
        key = mine[way].option.pathway.approval_key
        able = [
            k
            for k, w in enumerate(mine)
            if not w.option.pathway.approval_key
            and w.option.pathway.approval_key != key
            and (w.right_hand, w.tooled) == (mine[way].right_hand, mine[way].tooled)
        ]
        without = self.worth.today(self._with(lineup, ways, car, -1))
        gains = {
            k: float((self.worth.today(self._with(lineup, ways, car, k)) - without).mean()) for k in able
        }
        best = max(gains, key=gains.__getitem__, default=None)
        return best if best is not None and gains[best] > 0.0 else None

    def _ask(self, lineup: Lineup, ways: Assigned) -> None:
        """Find together what one sweep compares."""
        self.worth.find(
            self._with(lineup, ways, j, k) for j, now in enumerate(ways) for k in (-1, *self.near(j, now))
        )

    def one_by_one(self, lineup: Lineup, ways: Assigned) -> Assigned:
        """Local: no car's other way pays, all else fixed."""
        for _ in range(_SWEEPS):
            before = ways
            self._ask(lineup, ways)
            for j, now in enumerate(ways):
                top = self.better(lineup, ways, j, self.near(j, now))
                ways = tuple(top if i == j else w for i, w in enumerate(ways))
            if ways == before:
                break
        return ways

    def every(self, lineup: Lineup) -> Assigned:
        """Exact: the best ways of every line-up, then the line-up worth most by them; the rest as added."""
        ranges = [range(-1, len(mine)) for mine in self.worth.ways]
        self.worth.find(product(*ranges))
        best: Assigned = tuple(-1 for _ in ranges)
        most = 0.0
        for offered in product((False, True), repeat=len(ranges)):
            choices = [
                range(len(m)) if on else range(1) for m, on in zip(self.worth.ways, offered, strict=True)
            ]
            own = tuple(0 for _ in ranges)
            now = self._total(offered, own)
            gains = {a: self._total(offered, a) - now for a in product(*choices) if a != own}
            paying = [a for a, gain in gains.items() if self.pays(gain)]
            top = max(paying, key=lambda a: float(gains[a].mean()), default=own)
            value = float(self.worth.at_first_sale(self._with(offered, top)).mean())
            if value > most + _TOLERANCE:
                most, best = value, self._with(offered, top)
        offered = tuple(w >= 0 for w in best)
        ways = tuple(max(0, w) for w in best)
        for j, on in enumerate(offered):
            if not on:
                other = self.better(offered, ways, j, range(len(self.worth.ways[j])))
                ways = tuple(other if i == j else w for i, w in enumerate(ways))
        return ways

    def _total(self, offered: Lineup, ways: Assigned) -> Floats:
        """(D,) worth at the day of the plan with what each car's chance of a refusal takes off."""
        whole = self.worth.today(self._with(offered, ways))
        total = whole
        for j, on in enumerate(offered):
            if on and approval(self.book, self.worth.ways[j][ways[j]].option)[1] < 1.0:
                gain = whole - self.worth.today(self._with(offered, ways, j, -1))
                total = total + self.score(offered, ways, j, ways[j]) - gain
        return total

    def compared(
        self,
        best: Assigned,
        lineup: Lineup,
        car: int,
        left_out: tuple[tuple[str, str], ...],
        by_cost: Way,
    ) -> CarWays:
        """The ways of one car beside the one taken."""
        taken, mine = best[car], self.worth.ways[car]
        now = self.score(lineup, best, car, taken)
        rows: dict[int, Weighed] = {}
        for k in self.near(car, taken):
            way = mine[k]
            gap = now - self.score(lineup, best, car, k)
            units, binds = self.worth.units(self._with(lineup, best, car, k), car)
            error = float(gap.std(ddof=1)) / math.sqrt(len(gap)) if len(gap) > 1 else 0.0
            refused = 1.0 - float(np.mean(approval(self.book, way.option)))
            months = self.worth.months[car][k]
            rows[k] = Weighed(way, float(gap.mean()), error, months, refused, units, binds)
        order = sorted(rows, key=lambda k: (k != taken, rows[k].gives_up))
        back = self.fallback(lineup, best, car, taken)
        return CarWays(
            tuple(rows[k] for k in order),
            left_out,
            by_cost,
            None if back is None else mine[back],
            self.sunk(car, taken),
        )


def way_keys(book: Book, market: BaseMarket, entries: Entries) -> tuple[str, ...]:
    """Every key that the money of any way of a candidate rests on."""
    read = Tracker(book.number)
    for e in entries.entries:
        for way in list_ways(book, e)[0]:
            read_terms(read, market, replace(entries, entries=(with_way(e, way),)), 1)
    return tuple(read.keys)
