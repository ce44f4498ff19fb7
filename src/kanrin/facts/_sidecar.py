"""The sidecar of a table: where it comes from and, column by column, unit, kind, source and the spread of recalled cells."""

from __future__ import annotations

from pydantic import Field

from kanrin.facts._records import Record

__all__ = ["ColumnNote", "ParameterNote", "Sidecar"]


class ColumnNote(Record):
    """What a column's number means.

    `status_column` and `source_column` name the columns with the cell's kind and source. `spread` is the relative
    half-range of a cell that is an assumption: low = value x (1 - spread), high = value x (1 + spread).
    """

    unit: str
    meaning: str = ""
    status_column: str = ""
    source_column: str = ""
    spread: float = Field(default=0.0, ge=0, lt=1)


class ParameterNote(Record):
    """A number that belongs to a table as a whole (the process behind its rows), with its standard error."""

    value: float
    sd: float = Field(ge=0)
    unit: str
    note: str = ""


class Sidecar(Record):
    """Title, origin and day of retrieval of a table, with its columns and the parameters behind them."""

    title: str
    origin: str
    retrieved: str
    note: str = ""
    columns: dict[str, ColumnNote] = Field(default_factory=dict)
    parameters: dict[str, ParameterNote] = Field(default_factory=dict)
