"""Section 3: the five numbers that would turn the decision, and what is only announced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._marks import Marks
from kanrin.report._model_name import sentence_case
from kanrin.report._numbers import YES_NO, flag, jpy, number, shown, value_with_unit
from kanrin.report._page import (
    Block,
    Bullets,
    Cell,
    Column,
    Figure,
    Paragraph,
    Row,
    Section,
    Subheading,
    Table,
    Words,
    words,
)
from kanrin.report._tornado_chart import tornado_chart

__all__ = ["pending_status", "pending_that_matter", "turn_section", "turn_text"]

SHOWN = 5


def turn_section(answer: Mapping[str, Any], marks: Marks) -> Section:
    """Sensitivity in words, drawn, and in a table; then the law that is not law yet."""
    sensitivity = list(answer["sensitivity"])
    blocks: list[Block] = []
    if sensitivity:
        blocks.append(
            Bullets(
                tuple(
                    words(sentence_case(item["label"]), marks.mark(item["key"]), turn_text(item))
                    for item in sensitivity[:SHOWN]
                )
            )
        )
        blocks.append(_tornado(sensitivity, answer["total"]["profit_jpy"]["mean"], marks))
    else:
        blocks.append(
            Paragraph(words("No single number was found that turns this decision within its range."))
        )
    pending = answer.get("pending") or ()
    if pending:
        blocks.append(Subheading("Announced, not in force"))
        blocks += _pending_blocks(pending, pending_that_matter(answer), marks)
    review = answer.get("review")
    if review:
        blocks.append(Paragraph(words(review["text"]), role="pending"))
        would = review.get("answer_if_in_force")
        if would and would.get("answer"):
            blocks.append(Paragraph(words(f"The answer would then be: {would['answer']}"), role="pending"))
    return Section("turn", "What would turn it", tuple(blocks))


def pending_that_matter(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Rules not in force that would replace one this plan uses, at most five."""
    used = {rule["key"] for rule in answer.get("rules") or () if rule.get("used", True)}
    return [item for item in answer.get("pending") or () if item["key"] in used][:SHOWN]


def _pending_blocks(
    pending: Sequence[Mapping[str, Any]], close: Sequence[Mapping[str, Any]], marks: Marks
) -> list[Block]:
    blocks: list[Block] = []
    if close:
        blocks.append(Bullets(tuple(_pending_line(item, marks) for item in close)))
    rest = len(pending) - len(close)
    if rest:
        said = (
            f"{rest} more" if close else f"{rest} rules are enacted for later, announced or considered; none"
        )
        tail = (
            " are listed with the rules."
            if close
            else " would replace one this plan uses. They are listed with the rules."
        )
        blocks.append(Paragraph(words(said, tail), role="note"))
    return blocks


def _pending_line(item: Mapping[str, Any], marks: Marks) -> Words:
    source = marks.source(item.get("source"))
    known = f"known from {item['known_from']}" if item.get("known_from") else ""
    tail = words(known, "; " if known and source else "", source)
    text = item.get("text") or f"{item['key']}: {value_with_unit(item['value'], item.get('unit'))}"
    status = pending_status(item["status"])
    told = text if status.split(",")[0] in text.lower() else f"{sentence_case(status)}: {text}"
    return words(told, " (" if tail else "", tail, ")" if tail else "")


def pending_status(status: str) -> str:
    """How final a rule is that is not law on the day."""
    return (
        "enacted, not yet in force" if status == "in_force" else f"{status.replace('_', ' ')}, not in force"
    )


def turn_text(item: Mapping[str, Any]) -> str:
    """Unit, today and flip, to stand after the label: ` (JPY per USD): today 159 · flips at 174.`"""
    unit, text = str(item.get("unit") or ""), shown(str(item["text"]))
    unit = "" if unit == YES_NO else unit
    text = text.removeprefix(f"{YES_NO}: ")
    said = (
        f" ({unit}): {text.removeprefix(unit + ': ')}"
        if unit and text.startswith(f"{unit}: ")
        else f": {text}"
    )
    then = item.get("flips_to") or ""
    return f"{said}, then: {then}." if then and then not in said else f"{said}."


def _tornado(sensitivity: Sequence[Mapping[str, Any]], profit: float, marks: Marks) -> Figure:
    columns = (
        Column("Number"), Column("Unit"), Column("Low", True), Column("Today", True), Column("High", True),
        Column("Flips at", True), Column("Profit at low", True), Column("Profit at high", True),
        Column("Swing", True),
    )  # fmt: skip
    rows = []
    for item in sensitivity:
        flip = item.get("flips_at")
        texts = (
            "yes or no" if item["unit"] == YES_NO else item["unit"],
            *(flag(item[name], item["unit"]) for name in ("low", "value", "high")),
            "not in the range" if flip is None else number(flip), jpy(item["profit_low_jpy"]),
            jpy(item["profit_high_jpy"]),
            jpy(item["swing_jpy"]),
        )  # fmt: skip
        rows.append(
            Row(
                (
                    Cell(words(sentence_case(item["label"]), marks.mark(item["key"]))),
                    *(Cell(words(t)) for t in texts),
                )
            )
        )
    caption = (
        "Profit when one number moves to its low (hollow) or high (solid) end; the dark line is the "
        "plan. On the right the range of the number: the tick is today, the diamond, if it lies within, "
        "where the decision flips."
    )
    table = Table("All numbers tried, most important first.", columns, tuple(rows))
    return Figure("turn-chart", caption, tornado_chart(sensitivity, profit, SHOWN), table)
