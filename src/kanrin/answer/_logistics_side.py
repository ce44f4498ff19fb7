"""Cars by month, ships and their costs, as the page tells them: the `logistics` part of plan.json."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from kanrin.answer._words import count, full_name, listed, yen
from kanrin.base import InputError, SolveError
from kanrin.facts import Port, Region
from kanrin.lineup import Plan
from kanrin.logistics import Logistics, plan_logistics, sea_path

__all__ = ["logistics_side", "scheduled"]

_FEWEST = 0.005  # cars: less is not worth a row


def scheduled(plan: Plan) -> tuple[Logistics | None, str]:
    """The schedule of a plan, or none with the reason.

    Raises InputError when the user set months or capacities with which no car can be sold.
    """
    if not plan.chosen:
        return None, "No car is brought over, so none is moved."
    try:
        return plan_logistics(plan), ""
    except (InputError, SolveError) as error:
        if isinstance(error, InputError) and any(key.startswith("logistics.") for key in plan.case.overrides):
            raise
        return None, str(error)


def logistics_side(plan: Plan, found: Logistics | None, reason: str) -> dict[str, Any]:
    """The `logistics` part of plan.json; `reason` says why there is no schedule."""
    if found is None:
        return {
            "words": [reason],
            "reason": reason,
            "months": [],
            "cars": [],
            "calls": [],
            "shadow_prices": [],
        }
    s, n = found.schedule, found.schedule.network
    return {
        "words": _words(found),
        "reason": None,
        "months": list(n.months),
        "ramp_up_months": found.programme.ramp,
        "launch": _launch(found),
        "cars": _cars(found),
        "calls": list(_calls(found)),
        "legs": list(_legs(plan, found)),
        "regions": [
            {"region": r, "cars": float(c)} for r, c in zip(n.regions, s.sold.sum(axis=(0, 2)), strict=True)
        ],
        "stocks": [
            {
                "month": month,
                "export_ports": float(s.quay[:, :, t].sum()),
                "import_ports": float(s.yard[:, :, t].sum()),
                "dealers": float(s.dealers[:, :, t].sum()),
            }
            for t, month in enumerate(n.months)
        ],
        "cost_per_car": _costs(found),
        "shadow_prices": [
            {
                "kind": p.kind,
                "where": p.where,
                "months": list(p.months),
                "most_jpy": p.most,
                "mean_jpy": p.mean,
            }
            for p in s.shadow_prices()
        ],
        "conflict": found.conflict or None,
        "cars_lost": float(s.lost.sum()),
        "gap": s.gap,
        "fixed_point": {
            "residual": found.residual,
            "iterations": found.iterations,
            "searches": found.rounds,
            "settled": found.settled,
        },
        "map": _map(plan, found),
    }


def _words(found: Logistics) -> list[str]:
    s, n = found.schedule, found.schedule.network
    first = min(found.programme.launch)
    by_pair = s.calls.sum(axis=1)
    ways = listed([f"{by_pair[q]:.0f} from {n.pair_name(int(q))}" for q in np.flatnonzero(by_pair > 0)])
    sold = float(s.sales.sum())
    said = [
        f"The first cars are sold in {n.months[first]}; in {len(n.months)} months "
        f"{count(sold)} cars go over on calls of ships: {ways or 'none'}."
    ]
    if sold > 0:
        weight = s.sales / sold
        moving, usual = float(found.moving @ weight), float(found.moving_before @ weight)
        word = "more" if moving >= usual else "less"
        said.append(
            f"Moving a car from plant to dealer costs {yen(round(moving, -2))}, "
            f"{yen(round(abs(moving - usual), -2))} {word} than its route alone: calls, waiting and the way "
            "to the region are counted in."
        )
    if found.conflict:
        said.append(f"{count(float(s.lost.sum()))} buyers are not served. {found.conflict}.")
    elif float(s.lost.sum()) > _FEWEST * sold:
        said.append(
            f"{count(float(s.lost.sum()))} buyers are not served: a call for them would cost more than they "
            "bring."
        )
    return said


def _launch(found: Logistics) -> list[dict[str, Any]]:
    programme, n = found.programme, found.schedule.network
    return [
        {
            "model": entry.candidate.id,
            "name": full_name(entry.candidate),
            "certified_after_months": programme.lead[j],
            "quickest_way_months": n.first_arrival(j),
            "first_sale": n.months[programme.launch[j]],
        }
        for j, entry in enumerate(programme.entries)
    ]


def _cars(found: Logistics) -> list[dict[str, Any]]:
    s, n = found.schedule, found.schedule.network
    left = np.zeros_like(n.demand)
    np.add.at(left, n.leg_car, s.left)
    loaded, delivered, sold = s.loaded.sum(axis=1), s.delivered.sum(axis=(1, 2)), s.sold.sum(axis=1)
    waiting = s.quay.sum(axis=1) + s.yard.sum(axis=1) + s.dealers.sum(axis=1)
    return [
        {
            "month": month,
            "model": model,
            "left_plant": float(left[j, t]),
            "loaded": float(loaded[j, t]),
            "delivered": float(delivered[j, t]),
            "sold": float(sold[j, t]),
            "wanted": float(n.demand[j, t]),
            "waiting": float(waiting[j, t]),
        }
        for j, model in enumerate(n.cars)
        for t, month in enumerate(n.months)
    ]


def _calls(found: Logistics) -> Iterator[dict[str, Any]]:
    s, n = found.schedule, found.schedule.network
    for t, month in enumerate(n.months):
        for q in np.flatnonzero(s.calls[:, t] > 0):
            yield {
                "month": month,
                "from": n.exports[n.pair_from[q]],
                "to": n.imports[n.pair_to[q]],
                "calls": int(s.calls[q, t]),
                "cars": float(s.loaded[:, q, t].sum()),
                "ceu": float(n.size @ s.loaded[:, q, t]),
                "slots_ceu": float(n.slots * s.calls[q, t]),
            }


def _legs(plan: Plan, found: Logistics) -> Iterator[dict[str, Any]]:
    s, n = found.schedule, found.schedule.network
    for a in np.flatnonzero(s.left.sum(axis=1) > _FEWEST):
        yield {
            "model": n.cars[n.leg_car[a]],
            "plant": n.plants[n.plant_of[n.leg_car[a]]],
            "mode": n.leg_mode[a],
            "port": n.exports[n.leg_port[a]],
            "cars": float(s.left[a].sum()),
        }


def _costs(found: Logistics) -> list[dict[str, Any]]:
    parts = found.schedule.cost_per_car()
    return [
        {
            "model": entry.candidate.id,
            "name": full_name(entry.candidate),
            "route_jpy": float(found.moving_before[j]),
            "schedule_jpy": float(found.moving[j]),
            "schedule_usd": float(found.moving[j]) / found.programme.fx,
            "parts": {
                name: float(value[j]) if np.isfinite(value[j]) else None for name, value in parts.items()
            },
            "price_change_jpy": float(found.price_change[j]),
            "units_before": float(found.before[j]),
            "units": float(found.annual[j]),
        }
        for j, entry in enumerate(found.programme.entries)
    ]


def _map(plan: Plan, found: Logistics) -> dict[str, Any]:
    """Points and arcs that carry cars, in degrees; an arc over sea has the points it bends at."""
    s, n = found.schedule, found.schedule.network
    ports: dict[str, Port] = {p.name: p for p in plan.case.ports.values()}
    regions: dict[str, Region] = {r.name: r for r in plan.case.regions.values()}
    points: dict[str, dict[str, Any]] = {}
    arcs: list[dict[str, Any]] = []

    def point(name: str, kind: str, lat: float, lon: float) -> tuple[float, float]:
        points.setdefault(name, {"name": name, "kind": kind, "lat": lat, "lon": lon})
        return lat, lon

    moved: dict[tuple[str, str], float] = {}
    ends: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for a in np.flatnonzero(s.left.sum(axis=1) > _FEWEST):
        car = found.programme.entries[n.leg_car[a]].candidate
        port = ports[n.exports[n.leg_port[a]]]
        name = f"{car.plant_city}, {car.plant_state}"
        key = (name, port.name)
        moved[key] = moved.get(key, 0.0) + float(s.left[a].sum())
        ends[key] = [
            point(name, "plant", car.plant_lat, car.plant_lon),
            point(port.name, "port", port.lat, port.lon),
        ]
    for key, cars in moved.items():
        arcs.append({"from": key[0], "to": key[1], "kind": "land", "cars": cars, "path": ends[key]})
    for q in np.flatnonzero(s.loaded.sum(axis=(0, 2)) > _FEWEST):
        start, end = ports[n.exports[n.pair_from[q]]], ports[n.imports[n.pair_to[q]]]
        point(start.name, "port", start.lat, start.lon)
        point(end.name, "port", end.lat, end.lon)
        path = sea_path((start.lat, start.lon), (end.lat, end.lon))
        cars = float(s.loaded[:, q].sum())
        arcs.append({"from": start.name, "to": end.name, "kind": "sea", "cars": cars, "path": path})
    given = s.delivered.sum(axis=(0, 3))
    for p, g in zip(*np.nonzero(given > _FEWEST), strict=True):
        port, region = ports[n.imports[p]], regions[n.regions[g]]
        place = point(region.name, "region", region.lat, region.lon)
        arcs.append(
            {"from": port.name, "to": region.name, "kind": "delivery", "cars": float(given[p, g]),
             "path": [(port.lat, port.lon), place]}
        )  # fmt: skip
    return {"points": list(points.values()), "arcs": arcs}
