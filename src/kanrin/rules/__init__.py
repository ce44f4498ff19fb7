"""Rules: law on a day, as known on a day; and the book in which every number of a case is read on that day."""

from kanrin.rules._book import FX, FX_CUSTOMS, Book, Reader, Tracker, array_reader, open_book
from kanrin.rules._diff import Change, diff
from kanrin.rules._explain import Link, chain, explain
from kanrin.rules._regime import EndOfLaw, Pending, Regime, at, known_spells, spell_on

__all__ = [
    "FX",
    "FX_CUSTOMS",
    "Book",
    "Change",
    "EndOfLaw",
    "Link",
    "Pending",
    "Reader",
    "Regime",
    "Tracker",
    "array_reader",
    "at",
    "chain",
    "diff",
    "explain",
    "known_spells",
    "open_book",
    "spell_on",
]
