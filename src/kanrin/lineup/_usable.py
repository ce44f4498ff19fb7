"""Which open pathways can serve a plan: cars arrive within its years, the cap admits one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kanrin.base import InputError
from kanrin.certify import PathwayOption, cap, lead_time
from kanrin.rules import Book

__all__ = ["place_of", "usable"]


def usable(book: Book, options: Sequence[PathwayOption]) -> tuple[PathwayOption, ...]:
    """The options, those too late for the horizon or with a cap below one car marked with that obstacle.

    Raises InputError for a lead time or cap below zero, or a chance of approval outside 0 to 1.
    """
    horizon = 12.0 * book.number("plan.horizon_years")
    return tuple(_judged(book, option, horizon) if option.feasible else option for option in options)


def _judged(book: Book, option: PathwayOption, horizon: float) -> PathwayOption:
    way = option.pathway
    months, limit = lead_time(book.number, option), cap(book.number, option)
    _within(book, way.lead_time_key, "lead time", months, 0.0, None)
    if limit is not None:
        _within(book, way.cap_key, "cap", limit, 0.0, None)
    if way.approval_key:
        _within(book, way.approval_key, "chance of approval", book.number(way.approval_key), 0.0, 1.0)
    found = []
    if months >= horizon:
        found.append(
            f"the first car could be registered after {months:g} months, not within the {horizon:g} months "
            f"planned (plan.horizon_years); a shorter {way.lead_time_key} or a longer plan would let it in"
        )
    if limit is not None and limit < 1.0:
        found.append(
            f"its cap of {limit:g} a type and year admits no car; {way.cap_key} must be at least 1, or the "
            "pathway be closed"
        )
    if way.approval_key and book.number(way.approval_key) <= 0.0:
        found.append(f"approval is taken as impossible ({way.approval_key} = 0)")
    return replace(option, feasible=False, obstacles=tuple(found)) if found else option


def _within(book: Book, key: str, what: str, value: float, low: float, high: float | None) -> None:
    if value >= low and (high is None or value <= high):
        return
    expected = f"at least {low:g}" if high is None else f"{low:g} to {high:g}"
    raise InputError(f"{place_of(book, key)}{key}: a {what} of {value:g}; expected {expected}")


def place_of(book: Book, key: str) -> str:
    """`file:line: ` of a number of the case, for a message; empty where it was set by hand."""
    if key in book.case.overrides:
        return ""
    for table in ("assumptions", "rules", "facts"):
        if (table, key) in book.case.lines:
            return f"{book.case.place(table, key)}: "
    return ""
