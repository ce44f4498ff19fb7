"""What if rivals answer with line-ups of their own: a game of entry among named makers over (delta-pi).

Prices always answer: every joint line-up is worth what its price equilibrium brings each maker. Each maker
chooses among the subsets of its few candidates that are worth most alone, all at once; the rest stays home.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.certify import lead_time
from kanrin.facts import Candidate
from kanrin.lineup._choose import Lineup, all_lineups, paired_difference
from kanrin.lineup._draws import draw_inputs
from kanrin.lineup._entry import Entries, build_entries, reforecast
from kanrin.lineup._entry_game import Deviation, EntryGame, Path, Profile
from kanrin.lineup._market import BaseMarket
from kanrin.lineup._select import select_candidates
from kanrin.lineup._settings import Settings
from kanrin.lineup._terms import money_terms, read_terms
from kanrin.lineup._valuation import Row
from kanrin.lineup._value import Progress, invert_draws, maker_worths
from kanrin.rules import Book, Tracker

__all__ = ["RivalGame", "named_rivals", "play_rivals"]

MOST_PROFILES = 4096  # up to which all equilibria are listed
_CARS = 4  # a maker's candidates in the game
_DRAWS = 64
_STREAM = 7  # of random numbers


@dataclass(frozen=True)
class RivalGame:
    """The game and its outcomes. A profile gives a strategy a maker; money in million JPY."""

    makers: tuple[str, ...]  # the planning maker first
    cars: tuple[tuple[str, ...], ...]  # ids in the game, by maker
    left_out: tuple[tuple[str, ...], ...]  # ids not in the game, by maker
    strategies: tuple[tuple[Lineup, ...], ...]  # by maker, over its cars
    profiles: int
    solved: int
    equilibria: tuple[Profile, ...] | None  # all of them; None when there are too many profiles to list
    paths: tuple[Path, ...]
    answers: tuple[Profile, ...]  # rivals' equilibria to the plan as it stands
    deviations: tuple[tuple[Deviation, ...], ...]  # of every equilibrium told, by maker
    worth: dict[Profile, tuple[float, ...]]  # mean by maker, of the profiles told
    plan: int  # the strategy of the planning maker that is its plan
    best_alone: int  # its best when no rival comes
    alone: Profile  # the plan while no rival comes
    loss: tuple[tuple[float, float], ...]  # what the plan loses at each of `answers`, and its paired error
    best_reply: tuple[int, ...]  # its best line-up at each of `answers`

    def models(self, maker: int, strategy: int) -> tuple[str, ...]:
        """Ids of the cars of a strategy."""
        chosen = self.strategies[maker][strategy]
        return tuple(c for c, on in zip(self.cars[maker], chosen, strict=True) if on)

    @property
    def told(self) -> tuple[Profile, ...]:
        """The equilibria found: all of them, or those that paths end at."""
        if self.equilibria is not None:
            return self.equilibria
        return tuple(dict.fromkeys(p.end[0] for p in self.paths if p.settled))


def named_rivals(book: Book, maker: str, rivals: Sequence[str]) -> dict[str, list[Candidate]]:
    """Candidates of each rival by its name. Raises InputError: without candidates, the maker itself."""
    known = [m for m in book.case.makers() if m != maker]
    found: dict[str, list[Candidate]] = {}
    for name in rivals:
        spelled = next((m for m in book.case.makers() if m.lower() == name.lower()), name)
        if spelled == maker:
            raise InputError(
                f"{maker} is the maker of the plan, not its own rival; choose among {', '.join(known)}"
            )
        if spelled not in known:
            raise InputError(
                f"{name} has no candidate in {book.case.name}, so it cannot answer; makers with candidates: "
                f"{', '.join(known)}"
            )
        try:
            found[spelled] = select_candidates(book, spelled, None, len(book.case.candidates))[0]
        except InputError as error:
            raise InputError(
                f"{spelled} cannot answer: its candidates are on sale already or no longer built; choose "
                f"among {', '.join(m for m in known if m != spelled)}"
            ) from error
    return found


def play_rivals(
    book: Book,
    settings: Settings,
    market: BaseMarket,
    own: Entries,
    lineup: Lineup,
    rivals: dict[str, list[Candidate]],
    with_pathways: Callable[[Entries], Entries],
    typical: float,
    *,
    workers: int = 2,
    progress: Progress | None = None,
) -> RivalGame:
    """Play the game of the plan's maker against rivals on draws of its own. Raises SolveError, InputError."""
    makers = (settings.maker, *rivals)
    ours = [e.candidate for e in own.entries]
    cars = [*ours, *(c for some in rivals.values() for c in some)]
    entries, infeasible = build_entries(
        book, market, cars, {c.id: typical for c in cars}, settings.comparables
    )
    for name in rivals:
        if all(e.candidate.firm != name for e in entries.entries):
            reason = next(why for car, why in infeasible if car.firm == name)
            raise InputError(f"{name} has no candidate that could come, so it cannot answer: {reason}")
    ways = {e.candidate.id: e for e in own.entries}  # the plan's own cars come as the plan has them
    settled = tuple(ways.get(e.candidate.id, e) for e in with_pathways(entries).entries)
    entries = reforecast(book, market, replace(entries, entries=settled))
    read = Tracker(book.number)
    read_terms(read, market, entries, 1)
    lead = float(np.mean([lead_time(book.number, e.choice.option) for e in entries.entries]))
    draws = draw_inputs(
        book, market.estimate, entries.ids, tuple(read.keys), count=min(settings.draws, _DRAWS),
        seed=settings.seed, stream=_STREAM, lead_months=lead,
    )  # fmt: skip
    terms, inverted = money_terms(book, market, entries, draws), invert_draws(market, draws)
    index = [market.firms.index(m) for m in makers]
    count = len(entries.entries)

    def worths(rows: Sequence[tuple[bool, ...]], what: str) -> Floats:
        return maker_worths(
            market, entries, draws, [terms], [Row(r) for r in rows], index,
            inverted=inverted, workers=workers, progress=progress, what=what,
        )  # fmt: skip

    single = worths([tuple(k == j for k in range(count)) for j in range(count)], "cars alone").mean(axis=0)
    planned = {e.candidate.id for e, on in zip(own.entries, lineup, strict=True) if on}
    places, left = _players(entries, makers, single, planned)
    strategies = tuple(tuple(all_lineups(len(p))) for p in places)

    def payoffs(profiles: Sequence[Profile]) -> Floats:
        rows = np.zeros((len(profiles), count), dtype=bool)
        for k, profile in enumerate(profiles):
            for at, lines, s in zip(places, strategies, profile, strict=True):
                rows[k, at] = lines[s]
        return worths([tuple(r) for r in rows.tolist()], f"{len(profiles)} joint line-ups")

    game = EntryGame([len(s) for s in strategies], payoffs)
    mine = tuple(entries.ids[j] in planned for j in places[0])
    return _outcomes(game, makers, entries, places, left, strategies, strategies[0].index(mine))


