"""Constants and steps that are exact, on Figures with their units as on bare numbers."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from kanrin.base import Figure, Kind, larger

__all__ = ["KM_PER_MILE", "Amount", "exact", "named", "smaller", "started"]

Amount: TypeAlias = Any  # a Figure, a float or an array of draws (D,): anything that adds and multiplies

KM_PER_MILE = 1.609344  # the international mile


def exact(like: Amount, value: float, unit: str, label: str) -> Amount:
    """A constant that nobody doubts (days in a year): a Figure where `like` is one, else the bare number."""
    return Figure(value, unit, Kind.FACT, label=label) if isinstance(like, Figure) else value


def named(amount: Amount, key: str, label: str, unit: str = "") -> Amount:
    """A Figure under a name of its own; other numbers as they are. Raises UnitError for an unlike unit."""
    return amount.named(key, label, unit=unit) if isinstance(amount, Figure) else amount


def smaller(left: Amount, right: Amount) -> Amount:
    """The smaller of two numbers, element by element for arrays."""
    return -larger(-left, -right)


def started(amount: Amount, step: float, unit: str) -> Amount:
    """How many steps of a tax table have begun: a weight of 1,565 kg begins its fourth step of 500 kg."""
    if isinstance(amount, Figure):
        begun, label = float(np.ceil(amount.value / step)), f"steps of {step:g} {amount.unit} begun"
        formula = f"a / {step:g}, rounded up"
        return Figure(begun, unit, amount.kind, label=label, parents=(amount,), formula=formula)
    return np.ceil(np.asarray(amount) / step)
