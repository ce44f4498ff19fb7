"""Which way a car goes: the cheapest of the routes its maker can use, with the value of time in the sum."""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.base import Figure, InputError
from kanrin.cost._exact import Amount, named
from kanrin.cost._passage import Passage, carrying_share, insure, passage, transfer_price
from kanrin.facts import Candidate, Case, Route
from kanrin.rules import Book, Reader

__all__ = ["RouteChoice", "RouteCost", "best_route", "makers_ports", "route_cost", "route_text"]


@dataclass(frozen=True)
class RouteCost:
    """What a route costs for a car, USD per vehicle."""

    passage: Passage
    insurance: Amount
    time: Amount  # stock on the way, CIF value at the capital rate
    total: Amount


@dataclass(frozen=True)
class RouteChoice:
    """The route taken and why; `runners_up` are the next cheapest with their cost."""

    route: Route
    cost_usd: Figure  # USD per vehicle
    reason: str
    runners_up: tuple[tuple[Route, Figure], ...]


def route_cost(read: Reader, candidate: Candidate, route: Route) -> RouteCost:
    """Moving, insuring and waiting for a car on a route, USD per vehicle (freight), (cif)."""
    moved = passage(read, candidate, route)
    insured = insure(read, transfer_price(read, candidate) + moved.inland + moved.terminal, moved.freight)
    time = carrying_share(read, read(f"route.{route.id}.transit_days")) * insured.cif
    total = moved.total + insured.insurance + time
    return RouteCost(
        moved,
        insured.insurance,
        named(time, "route.time_usd", "capital in the car on the way", "USD per vehicle"),
        named(total, "route.cost_usd", f"cost of the route {route.id}", "USD per vehicle"),
    )


def makers_ports(case: Case, maker: str, role: str) -> frozenset[str]:
    """Ports of a side (`export` or `import`) said to handle the cars of a maker; empty when none is."""
    return frozenset(
        port.id
        for port in case.ports.values()
        if port.role == role and maker in [name.strip() for name in port.makers.split(";")]
    )


def best_route(book: Book, candidate: Candidate) -> RouteChoice:
    """The cheapest route for a candidate; ties go to fewer days, then to the id.

    Raises InputError when no route of the case starts at the plant.
    """
    case = book.case
    routes = [route for route in case.routes.values() if route.plant == candidate.plant]
    if not routes:
        raise InputError(
            f"no route starts at {candidate.plant!r}, the plant of {candidate.id}; plants with routes: "
            f"{', '.join(sorted({r.plant for r in case.routes.values()}))}; "
            f"add rows to {case.folder / 'routes.csv'}"
        )
    words: list[str] = []
    for role in ("export", "import"):
        routes, said = _narrowed(case, candidate, routes, role)
        words += said
    costed = [(route, route_cost(book.figure, candidate, route).total) for route in routes]
    costed.sort(key=lambda pair: (pair[1].value, pair[0].transit_days, pair[0].id))
    (route, cost), others = costed[0], costed[1:4]
    return RouteChoice(route, cost, _reason(len(costed), route, cost, others, words), tuple(others))


def route_text(case: Case, candidate: Candidate, route: Route) -> str:
    """A route in words: `Georgetown KY, rail to Long Beach, ship to Nagoya, 35 days`."""
    start = f"{candidate.plant_city} {candidate.plant_state}".strip() or candidate.plant
    land, sea = case.ports[route.us_port].name, case.ports[route.jp_port].name
    canal = " by Panama" if route.via == "panama" else ""
    return f"{start}, {route.inland_mode} to {land}, ship to {sea}{canal}, {route.transit_days:.0f} days"


def _narrowed(
    case: Case, candidate: Candidate, routes: list[Route], role: str
) -> tuple[list[Route], list[str]]:
    own = makers_ports(case, candidate.firm, role)
    if not own:
        return routes, []
    kept = [route for route in routes if (route.us_port if role == "export" else route.jp_port) in own]
    names = ", ".join(case.ports[port].name for port in case.ports if port in own)
    if not kept:
        return routes, [
            f"No route reaches an {role} port of {candidate.firm} ({names}), so all ports were looked at."
        ]
    return kept, [f"Of the {role} ports only those known to handle {candidate.firm} cars were used: {names}."]


def _reason(
    count: int, route: Route, cost: Figure, others: list[tuple[Route, Figure]], words: list[str]
) -> str:
    among = f"the cheapest of {count} routes" if others else "the only route"
    said = f"At {cost.value:,.0f} USD a car and {route.transit_days:.0f} days it is {among}"
    if others:
        said += f"; the next, {others[0][0].id}, costs {others[0][1].value - cost.value:,.0f} USD more"
    freight = (
        "Freight is a global average rate that does not vary with distance, so inland haul and time decide."
    )
    return " ".join([said + ".", *words, freight])
