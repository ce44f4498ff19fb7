"""The book: every number of a case as read on a day, by one key each.

Assumptions, facts, cells of tables, rules of the regime and the exchange rate of the day answer to
`figure(key)` (with provenance) and `number(key)` (the bare value). Arithmetic asks a reader, a function of a
key; a reader may give Figures, numbers or arrays, so that one line of arithmetic explains and sweeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kanrin.base import Figure, Floats, Kind, NotInForce, UnknownName
from kanrin.facts import Case, case_figure, known_keys
from kanrin.rules._regime import EndOfLaw, Regime, at

__all__ = ["FX", "FX_CUSTOMS", "Book", "Reader", "Tracker", "array_reader", "open_book"]

Reader = Callable[[str], Any]
FX = "fx.usd_jpy"
FX_CUSTOMS = "fx.customs_usd_jpy"


@dataclass(frozen=True)
class Book:
    """A case read on a day, as known on a day."""

    case: Case = field(repr=False)
    regime: Regime
    _numbers: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def on(self) -> date:
        """The day asked about."""
        return self.regime.on

    @property
    def known_on(self) -> date:
        """The day of asking."""
        return self.regime.known_on

    def figure(self, key: str) -> Figure:
        """The number behind a key with all it carries. Raises UnknownName or NotInForce."""
        if key == FX:
            return exchange_rate(self.case, self.on, self.known_on)
        if key == FX_CUSTOMS:
            rate = exchange_rate(self.case, self.on, self.known_on)
            month = self.case.assumptions["fx.sigma_monthly"].value
            note = f"the weekly customs rate is not held; the settlement rate stands in ({rate.note})"
            return Figure(
                rate.value,
                rate.unit,
                Kind.ASSUMPTION,
                key,
                "customs exchange rate",
                rate.source,
                note,
                rate.value * (1 - month),
                rate.value * (1 + month),
                parents=(rate,),
            )
        found = case_figure(self.case, key)
        if found is not None:
            return found
        if key in self.case.rules:
            return self.regime.figure(key)
        raise UnknownName("key", key, known_keys(self.case))

    def number(self, key: str) -> float:
        """The bare value behind a key."""
        if key not in self._numbers:  # asked for thousands of times, once for each set of terms
            self._numbers[key] = self.figure(key).value
        return self._numbers[key]

    def claims(self, key: str) -> bool:
        """Whether a yes-or-no key holds on the day; a rule without a value in force does not."""
        if key in self.case.rules and not self.regime.has(key):
            return False
        return self.number(key) > 0.5


def exchange_rate(case: Case, on: date, known_on: date) -> Figure:
    """JPY per USD on a day: the last monthly average complete and known by then; set by the user if so."""
    assumption = case.assumptions[FX]
    if FX in case.overrides:
        return Figure(
            assumption.value,
            assumption.unit,
            Kind.ASSUMPTION,
            FX,
            "exchange rate",
            "kanrin.user",
            "set by the user",
        )
    day = min(on, known_on)
    complete = [r for r in case.fx if _next_month(r.date) <= day]
    if not complete:
        raise NotInForce(
            f"{FX} has no monthly average before {day}; fx.csv begins with {case.fx[0].date:%Y-%m}; "
            f"choose a later date or --set {FX}=VALUE"
        )
    row = max(complete, key=lambda r: r.date)
    note = f"average of {row.date:%Y-%m}, the last complete month known on {day}"
    stale = (day.year - row.date.year) * 12 + day.month - row.date.month > 1
    if stale or row.status is Kind.ASSUMPTION:
        note += "; carried forward"
        return Figure(
            row.value, row.unit, Kind.ASSUMPTION, FX, "exchange rate", row.source, note,
            row.value * assumption.low / assumption.value, row.value * assumption.high / assumption.value,
        )  # fmt: skip
    return Figure(row.value, row.unit, row.status, FX, "exchange rate", row.source, note)


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


@dataclass
class Tracker:
    """A reader that remembers which keys were asked for, in order."""

    read: Reader
    keys: dict[str, None] = field(default_factory=dict)

    def __call__(self, key: str) -> Any:
        self.keys[key] = None
        return self.read(key)


def array_reader(book: Book, draws: Mapping[str, Floats | float]) -> Reader:
    """A reader that gives draws where there are some and the bare number elsewhere."""

    def read(key: str) -> Any:
        if key in draws:
            return draws[key]
        if key == FX_CUSTOMS and FX in draws:
            return draws[FX]
        return book.number(key)

    return read


def open_book(
    case: Case,
    on: date | None = None,
    known_on: date | None = None,
    end_of_law: EndOfLaw | str = EndOfLaw.REFUSE,
) -> Book:
    """Open the book of a case on a day (default: the day it names), as known on a day (default: that day)."""
    day = on or case.about.default_on
    return Book(case, at(case, day, known_on, end_of_law))
