"""A plan together with its plan.json; the one call of Python and of the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kanrin.answer._compose import compose, review_summary
from kanrin.base import InputError
from kanrin.facts import Case
from kanrin.lineup import Plan, make_plan
from kanrin.rules import EndOfLaw

__all__ = ["Answered", "answer_plan"]

_REVIEW_DRAWS = 100


@dataclass(frozen=True)
class Answered:
    """A plan and its answer. `answer` is the content of plan.json; `plan` holds the arrays behind it."""

    plan: Plan = field(repr=False)
    answer: dict[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        return f"Plan({self.answer['question']['run_id']}: {self.answer['answer']})"

    def _repr_html_(self) -> str:
        from html import escape

        head = "".join(
            f"<th>{t}</th>"
            for t in (
                "Model",
                "Cars a year (P10–P90)",
                "Price, JPY",
                "Landed, JPY",
                "Unit margin, JPY",
                "P(loss)",
            )
        )
        body = "".join(
            f"<tr><td>{escape(r['name'])}</td><td>{r['units']['mean']:,.0f} ({r['units']['p10']:,.0f}–{r['units']['p90']:,.0f})</td>"
            f"<td>{r['price_jpy']:,.0f}</td><td>{r['landed_cost_jpy']:,.0f}</td><td>{r['unit_margin_jpy']:,.0f}</td>"
            f"<td>{r['probability_of_loss']:.0%}</td></tr>"
            for r in self.answer["decision"]
        )
        q = self.answer["question"]
        return (
            f"<p><strong>{escape(q['sentence'])}</strong><br>{escape(self.answer['answer'])}</p><table><thead><tr>{head}</tr>"
            f"</thead><tbody>{body}</tbody></table><p>{escape(self.answer['notice'])} Run {escape(q['run_id'])}.</p>"
        )


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
    workers: int = 2,
    progress: Any = None,
) -> Answered:
    """Plan, and answer what would change if the open question of the case were settled. Arguments as `make_plan`."""
    terms: dict[str, Any] = {
        "on": on, "known_on": known_on, "maker": maker, "candidates": candidates, "seed": seed, "end_of_law": end_of_law,
        "comparables": comparables, "workers": workers, "progress": progress,
    }  # fmt: skip
    plan = make_plan(case, draws=draws, **terms)
    return Answered(plan, compose(plan, _review(plan, case, draws, terms)))


def _review(plan: Plan, case: Case, draws: int, terms: dict[str, Any]) -> dict[str, Any] | None:
    about = case.about.review
    key = about.get("key", "")
    if not key or key in case.overrides or plan.book.claims(key):
        return None
    settled_case = case.with_overrides({key: about.get("value", "1")})
    try:
        settled = make_plan(settled_case, draws=min(draws, _REVIEW_DRAWS), sensitivity=False, **terms)
    except InputError as error:
        return {
            "text": f"If the {about.get('label', key)} were in force the plan could not be made: {error}",
            "answer_if_in_force": None,
        }
    return review_summary(plan, settled, about.get("label", key), plan.book.on)
