"""Where outcomes fell in their forecasts, by tenths: a flat picture is what honest forecasts give."""

from __future__ import annotations

from collections.abc import Sequence

from kanrin.report._chart_style import ACCENT, QUIET, WIDTH, Spec, chart, height, label, names, rows, rule
from kanrin.report._svg import svg

__all__ = ["TENTHS", "calibration_chart", "calibration_svg"]

TENTHS = (
    "lowest tenth of its "
    "forecast", "second tenth", "third tenth", "fourth tenth", "fifth tenth", "sixth tenth",
    "seventh tenth", "eighth tenth", "ninth tenth", "highest tenth of its forecast",
)  # fmt: skip


def calibration_chart(tenths: Sequence[int], about: str) -> Spec:
    """Bars of the share of outcomes in each tenth of their forecasts, with the share expected of each.

    Parameters
    ----------
    tenths
        Outcomes (10,), cars.
    about
        Whose forecasts they are, for the text alternative.
    """
    total = sum(tenths)
    values = [
        {"row": k, "label": words, "share": 100 * n / total, "text": f"{n}"}
        for k, (words, n) in enumerate(zip(TENTHS, tenths, strict=True))
    ]
    said = ", ".join(str(n) for n in tenths)
    axis = {"title": "per cent of cars; the line is what honest forecasts give", "tickCount": 6}
    return chart(
        f"{about}: {total} cars by the tenth of their forecast in which their sales fell, lowest first: "
        f"{said}. "
        f"Honest forecasts give {total / 10:.1f} in each.",
        width=WIDTH,
        height=height(len(values)),
        data={"values": values},
        encoding={"y": rows(len(values))},
        layer=[
            {
                "mark": {"type": "bar", "color": ACCENT},
                "encoding": {"x": {"field": "share", "type": "quantitative", "axis": axis}},
            },
            rule(10.0, color=QUIET, dash=(4, 3)),
            names(values),
            label("text", {"field": "share", "type": "quantitative"}, dx=6, color=QUIET),
        ],
    )


def calibration_svg(tenths: Sequence[int], about: str) -> str:
    """The picture as SVG text, to be saved on its own."""
    drawn = svg(calibration_chart(tenths, about), "calibration")
    return drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
