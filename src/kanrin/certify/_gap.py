"""The gap table for a car on a pathway: met, deemed, documented, modified, tested, blocking or unknown."""

from __future__ import annotations

from typing import Literal

from kanrin.base import InputError, UnknownName, same_unit
from kanrin.certify._option import UNKNOWN_SHARE, Treatment
from kanrin.facts import Candidate, GapRow, Pathway, case_figure
from kanrin.rules import Book

__all__ = ["treatments_of"]

FREE = ("met", "deemed", "document")  # cost nothing beyond the pathway itself
FITTED = "already fitted"


def treatments_of(
    book: Book, candidate: Candidate, pathway: Pathway
) -> tuple[tuple[Treatment, ...], tuple[str, ...]]:
    """The treatments that apply on the day of the book, in file order, and warnings.

    Raises InputError for a cost key in an unlike unit or a pathway that the gap table has no column for.
    """
    treatments, warnings = [], []
    for row in book.case.gaps.values():
        if row.applies_to not in ("all", candidate.powertrain):
            continue
        applies, warning = _applies(book, row)
        if warning:
            warnings.append(warning)
        if applies:
            treatment = _treatment(book, candidate, pathway, row)
            treatments.append(treatment)
            if treatment.treatment == "unknown" and not treatment.cost_key:
                warnings.append(
                    f"how {row.requirement.lower()} is treated is not known, and the gap table names no cost"
                )
    return tuple(treatments), tuple(warnings)


def _applies(book: Book, row: GapRow) -> tuple[bool, str]:
    """Whether a requirement holds on the day; before the file covers it, it is taken to, with a warning."""
    key = row.rule_key
    if not key or book.claims(key):
        return True, ""
    if book.regime.has(key):
        return False, ""
    first = min(book.regime.rule(key).spells, key=lambda spell: spell.effective_from)
    if book.on < first.effective_from and first.note.startswith("coverage start"):
        return True, f"{key} is not covered before {first.effective_from}; taken to apply on {book.on}"
    return False, ""


def _treatment(book: Book, candidate: Candidate, pathway: Pathway, row: GapRow) -> Treatment:
    treatment, key = str(getattr(row, pathway.id, "")), row.unit_cost_assumption_key
    if not treatment:
        raise InputError(
            f"{book.case.place('pathways', pathway.id)}: the gap table has no column {pathway.id!r}; "
            "name the pathway as its column"
        )
    per = _per(book, row)
    equipment = book.case.equipment.get(f"{candidate.id}.{row.id}")
    if equipment is not None and equipment.has == "yes" and _settled_by_equipment(treatment, per):
        note = "; ".join(part for part in (FITTED, equipment.note) if part)
        return Treatment(row.id, row.requirement, "met", "", "", per, equipment.kind, equipment.source, note)
    counted = "" if treatment in (*FREE, "blocking") else key
    factor = UNKNOWN_SHARE if treatment == "unknown" and key else ""
    note = "; ".join(part for part in (_why(row, treatment, per, counted), row.note) if part)
    return Treatment(row.id, row.requirement, treatment, counted, factor, per, row.basis, row.source, note)


def _settled_by_equipment(treatment: str, per: str) -> bool:
    """A fitted part settles a change, a bar, an open question, a model's test; not evidence for each car."""
    return treatment in ("modify", "blocking", "unknown") or (treatment == "test" and per == "model")


def _why(row: GapRow, treatment: str, per: str, counted: str) -> str:
    """The reason for what is counted, where it is not plain from the treatment."""
    if treatment == "unknown" and counted:
        return f"treatment not stated; a share of {counted} is borne (assumption)"
    if treatment == "test" and counted and row.us_standard.lower().startswith("no rule"):
        return (
            "a car built where there is no such rule is taken to fail the test as it stands, so its change "
            f"is counted in full ({row.usual_modification}); set {counted} to the test's fee if it passes"
        )
    if treatment == "test" and counted and per == "vehicle":
        return "evidence for the model, spread over its cars"
    if treatment in ("test", "modify") and not counted:
        return "no cost of its own; within the cost of the pathway"
    return ""


def _per(book: Book, row: GapRow) -> Literal["vehicle", "model"]:
    """Whether a row's cost is met by each car or once a model: its unit decides."""
    key, money = row.unit_cost_assumption_key, book.case.about.destination_currency
    if not key:
        return "vehicle"
    if key in book.case.rules:
        unit = book.case.rules[key].unit
    else:
        found = case_figure(book.case, key)
        if found is None:
            raise UnknownName(f"cost key in {book.case.place('gaps', row.id)}", key, book.case.assumptions)
        unit = found.unit
    if same_unit(unit, f"{money} per vehicle"):
        return "vehicle"
    if same_unit(unit, f"{money} per model") or same_unit(unit, f"{money} per type"):
        return "model"
    raise InputError(
        f"{book.case.place('gaps', row.id)}: {key} is in {unit!r}; "
        f"expected {money} per vehicle, per model or per type"
    )
