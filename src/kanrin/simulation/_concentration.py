"""Herfindahl-Hirschman index, points of 10,000."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kanrin.base import Floats

__all__ = ["hhi"]


def hhi(values: Floats, owners: Sequence[str]) -> float:
    """10,000 times the sum of squared owner shares of `values` (J,): quantities or revenues, inside goods."""
    names = np.array(owners, dtype=object)
    totals = np.array([values[names == n].sum() for n in dict.fromkeys(owners)])
    return float(1e4 * ((totals / totals.sum()) ** 2).sum())
