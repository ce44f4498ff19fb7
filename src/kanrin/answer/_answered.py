"""A plan together with its plan.json; the one call of Python and of the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from kanrin.answer._compose import compose
from kanrin.answer._html import html_table
from kanrin.answer._review import review
from kanrin.demand import Estimate
from kanrin.facts import Case
from kanrin.lineup import Plan, Progress, SearchLimits, make_plan
from kanrin.rules import EndOfLaw

__all__ = ["Answered", "answer_plan"]


@dataclass(frozen=True)
class Answered:
    """A plan and its answer. `answer` is the content of plan.json; `plan` holds the arrays behind it."""

    plan: Plan = field(repr=False)
    answer: dict[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        return f"Plan({self.answer['question']['run_id']}: {self.answer['answer']})"

    def _repr_html_(self) -> str:
        return html_table(self.answer)


def answer_plan(
    case: Case,
    *,
    on: date | None = None,
    known_on: date | None = None,
    maker: str | None = None,
    candidates: Sequence[str] | None = None,
    draws: int = 200,
    seed: int = 1,
    end_of_law: EndOfLaw | str = EndOfLaw.REFUSE,
    comparables: Mapping[str, Sequence[str]] | None = None,
    estimate: Path | Estimate | None = None,
    ways: Mapping[str, str] | None = None,
    caps: Mapping[str, object] | None = None,
    workers: int = 2,
    progress: Progress | None = None,
    limits: SearchLimits | None = None,
    rivals: Sequence[str] = (),
) -> Answered:
    """Plan, and answer what would change if the open question of the case were settled.

    Arguments and errors as `make_plan`.
    """
    terms: dict[str, Any] = {
        "on": on,
        "known_on": known_on,
        "maker": maker,
        "candidates": candidates,
        "seed": seed,
        "end_of_law": end_of_law,
        "comparables": comparables,
        "estimate": estimate,
        "ways": ways,
        "caps": caps,
        "workers": workers,
        "progress": progress,
        "limits": limits,
    }
    plan = make_plan(case, draws=draws, rivals=rivals, **terms)
    return Answered(plan, compose(plan, review(plan, case, draws, terms)))
