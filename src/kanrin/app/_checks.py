"""The checks of a case, each with what it looked at and the faults it found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kanrin.base import CaseError, KanrinError
from kanrin.facts import Case, load_case
from kanrin.rules import Book, open_book

__all__ = ["Check", "checks_of"]


@dataclass(frozen=True)
class Check:
    """A check by name, what it looked at, and its faults (`file:line: what; way out`)."""

    name: str
    looked_at: str
    faults: tuple[str, ...] = ()


def checks_of(name: str | Path) -> tuple[Check, ...]:
    """Every check of a case. A case that cannot be read has one check, with all its faults."""
    try:
        case = load_case(name)
    except CaseError as error:
        return (Check("files, records and what must hold between them", str(name), error.faults),)
    return (
        Check("files are complete, in UTF-8 and well formed", f"{len(_files(case))} files"),
        Check("every record has its columns, numbers and dates", f"{_records(case)} records"),
        Check("every source resolves", f"{len(case.sources)} sources"),
        Check("every unit is known", f"{len(case.units)} units"),
        Check(
            "spells of law neither overlap nor are empty",
            f"{_spells(case)} spells of {len(case.rules)} rules",
        ),
        Check("assumptions lie within their ranges", f"{len(case.assumptions)} assumptions"),
        Check(
            "brand sums lie within brand totals and the market size",
            f"{len(case.market)} models of the market",
        ),
        Check("probabilities of each event sum to one", f"{len({e.event for e in case.events})} events"),
        Check("the law can be read on the default day", str(case.about.default_on), _law_faults(case)),
        Check(
            "every candidate has a feasible pathway",
            f"{len(case.candidates)} candidates",
            pathway_faults(case),
        ),
    )


def _files(case: Case) -> list[Path]:
    return [path for path in case.folder.rglob("*") if path.suffix in (".csv", ".toml")]


def _records(case: Case) -> int:
    return len(case.lines)


def _spells(case: Case) -> int:
    return sum(len(rule.spells) for rule in case.rules.values())


def _law_faults(case: Case) -> tuple[str, ...]:
    try:
        open_book(case)
    except KanrinError as error:
        return (f"{case.folder / 'case.toml'}: default_on: {error}",)
    return ()


def pathway_faults(case: Case) -> tuple[str, ...]:
    """Candidates that no pathway admits on the default day, each with what stands in the way."""
    try:
        book = open_book(case)
    except KanrinError:
        return ()  # told by the check of the law
    return tuple(fault for name in case.candidates if (fault := _obstacle(book, name)))


def _obstacle(book: Book, name: str) -> str:
    from kanrin.certify import assess

    options = assess(book, book.case.candidates[name])
    if any(option.feasible for option in options):
        return ""
    reasons = "; ".join(f"{o.pathway.id}: {', '.join(o.obstacles)}" for o in options)
    return (
        f"{book.case.place('candidates', name)}: {name} has no feasible pathway on {book.on} ({reasons}); "
        "mend pathways.toml or gaps.csv, or take the candidate out"
    )
