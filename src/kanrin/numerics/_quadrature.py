"""Gauss-Hermite nodes for the standard normal."""

from __future__ import annotations

import numpy as np

from kanrin.base import Floats, InputError

__all__ = ["gauss_hermite"]


def gauss_hermite(nodes: int) -> tuple[Floats, Floats]:
    """Nodes (n,) and weights (n,), summing to 1, exact for polynomials up to degree 2n - 1 under N(0, 1).

    Raises InputError for fewer than one node.
    """
    if nodes < 1:
        raise InputError(f"gauss_hermite: {nodes} nodes asked; at least 1 is needed")
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    return np.asarray(x, dtype=np.float64), np.asarray(w / w.sum(), dtype=np.float64)
