"""Every name that one file of a case takes from another is there: sources, units, columns, estimates."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from kanrin.base import CaseError, Kind, UnknownName
from kanrin.facts._case import Case
from kanrin.facts._lines import read_toml
from kanrin.facts._places import head_place, record_place, sidecar_place, spell_place
from kanrin.facts._tables import fields_of, rows

__all__ = ["facts_have_pages", "head_resolves", "sidecars_fit", "sources_resolve", "units_known", "unknown"]

INTERNAL = "kanrin."  # sources that are no page: they never support a fact


def unknown(place: str, where: str, what: str, name: str, known: Collection[str], way_out: str) -> str:
    """A fault: a name that does not resolve, with near ones and the way out."""
    return f"{place}: {where}: {UnknownName(what, name, known, way_out)}"


def sources_resolve(case: Case) -> Iterator[str]:
    """Every source id stands in sources.csv."""
    way_out = "correct the id, or add the source to sources.csv"
    for row in rows(case):
        for column, source in row.sources():
            if source not in case.sources:
                yield unknown(row.place, column, "source", source, case.sources, way_out)
    for key, rule in case.rules.items():
        for nth, spell in enumerate(rule.spells):
            if spell.source not in case.sources:
                place = spell_place(case, key, nth, "source")
                yield unknown(place, key, "source", spell.source, case.sources, way_out)


def facts_have_pages(case: Case) -> Iterator[str]:
    """A fact rests on a page that can be read, never on an internal source."""
    for row in rows(case):
        for column, kind, source in row.kinds():
            if kind is Kind.FACT and source.startswith(INTERNAL):
                yield (
                    f"{row.place}: {column}: {source} is an internal source and supports no fact; "
                    "cite the page, or call the number derived or an assumption"
                )


def units_known(case: Case) -> Iterator[str]:
    """Every unit stands in units.csv."""
    way_out = "use one of units.csv, or add it there"
    for key, rule in case.rules.items():
        if rule.unit not in case.units:
            yield unknown(
                record_place(case, "rules", key, "unit"), key, "unit", rule.unit, case.units, way_out
            )
    for row in rows(case):
        unit = getattr(row.record, "unit", None)
        if unit is not None and unit not in case.units:
            in_toml = row.table in ("assumptions", "facts")
            place = record_place(case, row.table, row.name, "unit") if in_toml else row.place
            yield unknown(place, row.name, "unit", unit, case.units, way_out)
    for table, sidecar in case.sidecars.items():
        for group, notes in (("columns", sidecar.columns), ("parameters", sidecar.parameters)):
            for name, note in notes.items():
                told_by_row = not note.unit and group == "columns" and "unit" in fields_of(case, table)
                if note.unit not in case.units and not told_by_row:
                    place = sidecar_place(case, table, group, name, "unit")
                    yield unknown(place, name, "unit", note.unit, case.units, way_out)


def sidecars_fit(case: Case) -> Iterator[str]:
    """A sidecar speaks of columns that its table has."""
    for table, sidecar in case.sidecars.items():
        fields = fields_of(case, table)
        for name, note in sidecar.columns.items():
            for what, column in (
                ("", name),
                ("status_column", note.status_column),
                ("source_column", note.source_column),
            ):
                if column and column not in fields:
                    place = sidecar_place(case, table, "columns", name, *([what] if what else []))
                    yield unknown(
                        place, what or "columns", "column", column, fields, f"{table}.csv has no such column"
                    )


def head_resolves(case: Case) -> Iterator[str]:
    """The maker and the estimates that the head names are there."""
    about = case.about
    if about.default_maker not in case.makers():
        place = head_place(case, "default_maker")
        yield unknown(
            place,
            "default_maker",
            "maker",
            about.default_maker,
            case.makers(),
            "name a firm of candidates.csv",
        )
    for column, names in (
        ("estimate", (about.estimate,)),
        ("alternative_estimates", about.alternative_estimates),
    ):
        for name in names:
            path = case.folder / name
            if not path.is_file():
                yield (
                    f"{head_place(case, column)}: {column}: {path} is missing; "
                    "correct the name, or copy the file from a shipped case with `kanrin init`"
                )
                continue
            try:
                read_toml(path)
            except CaseError as error:
                yield from error.faults
