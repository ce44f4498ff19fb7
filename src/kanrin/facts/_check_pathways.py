"""Numbers of a pathway that no pathway can have: a chance of approval outside 0 to 1, a cap below zero."""

from __future__ import annotations

from collections.abc import Iterator

from kanrin.facts._case import Case
from kanrin.facts._places import record_place, spell_place

__all__ = ["pathways_possible"]


def pathways_possible(case: Case) -> Iterator[str]:
    """Chances of approval lie within 0 to 1, caps are not negative, at the value and at either end."""
    chances = {p.approval_key for p in case.pathways.values() if p.approval_key}
    caps = {p.cap_key for p in case.pathways.values() if p.cap_key}
    for key in sorted(chances | caps):
        most = 1.0 if key in chances else float("inf")
        what = "a chance of approval lies between 0 and 1" if key in chances else "a cap is at least 0"
        for place, value in _values(case, key):
            if not 0.0 <= value <= most:
                yield f"{place}: {key} is {value:,.10g}; {what}: correct the number"


def _values(case: Case, key: str) -> Iterator[tuple[str, float]]:
    if key in case.assumptions:
        assumed = case.assumptions[key]
        for name in ("value", "low", "high"):
            yield record_place(case, "assumptions", key, name), float(getattr(assumed, name))
    elif key in case.facts:
        yield record_place(case, "facts", key, "value"), case.facts[key].value
    elif key in case.rules:
        for k, spell in enumerate(case.rules[key].spells):
            yield spell_place(case, key, k, "value"), float(spell.value)
