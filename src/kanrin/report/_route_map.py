"""The ways the cars take, drawn from positions alone: no coastline, nothing fetched.

Equirectangular, true to shape at the latitude of the ports, the Pacific in the middle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kanrin.report._chart_style import ACCENT, INK, PALE, QUIET, Spec, chart
from kanrin.report._numbers import cars

__all__ = ["route_map"]

_WIDTH = 560
_EDGE = 9  # degrees around the outermost points
_DEGREES = "datum.value > 180 ? (360 - datum.value) + '° W' : datum.value + '° E'"
_STRETCH = 1.24  # of a degree of latitude over one of longitude, at 36 degrees
_LINE = 4.0  # degrees between the lines of names
_NEAR = 25.0  # degrees of longitude within which two names may meet
_LARGEST = 4.0  # pixels of the busiest way


def route_map(drawn: Mapping[str, Any]) -> Spec:
    """Points and arcs of `logistics.map`.

    Parameters
    ----------
    drawn
        `points` and `arcs` of plan.json, degrees.
    """
    points = [{**p, "x": p["lon"] % 360.0, "y": p["lat"]} for p in drawn["points"]]
    most = max((a["cars"] for a in drawn["arcs"]), default=1.0)
    lines = [
        {
            "arc": k,
            "at": i,
            "x": lon % 360.0,
            "y": lat,
            "kind": arc["kind"],
            "width": max(1.0, _LARGEST * arc["cars"] / most),
        }
        for k, arc in enumerate(drawn["arcs"])
        for i, (lat, lon) in enumerate(arc["path"])
    ]
    xs, ys = [p["x"] for p in (*points, *lines)], [p["y"] for p in (*points, *lines)]
    across, along = (min(xs) - 2 * _EDGE, max(xs) + 2 * _EDGE), (min(ys) - _EDGE, max(ys) + _EDGE)
    sea = [a for a in drawn["arcs"] if a["kind"] == "sea"]
    told = "; ".join(f"{cars(a['cars'])} cars by ship from {a['from']} to {a['to']}" for a in sea)
    plants = ", ".join(p["name"] for p in points if p["kind"] == "plant")
    regions = sum(p["kind"] == "region" for p in points)
    return chart(
        f"Map of the ways without coastlines: from the plants at {plants} over land; {told}; from there to "
        f"{regions} regions of dealers.",
        width=_WIDTH,
        height=round(_STRETCH * _WIDTH * (along[1] - along[0]) / (across[1] - across[0])),
        layer=[
            {
                "data": {"values": lines},
                "mark": {"type": "line", "strokeCap": "round"},
                "encoding": {
                    "x": _axis("x", across, _DEGREES, 20),
                    "y": _axis("y", along, "datum.value + '° N'", 10),
                    "detail": {"field": "arc", "type": "nominal"},
                    "order": {"field": "at", "type": "quantitative"},
                    "strokeWidth": {"field": "width", "type": "quantitative", "scale": None, "legend": None},
                    "color": {"condition": {"test": "datum.kind == 'sea'", "value": ACCENT}, "value": QUIET},
                },
            },
            {
                "data": {"values": points},
                "mark": {"type": "point", "filled": True, "size": 36, "opacity": 1},
                "encoding": {
                    "x": {"field": "x", "type": "quantitative"},
                    "y": {"field": "y", "type": "quantitative"},
                    "shape": {
                        "field": "kind",
                        "type": "nominal",
                        "legend": None,
                        "scale": {
                            "domain": ["plant", "port", "region"],
                            "range": ["square", "circle", "circle"],
                        },
                    },
                    "color": {"condition": {"test": "datum.kind == 'region'", "value": QUIET}, "value": INK},
                },
            },
            _names(points, "plant", "left", 7, 1),
            _names(points, "port", "right", -7, -1),
        ],
    )


def _axis(field: str, domain: tuple[float, float], words: str, step: int) -> Spec:
    first = int(-(-domain[0] // step) * step)
    ticks = list(range(first, int(domain[1]) + 1, step))
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": list(domain), "nice": False},
        "axis": {"title": None, "grid": True, "gridColor": PALE, "gridOpacity": 0.5, "values": ticks,
                 "labelExpr": words},
    }  # fmt: skip


def _names(points: list[dict[str, Any]], kind: str, align: str, dx: int, way: int) -> Spec:
    """Names beside their points; those that would lie on another move on, up (1) or down (-1)."""
    named: list[dict[str, Any]] = []
    for point in sorted((p for p in points if p["kind"] == kind), key=lambda p: (way * p["y"], p["x"])):
        y = point["y"] + way * _LINE / 2.0
        while any(abs(y - n["y"]) < _LINE and abs(point["x"] - n["x"]) < _NEAR for n in named):
            y += way * _LINE / 4.0
        named.append({"name": point["name"], "x": point["x"], "y": y})
    return {
        "data": {"values": named},
        "mark": {
            "type": "text",
            "align": align,
            "dx": dx,
            "baseline": "middle",
            "fontSize": 11,
            "color": INK,
        },
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "y": {"field": "y", "type": "quantitative"},
            "text": {"field": "name", "type": "nominal"},
        },
    }
