"""Waterfall of one car, from factory gate to the price on the road (lines of MODEL section 7, fob to otr)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._chart_style import (
    ACCENT,
    INK,
    PALE,
    QUIET,
    WIDTH,
    Spec,
    chart,
    height,
    label,
    names,
    rows,
    wrap,
)
from kanrin.report._numbers import jpy, thousands

__all__ = ["waterfall_chart"]

# fill says how sure a line is: solid what is known, pale what is estimated, hollow what is assumed
_FILL = {"fact": ACCENT, "derived": ACCENT, "estimate": PALE, "assumption": "#ffffff", "subtotal": QUIET}


def waterfall_chart(name: str, lines: Sequence[Mapping[str, Any]]) -> Spec:
    """Bars in thousands of yen, one a line that is not zero; subtotals stand on the ground line.

    Parameters
    ----------
    name
        The car, for the text alternative.
    lines
        `waterfalls[model]` of plan.json: `amount_jpy` in JPY per vehicle, `kind`, `label`.
    """
    values: list[Spec] = []
    running = 0.0
    for line in lines:
        amount, kind = float(line["amount_jpy"]), str(line["kind"])
        start, end = (0.0, amount) if kind == "subtotal" else (running, running + amount)
        running = end
        if amount == 0.0:
            continue
        letter = "" if kind == "subtotal" else kind[0].upper()
        text = thousands(amount / 1e3) if kind == "subtotal" or amount < 0 else "+" + thousands(amount / 1e3)
        values.append(
            {
                "row": len(values),
                "label": wrap(str(line.get("label") or line["line"]), 38),
                "start": start / 1e3,
                "end": end / 1e3,
                "text": text,
                "letter": letter,
                "kind": kind,
                "strong": kind == "subtotal",
            }
        )
    count = len(values)
    last = values[-1]["end"] if values else 0.0
    steps = sorted((v for v in values if not v["strong"]), key=lambda v: -abs(v["end"] - v["start"]))[:3]
    said = ", ".join(f"{v['label'].lower()} {jpy(1e3 * (v['end'] - v['start']))}" for v in steps)
    kinds = list(_FILL)
    bars = {
        "mark": {"type": "bar", "strokeWidth": 1},
        "encoding": {
            "x": {
                "field": "start",
                "type": "quantitative",
                "axis": {"title": "thousand yen a car", "tickCount": 5, "format": ",.0f"},
            },
            "x2": {"field": "end"},
            "fill": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": kinds, "range": [_FILL[k] for k in kinds]},
                "legend": None,
            },
            "stroke": {
                "condition": {"test": "datum.strong", "value": QUIET},
                "value": ACCENT,
            },
        },
    }
    return chart(
        f"Waterfall of the {name}, in thousand yen a car, ending at {jpy(1e3 * last)} on the road. "
        f"Largest lines: {said}.",
        width=WIDTH,
        height=height(count),
        data={"values": values},
        encoding={"y": rows(count)},
        layer=[
            bars,
            names(values, bold="datum.strong", gap=24),
            label("letter", -4, align="right", color=QUIET, fontSize=9),
            label("text", WIDTH + 74, align="right", color=INK),
        ],
    )
