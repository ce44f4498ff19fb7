"""How sure the choice is: line-ups weighed, the gap that is left, and what nearly as good plans share."""

from __future__ import annotations

from typing import Any

import numpy as np

from kanrin.answer._interval import MILLION
from kanrin.answer._total import car_names
from kanrin.answer._words import listed, yen
from kanrin.lineup import Lineup, Plan

__all__ = ["search_side"]

_SHOWN = 20


def search_side(plan: Plan) -> dict[str, Any]:
    """Rows of `search`; money in JPY over the programme, on the draws that the line-up was chosen on."""
    s = plan.search
    known = bool(np.isfinite(s.gap))
    return {
        "method": "all line-ups weighed" if s.enumerated else "branch and bound",
        "lineups_possible": s.possible,
        "lineups_weighed": s.weighed,
        "gap_jpy": s.gap * MILLION if known else None,
        "price_room": None if s.enumerated else s.room,
        "stopped_by": s.stopped,
        "within": s.within,
        "complete": s.complete,
        "count": len(s.near),
        "in_all": _ids(plan, s.in_all),
        "in_some": _ids(plan, s.in_some),
        "in_none": _ids(plan, s.in_none),
        "lineups": [
            {
                "models": _ids(plan, _cars(lineup)),
                "names": car_names(plan, _cars(lineup)),
                "gives_up_jpy": gives_up * MILLION,
            }
            for lineup, gives_up in s.near[:_SHOWN]
        ],
        "words": _words(plan),
    }


def _cars(lineup: Lineup) -> tuple[int, ...]:
    return tuple(k for k, on in enumerate(lineup) if on)


def _ids(plan: Plan, at: tuple[int, ...]) -> list[str]:
    return [plan.entries.entries[j].candidate.id for j in at]


def _words(plan: Plan) -> list[str]:
    s = plan.search
    share = f"{100 * s.within:g} %"
    if s.enumerated:
        how = f"All {s.possible:,} line-ups were weighed."
    else:
        how = f"Of {s.possible:,} line-ups {s.weighed:,} were weighed; " + _gap_words(plan)
    if len(s.near) == 1:
        alone = "the only one" if s.complete else "the only one seen"
        return [how, f"The best of them is {alone} within {share} of its own worth."]
    seen = "" if s.complete else " seen so far"
    said = [f"{len(s.near):,} line-ups{seen} are worth within {share} of the best"]
    for at, words in ((s.in_all, "all of them bring"), (s.in_none, "none brings")):
        if at:
            said.append(f"{words} {_the(plan, at)}")
    if s.in_some:
        said.append(f"they differ in {_the(plan, s.in_some)}")
    return [how, "; ".join(said) + "."]


def _the(plan: Plan, at: tuple[int, ...]) -> str:
    return listed([f"the {n}" for n in car_names(plan, at)])


def _gap_words(plan: Plan) -> str:
    s = plan.search
    given = "given that prices move little beyond those seen"
    if not np.isfinite(s.gap):
        return "how much better another could be is not known: the bound did not hold."
    if s.gap == 0.0:
        return f"no other is worth more, {given}."
    limit = {"seconds": "the time set", "line-ups": "the number of line-ups set"}[s.stopped]
    return f"{limit} ended the search, and another may be worth up to {yen(s.gap * MILLION)} more, {given}."
