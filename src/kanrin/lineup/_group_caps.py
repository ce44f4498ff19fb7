"""A cap on several candidates, and its limit on each draw: quota, restraint, plant, port, ship (caps)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats, InputError, Kind
from kanrin.equilibrium import Rent
from kanrin.rules import Reader

__all__ = ["GroupCap", "bought", "limit_of", "members_of"]


@dataclass(frozen=True)
class GroupCap:
    """Most cars a year of some candidates: `limit` as the user set it, or the product of the `keys`."""

    id: str
    label: str
    kind: str  # quota, restraint, plant, port, ship, car
    members: tuple[int, ...]  # candidates by index
    keys: tuple[str, ...]
    limit: float | None  # vehicles a year
    rent: Rent
    status: Kind
    source: str
    note: str = ""


def limit_of(read: Reader, cap: GroupCap) -> float | Floats:
    """Vehicles a year, a number or (D,). Raises InputError for a limit that lets no car in."""
    if cap.limit is not None:
        return cap.limit
    total: float | Floats = 1.0
    for key in cap.keys:
        total = total * read(key)
    if not np.all(np.asarray(total) > 0.0):
        raise InputError(
            f"{cap.label}: the cap is {float(np.min(total)):g} cars a year and lets no car in; set "
            f"{' or '.join(cap.keys)} above 0, or leave the cars out with --candidates"
        )
    return total


def members_of(caps: Sequence[GroupCap], candidates: int) -> Floats:
    """A (C + K, C): a row for each candidate alone, for its certification, then a row for each cap (caps)."""
    rows = np.zeros((len(caps), candidates))
    for k, cap in enumerate(caps):
        rows[k, list(cap.members)] = 1.0
    return np.vstack([np.eye(candidates), rows])


def bought(caps: Sequence[GroupCap]) -> Bools:
    """(K,) whether the maker has to buy the licences of a cap from another (rent)."""
    return np.array([cap.rent is not Rent.MAKER for cap in caps], dtype=bool)
