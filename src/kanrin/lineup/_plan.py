"""The plan: which cars, how many, at what price, certified how, shipped how, and how likely it pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from kanrin.base import Floats, InputError
from kanrin.demand import Estimate
from kanrin.facts import Candidate, Case
from kanrin.lineup._binding import PlanCap, caps_of
from kanrin.lineup._branch import SearchLimits
from kanrin.lineup._cap_choice import AskedCap, asked_caps, choose_caps
from kanrin.lineup._central import Central, solve_central
from kanrin.lineup._choose import Lineup, Ranking
from kanrin.lineup._demand_estimate import estimate_id, fitting_estimate
from kanrin.lineup._draws import Draws, draw_inputs
from kanrin.lineup._entry import Entries, build_entries, choose_pathways
from kanrin.lineup._market import BaseMarket, build_market
from kanrin.lineup._refusal import Refusals, refusals
from kanrin.lineup._risk import Chosen, Risk, assess_risk
from kanrin.lineup._rivals import RivalGame, named_rivals, play_rivals
from kanrin.lineup._search import MOST_ENUMERATED, Search, choose_lineup
from kanrin.lineup._select import select_candidates
from kanrin.lineup._sensitivity import BreakEven, Swing, break_even_rates, swings
from kanrin.lineup._settings import Settings, run_id
from kanrin.lineup._terms import Terms, first_sale, money_terms, read_terms
from kanrin.lineup._valuation import Row, Valuation
from kanrin.lineup._value import Inverted, Progress, invert_draws, value_rows
from kanrin.lineup._variance import variance_shares
from kanrin.lineup._way_choice import Ways, choose_ways, way_keys
from kanrin.lineup._ways import own_way, take_ways
from kanrin.rules import Book, EndOfLaw, Tracker, open_book

__all__ = ["MOST_CANDIDATES", "Plan", "make_plan"]

MOST_CANDIDATES = 24  # 16.8 million line-ups; beyond twelve they are searched, not all weighed
MOST_DRAWS = 20_000  # what fits in memory
_SELECT, _FRESH, _SENSE, _PILOT, _WAYS = 0, 1, 2, 3, 4  # streams of random numbers
_SENSE_DRAWS = 32
_PILOT_DRAWS = 32
_WAY_DRAWS = 32
_WAY_ROUNDS = 3  # line-up, ways, line-up ..
_RUNNERS_UP = 5
_MOST_KEPT = 4_000_000  # worths of line-ups by draw that are kept, 32 MB
_READ_BESIDE = (
    "plan.selection_shift_sd",
    "fx.sigma_monthly",
    "us.export_volume_share_of_plant_max",
    "backtest.xi_scale",
)


@dataclass(frozen=True)
class Plan:
    """A plan and all it rests on. Money in million JPY, cars a year; D fresh draws, C candidates."""

    book: Book
    settings: Settings
    market: BaseMarket
    entries: Entries
    left_out: tuple[tuple[Candidate, str], ...]  # not weighed, with the reason
    lineup: Lineup
    ranking: Ranking  # in-sample, all subsets or those the search weighed
    valuation: Valuation  # on fresh draws: the chosen (row 0), each car dropped or added, runners-up
    terms: Terms  # of the fresh draws
    draws: Draws
    central: Central
    swings: tuple[Swing, ...]
    break_evens: tuple[BreakEven, ...]
    variance: Mapping[str, float]
    shifted: Mapping[float, Floats]  # units (C,) of the chosen line-up by shift of xi in sd
    used: tuple[str, ...]
    pilot_units: Mapping[str, float]
    search: Search
    ways: Ways | None = None  # how each candidate comes and could come
    refusals: Refusals | None = None  # the worth with refused certifications counted
    risk: Risk | None = None  # None without sensitivity
    rivals: RivalGame | None = None
    caps: tuple[PlanCap, ...] = ()  # on cars of the chosen line-up, slack ones too

    @property
    def case(self) -> Case:
        """The case, with the settings of the user."""
        return self.book.case

    @property
    def maker(self) -> str:
        """Name of the maker."""
        return self.settings.maker

    @property
    def seed(self) -> int:
        """Seed of all draws."""
        return self.settings.seed

    @property
    def maker_index(self) -> int:
        """Index of the maker among the market's firms."""
        return self.market.firms.index(self.maker)

    @property
    def chosen(self) -> tuple[int, ...]:
        """Indices of the chosen candidates."""
        return tuple(k for k, on in enumerate(self.lineup) if on)

    @property
    def run_id(self) -> str:
        """Hash of inputs, code version, settings and seed."""
        return run_id(self.case, self.settings)

    def row(self, lineup: Lineup) -> int:
        """The row of the fresh valuation for a line-up."""
        return next(k for k, r in enumerate(self.valuation.rows) if r.offered == lineup)

    def without(self, j: int) -> int:
        """The fresh row of the chosen line-up without candidate j, or with it when it was not chosen."""
        return self.row(tuple(on != (k == j) for k, on in enumerate(self.lineup)))


