"""Rounding at the border: floats of plan.json keep ten digits, so that machines agree to the byte."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["plain"]

_DIGITS = 8


def plain(value: Any) -> Any:
    """Nested data with floats rounded to eight significant digits; NaN and infinity become null."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, bool) or value is None or isinstance(value, (str, int)):
        return value
    number = float(value)
    if not math.isfinite(number):
        return None
    if number == 0.0:
        return 0.0
    return float(f"{number:.{_DIGITS - 1}e}")
