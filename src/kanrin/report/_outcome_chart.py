"""What a plan may turn out to be worth: dots of equal chance, stacked where they fall."""

from __future__ import annotations

from collections.abc import Sequence

from kanrin.report._chart_style import ACCENT, INK, PALE, WIDTH, Spec, chart
from kanrin.report._numbers import jpy, jpy_range

__all__ = ["outcome_chart"]

_BINS = 38
_DOT = 10  # pixels a dot takes


def outcome_chart(outcomes_jpy: Sequence[float], mean_jpy: float) -> Spec:
    """One dot for each outcome of equal chance; hollow where the plan loses; a line at nil and at the mean.

    Parameters
    ----------
    outcomes_jpy
        `risk.outcomes_jpy` of plan.json, lowest first.
    mean_jpy
        Mean profit of the plan, JPY over the programme.
    """
    low, high = min(*outcomes_jpy, 0.0), max(*outcomes_jpy, mean_jpy)
    width = (high - low) / _BINS or 1.0
    stacked: dict[int, int] = {}
    values: list[Spec] = []
    for x in outcomes_jpy:
        column = int((x - low) / width)
        stacked[column] = stacked.get(column, 0) + 1
        middle = (low + (column + 0.5) * width) / 1e9
        values.append({"x": middle, "y": stacked[column] - 0.5, "kind": "loss" if x < 0 else "gain"})
    most = max(stacked.values())
    losses = sum(x < 0 for x in outcomes_jpy)
    axis = {"title": "profit, billion yen", "tickCount": 7}
    fill = {
        "field": "kind",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": ["loss", "gain"], "range": ["#ffffff", ACCENT]},
    }
    y: Spec = {
        "field": "y",
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": [0, most], "nice": False},
    }

    def line(value: float, color: str) -> Spec:
        return {
            "mark": {"type": "rule", "color": color, "strokeWidth": 1},
            "encoding": {"x": {"datum": value / 1e9, "type": "quantitative"}},
        }

    return chart(
        f"{len(outcomes_jpy)} outcomes of equal chance, {jpy_range(min(outcomes_jpy), max(outcomes_jpy))}: "
        f"{losses} lose, {len(outcomes_jpy) - losses} earn; the mean is {jpy(mean_jpy)}.",
        width=WIDTH + 140,
        height=_DOT * most,
        data={"values": values},
        layer=[
            line(0.0, PALE),
            line(mean_jpy, INK),
            {
                "mark": {"type": "point", "stroke": ACCENT, "strokeWidth": 1, "size": 52, "opacity": 1},
                "encoding": {
                    "x": {"field": "x", "type": "quantitative", "axis": axis},
                    "y": y,
                    "fill": fill,
                },
            },
        ],
    )
