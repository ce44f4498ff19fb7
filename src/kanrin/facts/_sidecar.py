"""The sidecar of a table: origin and, column by column, unit, kind, source and spread of recalled cells."""

from __future__ import annotations

from pydantic import Field, model_validator

from kanrin.facts._record import Record

__all__ = ["ColumnNote", "ParameterNote", "Sidecar"]


class ColumnNote(Record):
    """What a column's number means.

    `status_column` and `source_column` name the columns with the cell's kind and source. `spread` is the
    relative half-range of a cell that is an assumption: low = value x (1 - spread), high = value x
    (1 + spread). A column with assumed cells must state it, if need be as 0. `plausible` is the range beyond
    which a cell is a slip.
    """

    unit: str
    meaning: str = ""
    status_column: str = ""
    source_column: str = ""
    spread: float | None = Field(default=None, ge=0, lt=1)
    plausible: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _range(self) -> ColumnNote:
        if self.plausible is not None and self.plausible[0] >= self.plausible[1]:
            raise ValueError(f"plausible {list(self.plausible)} is empty; expected [lowest, highest]")
        return self


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
