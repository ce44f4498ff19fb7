"""Where the buyers come from: the maker's own models, rivals by name, people who would have bought no car."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kanrin.report._chart_style import ACCENT, PALE, WIDTH, Spec, chart, height, label, names, rows, wrap
from kanrin.report._numbers import cars, per_cent

__all__ = ["diversion_chart"]

_GROUPS = ("own", "rival", "none")


def diversion_chart(market: Mapping[str, Any], maker: str, own_shown: int = 5, rivals_shown: int = 7) -> Spec:
    """Bars in cars a year; own models solid, rivals pale, no car hollow; the rest of each group is one bar.

    Parameters
    ----------
    market
        `market` of plan.json, vehicles per year.
    maker
        Whose plan it is.
    """
    values: list[Spec] = []

    def put(text: str, units: float, group: str) -> None:
        values.append(
            {"row": len(values), "label": wrap(text, 38), "units": units, "text": cars(units), "group": group}
        )

    own = list(market.get("own_lost") or ())[:own_shown]
    for item in own:
        put(item["model"], float(item["units"]), "own")
    rest = float(market["own_units_lost"]) - sum(float(i["units"]) for i in own)
    if rest > 0.5:
        put(f"Other {maker} models", rest, "own")
    rivals = list(market.get("rivals_lost") or ())[:rivals_shown]
    for item in rivals:
        put(item["model"], float(item["units"]), "rival")
    rest = float(market["rivals_units_lost"]) - sum(float(i["units"]) for i in rivals)
    if rest > 0.5:
        put("All other rivals", rest, "rival")
    none = float(market.get("outside_units_gained_from") or 0.0)
    put("Would have bought no car", none, "none")
    total = float(market["own_units_lost"]) + float(market["rivals_units_lost"]) + none
    shares = [float(market["own_units_lost"]), float(market["rivals_units_lost"]), none]
    said = [f"{per_cent(x / total) if total > 0 else '0 %'}" for x in shares]
    return chart(
        f"Where the buyers come from: {said[0]} from other {maker} models, {said[1]} from rivals, {said[2]} "
        "would have bought no car.",
        width=WIDTH,
        height=height(len(values)),
        data={"values": values},
        encoding={"y": rows(len(values))},
        layer=[
            {
                "mark": {"type": "bar", "stroke": ACCENT, "strokeWidth": 1},
                "encoding": {
                    "x": {
                        "field": "units",
                        "type": "quantitative",
                        "axis": {"title": "cars a year", "format": ",.0f", "tickCount": 5},
                    },
                    "fill": {
                        "field": "group",
                        "type": "nominal",
                        "legend": None,
                        "scale": {"domain": list(_GROUPS), "range": [ACCENT, PALE, "#ffffff"]},
                    },
                },
            },
            names(values),
            label("text", {"field": "units", "type": "quantitative"}, dx=6),
        ],
    )
