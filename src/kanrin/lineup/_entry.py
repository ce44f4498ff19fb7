"""The cars that might come: how each is certified and shipped, its attributes, and its forecast quality (newmodel)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kanrin.base import Floats, InputError, UnknownName
from kanrin.certify import Choice, PathwayOption, assess, choose, fixed_cost
from kanrin.cost import RouteChoice, Shipment, Wedges, best_route, ship, wedges
from kanrin.demand import (
    Candidate as NewCar,
)
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
from kanrin.lineup._market import BaseMarket, candidate_columns
from kanrin.rules import Book, Reader

__all__ = ["Entries", "Entry", "build_entries", "choose_pathways", "programme_terms", "select_candidates"]


@dataclass(frozen=True)
class Entry:
    """One candidate with the way it would come."""

    candidate: Candidate
    options: tuple[PathwayOption, ...]
    choice: Choice
    route: RouteChoice
    shipment: Shipment
    support: Support

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

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the candidates."""
        return tuple(e.candidate.id for e in self.entries)


def select_candidates(
    book: Book, maker: str, asked: Sequence[str] | None, most: int
) -> tuple[list[Candidate], list[tuple[Candidate, str]]]:
    """The candidates to weigh and those left out with the reason in words.

    Without a list: all of the maker's that are not on sale in the destination from another plant already. Raises
    UnknownName, or InputError when a car is another maker's, when none is left, or when there are more than `most`.
    """
    mine = book.case.candidates_of(maker)
    name = next(iter(mine.values())).firm
    left_out: list[tuple[Candidate, str]] = []
    if asked:
        chosen = []
        for key in dict.fromkeys(asked):
            car = book.case.candidate(key)
            if car.firm != name:
                raise InputError(
                    f"{key} is {car.firm}'s, not {name}'s; {name} has {', '.join(mine)}: choose among these, or --maker {car.firm}"
                )
            chosen.append(car)
        return _checked(chosen, name, most), left_out
    chosen = []
    for car in mine.values():
        ended = _supply_ended(book, car)
        if ended:
            left_out.append((car, ended))
        elif car.already_sold_in_japan == "yes":
            left_out.append(
                (car, f"a {car.brand} {car.model} is on sale in {book.case.about.destination_name} already; the "
                      f"{book.case.about.origin_adjective} one would sell against itself. Name it with --candidates to weigh it all the same.")
            )  # fmt: skip
        else:
            chosen.append(car)
    if not chosen:
        raise InputError(
            f"{name} has no candidate left: all of {', '.join(mine)} are on sale in the destination already; name those "
            "to weigh with --candidates"
        )
    return _checked(chosen, name, most), left_out


def _supply_ended(book: Book, car: Candidate) -> str:
    """Why a car cannot be had, by the keys `supply.<end of its id>_available`; empty when it can."""
    for key in book.case.assumptions:
        stem = key.removeprefix("supply.").removesuffix("_available")
        if key == f"supply.{stem}_available" and car.id.endswith(stem) and book.number(key) < 0.5:
            return f"The plant no longer builds it: {key} is set to no."
    return ""


def _checked(cars: list[Candidate], maker: str, most: int) -> list[Candidate]:
    if len(cars) > most:
        raise InputError(
            f"{len(cars)} candidates of {maker} make {2 ** len(cars):,} line-ups; all are weighed, so at most {most} "
            "candidates are taken: name fewer with --candidates"
        )
    return cars


def programme_terms(read: Reader) -> tuple[float | Floats, float | Floats]:
    """(A, rho): present value of one yen a year over the programme, from the first sale; and the discount rate.

    A = (1 - (1 + rho)^-T) / ln(1 + rho), sales spread evenly over T years.
    """
    years, rate = read("plan.horizon_years"), read("capital.discount_rate")
    return (1.0 - (1.0 + rate) ** (-years)) / np.log1p(rate), rate


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
        mu2=process["mu2"], phi=process["phi"], noise2=process["noise2"], version2=process.get("version2", 0.0),
        histories=histories, on_sale=on_sale,
    )  # fmt: skip


def build_entries(
    book: Book,
    market: BaseMarket,
    candidates: Sequence[Candidate],
    units_per_year: Mapping[str, float],
    comparables: Mapping[str, Sequence[str]],
) -> tuple[Entries, list[tuple[Candidate, str]]]:
    """Certify, ship and forecast the candidates; those without a feasible pathway are returned with the reason.

    `units_per_year` is the volume the pathway is chosen for. Raises UnknownName for a comparable that is not in the
    market, InputError when no candidate is feasible.
    """
    entries: list[Entry] = []
    infeasible: list[tuple[Candidate, str]] = []
    columns = candidate_columns(tuple(candidates))
    attributes = attribute_matrix(market.estimate.beta_names, columns, market.recipe)
    kept: list[int] = []
    for k, car in enumerate(candidates):
        options = assess(book, car)
        try:
            choice = _choose(book, options, units_per_year.get(car.id, 0.0))
        except InputError as error:
            infeasible.append((car, str(error)))
            continue
        route = best_route(book, car)
        shipment = ship(book, car, route.route, choice.option)
        entries.append(
            Entry(
                car,
                options,
                choice,
                route,
                shipment,
                support(attributes[k], market.attributes, market.estimate.beta_names),
            )
        )
        kept.append(k)
    if not entries:
        raise InputError(
            "no candidate has a feasible pathway on "
            f"{book.on}:\n" + "\n".join(f"  {car.id}: {reason}" for car, reason in infeasible)
        )
    named = _comparable_rows(market, comparables, [c.id for c in candidates])
    new = [
        NewCar(
            e.candidate.brand, e.candidate.body, e.candidate.powertrain, not e.right_hand, True,
            f"{e.candidate.brand} {e.candidate.model}", named.get(e.candidate.id, ()),
        )
        for e in entries
    ]  # fmt: skip
    found = forecast(
        market.xi_model, new, nameplates=_history(book, market),
        comparable_share=book.number("demand.comparable_share") if named else 0.0,
    )  # fmt: skip
    names = {k: tuple(market.models[r].id for r in rows) for k, rows in named.items()}
    return Entries(tuple(entries), attributes[kept], found, names), infeasible


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
        book, options, units_per_year=units, years=book.number("plan.horizon_years"),
        discount_rate=book.number("capital.discount_rate"),
    )  # fmt: skip


def choose_pathways(book: Book, entries: Entries, units_per_year: Mapping[str, float]) -> Entries:
    """The same candidates with the pathway chosen anew for a volume."""
    changed = []
    for e in entries.entries:
        choice = _choose(book, e.options, units_per_year[e.candidate.id])
        changed.append(replace(e, choice=choice, shipment=replace(e.shipment, option=choice.option)))
    return replace(entries, entries=tuple(changed))


def entry_wedges(read: Reader, entry: Entry) -> Wedges:
    """Unit cost and wedges of an entry over a reader."""
    return wedges(read, entry.shipment)


def entry_fixed_cost(read: Reader, entry: Entry) -> float | Floats:
    """F of an entry over a reader, JPY at the first sale: certification, localisation, marketing, training and parts.

    Certification is spent a lead time before the first sale and carries interest until then.
    """
    from kanrin.certify import lead_time

    rate = read("capital.discount_rate")
    months = lead_time(read, entry.choice.option)
    certification = fixed_cost(read, entry.choice.option) * (1.0 + rate) ** (months / 12.0)
    launch = (
        read("launch.localisation_jpy_per_model")
        + read("launch.marketing_jpy_per_model")
        + read("launch.training_parts_jpy_per_model")
    )
    total: float | Floats = certification + launch
    return total
