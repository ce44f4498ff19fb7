"""Every record of a case with its table, name and place: what the checks walk over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from kanrin.base import Kind
from kanrin.facts._case import TABLES, Case
from kanrin.facts._record import Record
from kanrin.facts._sidecar import ColumnNote

__all__ = ["Cell", "Row", "cells", "fields_of", "rows", "rows_of"]

RECORDS = ("assumptions", "facts", "pathways", "caps", *(t for t in TABLES if t not in ("units", "sources")))


@dataclass(frozen=True)
class Row:
    """A record of a table, under its name."""

    case: Case
    table: str
    name: str
    record: Record

    @property
    def place(self) -> str:
        """`file:line`."""
        return self.case.place(self.table, self.name)

    def sources(self) -> Iterator[tuple[str, str]]:
        """(column, id of a source), where one is given."""
        for column in _source_columns(type(self.record)):
            if source := getattr(self.record, column):
                yield column, source

    def kinds(self) -> Iterator[tuple[str, Kind, str]]:
        """(column of a kind, the kind, the source it rests on)."""
        for column, source in _kind_columns(type(self.record)):
            yield column, getattr(self.record, column), getattr(self.record, source)


@dataclass(frozen=True)
class Cell:
    """A number of a table, with what the sidecar says of its column."""

    row: Row
    column: str
    note: ColumnNote
    value: float

    @property
    def kind(self) -> Kind | None:
        """Fact, derived, estimate or assumption; None when the sidecar names no column for it."""
        kind = getattr(self.row.record, self.note.status_column or "kind", None)
        return kind if isinstance(kind, Kind) else None


@cache
def _source_columns(model: type[Record]) -> tuple[str, ...]:
    return tuple(
        c for c in model.model_fields if c == "source" or c.endswith("_source") or c.startswith("source_")
    )


@cache
def _kind_columns(model: type[Record]) -> tuple[tuple[str, str], ...]:
    """(column of a kind, column of its source): `price_status` with `price_source`, else with `source`."""
    pairs = []
    for column, field in model.model_fields.items():
        own = column.removesuffix("_status") + "_source"
        source = own if own in model.model_fields else "source"
        if field.annotation is Kind and source in model.model_fields:
            pairs.append((column, source))
    return tuple(pairs)


def rows_of(case: Case, table: str) -> Iterator[Row]:
    """The records of one table, in file order."""
    records = getattr(case, table)
    named = records.items() if hasattr(records, "items") else ((record.name, record) for record in records)
    for name, record in named:
        yield Row(case, table, name, record)


def rows(case: Case) -> Iterator[Row]:
    """The records of all tables but rules, sources and units."""
    for table in RECORDS:
        yield from rows_of(case, table)


def cells(case: Case, wanted: Callable[[ColumnNote], bool] = lambda note: True) -> Iterator[Cell]:
    """Every number in a column that a sidecar describes, where `wanted` holds of the column."""
    for table, sidecar in case.sidecars.items():
        notes = [(column, note) for column, note in sidecar.columns.items() if wanted(note)]
        for row in rows_of(case, table) if notes else ():
            for column, note in notes:
                value = getattr(row.record, column, None)
                if isinstance(value, (int, float)):
                    yield Cell(row, column, note, float(value))


def fields_of(case: Case, table: str) -> tuple[str, ...]:
    """The columns of a table."""
    row = next(rows_of(case, table))
    return tuple(type(row.record).model_fields)
