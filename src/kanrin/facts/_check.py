"""What must hold in a case: named checks, of which the first group decides whether it can be used at all.

`integrity_faults` is run by every load. `check_case` runs the same checks and those of plausibility, tells
what each looked at, and counts the numbers of the case by kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kanrin.base import Kind
from kanrin.facts._case import Case
from kanrin.facts._check_keys import equipment_known, keys_known, outcomes_readable, routes_join
from kanrin.facts._check_law import spells_apart
from kanrin.facts._check_logistics import arrive_in_time, capacities_positive, regions_sum, times_positive
from kanrin.facts._check_names import (
    facts_have_pages,
    head_resolves,
    sidecars_fit,
    sources_resolve,
    units_known,
)
from kanrin.facts._check_pathways import pathways_possible
from kanrin.facts._check_ranges import assumed_have_ranges, cells_plausible, columns_described
from kanrin.facts._check_rates import headings_have_rules, months_follow, rates_in_one_unit
from kanrin.facts._check_sums import (
    brands_within_totals,
    outcomes_sum_to_one,
    rows_distinct,
    units_within_market,
)
from kanrin.facts._tables import cells

__all__ = ["Check", "CheckReport", "CheckResult", "check_case", "integrity_faults"]

Finder = Callable[[Case], Iterable[str]]


@dataclass(frozen=True)
class Check:
    """A check by name: what it looks at, and how it finds faults (`file:line: what; way out`) and remarks."""

    name: str
    looks_at: Callable[[Case], str]
    faults: Finder
    remarks: Finder = lambda case: ()


@dataclass(frozen=True)
class CheckResult:
    """What a check found. Remarks are worth reading and break nothing."""

    name: str
    looked_at: str
    faults: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no fault."""
        return not self.faults


@dataclass(frozen=True)
class CheckReport:
    """The checks of a case in order; `kinds` counts its numbers by table and kind."""

    case: str
    results: tuple[CheckResult, ...]
    kinds: Mapping[str, Mapping[Kind, int]]

    @property
    def ok(self) -> bool:
        """Whether no check found a fault."""
        return all(result.ok for result in self.results)

    @property
    def faults(self) -> tuple[str, ...]:
        """All faults, in the order of the checks."""
        return tuple(fault for result in self.results for fault in result.faults)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}"


def _spells(case: Case) -> str:
    return f"{sum(len(rule.spells) for rule in case.rules.values()):,} spells of {len(case.rules)} rules"


INTEGRITY = (
    Check("sources resolve", lambda c: _count(len(c.sources), "sources"), sources_resolve),
    Check("facts rest on pages", lambda c: _count(len(c.lines), "records"), facts_have_pages),
    Check("units are known", lambda c: _count(len(c.units), "units"), units_known),
    Check(
        "sidecars fit their tables",
        lambda c: _count(len(c.sidecars), "sidecars"),
        sidecars_fit,
        columns_described,
    ),
    Check("spells of law do not overlap", _spells, spells_apart),
    Check(
        "keys resolve", lambda c: _count(len(c.rules) + len(c.assumptions) + len(c.facts), "keys"), keys_known
    ),
    Check("pathways are possible", lambda c: _count(len(c.pathways), "pathways"), pathways_possible),
    Check("outcomes of events can be set", lambda c: _count(len(c.events), "outcomes"), outcomes_readable),
    Check(
        "probabilities of an event sum to 1",
        lambda c: _count(len({outcome.event for outcome in c.events}), "events"),
        outcomes_sum_to_one,
    ),
    Check("routes join plants and ports", lambda c: _count(len(c.routes), "routes"), routes_join),
    Check("times are not negative", lambda c: _count(len(c.assumptions), "assumptions"), times_positive),
    Check(
        "capacities are above zero", lambda c: _count(len(c.assumptions), "assumptions"), capacities_positive
    ),
    Check("shares of regions sum to 1", lambda c: _count(len(c.regions), "regions"), regions_sum),
    Check("cars can arrive in time", lambda c: _count(len(c.candidates), "cars"), arrive_in_time),
    Check("fitted parts belong to cars", lambda c: _count(len(c.equipment), "parts"), equipment_known),
    Check("exchange rates share one unit", lambda c: _count(len(c.fx), "months"), rates_in_one_unit),
    Check(
        "every customs heading has a duty", lambda c: _count(len(c.candidates), "cars"), headings_have_rules
    ),
    Check("the head resolves", lambda c: "case.toml", head_resolves),
    Check("no car stands twice", lambda c: _count(len(c.market) + len(c.candidates), "cars"), rows_distinct),
    Check("models sum within brand totals", lambda c: _count(len(c.market), "models"), brands_within_totals),
    Check("shares sum within the market", lambda c: _count(len(c.market), "models"), units_within_market),
    Check(
        "assumptions have a range",
        lambda c: _count(len(c.assumptions), "assumptions, and the tables"),
        assumed_have_ranges,
    ),
)
PLAUSIBILITY = (
    Check("numbers are plausible", lambda c: _count(sum(1 for _ in cells(c)), "cells"), cells_plausible),
    Check("exchange rates miss no month", lambda c: _count(len(c.fx), "months"), months_follow),
)


def integrity_faults(case: Case) -> list[str]:
    """Faults that make a case unusable; empty when there are none."""
    return [fault for check in INTEGRITY for fault in check.faults(case)]


def check_case(case: Case, extra_checks: Iterable[Check] = ()) -> CheckReport:
    """Every check of a loaded case, with those of upper rooms in `extra_checks`."""
    results = tuple(
        CheckResult(check.name, check.looks_at(case), tuple(check.faults(case)), tuple(check.remarks(case)))
        for check in (*INTEGRITY, *PLAUSIBILITY, *extra_checks)
    )
    return CheckReport(case.name, results, kinds_by_table(case))


def kinds_by_table(case: Case) -> dict[str, Counter[Kind]]:
    """How many numbers of each table are fact, derived, estimate or assumption."""
    counts: dict[str, Counter[Kind]] = {
        "rules": Counter(_kind_of(spell.source) for rule in case.rules.values() for spell in rule.spells),
        "assumptions": Counter({Kind.ASSUMPTION: len(case.assumptions)}),
        "facts": Counter(fact.kind for fact in case.facts.values()),
    }
    for cell in cells(case):
        if cell.kind is not None:
            counts.setdefault(cell.row.table, Counter())[cell.kind] += 1
    return counts


def _kind_of(source: str) -> Kind:
    return {"kanrin.assumption": Kind.ASSUMPTION, "kanrin.derived": Kind.DERIVED}.get(source, Kind.FACT)
