"""A linear program with whole numbers, put together block by block: columns and rows are index arrays.

Named blocks let a row be told again by what it stands for: `("slots", (2, 5))` is the sixth month of pair 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import ArrayLike

from kanrin.base import Bools, Floats, Ints

__all__ = ["ABSENT", "Program", "Term"]

ABSENT = -1  # the column of a term that is not there, such as the stock before the first month
Term = tuple[Ints, ArrayLike]  # columns, of the rows' shape or with one axis more to sum over; coefficients


@dataclass
class Program:
    """Minimise cost x, lower <= A x <= upper, some x whole. Grows by `columns` and `rows`."""

    cost: list[Floats] = field(default_factory=list)
    lower: list[Floats] = field(default_factory=list)
    upper: list[Floats] = field(default_factory=list)
    whole: list[Bools] = field(default_factory=list)
    row_lower: list[Floats] = field(default_factory=list)
    row_upper: list[Floats] = field(default_factory=list)
    blocks: dict[str, Ints] = field(default_factory=dict)  # columns by name
    row_blocks: dict[str, Ints] = field(default_factory=dict)  # rows by name
    _entries: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    column_count: int = 0
    row_count: int = 0

    def columns(
        self,
        name: str,
        shape: tuple[int, ...],
        *,
        cost: ArrayLike = 0.0,
        lower: ArrayLike = 0.0,
        upper: ArrayLike = np.inf,
        whole: bool = False,
    ) -> Ints:
        """Add a block of unknowns and give their indices, of the shape asked."""
        size = prod(shape)
        at = np.arange(self.column_count, self.column_count + size).reshape(shape)
        for kept, values in ((self.cost, cost), (self.lower, lower), (self.upper, upper)):
            kept.append(np.broadcast_to(np.asarray(values, dtype=np.float64), shape).ravel())
        self.whole.append(np.full(size, whole))
        self.blocks[name] = at
        self.column_count += size
        return at

    def rows(
        self,
        name: str,
        shape: tuple[int, ...],
        terms: Sequence[Term],
        *,
        lower: ArrayLike = -np.inf,
        upper: ArrayLike = np.inf,
    ) -> Ints:
        """Add a block of rows, lower <= sum of the terms <= upper, and give their indices."""
        size = prod(shape)
        at = np.arange(self.row_count, self.row_count + size).reshape(shape)
        for columns, factor in terms:
            where, factors = np.broadcast_arrays(columns, np.asarray(factor, dtype=np.float64))
            within = np.broadcast_to(at[..., None] if where.ndim > at.ndim else at, where.shape)
            there = (where != ABSENT) & (factors != 0.0)
            self._entries.append((within[there], where[there], factors[there]))
        self.row_lower.append(np.broadcast_to(np.asarray(lower, dtype=np.float64), shape).ravel())
        self.row_upper.append(np.broadcast_to(np.asarray(upper, dtype=np.float64), shape).ravel())
        self.row_blocks[name] = at
        self.row_count += size
        return at

    def matrix(self) -> tuple[Ints, Ints, Floats]:
        """(starts, columns, values) row by row; a column named twice in a row counts once, summed."""
        rows, columns, values = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        order = np.lexsort((columns, rows))
        rows, columns, values = rows[order], columns[order], values[order]
        first = np.concatenate([[True], (np.diff(rows) != 0) | (np.diff(columns) != 0)])
        begin = np.flatnonzero(first)
        summed = np.add.reduceat(values, begin)
        starts = np.searchsorted(rows[begin], np.arange(self.row_count + 1))
        return starts, columns[begin], summed

    def row_named(self, row: int) -> tuple[str, tuple[int, ...]]:
        """The block of a row and its place in it."""
        for name, at in self.row_blocks.items():
            if at.size and at.flat[0] <= row <= at.flat[-1]:
                return name, tuple(int(k) for k in np.unravel_index(row - int(at.flat[0]), at.shape))
        raise IndexError(row)
