"""The risk of a plan: what it may turn out to be worth, what would have to be true, what knowing is worth.

Put together here from the files of each idea; every number comes with its error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats
from kanrin.lineup._central import Central
from kanrin.lineup._choose import Lineup, Ranking, all_lineups
from kanrin.lineup._draws import Draws, normal_quantile, triangular_quantile
from kanrin.lineup._entry import Entries
from kanrin.lineup._events import EventSwing, event_swings
from kanrin.lineup._information import (
    Information,
    Known,
    hermite,
    known,
    perfect_information,
    worth_of_curves,
)
from kanrin.lineup._learnable import learnables
from kanrin.lineup._market import BaseMarket
from kanrin.lineup._outcome import Outcome, Sampled, frontier, outcome_of
from kanrin.lineup._sensitivity import Belief, Swing, key_range
from kanrin.lineup._staged import PILOT_YEARS, Course, Staged, start_small
from kanrin.lineup._terms import Terms, annuity
from kanrin.lineup._thresholds import Scale, Threshold, price_that_pays, scale_that_pays, thresholds
from kanrin.lineup._valuation import Row, Valuation
from kanrin.lineup._value import Inverted, value_rows
from kanrin.rules import Book

__all__ = ["MOST_WEIGHED", "Chosen", "Risk", "assess_risk"]

MOST_WEIGHED = 40  # line-ups whose worth is fitted on an input: the best of the ranking
FEWEST_DRAWS = 40  # for a fit on an input
_JACKKNIFE = 8  # groups of draws left out in turn, of a key that no draw moves
_GRID = 801
_BELIEF_DEGREE = 5


@dataclass(frozen=True)
class Chosen:
    """What the choice rested on: the first draws, their money terms, and the worth of line-ups on each."""

    draws: Draws
    terms: Terms
    worth: Floats | None  # (D, 2^C) million JPY, of `all_lineups`; None when it was not kept


@dataclass(frozen=True)
class Risk:
    """Risk of a plan. Money in million JPY over the programme."""

    outcomes: tuple[Outcome, ...]  # of the line-ups valued on fresh draws, the plan first
    frontier: tuple[Lineup, ...]  # of these, none beaten in mean and worst tenth; highest mean first
    thresholds: tuple[Threshold, ...]
    volume: Scale | None  # cars a year
    price: Scale | None  # part of the planned prices
    events: tuple[EventSwing, ...]
    information: Information | None  # None with too few draws
    staged: Staged | None  # None with too few draws, or without an assumed length of a pilot


def assess_risk(
    book: Book,
    market: BaseMarket,
    entries: Entries,
    lineup: Lineup,
    maker: int,
    *,
    chosen: Chosen,
    ranking: Ranking,
    valuation: Valuation,
    terms: Terms,
    central: Central,
    few: tuple[Draws, Inverted],
    swings: Sequence[Swing],
    beliefs: Sequence[Belief],
    used: Sequence[str],
    workers: int = 2,
) -> Risk:
    """The risk of a plan. `valuation` and `terms` are of the fresh draws; `few` those of the swings."""
    plan = valuation.value[:, 0]
    outcomes = tuple(
        outcome_of(row.offered, valuation.value[:, r], plan) for r, row in enumerate(valuation.rows)
    )
    best = frontier(
        np.array([o.mean.value for o in outcomes]), np.array([o.worst_tenth.value for o in outcomes])
    )
    headline = Sampled.over(plan)
    draws, inverted = few
    none_chosen = not any(lineup)
    weighed = _weighed(market, entries, chosen, ranking, lineup, maker, workers)
    enough = chosen.draws.count >= FEWEST_DRAWS
    return Risk(
        outcomes=outcomes,
        frontier=tuple(outcomes[r].lineup for r in best),
        thresholds=()
        if none_chosen
        else tuple(
            thresholds(
                book, market, entries, draws, inverted, lineup, maker, swings, headline, workers=workers
            )
        ),
        volume=None if none_chosen else scale_that_pays(valuation, terms, lineup),
        price=None
        if none_chosen
        else price_that_pays(central, market, maker, float(terms.annuity.mean()), headline.value, lineup),
        events=tuple(
            event_swings(
                book, market, entries, draws, inverted, lineup, used, maker, headline.value, workers=workers
            )
        ),
        information=_information(book, entries, chosen, weighed, beliefs, outcomes, market)
        if enough
        else None,
        staged=_staged(book, entries, chosen, weighed) if enough else None,
    )


@dataclass(frozen=True)
class _Weighed:
    lineups: list[Lineup]
    worth: Floats  # (D, S)
    perfect: Sampled
    of: int  # line-ups that `perfect` is taken over


def _weighed(
    market: BaseMarket,
    entries: Entries,
    chosen: Chosen,
    ranking: Ranking,
    lineup: Lineup,
    maker: int,
    workers: int,
) -> _Weighed:
    """The best of the ranking, the plan, every car alone and nothing, on the draws the choice was made on."""
    cars = len(lineup)
    alone = [tuple(k == j for k in range(cars)) for j in range(cars)]
    wanted = [*ranking.order[:MOST_WEIGHED], lineup, *alone, (False,) * cars]
    lineups = list(dict.fromkeys(wanted))
    if chosen.worth is not None:
        at = {s: k for k, s in enumerate(all_lineups(cars))}
        worth = chosen.worth[:, [at[s] for s in lineups]]
        return _Weighed(lineups, worth, perfect_information(chosen.worth), len(at))
    rows = [Row(s) for s in lineups]
    worth = value_rows(market, entries, chosen.draws, [chosen.terms], rows, maker, workers=workers).value
    return _Weighed(lineups, worth, perfect_information(worth), len(lineups))


def _information(
    book: Book,
    entries: Entries,
    chosen: Chosen,
    weighed: _Weighed,
    beliefs: Sequence[Belief],
    outcomes: Sequence[Outcome],
    market: BaseMarket,
) -> Information:
    column = market.estimate.order.index("alpha")
    found = [
        known(x.input, x.kind, weighed.worth, x.score, x.beside, weighed.perfect.value)
        for x in learnables(chosen.draws, entries.ids, entries.forecast.covariance, column, weighed.worth)
    ]
    means = {o.lineup: o.mean.value for o in outcomes}
    found += [_known_belief(book, belief, means) for belief in beliefs]
    found.sort(key=lambda k: (-k.perfect.value, k.input))
    return Information(weighed.perfect, weighed.of, tuple(found))


def _known_belief(book: Book, belief: Belief, means: dict[Lineup, float]) -> Known:
    """Knowing a key that no draw moves: the line-ups one step from the plan along its range."""
    value, low, high = key_range(book, belief.key)
    z = normal_quantile((np.arange(_GRID) + 0.5) / _GRID)
    x = triangular_quantile((np.arange(_GRID) + 0.5) / _GRID, low, value, high)
    basis = hermite(z, _BELIEF_DEGREE)
    basis = basis - basis.mean(axis=0)
    today = int(np.searchsorted(belief.grid, value))
    now = np.array([means[s] for s in belief.lineups])

    def told(worth: Floats) -> tuple[float, float, float]:
        along = now + worth.mean(axis=0) - worth[:, today].mean(axis=0)  # (G, N)
        curves = np.stack([np.interp(x, belief.grid, c) for c in along.T], axis=1)
        return worth_of_curves(curves.mean(axis=0), basis.T @ curves / _GRID)

    perfect, study, turns = told(belief.worth)
    group = np.arange(len(belief.worth)) % _JACKKNIFE
    again = np.array([told(belief.worth[group != g])[:2] for g in range(_JACKKNIFE) if (group != g).any()])
    error = np.sqrt((len(again) - 1) * np.var(again, axis=0))
    return Known(
        belief.key, "belief", Sampled(perfect, float(error[0])), Sampled(study, float(error[1])), turns
    )


def _staged(book: Book, entries: Entries, chosen: Chosen, weighed: _Weighed) -> Staged | None:
    """Start small on the draws the choice was made on; None when the case assumes no length of a pilot."""
    if PILOT_YEARS not in book.case.assumptions:
        return None
    years, rate = book.number("plan.horizon_years"), book.number("capital.discount_rate")
    pilot = book.number(PILOT_YEARS)
    if not 0.0 < pilot < years:
        return None
    offered = np.array(weighed.lineups, dtype=np.float64)
    terms = chosen.terms
    net = (weighed.worth + terms.fixed @ offered.T) / terms.annuity[:, None]
    discount = float((1.0 + rate) ** -pilot)
    course = Course(
        weighed.lineups,
        net,
        terms.fixed.mean(axis=0),
        float(annuity(pilot, rate)),
        discount * float(annuity(years - pilot, rate)),
        discount,
        float(annuity(years, rate)),
    )
    count = chosen.draws.count

    def beside(normals: Floats) -> Floats:
        return normals[:, : max(0, count // 8)]

    return start_small(course, pilot, chosen.draws.normals, entries.forecast.covariance, beside)
