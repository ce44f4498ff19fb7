"""Routes: every plant finds one, makers keep to their ports, and the choice is the cheapest of all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kanrin.base import InputError
from kanrin.cost import best_route, makers_ports, passage, route_cost, route_text
from kanrin.facts import Case, load_case
from kanrin.rules import Book, open_book

SAME = 1e-12  # the same sum in another order

CASE = load_case("us-japan")
PACIFIC_EXPORT = {"long_beach", "san_diego", "port_hueneme", "tacoma"}


@pytest.fixture(scope="module")
def book() -> Book:
    return open_book(CASE)


@pytest.mark.parametrize("model", CASE.candidates)
def test_every_candidate_finds_the_cheapest_route_from_its_plant(book: Book, model: str) -> None:
    candidate = CASE.candidate(model)
    choice = best_route(book, candidate)
    assert choice.route.plant == candidate.plant
    exports, imports = (
        makers_ports(CASE, candidate.firm, "export"),
        makers_ports(CASE, candidate.firm, "import"),
    )
    allowed = [
        route
        for route in CASE.routes.values()
        if route.plant == candidate.plant
        and (not exports or route.us_port in exports)
        and (not imports or route.jp_port in imports)
    ]
    costs = {route.id: float(route_cost(book.number, candidate, route).total) for route in allowed}
    assert choice.cost_usd.value == pytest.approx(min(costs.values()), rel=SAME)
    assert costs[choice.route.id] == min(costs.values())
    assert [cost.value for _, cost in choice.runners_up] == sorted(costs.values())[1:4]
    assert choice.cost_usd.unit == "USD per vehicle"


def test_a_maker_with_known_ports_uses_no_others(book: Book) -> None:
    assert makers_ports(CASE, "Toyota", "export") == PACIFIC_EXPORT
    choice = best_route(book, CASE.candidate("toyota_camry_hybrid"))
    assert choice.route.us_port in PACIFIC_EXPORT
    assert choice.route.jp_port == "nagoya"
    assert "only those known to handle Toyota cars" in choice.reason
    assert "does not vary with distance" in choice.reason
    assert "Toyota" not in best_route(book, CASE.candidate("ford_f150")).reason


def test_ties_go_to_fewer_days_then_to_the_id(book: Book) -> None:
    candidate = CASE.candidate("ford_f150")
    best = best_route(book, candidate).route
    twins = {name: best.model_copy(update={"id": name}) for name in ("b_twin", "a_twin")}
    case: Case = replace(CASE, routes=twins)
    assert best_route(open_book(case), candidate).route.id == "a_twin"
    quick = {
        **twins,
        "c_twin": best.model_copy(update={"id": "c_twin", "transit_days": best.transit_days - 9}),
    }
    patient = replace(CASE, routes=quick).with_overrides({"capital.annual_rate": 0})
    assert best_route(open_book(patient), candidate).route.id == "c_twin"


def test_a_plant_without_routes_is_an_error_that_says_so(book: Book) -> None:
    lost = CASE.candidate("ford_f150").model_copy(update={"plant": "Nowhere Assembly"})
    with pytest.raises(InputError, match=r"no route starts at 'Nowhere Assembly'.*ford_f150.*routes\.csv"):
        best_route(book, lost)


def test_makers_ports_out_of_reach_open_all_ports(book: Book) -> None:
    ports = {
        k: p.model_copy(update={"makers": "Ford; Tesla" if k == "freeport" else ""})
        for k, p in CASE.ports.items()
    }
    choice = best_route(open_book(replace(CASE, ports=ports)), CASE.candidate("ford_f150"))
    assert "No route reaches an export port of Ford (Freeport)" in choice.reason


def test_only_the_canal_takes_a_toll(book: Book) -> None:
    candidate = CASE.candidate("toyota_camry_hybrid")
    east, west = CASE.routes["georgetown_ky.brunswick.nagoya"], CASE.routes["georgetown_ky.long_beach.nagoya"]
    by_canal, direct = passage(book.number, candidate, east), passage(book.number, candidate, west)
    assert by_canal.canal == book.number("ocean.panama_toll_usd_per_vehicle")
    assert direct.canal is None
    assert by_canal.freight - direct.freight == pytest.approx(by_canal.canal)


def test_a_route_in_words() -> None:
    candidate = CASE.candidate("toyota_camry_hybrid")
    west, east = (CASE.routes[f"georgetown_ky.{port}.nagoya"] for port in ("long_beach", "brunswick"))
    assert route_text(CASE, candidate, west) == "Georgetown KY, rail to Long Beach, ship to Nagoya, 36 days"
    assert "ship to Nagoya by Panama" in route_text(CASE, candidate, east)


def test_freight_goes_by_the_size_of_the_car(book: Book) -> None:
    candidate = CASE.candidate("toyota_camry_hybrid")
    route = CASE.routes["georgetown_ky.long_beach.nagoya"]
    longer = open_book(CASE.with_overrides({f"candidate.{candidate.id}.length_mm": 2 * candidate.length_mm}))
    before, after = passage(book.number, candidate, route), passage(longer.number, candidate, route)
    assert after.ocean == pytest.approx(2 * before.ocean)
    assert after.inland == before.inland


def test_the_port_fee_reaches_the_car_when_in_force(book: Book) -> None:
    charged = open_book(CASE.with_overrides({"us.port_fee.vehicle_carrier": 46}))
    candidate, route = CASE.candidate("toyota_tundra"), CASE.routes["san_antonio_tx.long_beach.nagoya"]
    extra = passage(charged.number, candidate, route).freight - passage(book.number, candidate, route).freight
    assert extra == pytest.approx(46 * 26_087 / (6_500 * 0.85) * 0.5)
