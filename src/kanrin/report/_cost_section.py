"""Section 4: the waterfall of each chosen car, and under it every line with its rule and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._marks import Marks
from kanrin.report._numbers import number, thousands
from kanrin.report._page import Block, Cell, Column, Figure, Paragraph, Row, Section, Table, words
from kanrin.report._waterfall_chart import waterfall_chart

__all__ = ["cost_section"]


def cost_section(answer: Mapping[str, Any], marks: Marks) -> Section:
    """A picture and a table per car, from factory gate to on the road."""
    listed = [*answer["rejected"], *answer["decision"]]
    names = {item["model"]: item.get("name") or item["model"] for item in listed}
    blocks: list[Block] = [
        _figure(model, str(names.get(model, model)), lines, marks)
        for model, lines in answer["waterfalls"].items()
        if lines
    ]
    if not blocks:
        blocks.append(Paragraph(words("No car is brought over, so there is no cost to show.")))
    return Section("cost", "What each car costs", tuple(blocks))


def _figure(model: str, name: str, lines: Sequence[Mapping[str, Any]], marks: Marks) -> Figure:
    columns = (
        Column("Line"),
        Column("JPY a car", True),
        Column("Of", True),
        Column("Rate", True),
        Column("Kind", whole=True),
        Column("Rule or assumption"),
        Column("Source"),
    )
    rows = tuple(
        Row(
            (
                Cell(words(line.get("label") or line["line"]), under=words(line.get("note") or "")),
                Cell(
                    words(
                        thousands(line["amount_jpy"]),
                        marks.mark(line.get("key") or "", f"waterfall.{model}.{line['line']}"),
                    )
                ),
                Cell(words(_base(line.get("base")))),
                Cell(words(number(line.get("rate")))),
                Cell(words(line["kind"])),
                Cell(words(line.get("key") or "")),
                Cell(marks.source(line.get("source"))),
            ),
            strong=line["kind"] == "subtotal",
        )
        for line in lines
    )
    caption = (
        f"{name}, from factory gate to the road. Solid: fact or arithmetic on facts (F, D); pale: "
        "estimate (E); hollow: assumption (A); grey: subtotal."
    )
    table = Table(f"{name}: every line, which add up to the price on the road.", columns, rows, "lines")
    return Figure(f"waterfall-{model.replace('_', '-')}", caption, waterfall_chart(name, lines), table)


def _base(base: Any) -> str:
    return thousands(base) if isinstance(base, int | float) else str(base or "")
