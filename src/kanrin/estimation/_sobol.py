"""Sobol's sequence under a random linear scramble and shift (Matousek 1998; numbers of Joe & Kuo 2008)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kanrin.base import Floats, InputError

__all__ = ["sobol_uniforms"]

_SOBOL: tuple[tuple[int, ...], ...] = (
    (), (0, 1), (1, 1, 3), (1, 1, 3, 1), (2, 1, 1, 1), (1, 1, 1, 3, 3), (4, 1, 3, 5, 13), (2, 1, 1, 5, 5, 17),
    (4, 1, 1, 5, 5, 5), (7, 1, 1, 7, 11, 19), (11, 1, 1, 5, 1, 1), (13, 1, 1, 1, 3, 11), (14, 1, 3, 5, 5, 31),
    (1, 1, 3, 3, 9, 7, 49), (13, 1, 1, 1, 15, 21, 21), (16, 1, 3, 1, 13, 27, 49), (19, 1, 1, 1, 15, 7, 5),
    (22, 1, 3, 1, 15, 13, 25), (25, 1, 1, 5, 5, 19, 61),
)  # fmt: skip  # polynomial, then m_1..m_s (Joe & Kuo 2008)
_BITS = 30


def sobol_uniforms(count: int, dimensions: int, rng: np.random.Generator | None) -> Floats:
    """(count, dimensions) points in (0, 1); without `rng` the plain sequence, beginning with 0."""
    if dimensions > len(_SOBOL):
        raise InputError(f"Sobol covers {len(_SOBOL)} dimensions, {dimensions} asked; use Halton")
    out = np.empty((count, dimensions))
    for d in range(dimensions):
        directions = _directions(d)
        if rng is not None:
            directions = _scramble(directions, rng)
        state = int(rng.integers(1 << _BITS)) if rng is not None else 0
        points = np.empty(count, dtype=np.int64)
        for n in range(count):
            points[n] = state
            state ^= int(directions[(~n & (n + 1)).bit_length() - 1])
        out[:, d] = (points + (0.5 if rng is not None else 0.0)) / (1 << _BITS)
    return out


def _directions(d: int) -> NDArray[np.int64]:
    if d == 0:
        return np.array([1 << (_BITS - 1 - k) for k in range(_BITS)], dtype=np.int64)
    a, m = _SOBOL[d][0], list(_SOBOL[d][1:])
    s = len(m)
    for k in range(s, _BITS):
        value = m[k - s] ^ (m[k - s] << s)
        for j in range(1, s):
            if (a >> (s - 1 - j)) & 1:
                value ^= m[k - j] << j
        m.append(value)
    return np.array([m[k] << (_BITS - 1 - k) for k in range(_BITS)], dtype=np.int64)


def _scramble(directions: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """A random lower-triangular matrix of bits with ones on the diagonal, applied to each direction."""
    rows = []
    for bit in range(_BITS):  # bit 0 is the highest
        lower = int(rng.integers(1 << bit)) if bit else 0
        rows.append(((lower << 1) | 1) << (_BITS - 1 - bit))
    out = []
    for value in directions.tolist():
        mixed = 0
        for bit, row in enumerate(rows):
            mixed |= ((row & value).bit_count() & 1) << (_BITS - 1 - bit)
        out.append(mixed)
    return np.array(out, dtype=np.int64)
