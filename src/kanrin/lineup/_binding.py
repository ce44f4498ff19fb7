"""What binds: the caps of a line-up with their shadow prices on every draw, and who gets the rent (rent)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats, Kind
from kanrin.equilibrium import Rent
from kanrin.lineup._choose import Lineup
from kanrin.lineup._entry import Entries
from kanrin.lineup._terms import Terms
from kanrin.lineup._valuation import Valuation
from kanrin.rules import Book

__all__ = ["PlanCap", "caps_of"]


@dataclass(frozen=True)
class PlanCap:
    """A cap on cars of the chosen line-up, D draws."""

    id: str
    label: str
    kind: str  # certification, quota, restraint, plant, port, ship, car
    members: tuple[int, ...]  # chosen candidates by index
    limit: Floats  # (D,) vehicles a year
    sold: Floats  # (D,) vehicles a year
    shadow: Floats  # (D,) million JPY per vehicle; zero where the cap is slack
    rent_to: Rent
    status: Kind
    source: str
    keys: tuple[str, ...]
    set_by_user: bool
    note: str

    @property
    def binds(self) -> Bools:
        """(D,) where one car more would be worth something."""
        out: Bools = self.shadow > 0.0
        return out

    @property
    def rent(self) -> Floats:
        """(D,) million JPY a year: lambda A q."""
        out: Floats = self.shadow * self.sold
        return out


def caps_of(
    book: Book, entries: Entries, terms: Terms, valued: Valuation, lineup: Lineup
) -> tuple[PlanCap, ...]:
    """The caps on cars of the line-up of row 0: certifications first, then those on several cars."""
    chosen = tuple(k for k, on in enumerate(lineup) if on)
    found = []
    for j in chosen:
        entry, key = entries.entries[j], entries.entries[j].choice.option.pathway.cap_key
        if not key:
            continue
        figure, limit = book.figure(key), terms.cap[:, j]
        if terms.second is not None and terms.second.has[j] and valued.stepped is not None:
            limit = np.where(valued.stepped[:, 0, j], terms.second.cap[:, j], limit)
        if not np.isfinite(limit).all():  # the second way has no cap
            continue
        found.append(
            PlanCap(
                f"certification:{entry.candidate.id}",
                f"{entry.choice.option.pathway.name}: {entry.candidate.name}", "certification", (j,),
                limit, valued.units[:, 0, j], valued.shadow[:, 0, j], Rent.MAKER, figure.kind,
                figure.source, (key,), key in book.case.overrides, "",
            )
        )  # fmt: skip
    for k, cap in enumerate(entries.caps):
        members = tuple(j for j in cap.members if j in chosen)
        if members:
            found.append(
                PlanCap(
                    cap.id, cap.label, cap.kind, members, terms.group_cap[:, k],
                    valued.units[:, 0, list(members)].sum(axis=1), valued.group_shadow[:, 0, k], cap.rent,
                    cap.status, cap.source, cap.keys, cap.limit is not None, cap.note,
                )
            )  # fmt: skip
    return tuple(found)
