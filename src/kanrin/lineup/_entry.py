"""The cars that might come: how each is certified and shipped, its attributes, its forecast xi (newmodel)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kanrin.base import Floats, InputError, UnknownName
from kanrin.certify import Choice, PathwayOption, assess, choose, take
from kanrin.cost import RouteChoice, Shipment, best_route, ship
from kanrin.demand import Candidate as NewCar
from kanrin.demand import (
    NameplateHistory,
    Nameplates,
    Support,
    XiForecast,
    attribute_matrix,
    forecast,
    support,
)
from kanrin.facts import Candidate
from kanrin.lineup._group_caps import GroupCap
from kanrin.lineup._market import BaseMarket, candidate_columns
from kanrin.lineup._usable import usable
from kanrin.rules import Book

__all__ = ["Entries", "Entry", "build_entries", "choose_pathways", "reforecast"]

XI_SCALE = "backtest.xi_scale"  # of the spread of forecast xi


@dataclass(frozen=True)
class Entry:
    """One candidate with the way it would come."""

    candidate: Candidate
    options: tuple[PathwayOption, ...]
    choice: Choice
    route: RouteChoice
    shipment: Shipment
    support: Support
    then: PathwayOption | None = None  # added where the cap of the first is too low and it pays (pathway)
    tooled: bool = False  # right-hand drive that has to be developed first
    why: str = ""  # why this way, where it is not the cheapest for a volume; then no volume changes it

    @property
    def right_hand(self) -> bool:
        """Whether the car would come with right-hand drive."""
        return self.shipment.right_hand


@dataclass(frozen=True)
class Entries:
    """All candidates of a plan, C of them, with the joint forecast of their xi."""

    entries: tuple[Entry, ...]
    attributes: Floats  # (C, K)
    forecast: XiForecast
    comparables: Mapping[str, tuple[str, ...]]
    shift: float  # of every xi, in its standard deviations (selection)
    caps: tuple[GroupCap, ...] = ()  # on several cars together

    @property
    def xi_mean(self) -> Floats:
        """(C,) central xi of the candidates: the forecast's mean, shifted."""
        out: Floats = self.forecast.mean + self.shift * self.forecast.sd
        return out

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the candidates."""
        return tuple(e.candidate.id for e in self.entries)


def _history(book: Book, market: BaseMarket) -> Nameplates:
    """Nameplate process and histories of the case, with the rows of today's market that bear the name."""
    histories = {
        f"{n.brand} {n.nameplate}": NameplateHistory(
            n.residual, n.sd**2, float(max(0, book.case.about.market_year - n.last_year))
        )
        for n in book.case.nameplates.values()
    }
    on_sale: dict[str, tuple[int, ...]] = {}
    for car in book.case.candidates.values():
        name = f"{car.brand} {car.model}"
        rows = tuple(k for k, m in enumerate(market.models) if m.brand == car.brand and m.model == car.model)
        if rows:
            on_sale[name] = rows
    process = {name: p.value for name, p in book.case.sidecars["nameplates"].parameters.items()}
    return Nameplates(
        mu2=process["mu2"],
        phi=process["phi"],
        noise2=process["noise2"],
        version2=process.get("version2", 0.0),
        histories=histories,
        on_sale=on_sale,
    )


