"""Rules: law on a day, as known on a day; and the book in which every number of a case is read that day."""

from kanrin.rules._book import FX, FX_CUSTOMS, Book, Reader, Tracker, array_reader, open_book
from kanrin.rules._diff import Change, PendingChange, diff, pending_diff
from kanrin.rules._explain import Explanation, Link, SpellRow, chain, explain, explanation
from kanrin.rules._regime import EndOfLaw, Pending, Regime, at, known_spells, spell_on
from kanrin.rules._tables import RuleRow, rules_table

__all__ = [
    "FX",
    "FX_CUSTOMS",
    "Book",
    "Change",
    "EndOfLaw",
    "Explanation",
    "Link",
    "Pending",
    "PendingChange",
    "Reader",
    "Regime",
    "RuleRow",
    "SpellRow",
    "Tracker",
    "array_reader",
    "at",
    "chain",
    "diff",
    "explain",
    "explanation",
    "known_spells",
    "open_book",
    "pending_diff",
    "rules_table",
    "spell_on",
]
