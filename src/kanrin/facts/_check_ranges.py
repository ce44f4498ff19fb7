"""Numbers of tables: an assumed one has a range, every one lies where such a number can lie."""

from __future__ import annotations

from collections.abc import Iterator

from kanrin.base import Kind
from kanrin.facts._case import Case
from kanrin.facts._places import sidecar_place
from kanrin.facts._tables import cells, rows_of

__all__ = ["assumed_have_ranges", "cells_plausible", "columns_described"]


def assumed_have_ranges(case: Case) -> Iterator[str]:
    """A column with assumed cells states their spread."""
    told: set[tuple[str, str]] = set()
    for cell in cells(case, lambda note: note.spread is None):
        column = (cell.row.table, cell.column)
        if cell.kind is Kind.ASSUMPTION and column not in told:
            told.add(column)
            yield (
                f"{cell.row.place}: {cell.column} is an assumption and has no low and high; state `spread`, "
                f"its relative half-range, at {sidecar_place(case, cell.row.table, 'columns', cell.column)}"
            )


def cells_plausible(case: Case) -> Iterator[str]:
    """Numbers lie within the plausible range that the sidecar gives their column."""
    for cell in cells(case, lambda note: note.plausible is not None):
        assert cell.note.plausible is not None
        low, high = cell.note.plausible
        if not low <= cell.value <= high:
            where = sidecar_place(case, cell.row.table, "columns", cell.column, "plausible")
            yield (
                f"{cell.row.place}: {cell.column} is {cell.value:,.10g}, outside the plausible "
                f"{low:,.10g} to {high:,.10g} {cell.note.unit}; correct the cell, or widen `plausible` "
                f"at {where}"
            )


def columns_described(case: Case) -> Iterator[str]:
    """Remarks: columns of numbers for which the sidecar gives no unit."""
    for table, sidecar in case.sidecars.items():
        row = next(rows_of(case, table))
        for column in type(row.record).model_fields:
            if isinstance(getattr(row.record, column), float) and column not in sidecar.columns:
                yield f"{case.folder / table}.toml: [columns.{column}] is not described: it has no unit"
