"""A shipment: which car goes which way, by which certification, with the wheel on which side."""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.certify import PathwayOption, assess, choose
from kanrin.cost._routes import best_route
from kanrin.facts import Candidate, Route
from kanrin.rules import Book

__all__ = ["Shipment", "ship", "shipment_for"]

ELECTRIFIED = ("hybrid", "plug_in_hybrid", "battery_electric", "fuel_cell")


@dataclass(frozen=True)
class Shipment:
    """The structure of a landed cost: which keys apply is settled here, before any arithmetic."""

    candidate: Candidate
    route: Route
    option: PathwayOption
    right_hand: bool
    own_importer: bool = False  # the maker's own company imports: a maker with plants in the destination

    @property
    def distributor_margin_key(self) -> str:
        """The key of the importer's margin: a maker's own importer, or one that lives by importing."""
        return "jp.distributor_margin_own_importer" if self.own_importer else "jp.distributor_margin"

    @property
    def is_pickup(self) -> bool:
        """Whether the tariff heads it as a goods vehicle; plates may follow."""
        return self.candidate.hs_heading == "8704"

    @property
    def is_electrified(self) -> bool:
        """Whether it has an engine or motor that the eco-car rates are meant for."""
        return self.candidate.powertrain in ELECTRIFIED

    @property
    def has_fuel_economy_value(self) -> bool:
        """Whether the pathway tests fuel economy, which gives the value that eco-car rates ask for."""
        return any(
            t.requirement_id == "emissions_fuel" and t.treatment == "test" for t in self.option.treatments
        )


def ship(book: Book, candidate: Candidate, route: Route, option: PathwayOption) -> Shipment:
    """A shipment as the case has it.

    Right-hand drive where the plant builds it, own importer where the maker builds cars in the destination.
    """
    case = book.case
    at_home = any(
        m.firm == candidate.firm and m.built_in == case.about.destination for m in case.market.values()
    )
    return Shipment(candidate, route, option, candidate.drives_built in ("both", "right"), at_home)


def shipment_for(book: Book, candidate_id: str, units_per_year: float, *, user: str = "maker") -> Shipment:
    """The usual shipment: cheapest feasible pathway at the volume, cheapest route, right-hand drive if built.

    Raises UnknownName for a candidate that does not exist, InputError when no pathway or route is open.
    """
    candidate = book.case.candidate(candidate_id)
    choice = choose(
        book,
        assess(book, candidate, user=user),
        units_per_year=units_per_year,
        years=book.number("plan.horizon_years"),
        discount_rate=book.number("capital.discount_rate"),
    )
    return ship(book, candidate, best_route(book, candidate).route, choice.option)
