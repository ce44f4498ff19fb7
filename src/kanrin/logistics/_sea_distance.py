"""Ways over sea: great circles between capes, straits and canals, the shortest of them (Dijkstra 1959).

Waypoints, legs and ports stand in `sea/*.csv`: our own points, placed by hand off the coast and good to a few
per cent. A canal counts by its length, and may be closed.
"""

from __future__ import annotations

import csv
import heapq
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from kanrin.base import InputError, UnknownName
from kanrin.logistics._great_circle import KM_PER_NAUTICAL_MILE, along, kilometres

__all__ = ["CANALS", "SeaWay", "sea_distance", "sea_path", "sea_way"]

CANALS = ("panama", "suez")
_POINTS = 24  # of a leg in a picture
_SAME_KM = 60.0  # a place this near to a port of the table is that port


@dataclass(frozen=True)
class SeaWay:
    """The shortest way between two ports: distance, the places it bends at, and the canals it takes."""

    nautical_miles: float
    places: tuple[str, ...]
    points: tuple[tuple[float, float], ...]  # (lat, lon), ports included
    canals: tuple[str, ...]


@dataclass(frozen=True)
class _Chart:
    points: dict[str, tuple[float, float]]  # ports by UN/LOCODE, waypoints by id
    names: dict[str, str]  # UN/LOCODE by lower-case name of the port
    legs: dict[str, list[tuple[str, float, str]]]  # (end, nautical miles, canal)


def sea_distance(start: str, end: str, *, canals: Collection[str] = CANALS) -> float:
    """Nautical miles between two ports, by UN/LOCODE or name; `canals` are those open.

    Raises UnknownName for a port or canal that is not in the table, InputError where no way is left.
    """
    return sea_way(start, end, canals=canals).nautical_miles


def sea_way(start: str, end: str, *, canals: Collection[str] = CANALS) -> SeaWay:
    """The shortest way between two ports. Arguments and errors as `sea_distance`."""
    chart = _chart()
    for canal in canals:
        if canal not in CANALS:
            raise UnknownName("canal", canal, CANALS)
    first, last = _port(chart, start), _port(chart, end)
    best: dict[str, float] = {first: 0.0}
    came: dict[str, tuple[str, str]] = {}
    open_: list[tuple[float, str]] = [(0.0, first)]
    while open_:
        so_far, here = heapq.heappop(open_)
        if here == last:
            break
        if so_far > best[here]:
            continue
        for there, miles, canal in chart.legs[here]:
            total = so_far + miles
            if (not canal or canal in canals) and total < best.get(there, float("inf")):
                best[there], came[there] = total, (here, canal)
                heapq.heappush(open_, (total, there))
    if last not in best:
        through = ", ".join(canals) or "none"
        raise InputError(f"no way over sea from {start} to {end}, canals open: {through}; open another")
    places, taken = [last], []
    while places[-1] != first:
        before, canal = came[places[-1]]
        taken += [canal] if canal else []
        places.append(before)
    places.reverse()
    return SeaWay(best[last], tuple(places), tuple(chart.points[p] for p in places), tuple(reversed(taken)))


def sea_path(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    """Points (lat, lon) of a way for a picture: by the table where both ports are in it, else straight."""
    a, b = _near(start), _near(end)
    corners = [start, *(sea_way(a, b).points[1:-1] if a and b and a != b else ()), end]
    found: list[tuple[float, float]] = [start]
    for one, two in pairwise(corners):
        found += along(*one, *two, count=_POINTS)[1:]
    return found


def _port(chart: _Chart, name: str) -> str:
    code = chart.names.get(name.lower(), name.upper())
    if code not in chart.names.values():
        raise UnknownName("port", name, [*chart.names, *chart.names.values()])
    return code


def _near(place: tuple[float, float]) -> str:
    chart = _chart()
    far, code = min((kilometres(*place, *chart.points[c]), c) for c in chart.names.values())
    return code if far <= _SAME_KM else ""


def _rows(name: str) -> list[dict[str, str]]:
    text = (files("kanrin.logistics") / "sea" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _chart() -> _Chart:
    points = {r["id"]: (float(r["lat"]), float(r["lon"])) for r in _rows("waypoints")}
    names: dict[str, str] = {}
    pairs = [(r["from"], r["to"], r["canal"]) for r in _rows("legs")]
    for r in _rows("ports"):
        points[r["unlocode"]] = (float(r["lat"]), float(r["lon"]))
        names[r["name"].lower()] = r["unlocode"]
        pairs += [(r["unlocode"], gate, "") for gate in r["gates"].split(";")]
    legs: dict[str, list[tuple[str, float, str]]] = {name: [] for name in points}
    for a, b, canal in pairs:
        miles = kilometres(*points[a], *points[b]) / KM_PER_NAUTICAL_MILE
        legs[a].append((b, miles, canal))
        legs[b].append((a, miles, canal))
    return _Chart(points, names, legs)
