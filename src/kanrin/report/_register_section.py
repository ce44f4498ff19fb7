"""Section 9: the register: assumptions, figures shown, sources, and how to reproduce and cite the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from kanrin.report._marks import Marks, anchor, once, source_anchor
from kanrin.report._numbers import YES_NO, flag
from kanrin.report._page import (
    Block,
    Cell,
    Code,
    Column,
    Fold,
    Paragraph,
    Piece,
    Row,
    Section,
    Subheading,
    Table,
    Words,
    words,
)

__all__ = ["register_section"]


def register_section(answer: Mapping[str, Any], marks: Marks, linked: frozenset[str]) -> Section:
    """Everything a mark or a source id links to has its line here (or among the rules).

    `linked` holds the anchors the sections above link to; of the figures only those are listed, with all they
    are made from. plan.json has every one.
    """
    blocks: list[Block] = []
    used = [a for a in answer["assumptions"] if a.get("used", True)]
    idle = [a for a in answer["assumptions"] if not a.get("used", True)]
    if answer["assumptions"]:
        blocks += [Subheading("Assumptions"), _assumptions(used, marks)]
    if idle:
        more = _assumptions(idle, marks)
        blocks.append(
            Fold(
                f"Other assumptions of the case, not used by this plan ({len(idle)})", (more,), printed=False
            )
        )
    figures = _shown(answer.get("figures") or {}, marks, linked)
    if figures:
        blocks += [Subheading("Figures shown"), _figures(figures, marks)]
    if answer["sources"]:
        blocks += [Subheading("Sources"), _sources(answer)]
    blocks += _citation(answer)
    return Section("register", "Register", tuple(blocks))


def _assumptions(listed: Sequence[Mapping[str, Any]], marks: Marks) -> Table:
    columns = (
        Column("Assumption"), Column("Value", True), Column("Low", True), Column("High", True),
        Column("Unit"),
        Column("Reason"), Column("Source"),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                Cell(words(a["key"]), under=words(_state(a))),
                *(Cell(words(flag(a.get(name), a.get("unit")))) for name in ("value", "low", "high")),
                Cell(words(_unit(a))),
                Cell(words(a.get("reason") or "")),
                Cell(marks.source(a.get("source"))),
            ),
            anchor=place,
        )
        for a, place in zip(listed, once(marks.lives(a["key"], "assumptions") for a in listed), strict=True)
    )
    return Table(
        "Assumptions with low, high and reason; each can be set by its name.", columns, rows, "register"
    )


def _unit(item: Mapping[str, Any]) -> str:
    unit = str(item.get("unit") or "")
    return "yes or no" if unit == YES_NO else unit


def _state(assumption: Mapping[str, Any]) -> str:
    said = ["set by the user"] if assumption.get("set_by_user") else []
    return ", ".join(said)


def _shown(
    figures: Mapping[str, Mapping[str, Any]], marks: Marks, linked: frozenset[str]
) -> dict[str, Mapping[str, Any]]:
    """Figures linked to, and their parents to the root, in the order of the plan."""
    wanted: set[str] = set()
    ahead = [key for key in figures if anchor(key) in linked]
    while ahead:
        key = ahead.pop()
        if key not in wanted:
            wanted.add(key)
            ahead += [
                step for step in figures[key].get("chain") or () if isinstance(step, str) and step in figures
            ]
    return {key: f for key, f in figures.items() if key in wanted and marks.homes.get(key) == "figures"}


def _figures(figures: Mapping[str, Mapping[str, Any]], marks: Marks) -> Table:
    columns = (
        Column("Figure"),
        Column("Value", True),
        Column("Unit"),
        Column("Kind", whole=True),
        Column("Source"),
        Column("Made from"),
    )
    rows = tuple(
        Row(
            (
                Cell(words(f.get("label") or key), under=words(key)),
                Cell(words(flag(f.get("value"), f.get("unit")))),
                Cell(words(_unit(f))),
                Cell(words(f.get("kind") or "")),
                Cell(marks.source(f.get("source"))),
                Cell(_chain(f, marks)),
            ),
            anchor=marks.lives(key, "figures"),
        )
        for key, f in figures.items()
    )
    return Table(
        "Figures shown on this page: F fact, D derived, E estimate, A assumption.", columns, rows, "register"
    )


def _chain(figure: Mapping[str, Any], marks: Marks) -> Words:
    out: list[Any] = []
    for step in figure.get("chain") or ():
        text = step if isinstance(step, str) else str(step.get("text") or step.get("key") or step)
        mark = marks.mark(text)
        if out:
            out.append("; ")
        out.append(Piece(text, href=mark[0].href) if mark else text)
    if figure.get("note"):
        out.append(f"{'; ' if out else ''}{figure['note']}")
    return words(*out)


def _sources(answer: Mapping[str, Any]) -> Table:
    columns = (Column("Source"), Column("Publisher"), Column("Title"), Column("Date", whole=True))
    listed = answer["sources"]
    rows = tuple(
        Row(
            (
                Cell(words(s["id"])),
                Cell(words(s.get("publisher") or "")),
                Cell(words(Piece(s.get("title") or s["id"], href=_web(s.get("url"))))),
                Cell(words(s.get("date") or "")),
            ),
            anchor=place,
        )
        for s, place in zip(listed, once(source_anchor(s["id"]) for s in listed), strict=True)
    )
    return Table("Sources used.", columns, rows, "register")


def _web(url: str | None) -> str:
    """Only ordinary web addresses become links."""
    return url if url and urlsplit(url).scheme in ("http", "https") else ""


def _citation(answer: Mapping[str, Any]) -> list[Block]:
    question = answer["question"]
    version = (answer.get("kanrin") or {}).get("version", "")
    blocks: list[Block] = [Subheading("To reproduce this page, and to cite it")]
    if question.get("command"):
        blocks.append(Code(question["command"]))
    draws = f", {question['draws']} draws" if question.get("draws") is not None else ""
    blocks.append(
        Paragraph(
            words(
                f"Run {question['run_id']}, Kanrin {version}, seed {question['seed']}{draws}. "
                "The same inputs, version and seed give the same bytes."
            )
        )
    )
    if answer.get("citation"):
        blocks.append(Paragraph(words(f"Cite as: {answer['citation']}")))
    return blocks
