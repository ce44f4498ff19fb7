"""Checks of a case that need more rooms than the facts: the law can be read, every candidate certified."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kanrin.base import CaseError, KanrinError
from kanrin.facts import Case, Check, CheckReport, CheckResult, check_case, load_case
from kanrin.rules import Book, open_book

__all__ = ["checks_of"]


def checks_of(name: str | Path) -> CheckReport:
    """Every check of a case. A case that cannot be read has one result, with all its faults."""
    try:
        case = load_case(name)
    except CaseError as error:
        result = CheckResult("files, records and what must hold between them", str(name), error.faults)
        return CheckReport(str(name), (result,), {})
    return check_case(case, (LAW, PATHWAYS, ESTIMATES))


def law_faults(case: Case) -> Iterator[str]:
    """The law cannot be read on the default day."""
    try:
        open_book(case)
    except KanrinError as error:
        yield f"{case.folder / 'case.toml'}: default_on: {error}"


def pathway_faults(case: Case) -> Iterator[str]:
    """Candidates that no pathway admits on the default day, each with what stands in the way."""
    try:
        book = open_book(case)
    except KanrinError:
        return  # told by the check of the law
    for name in case.candidates:
        if fault := _obstacle(book, name):
            yield fault


def estimate_faults(case: Case) -> Iterator[str]:
    """Demand estimates that cannot be read, or that do not fit the case."""
    from kanrin.demand import read_estimate
    from kanrin.lineup import unfit

    for name in _estimates(case):
        try:
            yield from unfit(case, read_estimate(case.folder / name))
        except CaseError as error:
            yield from error.faults


def _estimates(case: Case) -> tuple[str, ...]:
    return (case.about.estimate, *case.about.alternative_estimates)


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


LAW = Check("the law can be read on the default day", lambda c: str(c.about.default_on), law_faults)
PATHWAYS = Check(
    "every candidate has a feasible pathway", lambda c: f"{len(c.candidates)} candidates", pathway_faults
)
ESTIMATES = Check(
    "demand estimates can be read and used", lambda c: f"{len(_estimates(c))} estimates", estimate_faults
)
