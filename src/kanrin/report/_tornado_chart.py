"""What would turn the decision: profit at both ends of each number, and where today and the flip lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._chart_style import (
    ACCENT,
    INK,
    PALE,
    QUIET,
    Spec,
    chart,
    height,
    label,
    names,
    rows,
    rule,
    wrap,
)
from kanrin.report._model_name import sentence_case
from kanrin.report._numbers import jpy_range, number

__all__ = ["tornado_chart"]

_PROFIT_WIDTH, _RANGE_WIDTH = 250, 150


def tornado_chart(sensitivity: Sequence[Mapping[str, Any]], profit_jpy: float, shown: int = 5) -> Spec:
    """Left: profit from low (hollow) to high (solid) about the plan's; right: the range with today and flip.

    Parameters
    ----------
    sensitivity
        `sensitivity` of plan.json, most important first.
    profit_jpy
        Mean profit of the plan, JPY over the programme.
    shown
        How many to draw.
    """
    values = [_line(i, item, profit_jpy) for i, item in enumerate(sensitivity[:shown])]
    count = len(values)
    said = "; ".join(f"{v['name']}: profit {v['span']}, {v['flip_text']}" for v in values)
    data = {"values": values}
    common: Spec = {"height": height(count), "data": data, "encoding": {"y": rows(count)}}
    axis = {"title": "profit, billion yen", "tickCount": 5}
    left: Spec = {
        **common,
        "width": _PROFIT_WIDTH,
        "layer": [
            _half("at_low", "#ffffff", axis),
            _half("at_high", ACCENT, axis),
            rule(0.0, color=PALE, axis=axis),
            rule(profit_jpy / 1e9, color=INK, axis=axis),
            names(values),
        ],
    }
    scale = {"domain": [-0.12, 1.12], "nice": False}
    place: Spec = {"type": "quantitative", "scale": scale, "axis": None}
    right: Spec = {
        **common,
        "width": _RANGE_WIDTH,
        "layer": [
            {
                "mark": {"type": "rule", "color": PALE, "strokeWidth": 3},
                "encoding": {"x": {**place, "datum": 0.0}, "x2": {"datum": 1.0}},
            },
            {
                "mark": {"type": "tick", "color": INK, "thickness": 2, "size": 13},
                "encoding": {"x": {**place, "field": "today"}},
            },
            {
                "transform": [{"filter": "isValid(datum.flip)"}],
                "mark": {
                    "type": "point",
                    "shape": "diamond",
                    "filled": True,
                    "size": 90,
                    "color": ACCENT,
                    "opacity": 1,
                },
                "encoding": {"x": {**place, "field": "flip"}},
            },
            label("low_text", 4, align="right", color=QUIET, fontSize=10),
            label("high_text", _RANGE_WIDTH - 4, color=QUIET, fontSize=10),
        ],
    }
    return chart(
        f"Profit at the low and high end of the {count} most important numbers: {said}.",
        hconcat=[left, right],
        spacing=56,
    )


def _half(end: str, fill: str, axis: Spec) -> Spec:
    return {
        "mark": {"type": "bar", "fill": fill, "stroke": ACCENT, "strokeWidth": 1},
        "encoding": {"x": {"field": "base", "type": "quantitative", "axis": axis}, "x2": {"field": end}},
    }


def _line(row: int, item: Mapping[str, Any], profit_jpy: float) -> Spec:
    low, high, flip = float(item["low"]), float(item["high"]), item.get("flips_at")
    width = high - low

    def place(x: float) -> float:
        return 0.5 if width == 0 else min(max((x - low) / width, -0.1), 1.1)

    ends = sorted((float(item["profit_low_jpy"]), float(item["profit_high_jpy"])))
    return {
        "row": row,
        "name": sentence_case(item["label"]),
        "label": wrap(sentence_case(item["label"]), 44),
        "base": profit_jpy / 1e9,
        "at_low": item["profit_low_jpy"] / 1e9,
        "at_high": item["profit_high_jpy"] / 1e9,
        "today": place(float(item["value"])),
        "flip": None if flip is None or not low <= float(flip) <= high else place(float(flip)),
        "low_text": _short(low),
        "high_text": _short(high),
        "span": jpy_range(*ends),
        "flip_text": "no flip in the range" if flip is None else f"flips at {_short(float(flip))}",
    }


def _short(x: float) -> str:
    for scale, letter in ((1e9, "bn"), (1e6, "m")):
        if abs(x) >= scale:
            return f"{float(f'{x / scale:.4g}'):g} {letter}".replace("-", "\u2212")
    return number(float(f"{x:.4g}"))