def make_plan(
    case: Case,
    *,
    on: date | None = None,
    known_on: date | None = None,
    maker: str | None = None,
    candidates: Sequence[str] | None = None,
    draws: int = 200,
    seed: int = 1,
    end_of_law: EndOfLaw | str = EndOfLaw.REFUSE,
    comparables: Mapping[str, Sequence[str]] | None = None,
    estimate: Path | Estimate | None = None,
    ways: Mapping[str, str] | None = None,
    caps: Mapping[str, object] | None = None,
    workers: int = 2,
    progress: Progress | None = None,
    sensitivity: bool = True,
    limits: SearchLimits | None = None,
    rivals: Sequence[str] = (),
) -> Plan:
    """Plan the line-up of a maker on a day (plan), (delta-pi), (saa).

    `draws` joint draws choose the line-up, as many fresh ones value it. `comparables` names, by candidate,
    market models it is like. `estimate` is the demand to take in the place of the case's, a file or read
    already. `ways` says how a candidate is to come, `PATHWAY` or `PATHWAY,left|right` by its id; the others
    come by the way worth most to the plan. `limits` end the search over more than twelve candidates; `rivals`
    names makers that answer with line-ups of their own. `caps` sets or adds caps on cars a year by name (see
    `choose_caps`): a number, or `CARS:HOLDER` where the rent is not the maker's. `progress(done, total,
    what)` is called as work goes on. The answer depends on inputs and seed alone, but with a limit in
    seconds. Raises InputError (unknown names, no feasible candidate, no value of a rule on the day, an
    estimate that does not fit the case, a cap on nothing), SolveError.
    """
    whole = isinstance(draws, int) and isinstance(seed, int)
    if not whole or not 2 <= draws <= MOST_DRAWS or seed < 0:
        raise InputError(
            f"draws={draws!r}, seed={seed!r}: expected 2 to {MOST_DRAWS:,} draws and a seed of at least "
            f"0, whole numbers"
        )
    day = on or case.about.default_on
    book = open_book(case, day, known_on or day, end_of_law)
    cars, left_out = select_candidates(book, maker or case.about.default_maker, candidates, MOST_CANDIDATES)
    demand, asked = fitting_estimate(case, estimate), asked_caps(caps)
    settings = Settings(
        case=case.name,
        on=book.on,
        known_on=book.known_on,
        maker=cars[0].firm,
        candidates=tuple(c.id for c in cars),
        chosen_by_user=bool(candidates),
        draws=draws,
        seed=seed,
        end_of_law=str(book.regime.end_of_law),
        comparables={k: tuple(v) for k, v in (comparables or {}).items()},
        estimate=(estimate.path or "FILE") if isinstance(estimate, Estimate) else str(estimate or ""),
        estimate_id="" if estimate is None else estimate_id(demand),
        limits=limits or SearchLimits(),
        ways=dict(ways or {}),
        rivals=tuple(named_rivals(book, cars[0].firm, rivals)),
        caps={name: str(cap) for name, cap in asked.items()},
    )
    # our threads run over draws; BLAS threads beside them only wait
    with threadpool_limits(limits=1, user_api="blas"):
        return _solve(book, settings, demand, cars, left_out, asked, workers, progress, sensitivity)


