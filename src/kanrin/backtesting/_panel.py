"""A market over several years, and the cars that came: when they entered, and their first full year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from kanrin.base import Bools, Floats, InputError

__all__ = ["Entry", "Panel", "YearMarket", "first_full_years", "whole_year"]


@dataclass(frozen=True)
class YearMarket:
    """One year of a market; J cars. Money is million JPY of the estimate's base year."""

    year: int
    size: float  # potential buyers
    name: tuple[str, ...]
    brand: tuple[str, ...]
    body: tuple[str, ...]
    powertrain: tuple[str, ...]
    is_foreign: Bools  # (J,)
    units: Floats  # (J,) vehicles
    price: Floats  # (J,) million JPY of the base year
    attributes: Floats  # (J, K) in the order of the estimate's tastes

    @property
    def shares(self) -> Floats:
        """(J,) of potential buyers."""
        out: Floats = self.units / self.size
        return out

    def row(self, name: str) -> int:
        """The row of a car."""
        return self.name.index(name)


@dataclass(frozen=True)
class Panel:
    """Years by number, and by name the years a car was on sale (also those the tables lack numbers for)."""

    markets: Mapping[int, YearMarket]
    on_sale: Mapping[str, tuple[int, ...]] = field(repr=False)

    @property
    def years(self) -> tuple[int, ...]:
        """Years in order."""
        return tuple(sorted(self.markets))

    def began(self, name: str, year: int) -> int:
        """The year a car on sale in `year` came for the spell it is in: looks back only."""
        seen = set(self.on_sale[name])
        while year - 1 in seen:
            year -= 1
        return year


@dataclass(frozen=True)
class Entry:
    """A car that came: its first full year is what is predicted."""

    name: str
    entered: int
    year: int  # the first full year
    seen_before: tuple[int, ...]  # earlier spells on sale; empty for a name not seen before

    @property
    def is_return(self) -> bool:
        """Whether the name was sold before and had left."""
        return bool(self.seen_before)


def first_full_years(panel: Panel) -> tuple[tuple[Entry, ...], int]:
    """Cars that entered after the first year, with the year after the entry; and how many had no full year.

    The year after is full when the car is on sale in the year after that too, or the data end. Raises
    InputError when no car entered.
    """
    years = panel.years
    first, last = years[0], years[-1]
    found: list[Entry] = []
    left = 0
    for name, seen in panel.on_sale.items():
        for entered in seen:
            if entered in (first, last) or entered - 1 in seen:
                continue
            year = entered + 1
            if year not in seen or (year < last and year + 1 not in seen):
                left += 1
            elif year in panel.markets and name in panel.markets[year].name:
                found.append(Entry(name, entered, year, tuple(t for t in seen if t < entered)))
    if not found:
        raise InputError(
            f"backtest: no car entered after {first} and stayed for a full year; give a panel of three years "
            "or more in which cars come"
        )
    return tuple(sorted(found, key=lambda e: (e.year, e.name))), left


def whole_year(market: YearMarket, panel: Panel) -> Bools:
    """(J,) cars of a market that were not in the year they came: their sales are of a whole year."""
    first = panel.years[0]
    out: Bools = np.array(
        [market.year == first or panel.began(n, market.year) < market.year for n in market.name], dtype=bool
    )
    return out
