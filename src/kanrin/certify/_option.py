"""What an assessment gives: a pathway for a car, open or not, and what each requirement asks of the car."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kanrin.base import Kind
from kanrin.facts import Candidate, Pathway

__all__ = ["UNKNOWN_SHARE", "PathwayOption", "Treatment"]

UNKNOWN_SHARE = "certify.unknown_treatment_share"


@dataclass(frozen=True)
class Treatment:
    """What a pathway asks of a car for one requirement.

    `cost_key` names the cost that counts, or is empty when nothing is counted; `factor_key` the share of it
    borne when the treatment is not known, or is empty when all of it is. `per` says whether the cost is met
    by each car or once a model. `note` says why.
    """

    requirement_id: str
    requirement: str
    treatment: str
    cost_key: str
    factor_key: str
    per: Literal["vehicle", "model"]
    basis: Kind
    source: str
    note: str


@dataclass(frozen=True)
class PathwayOption:
    """A pathway for a candidate, at any volume. `obstacles` are sentences; empty when it is feasible."""

    pathway: Pathway
    candidate: Candidate
    feasible: bool
    obstacles: tuple[str, ...]
    treatments: tuple[Treatment, ...]
    warnings: tuple[str, ...]
