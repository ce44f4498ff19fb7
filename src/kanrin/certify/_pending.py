"""How final something is that is not law yet, in words."""

from __future__ import annotations

from kanrin.facts import STATUS_ORDER
from kanrin.rules import Book

__all__ = ["only_pending"]

WORDS = {
    "reported": "only reported",
    "considered": "only under consideration",
    "announced": "only announced",
    "in_force": "enacted",
}


def only_pending(book: Book, key: str, value: float) -> str:
    """`only under consideration (publisher day)` for a value of a rule that is known but not in force.

    Empty when no such value is known on the day of the book.
    """
    found = [p for p in book.regime.pending(key) if p.spell.value == value]
    if not found:
        return ""
    firmest = max(found, key=lambda p: (STATUS_ORDER[p.spell.status], p.spell.known_from)).spell
    source = book.case.sources[firmest.source]
    words = f"{WORDS[firmest.status]} ({source.publisher} {source.date or firmest.known_from})"
    if firmest.status in ("announced", "in_force") and firmest.effective_from > book.on:
        words += f" for {firmest.effective_from}"
    return words
