"""The change of the trade balance beside the deficit as cited, drawn to one scale (bal-us)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kanrin.report._chart_style import ACCENT, PALE, QUIET, WIDTH, Spec, chart, height, label, names, rows
from kanrin.report._numbers import interval, per_cent, signed, usd

__all__ = ["balance_chart"]


def balance_chart(trade: Mapping[str, Any]) -> Spec:
    """Two bars from zero, in billions of dollars a year; the range of the change is a thin line on its bar.

    Parameters
    ----------
    trade
        `trade` of plan.json, amounts in USD a year.
    """
    change, deficit = trade["balance_change_usd"], abs(float(trade.get("deficit_usd") or 0.0))
    mean = float(change["mean"])
    period = str(trade.get("deficit_period") or "").replace("..", " to ")
    values = [
        {
            "row": 0,
            "label": f"Deficit {period}".strip(),
            "size": deficit / 1e9,
            "text": usd(deficit),
            "own": False,
        },
        {
            "row": 1,
            "label": "Change by this plan",
            "size": abs(mean) / 1e9,
            "text": signed(usd(mean), mean),
            "own": True,
        },
    ]
    share = trade.get("share_of_deficit")
    tail = "" if share is None else f", {per_cent(share)} of it"
    return chart(
        f"Drawn to one scale: the deficit {period} is {usd(deficit)}; the plan changes the balance by "
        f"{interval(change, 'usd', 'a year')}{tail}.",
        width=WIDTH,
        height=height(2),
        data={"values": values},
        encoding={"y": rows(2)},
        layer=[
            {
                "mark": {"type": "bar"},
                "encoding": {
                    "x": {
                        "field": "size",
                        "type": "quantitative",
                        "axis": {"title": "billion dollars a year", "tickCount": 5},
                    },
                    "color": {"condition": {"test": "datum.own", "value": ACCENT}, "value": PALE},
                },
            },
            names(values),
            label("text", WIDTH + 16, color=QUIET),
        ],
    )
