"""The waterfall as a tidy table: from factory gate to the road, each line with base, rule and source."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from importlib import import_module
from typing import Any

from kanrin.base import Figure, InputError

__all__ = ["COLUMNS", "SUBTOTAL", "Line", "Waterfall"]

COLUMNS = ("line", "label", "base", "rate", "amount_jpy", "kind", "source", "key", "note")
SUBTOTAL = "subtotal"


@dataclass(frozen=True)
class Line:
    """One line. `kind` is how firm the amount is, or `subtotal`; `source` holds ids joined by `; `."""

    line: str
    label: str
    base: str  # what the rate or unit price is applied to, with its amount
    rate: float | None  # a share of the base; None where the line is no share
    amount_jpy: float  # JPY per vehicle
    kind: str
    source: str
    key: str  # a key to set or explain; empty where several keys make the line: the note names them
    note: str = ""
    figure: Figure | None = field(
        default=None, repr=False, compare=False
    )  # the amount with all it comes from


@dataclass(frozen=True)
class Waterfall:
    """Lines of one car in order; those that are not subtotals add up to the last, on the road [L2]."""

    model: str
    lines: tuple[Line, ...]

    def line(self, name: str) -> Line:
        """A line by name. Raises InputError."""
        for line in self.lines:
            if line.line == name:
                return line
        known = ", ".join(line.line for line in self.lines)
        raise InputError(f"the waterfall of {self.model} has no line {name!r}; it has {known}")

    def amount(self, name: str) -> float:
        """JPY per vehicle of a line or subtotal. Raises InputError."""
        return self.line(name).amount_jpy

    def to_rows(self) -> list[dict[str, Any]]:
        """Rows for plan.json."""
        return [{name: getattr(line, name) for name in COLUMNS} for line in self.lines]

    def to_frame(self) -> Any:
        """A pandas DataFrame, a row a line. Raises InputError when pandas is not installed."""
        try:
            pandas = import_module("pandas")
        except ImportError as missing:
            raise InputError(
                "a data frame needs pandas; install it with `pip install kanrin[frames]`, or use to_rows()"
            ) from missing
        return pandas.DataFrame(self.to_rows(), columns=list(COLUMNS))

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th>{name}</th>" for name in ("Line", "Base", "Rate", "JPY a car", "Kind", "Rule or assumption")
        )
        body = "".join(_html_row(line) for line in self.lines)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _html_row(line: Line) -> str:
    tag = "th" if line.kind == SUBTOTAL else "td"
    rate = "" if line.rate is None else f"{line.rate:g}"
    cells = (line.label, line.base, rate, f"{line.amount_jpy:,.0f}", line.kind, line.key)
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
