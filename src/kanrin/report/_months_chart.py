"""Cars by month: sold as bars, loaded on ships as ticks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._chart_style import ACCENT, QUIET, Spec, chart
from kanrin.report._numbers import cars

__all__ = ["by_month", "months_chart"]

_WIDTH, _HEIGHT = 520, 150


def by_month(rows: Sequence[Mapping[str, Any]], months: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of `logistics.cars` summed over models: one a month."""
    names = ("left_plant", "loaded", "delivered", "sold", "wanted", "waiting")
    return [
        {"month": month, **{n: sum(float(r[n]) for r in rows if r["month"] == month) for n in names}}
        for month in months
    ]


def months_chart(totals: Sequence[Mapping[str, Any]]) -> Spec:
    """Bars and ticks over months.

    Parameters
    ----------
    totals
        One a month, as `by_month` gives.
    """
    sold = [r for r in totals if r["sold"] > 0]
    most = max(sold, key=lambda r: r["sold"], default=None)
    told = (
        "No car is sold in these months."
        if most is None
        else f"Cars sold by month: from {cars(sold[0]['sold'])} in {sold[0]['month']} to "
        f"{cars(most['sold'])} in {most['month']}; cars loaded on ships come before, in lots."
    )
    month = {
        "field": "month",
        "type": "ordinal",
        "axis": {"title": None, "labelAngle": -60, "labelOverlap": True},
        "scale": {"paddingInner": 0.25},
    }
    return chart(
        told,
        width=_WIDTH,
        height=_HEIGHT,
        data={"values": [{k: r[k] for k in ("month", "sold", "loaded")} for r in totals]},
        encoding={"x": month},
        layer=[
            {
                "mark": {"type": "bar", "color": ACCENT},
                "encoding": {
                    "y": {
                        "field": "sold",
                        "type": "quantitative",
                        "axis": {"title": "cars a month", "tickCount": 5},
                    }
                },
            },
            {
                "transform": [{"filter": "datum.loaded > 0"}],
                "mark": {"type": "tick", "color": QUIET, "thickness": 2.5, "width": 14},
                "encoding": {"y": {"field": "loaded", "type": "quantitative"}},
            },
        ],
    )
