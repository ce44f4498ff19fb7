"""What of a candidate lies outside what the market has seen, as sentences (support)."""

from __future__ import annotations

import numpy as np

from kanrin.answer._words import number_text
from kanrin.lineup import Entry, Plan

__all__ = ["support_sentences"]

_DIMENSION = {
    "log_size": "box volume",
    "log_power_to_weight": "power to weight",
    "litres_per_100km": "running cost",
}


def support_sentences(plan: Plan, entry: Entry) -> list[str]:
    """What of a candidate lies outside what the market has seen, in words."""
    found = entry.support
    out = []
    for o in found.outside:
        beyond, edge = ("above", o.high) if o.value > o.high else ("below", o.low)
        shown, limit = (np.exp(o.value), np.exp(edge)) if o.name.startswith("log_") else (o.value, edge)
        nearest = plan.market.models[o.nearest]
        what = _DIMENSION.get(o.name, o.name.replace("_", " "))
        unit = {"log_size": " m³", "log_power_to_weight": " PS/kg", "litres_per_100km": " l/100 km"}.get(
            o.name, ""
        )
        out.append(
            f"{what} {number_text(float(shown), '')}{unit}, {beyond} any car sold in the market "
            f"({number_text(float(limit), '')}{unit}, {nearest.brand} {nearest.model})"
        )
    if not out and found.is_extrapolation:
        nearest = plan.market.models[found.nearest]
        out.append(
            "its mix of size, power and consumption lies farther from the market's middle "
            f"({found.distance:.1f}) than any car sold there ({found.largest:.1f}); "
            f"nearest is the {nearest.brand} {nearest.model}"
        )
    return out
