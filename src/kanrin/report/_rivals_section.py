"""Section: what if rivals answer with line-ups of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kanrin.report._numbers import jpy
from kanrin.report._page import Block, Cell, Column, Paragraph, Row, Section, Table, words

__all__ = ["rivals_section"]

_SHOWN = 12


def rivals_section(rivals: Mapping[str, Any]) -> Section:
    """The words of `rivals`, its equilibria, and what the game leaves out."""
    blocks: list[Block] = [Paragraph(words(text)) for text in rivals["words"]]
    makers = rivals["makers"]
    rows = tuple(
        Row(
            tuple(
                Cell(words(", ".join(e["lineups"][m]) or "nothing"), words(jpy(e["worth_jpy"][m])))
                for m in makers
            )
        )
        for e in rivals["equilibria"][:_SHOWN]
    )
    if rows:
        caption = "Equilibria: each maker's line-up, and what it is worth over the programme."
        blocks.append(Table(caption, tuple(Column(m) for m in makers), rows))
    left = sorted(model for some in rivals["left_out"].values() for model in some)
    if left:
        said = "Left out of the game, being worth least alone: " + ", ".join(left) + "."
        blocks.append(Paragraph(words(said), role="note"))
    return Section("rivals", "If rivals answer", tuple(blocks))
