"""The second way of a car whose first has a cap: paper route up to its cap, then another for what is above.

The second is recourse: it is applied for at the first sale, once orders show that the cap binds, only in the
draws in which it does and the second pays. Its cost is paid then, and it serves a lead time later. From then
on every car goes by the cheaper of the two, but no more than the cap by the first: a unit cost with a kink at
the cap (pathway).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kanrin.base import Bools, Floats
from kanrin.certify import cap, fixed_cost, lead_time
from kanrin.cost import wedges
from kanrin.lineup._entry import Entry
from kanrin.rules import Reader

__all__ = ["Second", "read_second", "share_after"]

_MILLION = 1e6


@dataclass(frozen=True)
class Second:
    """Second ways on each of D draws, C candidates; money in million JPY. Columns without one are idle."""

    has: Bools  # (C,)
    cost: Floats  # (D, C) c by the second way
    fixed: Floats  # (D, C) paid at the first sale
    cap: Floats  # (D, C) vehicles a year by both
    saving: Floats  # (D, C) by which the first way is cheaper a car
    first_cap: Floats  # (D, C) vehicles a year by the first
    late: Floats  # (D, C) share of the programme's annuity that lies after the second is ready


def read_second(read: Reader, entries: Sequence[Entry], count: int) -> Second | None:
    """Second ways over a reader of numbers or of arrays (D,), D = `count`; None where no car has one."""
    if all(e.then is None for e in entries):
        return None

    def wide(value: float | Floats) -> Floats:
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (count,))

    shape = (count, len(entries))
    cost, fixed, saving = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    limit, first_cap, late = np.full(shape, np.inf), np.full(shape, np.inf), np.zeros(shape)
    rate, years = wide(read("capital.discount_rate")), wide(read("plan.horizon_years"))
    for j, e in enumerate(entries):
        if e.then is None:
            continue
        cost[:, j] = wide(wedges(read, replace(e.shipment, option=e.then)).cost) / _MILLION
        first = wide(wedges(read, e.shipment).cost) / _MILLION
        saving[:, j] = np.maximum(0.0, cost[:, j] - first)
        fixed[:, j] = wide(fixed_cost(read, e.then)) / _MILLION
        of_first, of_second = cap(read, e.choice.option), cap(read, e.then)
        first_cap[:, j] = np.inf if of_first is None else of_first
        limit[:, j] = np.inf if of_second is None else of_second + first_cap[:, j]
        late[:, j] = share_after(wide(lead_time(read, e.then)) / 12.0, rate, years)
    has = np.array([e.then is not None for e in entries])
    return Second(has, cost, fixed, limit, saving, first_cap, late)


def share_after(start: Floats, rate: Floats, years: Floats) -> Floats:
    """A(start, T) / A(0, T): the share of a yen a year over T years, discounted, that comes after `start`."""
    begun = np.minimum(start, years)
    safe = np.where(rate == 0.0, 1.0, rate)
    whole = -np.expm1(-years * np.log1p(safe))
    rest = np.exp(-begun * np.log1p(safe)) - np.exp(-years * np.log1p(safe))
    out: Floats = np.where(rate == 0.0, (years - begun) / years, rest / whole)
    return out
