"""A labelled table: text, HTML for notebooks, Markdown, LaTeX, and a frame when asked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from kanrin.base import Floats
from kanrin.estimation import as_frame

__all__ = ["Table", "frame_kind", "matrix_table"]

_ABSENT = "–"
_DIGITS = 5


@dataclass(frozen=True)
class Table:
    """Rows by name, columns by name; None is a value that does not exist."""

    title: str
    index_name: str
    index: tuple[str, ...]
    columns: Mapping[str, tuple[Any, ...]]
    notes: tuple[str, ...] = field(default=())
    frames: str = "pandas"  # kind of frame `to_frame` gives: pandas, polars or pyarrow

    def __getitem__(self, column: str) -> dict[str, Any]:
        """A column, by row name."""
        return dict(zip(self.index, self.columns[column], strict=True))

    def to_frame(self) -> Any:
        """As a frame of the kind that came in, pandas when none did; the library is imported here.

        Row names are the index in pandas, the first column in polars and pyarrow.
        """
        if self.frames in ("polars", "pyarrow"):
            return as_frame({self.index_name: list(self.index), **self.columns}, self.frames)
        return as_frame(self.columns, "pandas").set_axis(list(self.index)).rename_axis(self.index_name)

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        head = [self.index_name, *self.columns]
        columns = [_column(values) for values in self.columns.values()]
        rows = [[name, *(cells[i] for cells in columns)] for i, name in enumerate(self.index)]
        return head, rows

    def __str__(self) -> str:
        head, rows = self._cells()
        wide = [max(len(r[k]) for r in [head, *rows]) for k in range(len(head))]
        lines = [self.title] if self.title else []
        for cells in [head, *rows]:
            first, rest = (
                cells[0].ljust(wide[0]),
                [c.rjust(w) for c, w in zip(cells[1:], wide[1:], strict=True)],
            )
            lines.append("  ".join([first, *rest]).rstrip())
        return "\n".join([*lines, *self.notes])

    def to_markdown(self) -> str:
        """Pipe table, numbers to the right."""
        head, rows = self._cells()
        rule = ["---", *("---:" for _ in head[1:])]
        text = "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *rows])
        return text + "".join(f"\n\n{note}" for note in self.notes)

    def to_latex(self) -> str:
        """A booktabs tabular."""
        head, rows = self._cells()
        body = [" & ".join(_latex(c) for c in cells) + r" \\" for cells in [head, *rows]]
        return "\n".join(
            [rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}", r"\toprule", body[0], r"\midrule", *body[1:],
             r"\bottomrule", r"\end{tabular}"]
        )  # fmt: skip

    def _repr_html_(self) -> str:
        head, rows = self._cells()
        top = "".join(f"<th>{escape(c)}</th>" for c in head)
        body = "".join(
            f"<tr><th>{escape(r[0])}</th>" + "".join(f"<td>{escape(c)}</td>" for c in r[1:]) + "</tr>"
            for r in rows
        )
        notes = "".join(f"<p>{escape(n)}</p>" for n in self.notes)
        caption = f"<caption>{escape(self.title)}</caption>" if self.title else ""
        return f"<table>{caption}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>{notes}"


def frame_kind(kind: str) -> str:
    """The kind of frame that tables give for data of a kind: what came in, pandas where no frame did."""
    return kind if kind in ("polars", "pyarrow") else "pandas"


def matrix_table(
    title: str, index_name: str, names: Sequence[str], values: Floats, *, frames: str = "pandas",
    **more: Floats,
) -> Table:  # fmt: skip
    """A square matrix by product, with further columns where given."""
    columns: dict[str, tuple[Any, ...]] = {
        n: tuple(float(x) for x in values[:, k]) for k, n in enumerate(names)
    }
    for name, column in more.items():
        columns[name] = tuple(float(x) for x in column)
    return Table(title, index_name, tuple(names), columns, frames=frames)


def _column(values: Sequence[Any]) -> list[str]:
    """Cells with as many decimals as give the largest number its digits, none that all would have zero.

    A number that would lose all but its first digit is written by itself.
    """
    alone = [_text(value) for value in values]
    sizes = [0.0 if isinstance(v, str | bool) or v is None or v != v else abs(float(v)) for v in values]
    top = max(sizes, default=0.0)
    if not 1e-4 <= top < 1e7:
        return alone
    decimals = max(0, _DIGITS - 1 - math.floor(math.log10(top)))
    aligned = [k for k, size in enumerate(sizes) if size >= 10.0 ** (1 - decimals)]
    cells = {k: f"{float(values[k]):,.{decimals}f}" for k in aligned}
    while decimals > 0 and all(cell.endswith("0") for cell in cells.values()):
        decimals -= 1
        cells = {k: cell[:-1].removesuffix(".") for k, cell in cells.items()}
    return [cells.get(k, text) for k, text in enumerate(alone)]


def _text(value: Any) -> str:
    if value is None:
        return _ABSENT
    if isinstance(value, bool | str):
        return str(value)
    number = float(value)
    if number != number:
        return _ABSENT
    if number == 0.0:
        return "0"
    if 1e-4 <= abs(number) < 1e7:
        return f"{number:,.{_DIGITS}g}" if abs(number) < 10**_DIGITS else f"{number:,.0f}"
    return f"{number:.{_DIGITS - 1}e}"


def _latex(text: str) -> str:
    for sign in "&%$#_{}":
        text = text.replace(sign, "\\" + sign)
    return "$-$" + text[1:] if _is_negative(text) else text.replace(_ABSENT, "--")


def _is_negative(text: str) -> bool:
    return text.startswith("-") and text[1:2].isdigit()
