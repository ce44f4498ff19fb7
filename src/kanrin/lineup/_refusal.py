"""The chance that the authority says no, draw by draw: what a plan is worth with refusals counted.

On each draw the probability of approval of a pathway is drawn from its range, one for all cars that use it,
and each car is refused or not by a uniform number of its own. A refused car has spent its certification and
nothing else; it comes by its next best way that needs no such approval, begun when the refusal is known, or
stays at home:

    V(S without the refused) + sum of (1 + rho)^(-L'/12) [what each adds by its other way] - F of the refused,

all in million JPY at the first sale of the plan, L' the months of the other way. Certain approval leaves
every draw as it is.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from kanrin.base import Bools, Floats, Ints
from kanrin.certify import fixed_cost, lead_time
from kanrin.lineup._choose import Lineup
from kanrin.lineup._draws import Draws, latin_hypercube, triangular_quantile
from kanrin.lineup._entry import Entries
from kanrin.lineup._market import BaseMarket
from kanrin.lineup._second import Second
from kanrin.lineup._terms import Terms, first_sale, money_terms
from kanrin.lineup._valuation import Row, Valuation
from kanrin.lineup._value import Inverted, value_rows
from kanrin.lineup._ways import Way, approval, with_way
from kanrin.rules import Book, array_reader

__all__ = ["Refusals", "refusals"]


@dataclass(frozen=True)
class Refusals:
    """Worth with refusals on D draws, C candidates; million JPY over the programme."""

    refused: Bools  # (D, C) chosen cars the authority says no to
    value: Floats  # (D,) worth of the plan
    loss: Floats  # (C,) expected loss, that of a draw shared by its refused cars
    units: Floats  # (D, C) vehicles a year, once every way is ready

    @property
    def expected_loss(self) -> float:
        """What the chance of refusals takes off the mean worth."""
        return float(self.loss.sum())


def refusals(
    book: Book,
    market: BaseMarket,
    entries: Entries,
    lineup: Lineup,
    fallbacks: Sequence[Way | None],
    draws: Draws,
    terms: Terms,
    inverted: Inverted,
    valued: Valuation,
    maker: int,
    *,
    seed: int,
    stream: int,
    workers: int = 2,
) -> Refusals:
    """The chosen line-up, row 0 of `valued`, with refusals drawn on the same draws.

    `fallbacks` (C,) are the ways taken after a refusal, None to stay at home.
    """
    refused = _drawn(book, entries, lineup, draws.count, seed, stream)
    value, units = valued.value[:, 0].copy(), valued.units[:, 0].copy()
    read = array_reader(book, draws.keys)
    rate = read("capital.discount_rate")
    after = money_terms(book, market, _by_fallbacks(entries, fallbacks), draws)
    months = [
        0.0 if w is None else float(first_sale(book.number, with_way(e, w)))
        for e, w in zip(entries.entries, fallbacks, strict=True)
    ]
    steady = book.number("capital.discount_rate")
    for pattern in np.unique(refused[refused.any(axis=1)], axis=0):
        at = np.flatnonzero((refused == pattern).all(axis=1))
        cars = [int(j) for j in np.flatnonzero(pattern)]
        offered = tuple(bool(on and not no) for on, no in zip(lineup, pattern, strict=True))
        steps = [(0.0, offered)]
        for m in sorted({months[j] for j in cars if fallbacks[j] is not None}):
            back = {j for j in cars if fallbacks[j] is not None and months[j] <= m}
            steps.append((m, tuple(on or j in back for j, on in enumerate(offered))))
        found = value_rows(
            market, entries, _draws_at(draws, at), [_mixed(terms, after, cars, at)],
            [Row(s) for _, s in steps], maker, inverted=_inverted_at(inverted, at), workers=workers,
        )  # fmt: skip
        worth, before = np.zeros(len(at)), np.zeros(len(at))
        for k, (m, _) in enumerate(steps):
            worth += (1.0 + steady) ** (-m / 12.0) * (found.value[:, k] - before)
            before = found.value[:, k]
        for j in cars:
            option = entries.entries[j].choice.option
            spent = fixed_cost(read, option) * (1.0 + rate) ** (lead_time(read, option) / 12.0) / 1e6
            worth -= np.broadcast_to(spent, (draws.count,))[at]
        value[at], units[at] = worth, found.units[:, -1]
    lost = valued.value[:, 0] - value
    share = refused / np.maximum(1, refused.sum(axis=1))[:, None]
    return Refusals(refused, value, (share * lost[:, None]).mean(axis=0), units)


def _drawn(book: Book, entries: Entries, lineup: Lineup, count: int, seed: int, stream: int) -> Bools:
    """(D, C) refusals; a number of the seed by name, so that one car's leave the others' as they are."""

    def column(name: str) -> Floats:
        rng = np.random.default_rng([seed, stream, zlib.crc32(name.encode())])
        return latin_hypercube(count, 1, rng)[:, 0]

    out = np.zeros((count, len(lineup)), dtype=bool)
    for j, e in enumerate(entries.entries):
        option = e.choice.option
        low, value, high = approval(book, option)
        if lineup[j] and min(low, value) < 1.0:
            chance = triangular_quantile(column(option.pathway.approval_key), low, value, high)
            out[:, j] = column(f"approval.{e.candidate.id}") > chance
    return out


def _by_fallbacks(entries: Entries, fallbacks: Sequence[Way | None]) -> Entries:
    turned = [e if w is None else with_way(e, w) for e, w in zip(entries.entries, fallbacks, strict=True)]
    return replace(entries, entries=tuple(turned))


def _mixed(terms: Terms, after: Terms, cars: list[int], at: Ints) -> Terms:
    """The terms of some draws, those of the refused cars by their other ways."""
    changed = {}
    for name in ("cost", "keep", "levies", "levy_rate", "landed", "fixed", "cap"):
        table = getattr(terms, name).copy()
        table[:, cars] = getattr(after, name)[:, cars]
        changed[name] = table
    whole = replace(terms, **changed, second=_second(terms, after, cars))
    cut = {f.name: getattr(whole, f.name)[at] for f in fields(Terms) if f.name != "second"}
    second = whole.second
    if second is not None:
        parts = {f.name: getattr(second, f.name)[at] for f in fields(Second) if f.name != "has"}
        second = replace(second, **parts)
    return Terms(**cut, second=second)


def _second(terms: Terms, after: Terms, cars: list[int]) -> Second | None:
    base = terms.second if terms.second is not None else after.second
    if base is None:
        return None
    has = np.zeros_like(base.has) if terms.second is None else terms.second.has.copy()
    tables = {f.name: getattr(base, f.name).copy() for f in fields(Second) if f.name != "has"}
    for j in cars:
        has[j] = after.second is not None and after.second.has[j]
        if after.second is not None and has[j]:
            for name, table in tables.items():
                table[:, j] = getattr(after.second, name)[:, j]
    return replace(base, has=has, **tables) if has.any() else None


def _draws_at(draws: Draws, at: Ints) -> Draws:
    return Draws(draws.theta[at], draws.normals[at], {k: v[at] for k, v in draws.keys.items()})


def _inverted_at(inverted: Inverted, at: Ints) -> Inverted:
    return Inverted(inverted.slopes[at], inverted.delta[at])
