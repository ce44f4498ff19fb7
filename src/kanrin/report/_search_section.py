"""Section: how sure the choice is, and what plans nearly as good have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kanrin.report._numbers import jpy
from kanrin.report._page import Block, Cell, Column, Paragraph, Row, Section, Table, words

__all__ = ["search_section"]

_SHOWN = 8


def search_section(search: Mapping[str, Any]) -> Section:
    """The words of `search` and its line-ups."""
    blocks: list[Block] = [Paragraph(words(text)) for text in search["words"]]
    if search["count"] > 1:
        rows = tuple(
            Row((Cell(words(", ".join(s["names"]) or "nothing")), Cell(words(jpy(s["gives_up_jpy"])))))
            for s in search["lineups"][:_SHOWN]
        )
        more = search["count"] - len(rows)
        caption = "Line-ups nearly as good, on the draws that the choice was made on."
        blocks.append(
            Table(
                caption + (f" {more:,} more are left out." if more else ""),
                (Column("Line-up"), Column("Gives up, over the programme", True)),
                rows,
            )
        )
    return Section("near", "Plans nearly as good", tuple(blocks))
