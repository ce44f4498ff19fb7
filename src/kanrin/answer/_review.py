"""The open question of the case: what would change if it were settled, both answers side by side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kanrin.answer._interval import MILLION
from kanrin.answer._total import answer_sentence, car_names, total
from kanrin.answer._words import count, listed, yen
from kanrin.base import InputError
from kanrin.facts import Case
from kanrin.lineup import Plan, make_plan, paired_difference

__all__ = ["review"]


def review(plan: Plan, case: Case, draws: int, terms: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the plan would be with the open question settled; None when it has none or the day has settled it.

    `terms` are the other arguments the plan was made with.
    """
    about = case.about.review
    key = about.get("key", "")
    if not key or key in case.overrides or plan.book.claims(key):
        return None
    settled_case = case.with_overrides({key: about.get("value", "1")})
    try:
        settled = make_plan(settled_case, draws=draws, sensitivity=False, **terms)
    except InputError as error:
        return {
            "text": f"If the {about.get('label', key)} were in force the plan could not be made: {error}",
            "answer_if_in_force": None,
        }
    return _summary(plan, settled, about.get("label", key), plan.book.on)


def _standing(plan: Plan) -> str:
    """How far the open question had come by the day of asking."""
    key = plan.case.about.review["key"]
    words = {
        "in_force": "enacted but not yet in force",
        "announced": "announced, not in force",
        "considered": "only under consideration",
        "reported": "only reported",
    }
    known = plan.book.regime.pending(key)
    if not known:
        return "not in force"
    latest = max(known, key=lambda p: p.spell.known_from)
    source = plan.case.sources[latest.spell.source].publisher
    how = words.get(latest.spell.status, "not in force")
    return f"{how} (known since {latest.spell.known_from}, {source})"


def _summary(plan: Plan, settled: Plan, label: str, on: date) -> dict[str, Any]:
    before, after = total(plan), total(settled)
    same = {plan.entries.entries[j].candidate.id for j in plan.chosen}
    then = {settled.entries.entries[j].candidate.id for j in settled.chosen}
    # both on the same draws of what they share: the difference is paired
    gain, error = paired_difference(settled.valuation.value[:, 0], plan.valuation.value[:, 0])
    if not then:
        change = "even then nothing is brought over"
    elif then == same:
        change = "the same cars come, " + ("cheaper" if gain > 0 else "at no lower cost")
    else:
        change = "the plan becomes " + listed([f"the {n}" for n in car_names(settled, settled.chosen)])
    standing = _standing(plan)
    if plan.chosen and then == same and abs(gain) <= 2 * error:
        change += ", worth the same as far as these draws can tell"
    text = (
        f"On {on} the {label} was {standing}, so it is not used. If it were in force: {change}; "
        f"{count(after['units']['mean'])} cars a year instead of {count(before['units']['mean'])}, worth "
        f"{yen(after['profit_jpy']['mean'])} instead of {yen(before['profit_jpy']['mean'])} over the "
        f"programme: a difference of {yen(gain * MILLION)}, give or take {yen(error * MILLION)}."
    )
    return {
        "text": text,
        "answer_if_in_force": {
            "answer": answer_sentence(settled, after),
            "models": sorted(then),
            "total": after,
            "pathways": {
                settled.entries.entries[j].candidate.id: settled.entries.entries[j].choice.option.pathway.name
                for j in settled.chosen
            },
        },
    }
