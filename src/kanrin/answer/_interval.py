"""Draws in four numbers: mean and quantiles."""

from __future__ import annotations

import numpy as np

from kanrin.base import Floats

__all__ = ["MILLION", "interval"]

MILLION = 1e6  # the money of a plan is million JPY, that of the page JPY


def interval(values: Floats, unit: float = 1.0) -> dict[str, float]:
    """Mean, P10, P50 and P90 of draws."""
    p10, p50, p90 = np.quantile(values, (0.1, 0.5, 0.9))
    return {"mean": float(values.mean()) * unit, "p10": p10 * unit, "p50": p50 * unit, "p90": p90 * unit}
