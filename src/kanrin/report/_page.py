"""The page before it is HTML or Markdown: sections of blocks, so that both say the same words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "Block",
    "Bullets",
    "Cell",
    "Code",
    "Column",
    "Figure",
    "Fold",
    "Page",
    "Paragraph",
    "Piece",
    "Row",
    "Section",
    "Subheading",
    "Table",
    "Words",
    "hrefs",
    "plain",
    "words",
]


@dataclass(frozen=True)
class Piece:
    """A run of text; `tone` is "", "strong", "code" or "mark" (the small letter linked to the register)."""

    text: str
    href: str = ""
    tone: str = ""
    title: str = ""


Words = tuple[Piece, ...]


def words(*parts: str | Piece | Words) -> Words:
    """Join texts and pieces; empty ones drop out."""
    out: list[Piece] = []
    for part in parts:
        if isinstance(part, str):
            if part:
                out.append(Piece(part))
        elif isinstance(part, Piece):
            out.append(part)
        else:
            out.extend(part)
    return tuple(out)


def plain(text: Words) -> str:
    """The words alone, without marks."""
    return "".join(piece.text for piece in text if piece.tone != "mark")


@dataclass(frozen=True)
class Paragraph:
    text: Words
    role: str = ""  # "", "note", "pending"
    block: str = "paragraph"


@dataclass(frozen=True)
class Subheading:
    text: str
    block: str = "subheading"


@dataclass(frozen=True)
class Bullets:
    items: tuple[Words, ...]
    block: str = "bullets"


@dataclass(frozen=True)
class Code:
    text: str
    block: str = "code"


@dataclass(frozen=True)
class Column:
    title: str
    number: bool = False
    whole: bool = False  # never broken over two lines: dates, a status


@dataclass(frozen=True)
class Cell:
    """Words, smaller words under them, and a range to draw, as (low, middle, high) on a scale of 0 to 1."""

    text: Words
    under: Words = ()
    bar: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Row:
    cells: tuple[Cell, ...]
    anchor: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Table:
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    role: str = ""  # "", "decision", "register"
    block: str = "table"


@dataclass(frozen=True)
class Figure:
    """A picture with the caption that says what to see, its text alternative (in the spec) and its table."""

    name: str  # also the prefix of every id inside the picture
    caption: str
    spec: Mapping[str, Any]
    table: Table
    block: str = "figure"


@dataclass(frozen=True)
class Fold:
    """Blocks behind a summary line; on paper open, or left out."""

    summary: str
    blocks: tuple[Block, ...]
    printed: bool = True
    block: str = "fold"


Block = Paragraph | Subheading | Bullets | Code | Table | Figure | Fold


@dataclass(frozen=True)
class Section:
    name: str
    title: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Page:
    """The question, the answer, a few facts about the run, then the sections."""

    question: str
    answer: str
    facts: tuple[tuple[str, str], ...]
    notice: str
    sections: tuple[Section, ...]
    language: str = "en"
    generator: str = ""
    warnings: tuple[str, ...] = field(default=())


def hrefs(blocks: Iterable[Block]) -> Iterator[str]:
    """Every link of the blocks, folded ones and tables of pictures included."""
    for block in blocks:
        texts: list[Words] = []
        if isinstance(block, Paragraph):
            texts.append(block.text)
        elif isinstance(block, Bullets):
            texts += block.items
        elif isinstance(block, Table):
            texts += [text for row in block.rows for cell in row.cells for text in (cell.text, cell.under)]
        elif isinstance(block, Figure):
            yield from hrefs((block.table,))
        elif isinstance(block, Fold):
            yield from hrefs(block.blocks)
        yield from (piece.href for text in texts for piece in text if piece.href)
