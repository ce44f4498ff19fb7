"""The look all charts share: one accent, greys, the reader's sans-serif, no grid that is not needed.

Direction and kind are told by sign, fill or outline and by words, so that grey print and colour-blind eyes
lose nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "ACCENT",
    "INK",
    "PALE",
    "QUIET",
    "WIDTH",
    "Spec",
    "chart",
    "height",
    "label",
    "names",
    "rows",
    "rule",
    "wrap",
]

Spec = dict[str, Any]

ACCENT = "#1f4e79"  # prints as a dark grey
INK = "#222222"
QUIET = "#6a6a6a"
PALE = "#b9c4cf"
WIDTH = 380  # of the drawn area, in pixels; the words stand beside it
ROW = 22  # height of one row

_CONFIG: Spec = {
    "font": "sans-serif",
    "aria": False,  # the picture carries one label of its own
    "view": {"stroke": None},
    "axis": {
        "labelColor": QUIET,
        "titleColor": QUIET,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "domain": False,
        "grid": False,
        "tickColor": PALE,
        "tickSize": 4,
    },
    "text": {"fontSize": 12, "color": INK},
}


def chart(description: str, **parts: Any) -> Spec:
    """A Vega-Lite v5 specification; the description is the text alternative and may not be empty.

    Raises
    ------
    ValueError
        Without a description.
    """
    if not description.strip():
        raise ValueError("a chart needs a description: it is read to those who cannot see it")
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "description": description,
        "background": "transparent",
        "padding": {"left": 1, "right": 24, "top": 4, "bottom": 4},  # fonts differ: room for wider letters
        "config": _CONFIG,
        **parts,
    }


def label(
    field: str, x: int | Mapping[str, Any], *, align: str = "left", color: str = INK, **more: Any
) -> Spec:
    """A column of words, one a row, at a pixel position or along a scale."""
    place = {"value": x} if isinstance(x, int) else dict(x)
    mark = {"type": "text", "align": align, "baseline": "middle", "color": color, **more}
    return {"mark": mark, "encoding": {"x": place, "text": {"field": field, "type": "nominal"}}}


def names(values: Sequence[Mapping[str, Any]], *, bold: str = "", gap: int = 14) -> Spec:
    """The column of row labels, flush with the left edge of the page, wide enough for a wide system font."""
    longest = max((len(str(v["label"])) for v in values), default=0)
    mark: Spec = {"fontWeight": {"expr": f"{bold} ? 600 : 400"}} if bold else {}
    return label("label", -(gap + round(6.9 * longest)), **mark)


def rule(value: float, *, color: str = QUIET, dash: Sequence[int] = (), axis: Spec | None = None) -> Spec:
    """A vertical line across all rows at one value of the horizontal scale."""
    x: Spec = {"datum": value, "type": "quantitative"}
    if axis is not None:
        x["axis"] = axis
    return {
        "mark": {"type": "rule", "color": color, "strokeDash": list(dash), "strokeWidth": 1},
        "encoding": {"x": x, "y": {"value": 0}, "y2": {"value": {"expr": "height"}}},
    }


def rows(count: int) -> Spec:
    """The vertical encoding: rows numbered from 0, top to bottom, without an axis."""
    return {
        "field": "row",
        "type": "ordinal",
        "axis": None,
        "sort": None,
        "scale": {"paddingInner": 0.35, "paddingOuter": 0.2, "domain": list(range(count))},
    }


def height(count: int) -> int:
    """Pixels for `count` rows."""
    return ROW * max(count, 1)


def wrap(text: str, width: int) -> str:
    """Cut a label that would run out of its column."""
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
