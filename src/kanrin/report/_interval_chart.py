"""Ranges of yearly sales, P10 to P90, all cars on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._chart_style import ACCENT, QUIET, WIDTH, Spec, chart, height, label, names, rows, wrap
from kanrin.report._numbers import cars, interval

__all__ = ["interval_chart"]


def interval_chart(decision: Sequence[Mapping[str, Any]], total: Mapping[str, float]) -> Spec:
    """A line from P10 to P90, a tick at the median, a dot at the mean, for every car and for the sum.

    Hollow dots show the mean if buyers like the car less than forecast (`xi.shifts`).

    Parameters
    ----------
    decision
        `decision` of plan.json; units are vehicles per year.
    total
        `total.units` of plan.json.
    """
    values: list[Spec] = []
    shifts: list[Spec] = []
    for item in decision:
        for shift in (item.get("xi") or {}).get("shifts") or ():
            shifts.append({"row": len(values), "units": shift["units_mean"]})
        values.append(
            {
                "row": len(values),
                "name": item["name"],
                "label": wrap(item["name"], 44),
                **_span(item["units"]),
            }
        )
    if len(decision) != 1:
        values.append({"row": len(values), "name": "all together", "label": "All together", **_span(total)})
    count = len(values)
    said = "; ".join(f"{v['name']} {interval(v, 'cars')}" for v in values)
    axis = {"title": "cars a year", "format": ",.0f", "tickCount": 6}
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "strokeWidth": 5, "color": ACCENT, "opacity": 0.45},
            "encoding": {
                "x": {"field": "p10", "type": "quantitative", "axis": axis, "scale": {"zero": True}},
                "x2": {"field": "p90"},
            },
        },
        {
            "mark": {"type": "tick", "thickness": 2, "size": 14, "color": ACCENT},
            "encoding": {"x": {"field": "p50", "type": "quantitative"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 60, "color": ACCENT, "opacity": 1},
            "encoding": {"x": {"field": "mean", "type": "quantitative"}},
        },
    ]
    if shifts:
        layers.append(
            {
                "data": {"values": shifts},
                "mark": {"type": "point", "size": 40, "color": ACCENT, "fill": "#ffffff", "opacity": 1},
                "encoding": {"x": {"field": "units", "type": "quantitative"}},
            }
        )
    layers += [names(values), label("text", WIDTH + 16, color=QUIET)]
    return chart(
        f"Ranges of yearly sales on one scale: {said}.",
        width=WIDTH,
        height=height(count),
        data={"values": values},
        encoding={"y": rows(count)},
        layer=layers,
    )


def _span(units: Mapping[str, float]) -> Spec:
    text = f"{cars(units['p10'])} to {cars(units['p90'])}"
    return {k: float(units[k]) for k in ("mean", "p10", "p50", "p90")} | {"text": text}
