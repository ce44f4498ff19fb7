"""The calendar as a line: who said what, via whom, and how final it was; further right is more final."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._chart_style import ACCENT, INK, PALE, QUIET, Spec, chart, height, label, rows, wrap

__all__ = ["STATUSES", "calendar_chart", "calendar_shown"]

STATUSES = ("reported", "considered", "announced", "in_force")
_LANE = 62


def calendar_shown(
    calendar: Sequence[Mapping[str, Any]], keys: set[str], shown: int = 14
) -> list[Mapping[str, Any]]:
    """The events to draw: those about a rule of this plan and the latest others, at most `shown`, by date."""
    order = sorted(calendar, key=lambda e: str(e["date"]))
    about = [e for e in order if e.get("about") in keys][-shown:]
    others = [e for e in order if e.get("about") not in keys]
    room = shown - len(about)
    return sorted(about + (others[-room:] if room else []), key=lambda e: str(e["date"]))


def calendar_chart(events: Sequence[Mapping[str, Any]]) -> Spec:
    """Rows of events, oldest first; four lanes from reported to in force; filled when it is law.

    Parameters
    ----------
    events
        Entries of `calendar` of plan.json, in the order to draw.
    """
    values: list[Spec] = []
    for event in events:
        via = f" (via {event['via']})" if event.get("via") else ""
        values.append(
            {
                "row": len(values),
                "date": str(event["date"]),
                "lane": event["how_final"].replace("_", " "),
                "text": wrap(f"{event['actor']}{via}: {event['claim']}", 84),
                "law": event["how_final"] == "in_force",
            }
        )
    lanes = [s.replace("_", " ") for s in STATUSES]
    width = _LANE * len(lanes)
    ends = f", from {values[0]['date']} to {values[-1]['date']}" if values else ""
    counts = ", ".join(f"{sum(v['lane'] == lane for v in values)} {lane}" for lane in lanes)
    axis = {
        "orient": "top",
        "title": None,
        "labelAngle": 0,
        "ticks": False,
        "grid": True,
        "gridColor": PALE,
        "labelFontSize": 10,
    }
    x = {"field": "lane", "type": "nominal", "sort": None, "scale": {"domain": lanes}, "axis": axis}
    return chart(
        f"Line of {len(values)} events{ends}, by how final each was: {counts}.",
        padding={"left": 1, "right": 80, "top": 4, "bottom": 4},  # sentences: more room than labels
        width=width,
        height=height(len(values)),
        data={"values": values},
        encoding={"y": rows(len(values))},
        layer=[
            {
                "mark": {"type": "point", "size": 70, "stroke": ACCENT, "strokeWidth": 1.5, "opacity": 1},
                "encoding": {
                    "x": x,
                    "fill": {"condition": {"test": "datum.law", "value": ACCENT}, "value": "#ffffff"},
                },
            },
            label("date", -90, color=QUIET, fontSize=11),
            label("text", width + 10, color=INK, fontSize=11),
        ],
    )
