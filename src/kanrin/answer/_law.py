"""The law and the talk about it: rules in force, what is only announced, and who said what."""

from __future__ import annotations

from datetime import date
from typing import Any

from kanrin.answer._words import key_words, number_text
from kanrin.rules import Book, Pending

__all__ = ["calendar", "pending", "rules_in_force"]


def rules_in_force(book: Book, used: set[str]) -> list[dict[str, Any]]:
    """Rules with a value in force on the day; those the plan used first."""
    rows = []
    for rule, spell, end in book.regime.in_force():
        rows.append(
            {
                "key": rule.key,
                "label": rule.label or key_words(rule.key),
                "value": book.number(rule.key),
                "unit": rule.unit,
                "effective_from": spell.effective_from.isoformat(),
                "effective_to": end.isoformat() if end else None,
                "status": spell.status,
                "known_from": spell.known_from.isoformat(),
                "source": spell.source,
                "used": rule.key in used,
                "note": "; ".join(t for t in (spell.locus, spell.note) if t),
            }
        )
    rows.sort(key=lambda r: (not r["used"], r["key"]))
    return rows


def pending(book: Book) -> list[dict[str, Any]]:
    """What was known but not in force on the day, firmest first."""
    order = {"in_force": 0, "announced": 1, "considered": 2, "reported": 3}
    rows = [_pending(p, book.on) for p in book.regime.pending()]
    rows.sort(key=lambda r: (order.get(r["status"], 4), r["effective_from"], r["key"]))
    return rows


def _pending(p: Pending, on: date) -> dict[str, Any]:
    spell, rule = p.spell, p.rule
    how = {
        "in_force": "enacted",
        "announced": "announced",
        "considered": "under consideration",
        "reported": "reported",
    }
    label = rule.label or key_words(rule.key)
    value, said = number_text(spell.value, rule.unit), how.get(spell.status, spell.status)
    when = f"from {spell.effective_from}" if spell.effective_from > on else f"for {spell.effective_from} on"
    note = f" {spell.note[:1].upper()}{spell.note[1:]}." if spell.note else ""
    return {
        "key": rule.key,
        "value": spell.value,
        "unit": rule.unit,
        "effective_from": spell.effective_from.isoformat(),
        "status": spell.status,
        "known_from": spell.known_from.isoformat(),
        "source": spell.source,
        "text": f"{label}: {value} ({rule.unit}), {said} {when}, not in force.{note}",
    }


def calendar(book: Book) -> list[dict[str, Any]]:
    """Claims made by the day of asking; a claim dated by its month or year counts once that has begun."""
    day = book.known_on.isoformat()
    return [
        {
            "id": c.id,
            "date": c.date,
            "actor": c.actor,
            "via": c.via,
            "claim": c.claim,
            "about": c.about,
            "how_final": c.how_final,
            "source": c.source,
            "note": c.note,
        }
        for c in book.case.calendar.values()
        if c.date <= day[: len(c.date)]
    ]
