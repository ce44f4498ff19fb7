"""Gauss-Hermite: moments of the standard normal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.numerics import gauss_hermite

TOLERANCE = 1e-12  # relative; the rule is exact up to degree 2n - 1


@pytest.mark.parametrize("nodes", [1, 2, 5, 13])
def test_moments_up_to_the_degree_of_exactness(nodes: int) -> None:
    x, w = gauss_hermite(nodes)
    for degree in range(2 * nodes):
        exact = 0.0 if degree % 2 else float(math.prod(range(degree - 1, 0, -2)))
        scale = float(w @ np.abs(x) ** degree) + 1
        assert abs(w @ x**degree - exact) < TOLERANCE * scale
    wrong = float(math.prod(range(2 * nodes - 1, 0, -2)))
    assert abs(w @ x ** (2 * nodes) - wrong) > TOLERANCE * wrong  # and not beyond


def test_no_node_is_refused() -> None:
    with pytest.raises(InputError, match="at least 1"):
        gauss_hermite(0)
