"""From a plan to a network: every number off the book of the case, times rounded up to whole months."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.cost import Landed, carrying_share, landed, route_cost
from kanrin.facts import Route
from kanrin.lineup import Entry, Plan, first_sale
from kanrin.logistics._great_circle import kilometres
from kanrin.logistics._network import Network
from kanrin.logistics._smaller import without_dominated
from kanrin.rules import FX, Tracker

__all__ = ["HORIZON", "Programme", "read_programme"]

HORIZON = "logistics.horizon_months"
_ABOVE_ZERO = (
    "logistics.calls_per_month",
    "logistics.ceu_floor_m2",
    "logistics.delivery_reference_km",
    "logistics.pdi_cars_per_month",
    "logistics.share_of_vessel_available",
    "logistics.stock_cars_per_outlet",
    "demand.dealer_outlets_initial",
    "ocean.vessel_ceu",
    "us.export_volume_share_of_plant_max",
)
_KM_PER_MILE = 1.609344  # the international mile
_DAYS_PER_MONTH = 365.0 / 12.0


class Programme:
    """The network of a plan's cars but for their volumes, which the price equilibrium settles.

    `network(annual)` gives the network at some volumes, cars a year (J,).
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.read = Tracker(plan.book.number)
        read = self.read
        self.entries: tuple[Entry, ...] = tuple(plan.entries.entries[j] for j in plan.chosen)
        for key in _ABOVE_ZERO:
            if read(key) <= 0:
                raise InputError(
                    f"{key}: expected more than 0, got {read(key):g}; no car could pass: set it above 0"
                )
        self.months = _whole(read, HORIZON, "months", at_least=1)
        self.ramp = _whole(read, "logistics.ramp_up_months", "months", at_least=0)
        self.lead = [_lead_months(read, e) for e in self.entries]
        self.fx = float(read(FX))
        self.lines: list[Landed] = [landed(read, e.shipment) for e in self.entries]
        self.routes = _routes(self.entries, plan)
        self.delivery_days = float(read("jp.inland_delivery_days"))
        self.delivery = float(read("jp.inland_delivery_jpy"))
        self._at_rest = self._network()
        self.launch = [max(lead, self._at_rest.first_arrival(j)) for j, lead in enumerate(self.lead)]
        for j, first in enumerate(self.launch):
            if first >= self.months:
                raise InputError(
                    f"{self.entries[j].candidate.id} cannot be sold within the {self.months} months asked: "
                    f"it is certified after {self.lead[j]} months and can arrive after "
                    f"{self._at_rest.first_arrival(j)}; ask for more than {first} with --months"
                )

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the case that were read."""
        return tuple(self.read.keys)

    def leave_out(self, annual: Floats) -> None:
        """Leave out ways that at these volumes another one beats."""
        self._at_rest = without_dominated(self.network(annual))

    def network(self, annual: Floats) -> Network:
        """The network at these cars a year, with the ramp of the first months."""
        demand = np.zeros((len(self.entries), self.months))
        for j, first in enumerate(self.launch):
            since = np.arange(self.months - first)
            risen = np.minimum(1.0, (since + 1.0) / (self.ramp + 1.0))
            demand[j, first:] = annual[j] / 12.0 * risen
        return replace(self._at_rest, demand=demand)

    def moving(self) -> Floats:
        """(J,) JPY a car that the landed cost and the wedges count for what a schedule moves."""
        out: Floats = np.array([_moving(x) + self.delivery for x in self.lines])
        return out

    def _network(self) -> Network:
        read, case = self.read, self.plan.case
        exports = tuple(dict.fromkeys(r.us_port for _, r in self.routes))
        imports = tuple(dict.fromkeys(r.jp_port for _, r in self.routes))
        pairs = tuple(dict.fromkeys((r.us_port, r.jp_port) for _, r in self.routes))
        plants = tuple(dict.fromkeys(e.candidate.plant for e in self.entries))
        count = len(self.entries)
        sea_cost = np.full((count, len(pairs)), np.inf)
        sea_months = np.zeros((count, len(pairs)), dtype=np.int64)
        legs: dict[tuple[int, str, str], tuple[float, int]] = {}
        for j, route in self.routes:
            entry, lines = self.entries[j], self.lines[j]
            cell = f"route.{route.id}."
            dwell = float(read(cell + "us_port_dwell_days"))
            total = float(read(cell + "transit_days")) + self.delivery_days
            ashore = float(read(cell + "inland_days")) + dwell
            cost = route_cost(read, entry.candidate, route)
            value = float(cost.passage.total + cost.insurance) + float(lines.transfer_usd)
            capital = float(carrying_share(read, total)) * value
            by_land = float(carrying_share(read, ashore)) * value
            inland = float(cost.passage.inland)
            months = _months(ashore)
            legs[(j, route.us_port, route.inland_mode)] = ((inland + by_land) * self.fx, months)
            if route.inland_mode == "rail":
                truck, days = self._truck(route)
                late = float(carrying_share(read, days + dwell)) * value
                derived = ((truck + late) * self.fx, _months(days + dwell))
                legs.setdefault((j, route.us_port, "truck"), derived)  # a listed leg stands
            q = pairs.index((route.us_port, route.jp_port))
            rest = float(cost.passage.total + cost.insurance) - inland + capital - by_land
            if rest * self.fx < sea_cost[j, q]:
                sea_cost[j, q], sea_months[j, q] = rest * self.fx, max(0, _months(total) - months)
        regions = tuple(case.regions.values())
        where = [case.ports[p] for p in imports]
        fixed = float(read("logistics.delivery_fixed_share"))
        usual = float(read("logistics.delivery_reference_km"))
        far = np.array([[kilometres(p.lat, p.lon, r.lat, r.lon) for r in regions] for p in where])
        outlets = float(read("demand.dealer_outlets_initial")) * float(
            read("logistics.stock_cars_per_outlet")
        )
        share = np.array([float(read(f"region.{r.id}.share")) for r in regions])
        share = share / share.sum()
        most = float(read("us.export_volume_share_of_plant_max")) / 12.0
        first = {p: next(e.candidate.id for e in self.entries if e.candidate.plant == p) for p in plants}
        capacity = [float(read(f"candidate.{first[p]}.plant_capacity")) for p in plants]
        keys = sorted(legs)
        a_month = carrying_share(read, _DAYS_PER_MONTH)
        return Network(
            cars=tuple(e.candidate.id for e in self.entries),
            exports=tuple(case.ports[p].name for p in exports),
            imports=tuple(p.name for p in where),
            regions=tuple(r.name for r in regions),
            months=_month_names(self.plan.book.on, self.months),
            plants=plants,
            plant_of=np.array([plants.index(e.candidate.plant) for e in self.entries], dtype=np.int64),
            size=np.array([self._size(e) for e in self.entries]),
            demand=np.zeros((count, self.months)),
            region_share=share,
            lost=self._lost(),
            leg_car=np.array([k[0] for k in keys], dtype=np.int64),
            leg_port=np.array([exports.index(k[1]) for k in keys], dtype=np.int64),
            leg_mode=tuple(k[2] for k in keys),
            leg_cost=np.array([legs[k][0] for k in keys]),
            leg_months=np.array([legs[k][1] for k in keys], dtype=np.int64),
            pair_from=np.array([exports.index(u) for u, _ in pairs], dtype=np.int64),
            pair_to=np.array([imports.index(p) for _, p in pairs], dtype=np.int64),
            sea_cost=sea_cost,
            sea_months=sea_months,
            inspect_cost=np.array([float(x.port_handling + x.clearance + x.pdi) for x in self.lines]),
            delivery_cost=self.delivery * (fixed + (1.0 - fixed) * far / usual),
            waiting=np.array([float(a_month * x.cif_usd) * self.fx for x in self.lines]),
            slots=float(read("ocean.vessel_ceu")) * float(read("logistics.share_of_vessel_available")),
            calls=_whole(read, "logistics.calls_per_month", "calls a month", at_least=1),
            least_call=float(read("logistics.minimum_call_cars")),
            call_cost=float(read("logistics.call_usd")) * self.fx,
            inspections=np.full(len(imports), float(read("logistics.pdi_cars_per_month"))),
            room=outlets * share,
            plant_most=most * np.array(capacity),
        )  # fmt: skip

    def _truck(self, route: Route) -> tuple[float, float]:
        """USD a car and days, when a truck takes the way of the train."""
        read = self.read
        distance = float(read(f"route.{route.id}.inland_km"))
        cost = float(read("us.inland.truck_fixed_usd"))
        cost += float(read("us.inland.truck_usd_per_mile")) * distance / _KM_PER_MILE
        return cost, distance / float(read("us.inland.truck_km_per_day"))

    def _size(self, entry: Entry) -> float:
        cell = f"candidate.{entry.candidate.id}."
        floor = float(self.read(cell + "length_mm")) * float(self.read(cell + "width_mm")) / 1e6
        return floor / float(self.read("logistics.ceu_floor_m2"))

    def _lost(self) -> Floats:
        """What a sale brings before it is moved: the central margin and the moving that is saved, JPY."""
        at = len(self.plan.market.models) + np.array(self.plan.chosen, dtype=np.int64)
        margin = self.plan.central.solution.margin[at] * 1e6
        out: Floats = np.maximum(margin, 0.0) + self.moving()
        return out


def read_programme(plan: Plan) -> Programme:
    """The network of a plan's cars. Raises InputError for a car that cannot be sold within the months."""
    return Programme(plan)


