"""The same page, same order and same words, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kanrin.report._numbers import shown
from kanrin.report._page import (
    Block,
    Bullets,
    Cell,
    Code,
    Figure,
    Fold,
    Page,
    Paragraph,
    Piece,
    Subheading,
    Table,
    Words,
    plain,
    words,
)

__all__ = ["to_markdown"]

_SPECIAL = re.compile(r"([\\`*_\[\]|])")


def to_markdown(page: Page) -> str:
    """Headings, paragraphs, lists, pipe tables; a picture is its caption, text alternative and table."""
    facts = " · ".join([*(f"{name} {value}" for name, value in page.facts), "Information, not advice"])
    out = [_text(facts), f"# {_text(page.question)}", f"**{_text(page.answer)}**"]
    for section in page.sections:
        out.append(f'<a id="{section.name}"></a>\n\n## {_text(section.title)}')
        out += _blocks(section.blocks)
    out += ["---", _text(page.notice)]
    return "\n\n".join(part for part in out if part) + "\n"


def _blocks(blocks: Sequence[Block]) -> list[str]:
    out: list[str] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            out.append(_said(block.text))
        elif isinstance(block, Subheading):
            out.append(f"### {_text(block.text)}")
        elif isinstance(block, Bullets):
            out.append("\n".join(f"- {_said(item)}" for item in block.items))
        elif isinstance(block, Code):
            out.append("\n".join(f"    {line}" for line in block.text.splitlines()))
        elif isinstance(block, Table):
            out += _table(block)
        elif isinstance(block, Figure):
            out += [
                f"*Picture.* {_text(block.caption)}",
                _text(str(block.spec["description"])),
                *_table(block.table),
            ]
        elif isinstance(block, Fold):
            out += [f"#### {_text(block.summary)}", *_blocks(block.blocks)]
    return out


def _table(table: Table) -> list[str]:
    head = "| " + " | ".join(_text(c.title) for c in table.columns) + " |"
    line = "|" + "|".join("---:" if c.number else "---" for c in table.columns) + "|"
    rows = []
    for row in table.rows:
        cells = [_cell(cell) for cell in row.cells]
        if row.strong:
            cells = [f"**{c}**" if c else "" for c in cells]
        if row.anchor:
            cells[0] = f'<a id="{row.anchor}"></a>{cells[0]}'
        rows.append("| " + " | ".join(cells) + " |")
    return [_text(table.caption), "\n".join([head, line, *rows])]


def _cell(cell: Cell) -> str:
    lines = [_said(cell.text), *(_said(words(line)) for line in plain(cell.under).split("\n"))]
    return "<br>".join(line for line in lines if line)


def _said(text: Words) -> str:
    return "".join(_piece(piece) for piece in text)


def _piece(piece: Piece) -> str:
    text = _text(piece.text)
    if piece.tone == "mark":
        return f"<sup>[{text}]({piece.href})</sup>"
    if piece.href:
        return f"[{text}](<{_address(piece.href)}>)"
    return f"**{text}**" if piece.tone == "strong" else text


def _text(text: str) -> str:
    safe = shown(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", safe).replace("\n", " ")


def _address(href: str) -> str:
    return href.replace("<", "%3C").replace(">", "%3E").replace("|", "%7C").replace("\n", "")
