"""Bridge of the maker's profit change: new sales, lost own sales, home market, fixed costs (delta-pi)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._chart_style import (
    ACCENT,
    QUIET,
    WIDTH,
    Spec,
    chart,
    height,
    label,
    names,
    rows,
    rule,
    wrap,
)
from kanrin.report._numbers import jpy, signed

__all__ = ["bridge_chart"]


def bridge_chart(bridge: Sequence[Mapping[str, Any]]) -> Spec:
    """Steps in billions of yen over the programme: gains solid, losses hollow, the total grey.

    Parameters
    ----------
    bridge
        `bridge` of plan.json: steps whose `amount_jpy` add up to the one named "Total".
    """
    values: list[Spec] = []
    running = 0.0
    for step in bridge:
        amount, is_total = float(step["amount_jpy"]), step["step"] == "Total"
        start, end = (0.0, amount) if is_total else (running, running + amount)
        running = end
        values.append(
            {
                "row": len(values),
                "label": wrap(step["step"], 38),
                "start": start / 1e9,
                "end": end / 1e9,
                "text": jpy(amount) if is_total else signed(jpy(amount), amount),
                "kind": "total" if is_total else "loss" if amount < 0 else "gain",
            }
        )
    said = ", ".join(f"{v['label'].lower()} {v['text']}" for v in values)
    return chart(
        f"Bridge of the maker's profit over the programme: {said}.",
        width=WIDTH,
        height=height(len(values)),
        data={"values": values},
        encoding={"y": rows(len(values))},
        layer=[
            {
                "mark": {"type": "bar", "strokeWidth": 1},
                "encoding": {
                    "x": {
                        "field": "start",
                        "type": "quantitative",
                        "axis": {"title": "billion yen, programme, discounted", "tickCount": 5},
                    },
                    "x2": {"field": "end"},
                    "fill": {
                        "field": "kind",
                        "type": "nominal",
                        "legend": None,
                        "scale": {"domain": ["gain", "loss", "total"], "range": [ACCENT, "#ffffff", QUIET]},
                    },
                    "stroke": {
                        "condition": {"test": "datum.kind == 'total'", "value": QUIET},
                        "value": ACCENT,
                    },
                },
            },
            rule(0.0),
            names(values, bold="datum.kind == 'total'"),
            label("text", WIDTH + 16),
        ],
    )
