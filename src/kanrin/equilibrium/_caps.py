"""Caps on quantities as data: quotas, restraints, capacity, tariff-rate quotas, who holds the rent (caps)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from kanrin.base import Floats, InputError

__all__ = ["Cap", "Rent", "redundant"]

_SAME = 1e-12  # relative: two caps count the same cars in the same proportions


class Rent(Enum):
    """Who holds the licences of a cap and so its rent; prices do not depend on it (rent).

    MAKER: a voluntary restraint, or a plant of one's own; TREASURY: licences are auctioned; IMPORTER: they
    are given to importers.
    """

    MAKER = "maker"
    TREASURY = "treasury"
    IMPORTER = "importer"


@dataclass(frozen=True)
class Cap:
    """A q <= b for one row of A: `covers` counts the cars of every market, `limit` is the most (caps).

    covers: (J,) >= 0, or one such list a market when a plant serves several (plant). `shifts`: what one unit
    of money of the shadow price adds to the unit costs, the row of B; None: as `covers` (caps-weighted).
    `duty`: the most that the shadow price may be, money: the duty out of quota less that in quota (trq);
    infinite: a hard cap. Raises InputError for numbers that are negative or not finite, a cap on nothing,
    lists of unlike length.
    """

    name: str
    covers: Floats | Sequence[Floats]
    limit: float  # vehicles a period
    shifts: Floats | Sequence[Floats] | None = None
    duty: float = np.inf  # money a vehicle
    rent: Rent = Rent.MAKER

    def __post_init__(self) -> None:
        covers = _rows(self.name, "covers", self.covers)
        shifts = covers if self.shifts is None else _rows(self.name, "shifts", self.shifts)
        if [len(a) for a in covers] != [len(b) for b in shifts]:
            raise InputError(f"{self.name}: covers and shifts must have one number a product each")
        if not any((a > 0.0).any() for a in covers):
            raise InputError(f"{self.name}: the cap covers no product; name one, or leave the cap out")
        if not (np.isfinite(self.limit) and self.limit >= 0.0):
            raise InputError(
                f"{self.name}: the cap is {self.limit:g}; expected a finite number of at least 0: leave the "
                "cap out for none"
            )
        if np.isnan(self.duty) or self.duty < 0.0:
            raise InputError(
                f"{self.name}: the duty out of quota less that in quota is {self.duty:g}; expected at least 0"
            )
        object.__setattr__(self, "covers", covers)
        object.__setattr__(self, "shifts", shifts)
        object.__setattr__(self, "limit", float(self.limit))

    @property
    def closes(self) -> bool:
        """Whether it leaves no car at all: a hard cap of zero."""
        return self.limit == 0.0 and np.isinf(self.duty)


def _rows(name: str, what: str, value: Floats | Sequence[Floats]) -> tuple[Floats, ...]:
    """One array (J,) a market, read-only."""
    try:
        given = [value] if np.ndim(value[0]) == 0 else list(value)
        rows = tuple(np.array(row, dtype=np.float64) for row in given)
    except (TypeError, ValueError, IndexError) as error:
        raise InputError(f"{name}: {what} must be one list of numbers a market ({error})") from None
    for row in rows:
        if row.ndim != 1 or not np.isfinite(row).all() or (row < 0.0).any():
            raise InputError(f"{name}: {what} must be finite numbers of at least 0, one a product; got {row}")
        row.setflags(write=False)
    return rows


def redundant(caps: Sequence[Cap]) -> list[bool]:
    """For each cap whether another hard one on the same cars in the same proportions is at least as tight.

    Raises InputError for two caps of one name: which of them is meant cannot be told.
    """
    names = [cap.name for cap in caps]
    for name in names:
        if names.count(name) > 1:
            limits = " and ".join(f"{cap.limit:g}" for cap in caps if cap.name == name)
            raise InputError(f"{name}: two caps of this name, {limits}; give one, or two names")
    rows = [np.concatenate([*cap.covers, *(cap.shifts or ())]) for cap in caps]
    out = [False] * len(caps)
    for k, one in enumerate(caps):
        for m, other in enumerate(caps):
            if m == k or out[m] or not (np.isinf(one.duty) and np.isinf(other.duty)):
                continue
            ratio = float(rows[k].sum() / rows[m].sum())
            if np.abs(rows[k] - ratio * rows[m]).max() > _SAME * rows[k].max():
                continue
            out[k] = one.limit > ratio * other.limit or (one.limit == ratio * other.limit and m < k)
            if out[k]:
                break
    return out