def _moving(of: Landed) -> float:
    abroad = of.inland_usd + of.terminal_usd + of.freight_usd + of.insurance_usd
    return float(abroad * of.fx + of.capital + of.port_handling + of.clearance + of.pdi)


def _routes(entries: tuple[Entry, ...], plan: Plan) -> list[tuple[int, Route]]:
    """Ways of each car: its own cheapest few, and those of the others from its plant, to share ships."""
    pairs = dict.fromkeys(
        (r.us_port, r.jp_port) for e in entries for r in (e.route.route, *(x for x, _ in e.route.runners_up))
    )
    found = []
    for j, entry in enumerate(entries):
        for route in plan.case.routes.values():
            if route.plant == entry.candidate.plant and (route.us_port, route.jp_port) in pairs:
                found.append((j, route))
    return found


def _months(days: float) -> int:
    """Whole months a number of days takes, rounded up."""
    return max(0, math.ceil(days / _DAYS_PER_MONTH - 1e-9))


def _whole(read: Tracker, key: str, of: str, *, at_least: int) -> int:
    value = float(read(key))
    if value != round(value) or value < at_least:
        raise InputError(f"{key}: expected a whole number of {of}, at least {at_least}, got {value:g}")
    return int(value)


def _lead_months(read: Tracker, entry: Entry) -> int:
    months = float(first_sale(read, entry))
    if months < 0:
        key = entry.choice.option.pathway.lead_time_key
        raise InputError(f"{key}: expected at least 0 months, got {months:g}; --set {key}=5")
    return math.ceil(months - 1e-9)


def _month_names(on: date, count: int) -> tuple[str, ...]:
    first = on.year * 12 + on.month - 1
    return tuple(f"{(first + k) // 12}-{(first + k) % 12 + 1:02d}" for k in range(count))
