"""Absorbed fixed effects: residuals after any number of groups, without their dummies.

One effect is a subtraction of group means. Several are alternating projections, accelerated: with M the
symmetric sweep (means of effect 1, 2, .., K, .., 2, 1 taken away in turn) the residual of x is x - e where
(I - M) e = (I - M) x, solved by conjugate gradients, all columns at once (Hernandez-Ramos, Escalante &
Raydan 2011; Correia 2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, InputError, Ints, SolveError
from kanrin.estimation._table import Codes

__all__ = ["Absorber", "build_absorber"]

_TOLERANCE = 1e-12  # of the residual, relative to the column
_MAX_SWEEPS = 5_000
_EXACT_RANK = 2_000  # levels up to which the rank of three or more effects is computed, not bounded


@dataclass(frozen=True)
class Absorber:
    """Takes out fixed effects. `rank` counts the parameters they stand for (degrees of freedom lost).

    `singletons` (per effect) counts levels with one row only: such a row says nothing about the slopes.
    """

    names: tuple[str, ...]
    codes: tuple[Ints, ...]  # each (N,)
    counts: tuple[Floats, ...]  # rows of each level
    rank: int
    singletons: tuple[int, ...]
    is_rank_exact: bool

    def residuals(self, values: Floats) -> Floats:
        """(N,) or (N, K): values less the best-fitting effects. Raises SolveError when it does not settle."""
        if not self.codes:
            return values
        matrix = np.array(values if values.ndim == 2 else values[:, None], dtype=np.float64)
        out = self._minus_means(matrix, 0) if len(self.codes) == 1 else self._conjugate(matrix)
        return out if values.ndim == 2 else out[:, 0]

    def _minus_means(self, matrix: Floats, effect: int) -> Floats:
        codes, counts = self.codes[effect], self.counts[effect]
        out = np.empty_like(matrix)
        for k in range(matrix.shape[1]):
            means = np.bincount(codes, weights=matrix[:, k], minlength=len(counts)) / counts
            out[:, k] = matrix[:, k] - means[codes]
        return out

    def _sweep(self, matrix: Floats) -> Floats:
        order = [*range(len(self.codes)), *range(len(self.codes) - 2, -1, -1)]
        for effect in order:
            matrix = self._minus_means(matrix, effect)
        return matrix

    def _conjugate(self, matrix: Floats) -> Floats:
        """Conjugate gradients on (I - M) e = (I - M) x; the residual x - e is kept as `left`."""
        scale = np.sqrt(np.einsum("nk,nk->k", matrix, matrix))
        scale[scale == 0] = 1.0
        left = matrix.copy()
        gap = left - self._sweep(left)
        direction, size = gap.copy(), np.einsum("nk,nk->k", gap, gap)
        for _ in range(_MAX_SWEEPS):
            if (np.sqrt(size) <= _TOLERANCE * scale).all():
                return self._sweep(left)
            moved = direction - self._sweep(direction)
            bottom = np.einsum("nk,nk->k", direction, moved)
            step = np.where(bottom > 0, size / np.where(bottom > 0, bottom, 1.0), 0.0)
            left -= step * direction
            gap -= step * moved
            new = np.einsum("nk,nk->k", gap, gap)
            direction = gap + np.where(size > 0, new / np.where(size > 0, size, 1.0), 0.0) * direction
            size = new
        raise SolveError(
            f"absorbed effects {' + '.join(self.names)}: not settled after {_MAX_SWEEPS} sweeps; "
            "the groups hang "
            "together by very few rows: absorb fewer effects, or drop the rows that tie them"
        )


def build_absorber(names: Sequence[str], effects: Sequence[Codes]) -> Absorber:
    """Absorber of some effects; with none it changes nothing and has rank zero."""
    codes = tuple(effect.codes for effect in effects)
    counts = tuple(np.bincount(e.codes, minlength=e.count).astype(np.float64) for e in effects)
    for name, count, effect in zip(names, counts, effects, strict=True):
        if effect.count >= len(effect.codes):
            raise InputError(
                f"absorbed effect {name}: every row is a level of its own, nothing is left to explain"
            )
        del count
    rank, exact = _rank(effects)
    singletons = tuple(int((count == 1).sum()) for count in counts)
    return Absorber(tuple(names), codes, counts, rank, singletons, exact)


def _rank(effects: Sequence[Codes]) -> tuple[int, bool]:
    """Rank of all dummies together: exact up to two effects (connected sets) and for few levels."""
    if not effects:
        return 0, True
    if len(effects) == 1:
        return effects[0].count, True
    if len(effects) == 2:
        return effects[0].count + effects[1].count - _components(*effects), True
    total = sum(effect.count for effect in effects)
    if total <= _EXACT_RANK:
        offsets = np.cumsum([0, *(effect.count for effect in effects)])
        gram = np.zeros((total, total))
        for a, left in enumerate(effects):
            for b, right in enumerate(effects):
                np.add.at(gram, (left.codes + offsets[a], right.codes + offsets[b]), 1.0)
        root = 1 / np.sqrt(np.diagonal(gram))
        return int((np.linalg.eigvalsh(root[:, None] * gram * root) > 1e-9).sum()), True
    pair = effects[0].count + effects[1].count - _components(effects[0], effects[1])
    return pair + sum(effect.count - 1 for effect in effects[2:]), False


def _components(left: Codes, right: Codes) -> int:
    """Connected sets of the graph that joins level a of one effect to level b of the other where a
    row has both."""
    parent = list(range(left.count + right.count))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    for a, b in np.unique(np.column_stack([left.codes, right.codes + left.count]), axis=0).tolist():
        parent[root(a)] = root(b)
    return len({root(k) for k in range(len(parent))})