def _players(
    entries: Entries, makers: Sequence[str], single: Floats, planned: set[str]
) -> tuple[list[list[int]], list[list[int]]]:
    """By maker, the candidates in the game and those left out: the few worth most alone, the plan's first."""
    places, left = [], []
    for f, maker in enumerate(makers):
        mine = [j for j, e in enumerate(entries.entries) if e.candidate.firm == maker]
        kept = [j for j in mine if entries.ids[j] in planned] if f == 0 else []
        order = sorted((j for j in mine if j not in kept), key=lambda j: (-single[j, f], j))
        kept = sorted([*kept, *order[: max(0, _CARS - len(kept))]])
        places.append(kept)
        left.append([j for j in mine if j not in kept])
    return places, left


def _outcomes(
    game: EntryGame,
    makers: tuple[str, ...],
    entries: Entries,
    places: Sequence[Sequence[int]],
    left: Sequence[Sequence[int]],
    strategies: tuple[tuple[Lineup, ...], ...],
    plan: int,
) -> RivalGame:
    small = game.profiles <= MOST_PROFILES
    equilibria = tuple(game.equilibria()) if small else None
    free = [-1] * (len(makers) - 1)
    nothing = (0,) * len(makers)
    alone = (plan, *nothing[1:])
    everything = tuple(n - 1 for n in game.sizes)
    solo = tuple(game.best(nothing, k) for k in range(len(makers)))
    paths = tuple(game.path(s) for s in dict.fromkeys([nothing, alone, solo, everything]))
    if small:
        answers = tuple(game.equilibria(held=(plan, *free)))
    else:
        ends = [game.path(s, held=(0,)) for s in (alone, (plan, *solo[1:]), (plan, *everything[1:]))]
        answers = tuple(dict.fromkeys(p.end[0] for p in ends if p.settled))
    ended = [p.end[0] for p in paths if p.settled]
    told = equilibria if equilibria is not None else tuple(dict.fromkeys(ended))
    deviations = tuple(
        tuple(d for k in range(len(makers)) if (d := game.deviation(profile, k)) is not None)
        for profile in told
    )
    shown = dict.fromkeys([*told, *answers, alone, *(p for path in paths for p in path.end)])
    return RivalGame(
        makers=makers,
        cars=tuple(tuple(entries.ids[j] for j in at) for at in places),
        left_out=tuple(tuple(entries.ids[j] for j in at) for at in left),
        strategies=strategies,
        profiles=game.profiles,
        solved=game.solved,
        equilibria=equilibria,
        paths=paths,
        answers=answers,
        deviations=deviations,
        worth={p: tuple(game.mean(p, k) for k in range(len(makers))) for p in shown},
        plan=plan,
        best_alone=game.best(alone, 0),
        alone=alone,
        loss=tuple(paired_difference(game.payoff(alone)[:, 0], game.payoff(p)[:, 0]) for p in answers),
        best_reply=tuple(game.best(p, 0) for p in answers),
    )