def _solve(
    book: Book,
    settings: Settings,
    demand: Estimate,
    cars: list[Candidate],
    left_out: list[tuple[Candidate, str]],
    asked: Mapping[str, AskedCap],
    workers: int,
    progress: Progress | None,
    sensitivity: bool,
) -> Plan:
    draws, seed = settings.draws, settings.seed
    read = Tracker(book.number)
    market = build_market(book, read, demand)
    typical = _typical_import(market, book.case.about.destination)
    entries, infeasible = build_entries(
        book, market, cars, {c.id: typical for c in cars}, settings.comparables
    )
    entries = replace(entries, caps=choose_caps(book, entries, asked))
    me = market.firms.index(settings.maker)
    for key in _READ_BESIDE:
        read(key)
    entries = take_ways(book, market, entries, settings.ways)
    entries, pilot = _with_pathways(book, market, entries, me, seed, workers, read)
    used = tuple(read.keys)

    def drawn(count: int, stream: int, beside: tuple[str, ...] = ()) -> Draws:
        lead = float(np.mean([first_sale(book.number, e) for e in entries.entries]))
        return draw_inputs(
            book, market.estimate, entries.ids, (*used, *beside), count=count, seed=seed, stream=stream,
            lead_months=lead,
        )  # fmt: skip

    def ranked() -> tuple[Ranking, Search, Chosen]:
        first = drawn(draws, _SELECT)
        money = money_terms(book, market, entries, first)
        count = len(entries.entries)
        if count > MOST_ENUMERATED:
            money = replace(money, second=None)  # the bound knows no second ways: searched by the first alone
        keeps = count <= MOST_ENUMERATED and draws * 2**count <= _MOST_KEPT
        kept = np.empty((draws, 2**count)) if keeps else None
        ranking, search = choose_lineup(
            market,
            entries,
            first,
            money,
            me,
            settings.limits,
            workers=workers,
            progress=progress,
            keep=kept,
        )
        return ranking, search, Chosen(first, money, kept)

    ranking, search, basis = ranked()
    by_cost = tuple(own_way(e) for e in entries.entries)
    for _ in range(_WAY_ROUNDS):
        before = entries
        common = drawn(min(draws, _WAY_DRAWS), _WAYS, way_keys(book, market, entries))
        entries, weighed = choose_ways(
            book, market, entries, ranking.best, common, me, pilot,
            fixed=tuple(settings.ways), by_cost=by_cost, workers=workers,
        )  # fmt: skip
        if entries is before:
            break
        read_terms(read, market, entries, 1)
        used = tuple(read.keys)
        ranking, search, basis = ranked()
    best = ranking.best
    fresh = drawn(draws, _FRESH)
    terms = money_terms(book, market, entries, fresh)
    inverted = invert_draws(market, fresh)

    def afresh(lineup: Lineup) -> Valuation:
        return value_rows(
            market,
            entries,
            fresh,
            [terms],
            _fresh_rows(lineup, ranking),
            me,
            detail_row=0,
            inverted=inverted,
            workers=workers,
            progress=progress,
            what="fresh draws",
        )

    valued = afresh(best)
    if any(best) and float(valued.value[:, 0].mean()) < 0.0:
        # the first draws were too kind (saa): what loses on fresh ones is not brought over
        best = (False,) * len(best)
        valued = afresh(best)
    fallbacks = [c.fallback for c in weighed.cars]
    denied = refusals(
        book, market, entries, best, fallbacks, fresh, terms, inverted, valued, me,
        seed=seed, stream=_FRESH, workers=workers,
    )  # fmt: skip
    central = solve_central(book.number, market, entries, best, seed=seed)
    shifted: dict[float, Floats] = {}
    found: list[Swing] = []
    roots: list[BreakEven] = []
    risk: Risk | None = None
    if sensitivity:
        if any(best):
            shifted = _shifts(market, entries, fresh, inverted, terms, best, me, workers)
        sense = drawn(min(draws, _SENSE_DRAWS), _SENSE)
        headline = {r.offered: float(w) for r, w in zip(valued.rows, valued.value.mean(axis=0), strict=True)}
        sensed = invert_draws(market, sense)
        found, beliefs = swings(
            book, market, entries, sense, sensed, best, used, me, headline, workers=workers, progress=progress
        )
        roots = break_even_rates(
            book, market, entries, fresh, inverted, best, me, headline, workers=workers, progress=progress
        )
        risk = assess_risk(
            book, market, entries, best, me,
            chosen=basis, ranking=ranking, valuation=valued, terms=terms,
            central=central, few=(sense, sensed), swings=found, beliefs=beliefs, used=used, workers=workers,
        )  # fmt: skip
    against = None
    if settings.rivals:
        against = play_rivals(
            book,
            settings,
            market,
            entries,
            best,
            named_rivals(book, settings.maker, settings.rivals),
            lambda e: _with_pathways(book, market, e, me, seed, workers, Tracker(book.number))[0],
            typical,
            workers=workers,
            progress=progress,
        )
    sold = {e.candidate.id: float(valued.units[:, 0, j].mean()) for j, e in enumerate(entries.entries)}
    entries = _told_at(book, entries, {**pilot, **{k: v for k, v in sold.items() if v > 0}})
    return Plan(
        book=book,
        settings=settings,
        market=market,
        entries=entries,
        left_out=(*left_out, *infeasible),
        lineup=best,
        ranking=ranking,
        valuation=valued,
        terms=terms,
        draws=fresh,
        central=central,
        swings=tuple(found),
        break_evens=tuple(roots),
        variance=variance_shares(valued, 0, fresh, best),
        shifted=shifted,
        used=used,
        pilot_units=pilot,
        search=search,
        ways=weighed,
        refusals=denied,
        risk=risk,
        rivals=against,
        caps=caps_of(book, entries, terms, valued, best),
    )


