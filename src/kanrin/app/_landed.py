"""One car brought over the usual way: certification for the volume, route, waterfall, and the figures of
its lines."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from kanrin.base import Figure, InputError
from kanrin.certify import Choice, assess, choose
from kanrin.cost import RouteChoice, Shipment, Waterfall, best_route, ship, waterfall
from kanrin.facts import Case
from kanrin.rules import Book

__all__ = ["Brought", "typical_units", "waterfall_figures", "waterfall_of"]

HORIZON, DISCOUNT = "plan.horizon_years", "capital.discount_rate"


@dataclass(frozen=True)
class Brought:
    """A waterfall with the choices under it: the pathway for `units` a year and the route."""

    units: float
    choice: Choice
    route: RouteChoice
    shipment: Shipment
    waterfall: Waterfall


def typical_units(case: Case) -> float:
    """The volume a car is certified for unless the user says: median yearly units of the foreign-built cars
    on sale."""
    return float(median(m.units for m in case.market.values() if m.built_in != case.about.destination))


def waterfall_of(
    book: Book, model: str, units: float | None = None, list_price: float | None = None
) -> Brought:
    """The waterfall of a candidate with its cheapest feasible pathway for the volume and its cheapest route.

    Raises UnknownName for the model, InputError for a volume or a price that is not above zero or when no
    pathway admits.
    """
    candidate = book.case.candidate(model)
    volume = typical_units(book.case) if units is None else units
    if not volume > 0:
        raise InputError(f"units={volume:g}: expected a number of cars a year above 0")
    if list_price is not None and not list_price > 0:
        raise InputError(f"list price {list_price:g}: expected JPY per car above 0")
    choice = choose(
        book,
        assess(book, candidate),
        units_per_year=volume,
        years=book.number(HORIZON),
        discount_rate=book.number(DISCOUNT),
    )
    route = best_route(book, candidate)
    shipment = ship(book, candidate, route.route, choice.option)
    return Brought(volume, choice, route, shipment, waterfall(book, shipment, list_price=list_price))


def waterfall_figures(book: Book, model: str) -> dict[str, Figure]:
    """The figures of the lines of a waterfall at zero margin, by the name of the line, JPY per vehicle."""
    lines = waterfall_of(book, model).waterfall.lines
    return {line.line: line.figure for line in lines if line.figure is not None}
