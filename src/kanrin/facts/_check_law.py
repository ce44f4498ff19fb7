"""Spells of law: never two values of one rule in force on one day, as known on one day [bitemporal]."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import combinations

from kanrin.facts._case import Case
from kanrin.facts._law_records import STATUS_ORDER, Spell
from kanrin.facts._places import spell_place

__all__ = ["overlap", "spells_apart"]


def overlap(left: Spell, right: Spell) -> tuple[date, date] | None:
    """The first (day, day of asking) on which both spells hold with one standing; None when there is none.

    An end counts from the day it was known. Both spans begin inclusive, so the later begin decides.
    """
    if STATUS_ORDER[left.status] != STATUS_ORDER[right.status]:
        return None
    day = max(left.effective_from, right.effective_from)
    first = max(left.known_from, right.known_from)
    asked = {first, *(e for s in (left, right) if (e := s.end_known_from) is not None and e > first)}
    for known_on in sorted(asked):
        if _holds(left, day, known_on) and _holds(right, day, known_on):
            return day, known_on
    return None


def _holds(spell: Spell, day: date, known_on: date) -> bool:
    if spell.known_to is not None and spell.known_to <= known_on:
        return False
    end_known = (spell.end_known_from or spell.known_from) <= known_on
    return spell.effective_to is None or not end_known or day < spell.effective_to


def spells_apart(case: Case) -> Iterator[str]:
    """No two spells of a rule hold on one day as known on one day with the same standing."""
    for key, rule in case.rules.items():
        for (i, left), (j, right) in combinations(enumerate(rule.spells), 2):
            found = overlap(left, right)
            if found is not None:
                day, known_on = found
                first = spell_place(case, key, i).rpartition(":")[2]
                yield (
                    f"{spell_place(case, key, j)}: {key}: {right.value:g} and {left.value:g} (line {first}) "
                    f"are both {_standing(right)} on {day} as known on {known_on}; end one with effective_to "
                    "where the other begins, or end its knowledge with known_to"
                )


def _standing(spell: Spell) -> str:
    return "in force" if STATUS_ORDER[spell.status] == STATUS_ORDER["in_force"] else spell.status
