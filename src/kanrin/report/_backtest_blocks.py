"""Part of section 8: how good such forecasts have been, in words, by car, as a picture and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._calibration_chart import TENTHS, calibration_chart
from kanrin.report._model_name import sentence_case
from kanrin.report._numbers import number, per_cent
from kanrin.report._page import (
    Block,
    Bullets,
    Cell,
    Column,
    Figure,
    Fold,
    Paragraph,
    Row,
    Subheading,
    Table,
    words,
)

__all__ = ["backtest_blocks"]

_DATA = {"entries": "cars that came", "market": "cars on sale, each left out"}


def backtest_blocks(answer: Mapping[str, Any]) -> list[Block]:
    """Blocks on the backtest; none when the plan rests on none."""
    told = answer.get("backtest")
    if not told:
        return []
    names = {d["model"]: d["name"] for d in answer["decision"]}
    blocks: list[Block] = [
        Subheading("How good such forecasts have been"),
        Bullets(tuple(words(sentence) for sentence in told["words"])),
    ]
    by_car = [f"{names[c['model']]}: {c['sentence']}" for c in told["cars"] if c["model"] in names]
    if by_car:
        blocks.append(Bullets(tuple(words(sentence) for sentence in by_car)))
    drawn = next((c for c in told["calibration"] if c["data"] == "entries" and c["group"] == "all"), None)
    if drawn is not None:
        blocks.append(_calibration(drawn, str(told["period"])))
    blocks.append(Fold("All scores of the backtest", (_scores(told["scores"]),), printed=False))
    notes = [*told["notes"], f"Scores on cars that came: {told['source']}."]
    blocks.append(Paragraph(words(" ".join(notes)), role="note"))
    return blocks


def _calibration(drawn: Mapping[str, Any], period: str) -> Figure:
    tenths: Sequence[int] = drawn["tenths"]
    total = sum(tenths)
    rows = tuple(
        Row((Cell(words(sentence_case(name))), Cell(words(number(n))), Cell(words(per_cent(n / total)))))
        for name, n in zip(TENTHS, tenths, strict=True)
    )
    return Figure(
        "calibration-chart",
        f"Where the sales of {total} cars that came in {period} fell in their forecasts. Equal bars "
        "would be forecasts whose spread is right; long ends would be forecasts too sure of themselves.",
        calibration_chart(tenths, f"Cars that came in {period}"),
        Table(
            "Cars by the tenth of their forecast in which their sales fell.",
            (Column("Tenth"), Column("Cars", True), Column("Share", True)),
            rows,
        ),
    )


def _scores(scores: Sequence[Mapping[str, Any]]) -> Table:
    columns = (
        Column("Forecast"), Column("Of"), Column("Cars", True), Column("In 50 %", True),
        Column("In 80 %", True), Column("In 90 %", True), Column("CRPS, log units", True),
        Column("Skill: brand", True), Column("segment", True), Column("plain logit", True),
    )  # fmt: skip
    rows = []
    for s in scores:
        skills = (s[f"skill_{name}"] for name in ("brand", "segment", "logit"))
        texts = (
            sentence_case(s["forecast"]), f"{_DATA[s['data']]}: {s['group']}", number(s["cars"]),
            *(per_cent(s[f"coverage_{level}"]) for level in (50, 80, 90)), f"{s['crps']:.2f}",
            *("" if v is None else f"{v:.2f}".replace("-", "−") for v in skills),
        )  # fmt: skip
        rows.append(Row(tuple(Cell(words(t)) for t in texts)))
    return Table(
        "Outcomes inside the central intervals; skill is the part of a reference's CRPS that is saved.",
        columns,
        tuple(rows),
    )