def _typical_import(market: BaseMarket, destination: str) -> float:
    """Median yearly units of the foreign-built cars on sale: the volume pathways are first chosen for."""
    return float(np.median([m.units for m in market.models if m.built_in != destination]))


def _with_pathways(
    book: Book, market: BaseMarket, entries: Entries, me: int, seed: int, workers: int, read: Tracker
) -> tuple[Entries, dict[str, float]]:
    """Pathways chosen for the volume each car would reach alone on a few pilot draws; and those volumes.

    A second look settles what the first changed.
    """
    units: dict[str, float] = {}
    for _ in range(2):
        read_terms(read, market, entries, 1)  # note every key read
        count = len(entries.entries)
        pilot = draw_inputs(
            book, market.estimate, entries.ids, tuple(read.keys), count=_PILOT_DRAWS, seed=seed, stream=_PILOT
        )
        alone = [Row(tuple(k == j for k in range(count))) for j in range(count)]
        found = value_rows(
            market, entries, pilot, [money_terms(book, market, entries, pilot)], alone, me, workers=workers
        )
        units = {e.candidate.id: float(found.units[:, j, j].mean()) for j, e in enumerate(entries.entries)}
        settled = choose_pathways(book, entries, units)
        same = all(
            a.choice.option.pathway.id == b.choice.option.pathway.id
            for a, b in zip(settled.entries, entries.entries, strict=True)
        )
        entries = settled
        if same:
            break
    read_terms(read, market, entries, 1)
    return entries, units


def _told_at(book: Book, entries: Entries, units: Mapping[str, float]) -> Entries:
    """The reasons of the pathways told at the volumes of the plan, where these leave the choice as it is."""
    told = choose_pathways(book, entries, units)
    return replace(
        entries,
        entries=tuple(
            b if a.choice.option.pathway.id == b.choice.option.pathway.id else a
            for a, b in zip(entries.entries, told.entries, strict=True)
        ),
    )


def _fresh_rows(best: Lineup, ranking: Ranking) -> list[Row]:
    """The chosen line-up first, then each car dropped or added, then the runners-up and the empty one."""
    wanted = [best]
    wanted += [tuple(on != (k == j) for k, on in enumerate(best)) for j in range(len(best))]
    wanted += list(ranking.order[1 : 1 + _RUNNERS_UP])
    wanted.append((False,) * len(best))
    return [Row(s) for s in dict.fromkeys(wanted)]


def _shifts(
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    inverted: Inverted,
    terms: Terms,
    best: Lineup,
    me: int,
    workers: int,
) -> dict[float, Floats]:
    """Mean units (C,) of the chosen line-up if every new model is worse than the effects say (selection)."""
    out = {}
    for shift in (-0.5, -1.0):
        v = value_rows(
            market,
            entries,
            draws,
            [terms],
            [Row(best)],
            me,
            xi_shift=shift,
            inverted=inverted,
            workers=workers,
        )
        out[shift] = v.units[:, 0].mean(axis=0)
    return out
