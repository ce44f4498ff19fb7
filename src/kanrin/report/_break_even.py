"""The exchange rate at which a car just pays, in words; also where none was found among those tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kanrin.report._numbers import number

__all__ = ["break_even_rate"]


def break_even_rate(item: Mapping[str, Any]) -> str:
    """`¥171.4 per dollar`, or whether the car pays at every rate tried or at none, by its mean."""
    rate = item.get("break_even_jpy_per_usd")
    if rate is not None:
        return f"¥{number(round(float(rate), 1))} per dollar"
    tried = list(item.get("break_even_searched") or ())
    span = f" (¥{tried[0]:.0f} to ¥{tried[1]:.0f})" if len(tried) == 2 else ""
    which = "every rate" if item["profit_jpy"]["mean"] > 0 else "no rate"
    return f"pays at {which} tried{span}"
