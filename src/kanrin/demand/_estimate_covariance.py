"""Whether a matrix can be the sampling covariance of an estimate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kanrin.base import Floats
from kanrin.demand._estimate_page import is_number

__all__ = ["square_fault", "unsound"]

_SYMMETRY = 1e-9  # relative to the largest element
_EIGENVALUE = 1e-6  # relative; files of the first format print seven digits


def square_fault(rows: Any, size: int, *, missing: bool) -> str:
    """Why `rows` are not `size` rows of `size` numbers; empty when they are. `missing` allows nan."""
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        return f"must be a list of {size} rows of {size} numbers"
    if len(rows) != size or any(len(row) != size for row in rows):
        return (
            f"is not square as expected: {len(rows)} rows of {sorted({len(row) for row in rows})} for {size} "
            f"names; give {size} rows of {size} numbers"
        )
    cells = [value for row in rows for value in row]
    if not all(is_number(v) or (missing and isinstance(v, float) and v != v) for v in cells):
        return "holds something that is not a finite number"
    return ""


def unsound(matrix: Floats, order: Sequence[str]) -> str:
    """Why no sample has this covariance; empty when one may."""
    largest = float(np.abs(matrix).max(initial=0.0))
    off = np.abs(matrix - matrix.T)
    if float(off.max(initial=0.0)) > _SYMMETRY * largest:
        j, k = map(int, np.unravel_index(int(off.argmax()), matrix.shape))
        return (
            f"is not symmetric: ({order[j]}, {order[k]}) is {matrix[j, k]:.6g} and its mirror "
            f"{matrix[k, j]:.6g}; copy the matrix again"
        )
    smallest = float(np.linalg.eigvalsh((matrix + matrix.T) / 2.0).min(initial=0.0))
    if smallest < -_EIGENVALUE * largest:
        return (
            f"is not positive semi-definite: smallest eigenvalue {smallest:.3g}; no sample has this "
            "covariance: copy it again with more digits"
        )
    return ""
