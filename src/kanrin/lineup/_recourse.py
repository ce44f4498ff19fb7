"""Second ways taken in the draws in which the first one's cap binds and they pay: the better of with and
without.

For the set T of cars of a row that may add one, worth is

    A (1 - l) f(0) + A l [f(T) + sum over T of saving min(q, cap)] - F - sum over T of F2,

f a year's gain less the home margin forgone, l the share of the annuity left when the latest is ready. Of all
T whose caps bind, per draw, the best: exact over the sets of such cars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from kanrin.base import Floats, Ints
from kanrin.lineup._terms import Terms
from kanrin.lineup._valuation import Row, Valuation

__all__ = ["Recourse", "recourse"]


@dataclass(frozen=True)
class Recourse:
    """Rows and terms that answer the rows asked about: for each of these, one row per set of second ways."""

    rows: tuple[Row, ...]
    terms: tuple[Terms, ...]
    asked: tuple[Row, ...]
    asked_terms: tuple[Terms, ...]
    variants: tuple[tuple[int, ...], ...]  # rows by row asked; the first without a second way
    added: tuple[tuple[int, ...], ...]  # cars with a second way, by row

    def fold(self, found: Valuation) -> tuple[Valuation, Ints]:
        """The rows asked about, each draw at its best set; and which variant that was, (D, R)."""
        draws, count = len(found.gain), len(self.asked)
        best: Ints = np.zeros((draws, count), dtype=np.int64)
        picked: Ints = np.zeros((draws, count), dtype=np.int64)
        value, gain = np.zeros((draws, count)), np.zeros((draws, count))
        for r, variants in enumerate(self.variants):
            worth, earned = self._worth(found, r, variants)
            best[:, r] = worth.argmax(axis=1)  # the first, none, where they are equal
            picked[:, r] = np.array(variants)[best[:, r]]
            value[:, r] = worth[np.arange(draws), best[:, r]]
            gain[:, r] = earned[np.arange(draws), best[:, r]]
        at = np.arange(draws)[:, None]
        stepped = np.zeros((draws, count, found.units.shape[2]), dtype=bool)
        for r, variants in enumerate(self.variants):
            for k, row in enumerate(variants):
                stepped[np.ix_(best[:, r] == k, [r], list(self.added[row]))] = True
        return (
            replace(
                found, rows=self.asked, gain=gain, value=value, forgone=found.forgone[at, picked],
                units=found.units[at, picked], price=found.price[at, picked],
                shadow=found.shadow[at, picked], stepped=stepped,
            ),
            best,
        )  # fmt: skip

    def at(self, row: int, best: Ints) -> Terms:
        """The terms of a row asked about with the variant `best` (D,) of each draw."""
        made = [self.terms[self.rows[k].terms] for k in self.variants[row]]
        draws = np.arange(len(best))
        cost, limit, fixed = (
            np.stack([getattr(t, name) for t in made])[best, draws] for name in ("cost", "cap", "fixed")
        )
        return replace(made[0], cost=cost, cap=limit, fixed=fixed)

    def _worth(self, found: Valuation, r: int, variants: Sequence[int]) -> tuple[Floats, Floats]:
        """(D, V) worth and a year's gain, the saving on cars that still go the first way counted in."""
        terms = self.asked_terms[self.asked[r].terms]
        bare = found.gain[:, list(variants)] - found.forgone[:, list(variants)]
        worth, gain = found.value[:, list(variants)].copy(), found.gain[:, list(variants)].copy()
        held = found.shadow[:, variants[0]] > 0.0  # (D, C) where the first way's cap binds
        second = terms.second
        for k, row in enumerate(variants):
            cars = list(self.added[row])
            if not cars or second is None:
                continue
            sold = np.minimum(found.units[:, row, cars], second.first_cap[:, cars])
            saved = (second.saving[:, cars] * sold).sum(axis=1)
            late = second.late[:, cars].min(axis=1)
            worth[:, k] += terms.annuity * (late * saved + (1.0 - late) * (bare[:, 0] - bare[:, k]))
            gain[:, k] += saved
            worth[~held[:, cars].all(axis=1), k] = -np.inf
        return worth, gain


def recourse(rows: Sequence[Row], terms: Sequence[Terms]) -> Recourse:
    """Every row with every set of the second ways its terms offer to its cars."""
    wide: list[Row] = []
    made: list[Terms] = []
    place: dict[tuple[int, tuple[int, ...]], int] = {}
    variants, added = [], []
    for row in rows:
        second = terms[row.terms].second
        able = [j for j, on in enumerate(row.offered) if on and second is not None and second.has[j]]
        mine = []
        for size in range(len(able) + 1):
            for cars in combinations(able, size):
                key = (row.terms, cars)
                if key not in place:
                    place[key] = len(made)
                    made.append(_with_second(terms[row.terms], cars))
                mine.append(len(wide))
                wide.append(replace(row, terms=place[key]))
                added.append(cars)
        variants.append(tuple(mine))
    return Recourse(tuple(wide), tuple(made), tuple(rows), tuple(terms), tuple(variants), tuple(added))


def _with_second(terms: Terms, cars: tuple[int, ...]) -> Terms:
    """Terms under which these cars have their second way from the first sale on."""
    second = terms.second
    if second is None or not cars:
        return replace(terms, second=None)
    at = list(cars)
    cost, limit, fixed = terms.cost.copy(), terms.cap.copy(), terms.fixed.copy()
    cost[:, at], limit[:, at] = second.cost[:, at], second.cap[:, at]
    fixed[:, at] += second.fixed[:, at]
    return replace(terms, cost=cost, cap=limit, fixed=fixed, second=None)