def build_entries(
    book: Book,
    market: BaseMarket,
    candidates: Sequence[Candidate],
    units_per_year: Mapping[str, float],
    comparables: Mapping[str, Sequence[str]],
) -> tuple[Entries, list[tuple[Candidate, str]]]:
    """Certify, ship and forecast the candidates; those without a feasible pathway come back with the reason.

    `units_per_year` is the volume the pathway is chosen for. Raises UnknownName for a comparable that is not
    in the market, InputError when no candidate is feasible.
    """
    entries: list[Entry] = []
    infeasible: list[tuple[Candidate, str]] = []
    columns = candidate_columns(tuple(candidates))
    attributes = attribute_matrix(market.estimate.beta_names, columns, market.recipe)
    kept: list[int] = []
    for k, car in enumerate(candidates):
        options = assess(book, car)
        try:
            options = usable(book, options)
            choice = _choose(book, options, units_per_year.get(car.id, 0.0))
        except InputError as error:
            infeasible.append((car, str(error)))
            continue
        route = best_route(book, car)
        shipment = ship(book, car, route.route, choice.option)
        seen = support(attributes[k], market.attributes, market.estimate.beta_names)
        entries.append(Entry(car, options, choice, route, shipment, seen))
        kept.append(k)
    if not entries:
        raise InputError(
            "no candidate has a feasible pathway on "
            f"{book.on}:\n" + "\n".join(f"  {car.id}: {reason}" for car, reason in infeasible)
        )
    named = _comparable_rows(market, comparables, [c.id for c in candidates])
    names = {k: tuple(market.models[r].id for r in rows) for k, rows in named.items()}
    found = _forecast(book, market, entries, named)
    shift = book.number("plan.selection_shift_sd")
    return Entries(tuple(entries), attributes[kept], found, names, shift), infeasible


def reforecast(book: Book, market: BaseMarket, entries: Entries) -> Entries:
    """The same candidates with their xi forecast anew from another reading of the market."""
    rows = {k: tuple(market.rows[name] for name in names) for k, names in entries.comparables.items()}
    return replace(entries, forecast=_forecast(book, market, entries.entries, rows))


def _forecast(
    book: Book, market: BaseMarket, entries: Sequence[Entry], comparables: Mapping[str, tuple[int, ...]]
) -> XiForecast:
    new = [
        NewCar(
            e.candidate.brand,
            e.candidate.body,
            e.candidate.powertrain,
            not e.right_hand,
            True,
            f"{e.candidate.brand} {e.candidate.model}",
            comparables.get(e.candidate.id, ()),
        )
        for e in entries
    ]
    return forecast(
        market.xi_model,
        new,
        nameplates=_history(book, market),
        comparable_share=book.number("demand.comparable_share") if comparables else 0.0,
        sd_scale=book.number(XI_SCALE),
    )


def _comparable_rows(
    market: BaseMarket, comparables: Mapping[str, Sequence[str]], candidates: Sequence[str]
) -> dict[str, tuple[int, ...]]:
    rows: dict[str, tuple[int, ...]] = {}
    for model, names in comparables.items():
        if model not in candidates:
            raise UnknownName("candidate in --comparable", model, candidates)
        found = []
        for name in names:
            if name not in market.rows:
                raise UnknownName("market model in --comparable", name, market.rows)
            found.append(market.rows[name])
        rows[model] = tuple(dict.fromkeys(found))
    return rows


def _choose(book: Book, options: tuple[PathwayOption, ...], units: float) -> Choice:
    return choose(
        book,
        options,
        units_per_year=units,
        years=book.number("plan.horizon_years"),
        discount_rate=book.number("capital.discount_rate"),
    )


def told(
    book: Book, options: tuple[PathwayOption, ...], option: PathwayOption, why: str, units: float
) -> Choice:
    """A pathway taken for the reason `why`, told at a volume of `units` a year."""
    return take(
        book,
        options,
        option.pathway.id,
        why,
        units_per_year=units,
        years=book.number("plan.horizon_years"),
        discount_rate=book.number("capital.discount_rate"),
    )


def choose_pathways(book: Book, entries: Entries, units_per_year: Mapping[str, float]) -> Entries:
    """The same candidates with the pathway chosen anew for a volume."""
    changed = []
    for e in entries.entries:
        units = units_per_year[e.candidate.id]
        if e.why:
            changed.append(replace(e, choice=told(book, e.options, e.choice.option, e.why, units)))
            continue
        choice = _choose(book, e.options, units)
        changed.append(replace(e, choice=choice, shipment=replace(e.shipment, option=choice.option)))
    return replace(entries, entries=tuple(changed))
