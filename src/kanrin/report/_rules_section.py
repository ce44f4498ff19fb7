"""Section 7: the law in force with its dates, what is only announced apart from it, and who said what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._calendar_chart import calendar_chart, calendar_shown
from kanrin.report._marks import Marks, once
from kanrin.report._numbers import date_span, value_with_unit
from kanrin.report._page import (
    Block,
    Cell,
    Column,
    Figure,
    Fold,
    Paragraph,
    Row,
    Section,
    Subheading,
    Table,
    words,
)
from kanrin.report._turn_section import pending_status

__all__ = ["rules_section"]


def rules_section(answer: Mapping[str, Any], marks: Marks) -> Section:
    """Three things kept apart: in force, not in force, said."""
    question = answer["question"]
    blocks: list[Block] = []
    rules = answer.get("rules") or ()
    used = [r for r in rules if r.get("used", True)]
    idle = [r for r in rules if not r.get("used", True)]
    days = f"in force on {question['on']}, as known on {question['known_on']}."
    if used:
        blocks.append(_rules(used, f"Law used by this plan, {days}", marks))
    if idle:
        more = _rules(idle, f"Law not used by this plan, {days}", marks)
        blocks.append(
            Fold(f"Other law in force, not used by this plan ({len(idle)})", (more,), printed=False)
        )
    pending = answer.get("pending") or ()
    blocks.append(Subheading("Announced or considered: not in force"))
    if pending:
        blocks.append(_pending(pending, marks))
    else:
        blocks.append(Paragraph(words("Nothing that touches this plan was pending on the day it was made.")))
    calendar = answer.get("calendar") or ()
    if calendar:
        keys = {r["key"] for r in rules} | {p["key"] for p in pending}
        blocks += [Subheading("Who said what"), _calendar(calendar, keys, marks)]
    return Section("rules", "The rules, and who said what", tuple(blocks))


def _rules(rules: Sequence[Mapping[str, Any]], caption: str, marks: Marks) -> Table:
    columns = (
        Column("Rule"),
        Column("Value"),
        Column("In force", whole=True),
        Column("Status", whole=True),
        Column("Known from", whole=True),
        Column("Source"),
        Column("Note"),
    )
    rows = tuple(
        Row(
            (
                Cell(words(r.get("label") or r["key"]), under=words(r["key"])),
                Cell(words(value_with_unit(r["value"], r.get("unit")))),
                Cell(words(date_span(r.get("effective_from"), r.get("effective_to")))),
                Cell(words(str(r.get("status") or "").replace("_", " "))),
                Cell(words(r.get("known_from") or "")),
                Cell(marks.source(r.get("source"))),
                Cell(words(r.get("note") or "")),
            ),
            anchor=place,
        )
        for r, place in zip(rules, once(marks.lives(r["key"], "rules") for r in rules), strict=True)
    )
    return Table(caption, columns, rows, "register")


def _pending(pending: Sequence[Mapping[str, Any]], marks: Marks) -> Table:
    columns = (
        Column("Rule"),
        Column("Value if it comes"),
        Column("From", whole=True),
        Column("Status", whole=True),
        Column("Known from", whole=True),
        Column("Source"),
    )
    rows = tuple(
        Row(
            (
                Cell(words(p.get("text") or p["key"]), under=words(p["key"])),
                Cell(words(value_with_unit(p["value"], p.get("unit")))),
                Cell(words(p.get("effective_from") or "")),
                Cell(words(pending_status(p["status"]))),
                Cell(words(p.get("known_from") or "")),
                Cell(marks.source(p.get("source"))),
            )
        )
        for p in pending
    )
    return Table("Not law on the day of this plan, and not used by it.", columns, rows, "register")


def _calendar(calendar: Sequence[Mapping[str, Any]], keys: set[str], marks: Marks) -> Figure:
    events = sorted(calendar, key=lambda e: str(e["date"]))
    columns = (
        Column("Date", whole=True),
        Column("Who"),
        Column("Via"),
        Column("What"),
        Column("About"),
        Column("How final", whole=True),
        Column("Source"),
    )
    rows = tuple(
        Row(
            (
                *(Cell(words(str(e.get(name) or ""))) for name in ("date", "actor", "via", "claim", "about")),
                Cell(words(e["how_final"].replace("_", " "))),
                Cell(marks.source(e.get("source"))),
            )
        )
        for e in events
    )
    caption = "Who said what, via whom, and how final it was: further right is more final, filled is law."
    table = Table(f"The calendar, {len(events)} entries.", columns, rows, "register")
    return Figure("calendar", caption, calendar_chart(calendar_shown(calendar, keys)), table)
