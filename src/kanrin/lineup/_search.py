"""The choice of a line-up: all of them weighed while they are few, branch and bound beyond (plan), (bnb)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kanrin.base import Floats
from kanrin.lineup._bound import Box, bound_lineups
from kanrin.lineup._branch import SearchLimits, branch_and_bound
from kanrin.lineup._choose import Lineup, Ranking, all_lineups, rank_lineups
from kanrin.lineup._draws import Draws
from kanrin.lineup._entry import Entries
from kanrin.lineup._market import BaseMarket
from kanrin.lineup._terms import Terms
from kanrin.lineup._valuation import Row
from kanrin.lineup._value import Progress, invert_draws, mean_worth, mean_worth_and_box, work_of

__all__ = ["MOST_ENUMERATED", "Search", "choose_lineup", "near_optimal"]

MOST_ENUMERATED = 12  # 4,096 line-ups; `benchmarks/plan_cold.py` measures them


@dataclass(frozen=True)
class Search:
    """How the line-up was chosen, and which others are nearly as good. Money in million JPY, in-sample."""

    weighed: int  # line-ups valued
    possible: int  # 2^C
    gap: float  # how far a line-up not weighed may be above the best, given `room`; infinite when not known
    room: float  # how far beyond the prices seen the bound allows, in parts of the range seen
    stopped: str  # which limit ended it; empty when none
    within: float  # part of the best worth
    near: tuple[tuple[Lineup, float], ...]  # line-ups within it, the best first, and what each gives up
    complete: bool  # whether no other can be within it

    @property
    def enumerated(self) -> bool:
        """Whether every line-up was weighed."""
        return self.weighed == self.possible

    def _cars(self, counts: Sequence[int]) -> tuple[int, ...]:
        found = np.sum([s for s, _ in self.near], axis=0)
        return tuple(k for k, n in enumerate(found) if int(n) in counts)

    @property
    def in_all(self) -> tuple[int, ...]:
        """Cars in every line-up of `near`."""
        return self._cars((len(self.near),))

    @property
    def in_some(self) -> tuple[int, ...]:
        """Cars in some of them."""
        return self._cars(range(1, len(self.near)))

    @property
    def in_none(self) -> tuple[int, ...]:
        """Cars in none of them."""
        return self._cars((0,))


def choose_lineup(
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    terms: Terms,
    maker: int,
    limits: SearchLimits,
    *,
    workers: int = 2,
    progress: Progress | None = None,
    keep: Floats | None = None,
) -> tuple[Ranking, Search]:
    """Line-ups by mean worth on the draws, and what is known of those not weighed. Raises SolveError.

    `keep` (D, 2^C), when given and all are weighed, is filled with the worth of `all_lineups` on each draw.
    """
    count = len(entries.entries)
    possible = 2**count
    if count <= MOST_ENUMERATED:
        lineups = all_lineups(count)
        means = mean_worth(
            market, entries, draws, [terms], [Row(s) for s in lineups], maker,
            workers=workers, progress=progress, what=f"{possible} line-ups",
            keep=keep,
        )  # fmt: skip
        ranking = rank_lineups(lineups, means)
        near = near_optimal(ranking, limits.near)
        return ranking, Search(possible, possible, 0.0, limits.room, "", limits.near, near, True)
    empty = (False,) * count
    inverted = invert_draws(market, draws)
    work = work_of(market, entries, draws, [terms], [Row(empty)], maker, 0.0, None, inverted)
    what = f"line-ups weighed of {possible:,}"

    def valued(lineups: Sequence[Lineup]) -> tuple[Floats, Box]:
        return mean_worth_and_box(replace(work, rows=tuple(Row(s) for s in lineups)), workers=workers)

    def told(done: int) -> None:
        if progress:
            progress(done, max(done, limits.lineups), what)

    found = branch_and_bound(
        count, valued, lambda box, inside: bound_lineups(work, box, inside), limits, told
    )
    lineups = list(found.worth)
    ranking = rank_lineups(lineups, np.array([found.worth[s] for s in lineups]))
    near = near_optimal(ranking, limits.near)
    return ranking, Search(
        len(lineups), possible, found.gap, found.room, found.stopped, limits.near, near, found.complete
    )


def near_optimal(ranking: Ranking, within: float) -> tuple[tuple[Lineup, float], ...]:
    """Line-ups within a part of the best one's worth, and what each gives up (near-optimal)."""
    best = ranking.mean[0]
    cutoff = best - within * abs(best)
    return tuple(
        (s, best - w) for s, w in zip(ranking.order, ranking.mean, strict=True) if w >= cutoff - 1e-9
    )
