"""Every number of a case under a key: assumptions, facts, and cells of tables as `candidate.id.column`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kanrin.base import Figure, Kind, UnknownName
from kanrin.facts._case import Case
from kanrin.facts._record import Record

__all__ = ["CELL_TABLES", "case_figure", "cell_keys", "known_keys"]

CELL_TABLES: dict[str, str] = {  # first word of the key -> table
    "candidate": "candidates",
    "market": "market",
    "route": "routes",
    "region": "regions",
}


def _records(case: Case, table: str) -> Mapping[str, Record]:
    records: Mapping[str, Record] = getattr(case, table)
    return records


def split_cell(case: Case, key: str) -> tuple[str, str, str] | None:
    """(table, record, column) of a cell key, or None when the key is of another sort. Raises UnknownName."""
    word, dot, rest = key.partition(".")
    if not dot or word not in CELL_TABLES:
        return None
    name, dot, column = rest.rpartition(".")
    table = CELL_TABLES[word]
    columns = case.sidecars[table].columns
    if not dot or name not in _records(case, table):
        raise UnknownName(f"{word} in key {key!r}", name or rest, _records(case, table))
    if column not in columns:
        raise UnknownName(f"column of {word} in key {key!r}", column, columns)
    return table, name, column


def text_cell(case: Case, key: str) -> str:
    """The file of a cell that holds text, or nothing: `candidate.<id>.brand` is a cell, but not a number."""
    word, _, rest = key.partition(".")
    name, dot, column = rest.rpartition(".")
    table = CELL_TABLES.get(word, "")
    if not table or not dot or name not in _records(case, table):
        return ""
    record = _records(case, table)[name]
    is_text = column in type(record).model_fields and column not in case.sidecars[table].columns
    return f"{table}.csv" if is_text else ""


def case_figure(case: Case, key: str) -> Figure | None:
    """The number a key names, with kind, unit, source and range; None for a key of another sort.

    Rules are not looked up here: they need a date (room `rules`).
    """
    if key in case.assumptions:
        a = case.assumptions[key]
        note = _set_note(case, key)
        label = a.label or key
        return Figure(a.value, a.unit, Kind.ASSUMPTION, key, label, a.source, note or a.reason, a.low, a.high)
    if key in case.facts:
        f = case.facts[key]
        note = _set_note(case, key)
        kind = Kind.ASSUMPTION if note else f.kind
        return Figure(f.value, f.unit, kind, key, f.label or key, f.source, note or f.note, f.low, f.high)
    place = split_cell(case, key)
    if place is None:
        return None
    table, name, column = place
    record = _records(case, table)[name]
    value = getattr(record, column)
    meaning = case.sidecars[table].columns[column]
    if not isinstance(value, (int, float)):
        return None
    kind = Kind(getattr(record, meaning.status_column)) if meaning.status_column else Kind.FACT
    source = getattr(record, meaning.source_column) if meaning.source_column else ""
    note = _set_note(case, key)
    if note:
        kind, source = Kind.ASSUMPTION, "kanrin.user"
    low, high = _range(value, meaning.spread) if kind is Kind.ASSUMPTION and not note else (None, None)
    label = f"{meaning.meaning or column.replace('_', ' ')}, {name}"
    return Figure(float(value), meaning.unit, kind, key, label, source, note, low, high)


def _range(value: float, spread: float | None) -> tuple[float | None, float | None]:
    if spread is None:
        return None, None
    return value - spread * abs(value), value + spread * abs(value)


def _set_note(case: Case, key: str) -> str:
    return "set by the user" if key in case.overrides else ""


def cell_keys(case: Case) -> Iterator[str]:
    """All cell keys of a case."""
    for word, table in CELL_TABLES.items():
        columns = [c for c, m in case.sidecars[table].columns.items() if m.unit]
        for name in _records(case, table):
            for column in columns:
                yield f"{word}.{name}.{column}"


def known_keys(case: Case) -> list[str]:
    """Every key that `--set` takes: assumptions, facts, rules, cells."""
    return [*case.assumptions, *case.facts, *case.rules, *cell_keys(case)]
