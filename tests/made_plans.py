"""Plans made once and shared by the tests: few candidates, few draws."""

from __future__ import annotations

from datetime import date
from functools import cache

from kanrin.answer import Answered, answer_plan
from kanrin.facts import Case, load_case

TWO = ("toyota_camry_hybrid", "toyota_highlander_hybrid")
THREE = (*TWO, "toyota_sequoia")


@cache
def shipped() -> Case:
    """The shipped case."""
    return load_case("us-japan")


@cache
def small(
    on: date | None = None, candidates: tuple[str, ...] = THREE, draws: int = 16, seed: int = 3
) -> Answered:
    """A small plan of the shipped case."""
    return answer_plan(shipped(), on=on, candidates=candidates, draws=draws, seed=seed)


@cache
def dear() -> Answered:
    """A plan in which launching costs so much that nothing is brought over."""
    case = shipped().with_overrides({"launch.marketing_jpy_per_model": 5e12})
    return answer_plan(case, candidates=TWO, draws=8, seed=3)
