"""The records of what is known and in force: sources, rules, assumptions, facts, pathways, claims and events.

Every number has a kind (fact, derived, estimate, assumption), a unit and a source; what kind and source a
cell of a table has is named by its sidecar (`_sidecar.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from kanrin.base import Kind
from kanrin.facts._record import Filled, Number, Record, Share, Text

__all__ = [
    "STATUS_ORDER",
    "Assumption",
    "CapRow",
    "Claim",
    "Equipment",
    "EventOutcome",
    "Fact",
    "GapRow",
    "Pathway",
    "Rule",
    "Source",
    "Spell",
    "Status",
    "UnitName",
]

Status = Literal["reported", "considered", "announced", "in_force", "superseded"]
STATUS_ORDER: dict[str, int] = {
    "reported": 0,
    "considered": 1,
    "announced": 2,
    "in_force": 3,
    "superseded": 3,
}

Treatment = Literal["met", "deemed", "document", "modify", "test", "blocking", "unknown"]


class UnitName(Record):
    """A unit of the closed list."""

    unit: Filled
    kind: Filled
    meaning: Text = ""


class Source(Record):
    """Where a number was seen. Ids that begin with `kanrin.` are internal and never support a fact."""

    id: Filled
    publisher: Filled
    title: Filled
    date: Text = ""
    url: Text = ""
    language: Text = ""
    note: Text = ""


class Spell(Record):
    """A dated value of a rule: `effective_from` inclusive, `effective_to` exclusive, known from a day on."""

    value: Number
    effective_from: date
    effective_to: date | None = None
    status: Status
    known_from: date
    end_known_from: date | None = None
    known_to: date | None = None
    source: Filled
    locus: Text = ""
    confidence: Literal["high", "medium", "low"] = "medium"
    note: Text = ""

    @model_validator(mode="after")
    def _span(self) -> Spell:
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            raise ValueError(f"empty spell {self.effective_from}..{self.effective_to}; the end is exclusive")
        if self.known_to is not None and self.known_to <= self.known_from:
            raise ValueError(f"empty knowledge span {self.known_from}..{self.known_to}; the end is exclusive")
        return self


class Rule(Record):
    """A rule: key, unit and dated spells; `assume` names the assumption that may stand in past its end."""

    key: Filled
    unit: Filled
    label: Text = ""
    assume: Text = ""
    spells: Annotated[tuple[Spell, ...], Field(min_length=1)]


class Assumption(Record):
    """A number without a source: value, low, high, unit and the reason.

    `drawn` is false for a choice or a switch: it is shown at its low and high, but left to no chance.
    """

    key: Filled
    value: Number
    low: Number
    high: Number
    unit: Filled
    label: Text = ""
    reason: Filled
    used_by: tuple[str, ...] = ()
    drawn: bool = True
    source: Text = "kanrin.assumption"

    @model_validator(mode="after")
    def _range(self) -> Assumption:
        if not self.low <= self.value <= self.high:
            raise ValueError(
                f"value {self.value:g} lies outside its range {self.low:g}..{self.high:g}; "
                "widen it or correct the value"
            )
        return self


class Fact(Record):
    """A single sourced number that is neither law nor a cell of a table."""

    key: Filled
    value: Number
    unit: Filled
    kind: Kind
    label: Text = ""
    period: Text = ""
    known_from: date
    source: Filled
    low: float | None = None
    high: float | None = None
    note: Text = ""

    @model_validator(mode="after")
    def _range(self) -> Fact:
        if self.kind is Kind.ASSUMPTION and (self.low is None or self.high is None):
            raise ValueError("an assumption needs low and high; add them")
        return self


class Pathway(Record):
    """A way to certify: who may use it, its cap, its cost and time (all by key), when it is open."""

    id: Filled
    name: Filled
    name_ja: Text = ""
    who_may_use: Filled
    users: tuple[Literal["maker", "importer", "anyone"], ...]
    origins: tuple[str, ...] = ()
    hs_headings: tuple[str, ...] = ()
    limited_heading_key: dict[str, str] = Field(default_factory=dict)
    evidence: Text = ""
    tests: Text = ""
    available_key: Text = ""
    available_from: date | None = None
    available_to: date | None = None
    status: Status
    cap_key: Text = ""
    fixed_cost_key: Filled
    unit_cost_key: Filled
    lead_time_key: Filled
    approval_key: Text = ""
    per_vehicle_inspection: Literal["yes", "no", "unknown"]
    source: Filled
    source_cost: Text = ""
    note: Text = ""


class CapRow(Record):
    """Most cars a year: what the cap covers, the numbers whose product is its limit, who holds its rent.

    `covers`: `all`, `maker`, `plant` or `port` (one cap for each), `plant:NAME`, `port:ID` or a candidate.
    `{candidate}` in a key of `limit` stands for the first candidate it covers.
    """

    key: Filled
    label: Filled
    kind: Literal["quota", "restraint", "plant", "port", "ship"]
    covers: Annotated[str, Field(pattern=r"^(all|maker|plant|port|(plant|port):.+|[a-z0-9_]+)$")]
    limit: Annotated[tuple[Filled, ...], Field(min_length=1)]
    rent: Literal["maker", "treasury", "importer"]
    status: Kind
    source: Filled
    note: Text = ""


class GapRow(Record):
    """A requirement with the origin's and the destination's standard and its treatment on each pathway."""

    id: Filled
    requirement: Filled
    us_standard: Text
    japan_standard: Text
    type_designation: Treatment
    common_structure: Treatment
    php: Treatment
    un_1958: Treatment
    us_made_certification: Treatment
    parallel_import: Treatment
    usual_modification: Text = ""
    unit_cost_assumption_key: Text = ""
    applies_to: Literal["all", "battery_electric"] = "all"
    rule_key: Text = ""
    basis: Kind
    source: Filled
    note: Text = ""


class Equipment(Record):
    """Whether a candidate already has the part a requirement asks for."""

    candidate: Filled
    requirement: Filled
    has: Literal["yes", "no"]
    kind: Kind
    source: Filled
    note: Text = ""


class Claim(Record):
    """Who said what, via whom, about which key, how final. `date` may name a month or a year only."""

    id: Filled
    date: Annotated[str, Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
    actor: Filled
    via: Text = ""
    claim: Filled
    about: Filled
    how_final: Status
    source: Filled
    note: Text = ""


class EventOutcome(Record):
    """An outcome of an open event, with its probability and the overrides it would bring."""

    event: Filled
    question: Filled
    date_from: date
    date_to: date
    outcome: Filled
    probability: Share
    probability_low: Share
    probability_high: Share
    overrides: Text = ""
    status: Kind
    basis: Text
    note: Text = ""

    @model_validator(mode="after")
    def _span(self) -> EventOutcome:
        if self.date_to < self.date_from:
            raise ValueError(f"the event ends on {self.date_to}, before it begins on {self.date_from}")
        if not self.probability_low <= self.probability <= self.probability_high:
            raise ValueError(
                f"probability {self.probability:g} lies outside "
                f"{self.probability_low:g}..{self.probability_high:g}; widen the range or correct it"
            )
        dict(_settings(self.overrides))
        return self

    @property
    def name(self) -> str:
        """Event and outcome."""
        return f"{self.event}.{self.outcome}"

    @property
    def settings(self) -> dict[str, str]:
        """{key: value as written} of what the outcome would bring."""
        return dict(_settings(self.overrides))


def _settings(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split("|") if text else ():
        key, equals, value = part.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise ValueError(f"overrides: expected key=value|key=value, got {part!r}; correct it")
        yield key.strip(), value.strip()
