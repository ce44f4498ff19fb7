"""What open events would do to the plan: each outcome that moves nothing but money terms, held for sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kanrin.base import InputError
from kanrin.facts import EventOutcome
from kanrin.lineup._choose import Lineup
from kanrin.lineup._draws import Draws
from kanrin.lineup._entry import Entries
from kanrin.lineup._market import BaseMarket
from kanrin.lineup._outcome import Sampled
from kanrin.lineup._sensitivity import APART
from kanrin.lineup._terms import Terms, money_terms
from kanrin.lineup._valuation import Row
from kanrin.lineup._value import Inverted, value_rows
from kanrin.rules import Book

__all__ = ["EventSwing", "event_swings"]

_NO_EFFECT = 0.5  # million JPY, as of a swing


@dataclass(frozen=True)
class EventSwing:
    """An outcome of an open event and what the plan is worth under it, million JPY."""

    event: str
    question: str
    outcome: str
    probability: float
    worth: float  # printed worth plus the change
    change: Sampled  # paired, on common draws


def event_swings(
    book: Book,
    market: BaseMarket,
    entries: Entries,
    draws: Draws,
    inverted: Inverted,
    lineup: Lineup,
    used: Sequence[str],
    maker: int,
    headline: float,
    *,
    workers: int = 2,
) -> list[EventSwing]:
    """Every outcome that sets a number the plan's money rests on, by event, in the order of the case.

    Outcomes that open or close a way to certify, or take a car off sale, are another plan and left out.
    """
    read, shut = set(used), _closing_keys(book)
    asked: list[EventOutcome] = []
    held: list[dict[str, float]] = []
    for outcome in book.case.events:
        values = {key: float(x) for key, x in outcome.settings.items() if key in read}
        if not values or shut & set(outcome.settings) or set(values) & set(APART):
            continue
        if _stands(book, values):
            continue
        asked.append(outcome)
        held.append(values)
    if not asked or not any(lineup):
        return []
    terms: list[Terms] = [money_terms(book, market, entries, draws)]
    terms += [money_terms(book, market, entries, draws, values) for values in held]
    rows = [Row(lineup, k) for k in range(len(terms))]
    v = value_rows(market, entries, draws, terms, rows, maker, inverted=inverted, workers=workers).value
    found = []
    for k, outcome in enumerate(asked, start=1):
        change = Sampled.over(v[:, k] - v[:, 0])
        if abs(change.value) > _NO_EFFECT:
            worth = headline + change.value
            found.append(
                EventSwing(
                    outcome.event, outcome.question, outcome.outcome, outcome.probability, worth, change
                )
            )
    return found


def _stands(book: Book, values: dict[str, float]) -> bool:
    """Whether an outcome sets every number to what it already is for sure."""
    try:
        return all(
            key not in book.case.assumptions and book.number(key) == value for key, value in values.items()
        )
    except InputError:
        return False


def _closing_keys(book: Book) -> set[str]:
    """Keys that decide which ways to certify are open."""
    keys = {p.available_key for p in book.case.pathways.values()}
    keys |= {key for p in book.case.pathways.values() for key in p.limited_heading_key.values()}
    return keys - {""}
