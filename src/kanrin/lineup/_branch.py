"""The best line-up of many candidates, and all within a per cent of it, without weighing every one (bnb).

A node has some cars in, some out, the rest open, and is worth at most `Bound` with every open car in that can
add. A car without which even that is below the cutoff (near-optimal) is in; with it in, the bounds of the
others fall, and more may be known. What is left open is taken best first: the bound is a sum over cars, so
the nodes come in the order of what they give up against the best sum, until a bound is below the cutoff. The
bound holds while prices stay in a box around those seen: a line-up that leaves the box widens it and the
bounds are made anew. Worths found are kept, so that starting again costs no equilibrium.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.lineup._bound import Bound, Box
from kanrin.lineup._choose import Lineup

__all__ = ["Branched", "SearchLimits", "branch_and_bound"]

_AT_ONCE = 64  # line-ups valued together
_MOST_ROUNDS = 50  # of local search
_MOST_WIDENED = 12  # times the box is widened before the bound is given up
_SLACK = 1e-9  # of the worth: rounding


@dataclass(frozen=True)
class SearchLimits:
    """When a search over more candidates than can be enumerated ends, and how careful its bound is.

    lineups: most line-ups valued (each car alone and all together always are); seconds: of the clock, None
    without a limit (with one, the answer depends on the machine); room: how far beyond the prices seen prices
    may go, in parts of the range seen; near: part of the best worth within which line-ups are listed. Raises
    InputError for numbers outside.
    """

    lineups: int = 4096
    seconds: float | None = None
    room: float = 0.1
    near: float = 0.01

    def __post_init__(self) -> None:
        if self.lineups < 1:
            raise InputError(f"search: {self.lineups} line-ups; expected at least 1")
        if self.seconds is not None and not self.seconds > 0.0:
            raise InputError(f"search: {self.seconds:g} seconds; expected more than 0")
        if not (np.isfinite(self.room) and self.room >= 0.0 and 0.0 <= self.near < 1.0):
            raise InputError(
                f"search: room {self.room:g}, near {self.near:g}; expected room of at least 0 and near "
                "from 0 to below 1"
            )


@dataclass(frozen=True)
class Branched:
    """What a search found. Worth in million JPY over the programme."""

    worth: dict[Lineup, float]  # of every line-up valued
    best: Lineup
    bound: float  # no line-up is worth more, given `room`; infinite when no bound was found
    room: float  # in the end, after widening
    complete: bool  # whether every line-up within `near` of the best was valued
    stopped: str  # "", "line-ups" or "seconds": which limit ended it; "prices": they left every box

    @property
    def gap(self) -> float:
        """How far a line-up not valued may be above the best."""
        return max(0.0, self.bound - self.worth[self.best])


Valued = Callable[[Sequence[Lineup]], tuple[Floats, Box]]


@dataclass
class _Search:
    valued: Valued
    limits: SearchLimits
    told: Callable[[int], None]
    box: Box | None = None
    worth: dict[Lineup, float] = field(default_factory=dict)
    begun: float = field(default_factory=monotonic)

    @property
    def seen(self) -> Box:
        if self.box is None:
            raise ValueError("no line-up valued yet")
        return self.box

    @property
    def best(self) -> Lineup:
        return max(self.worth, key=lambda s: (round(self.worth[s], 9), -sum(s), s))

    @property
    def top(self) -> float:
        return self.worth[self.best]

    @property
    def cutoff(self) -> float:
        return self.top - self.limits.near * abs(self.top)

    def stopped(self) -> str:
        if len(self.worth) >= self.limits.lineups:
            return "line-ups"
        late = self.limits.seconds is not None and monotonic() - self.begun >= self.limits.seconds
        return "seconds" if late else ""

    def look(self, lineups: Sequence[Lineup], *, always: bool = False) -> bool:
        """Value line-ups not yet valued, some at a time; False when a limit ended it, unless `always`."""
        new = [s for s in dict.fromkeys(lineups) if s not in self.worth]
        for first in range(0, len(new), _AT_ONCE):
            some = new[first : first + _AT_ONCE]
            if not always:
                if self.stopped():
                    return False
                some = some[: self.limits.lineups - len(self.worth)]
            means, box = self.valued(some)
            self.worth.update(zip(some, means.tolist(), strict=True))
            self.box = box if self.box is None else self.box.with_seen(box)
            self.told(len(self.worth))
        return not self.stopped()

    def climb(self) -> None:
        """Local search from the best seen: add, drop, swap, until nothing is better."""
        for _ in range(_MOST_ROUNDS):
            before = self.best
            if not self.look(_around(before)) or self.best == before:
                return


def branch_and_bound(
    count: int,
    valued: Valued,
    bounded: Callable[[Box, tuple[int, ...]], Bound],
    limits: SearchLimits,
    told: Callable[[int], None] = lambda done: None,
) -> Branched:
    """The best of 2^count line-ups and all within `limits.near` of it.

    valued: mean worths of some line-ups and the box of their equilibrium prices; bounded: bounds that hold
    within a box, for line-ups with some cars; told: called with the number of line-ups valued.
    """
    search = _Search(valued, limits, told)
    empty = (False,) * count
    singles = [tuple(k == j for k in range(count)) for j in range(count)]
    search.look([empty, *singles, (True,) * count], always=True)  # the prices seen need some width
    gaining = tuple(search.worth[s] > search.worth[empty] for s in singles)
    search.look([gaining])
    search.climb()
    room, ended, most = limits.room, "prices", np.inf
    for _ in range(_MOST_WIDENED):
        box = search.seen.widened(room)
        bound = _fixed(bounded, box, search)
        ended, most = _through(search, box, bound)
        if ended != "prices":
            break
        room = 2.0 * room + limits.room
    known = max(search.top, most)
    return Branched(dict(search.worth), search.best, known, room, ended == "", ended)


def _fixed(bounded: Callable[[Box, tuple[int, ...]], Bound], box: Box, search: _Search) -> Bound:
    """The bound with every car in that no line-up near the best can be without."""
    inside: tuple[int, ...] = ()
    while True:
        bound = bounded(box, inside)
        spare = bound.most - search.cutoff
        order = np.argsort(-bound.car, kind="stable")
        more = tuple(int(j) for j in order if bound.car[j] > max(spare, 0.0) and j not in inside)
        if not more or not np.isfinite(spare):
            return bound
        inside += more


def _through(search: _Search, box: Box, bound: Bound) -> tuple[str, float]:
    """Value nodes best first until none can be near the best: how it ended, and the bound of what is left.

    "prices": they left the box or a worth its bound, so that the bounds have to be made anew.
    """
    nodes = _best_first(bound)
    ended = False
    while not ended:
        if _broken(search, box, bound):
            return "prices", np.inf
        waiting: list[Lineup] = []
        for lineup, above in nodes:
            ended = above <= search.cutoff
            if ended:
                break
            if lineup not in search.worth:
                waiting.append(lineup)
                if len(waiting) == _AT_ONCE:
                    break
        else:
            ended = True
        search.look(waiting)
        if any(s not in search.worth for s in waiting):
            if _broken(search, box, bound):
                return "prices", np.inf
            left = max(bound.of(s) for s in waiting if s not in search.worth)
            return search.stopped(), left
    return ("prices", np.inf) if _broken(search, box, bound) else ("", search.top)


def _broken(search: _Search, box: Box, bound: Bound) -> bool:
    slack = _SLACK * max(1.0, abs(search.top))
    return not box.holds(search.seen) or any(w > bound.of(s) + slack for s, w in search.worth.items())


def _best_first(bound: Bound) -> Iterator[tuple[Lineup, float]]:
    """All line-ups with their bounds, the highest first.

    Against the best sum every line-up turns some cars the other way and gives up the sum of their
    `abs(car)`: sums of subsets in rising order, by putting in the next larger car or exchanging the last.
    """
    value = bound.car
    order = np.array(
        [k for k in np.argsort(np.abs(value), kind="stable") if k not in bound.inside], dtype=int
    )
    loss = np.abs(value)[order]
    best = value > 0.0
    best[list(bound.inside)] = True
    most = bound.most

    def turned(places: int) -> Lineup:
        flip = np.zeros(value.size, dtype=bool)
        flip[order[[k for k in range(order.size) if places >> k & 1]]] = True
        return tuple((best ^ flip).tolist())

    yield turned(0), most
    if order.size == 0:
        return
    heap = [(float(loss[0]), 1, 0)]
    while heap:
        lost, places, last = heapq.heappop(heap)
        yield turned(places), most - lost
        if last + 1 < order.size:
            step = float(loss[last + 1])
            heapq.heappush(heap, (lost + step, places | 1 << last + 1, last + 1))
            exchanged = places ^ (1 << last) | 1 << last + 1
            heapq.heappush(heap, (lost + step - float(loss[last]), exchanged, last + 1))


def _around(lineup: Lineup) -> list[Lineup]:
    """One car added or dropped, or one in for one out."""
    found = [tuple(on != (k == j) for k, on in enumerate(lineup)) for j in range(len(lineup))]
    inside = [k for k, on in enumerate(lineup) if on]
    outside = [k for k, on in enumerate(lineup) if not on]
    found += [tuple(on != (k in (i, o)) for k, on in enumerate(lineup)) for i in inside for o in outside]
    return found
