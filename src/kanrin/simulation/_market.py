"""A market: a demand system, who owns what, unit costs, taxes in force, and how sellers compete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np

from kanrin.base import Floats, InputError, UnknownName
from kanrin.equilibrium import Rent
from kanrin.simulation._policies import Policy, Wedges, positions, wedges
from kanrin.simulation._system import DemandSystem, vector

__all__ = ["Conduct", "Market", "Quota", "Rent", "same_owner"]


class Conduct(Enum):
    """How prices are set.

    BERTRAND: each owner maximises over its products, rivals' prices given.
    MONOPOLISTIC_COMPETITION: each product alone, the market's aggregate given.
    SECOND_SCORE: sellers bid; the winner is paid what leaves the buyer at the second best offer (logit).
    """

    BERTRAND = "Bertrand"
    MONOPOLISTIC_COMPETITION = "monopolistic competition"
    SECOND_SCORE = "second-score auction"


@dataclass(frozen=True)
class Quota:
    """A cap on quantities: `fraction` of those before, or `quantity` units (caps).

    each: a cap for each product; False: one cap on their sum, its shadow price that of a tradable licence.
    """

    products: tuple[str, ...]
    fraction: float | None = None
    quantity: float | None = None
    each: bool = True
    rent: Rent = Rent.MAKER
    name: str = "quota"

    def __post_init__(self) -> None:
        if (self.fraction is None) == (self.quantity is None):
            raise InputError(f"{self.name}: give either fraction= (of quantities before) or quantity=")
        level = self.fraction if self.quantity is None else self.quantity
        if level is None or not (np.isfinite(level) and level > 0.0):
            raise InputError(
                f"{self.name}: the cap is {level}; expected above zero: use Exit to close a market"
            )


def same_owner(owners: Sequence[str]) -> Floats:
    """H (J, J): one where two products have one owner."""
    names = np.array(owners, dtype=object)
    result: Floats = np.equal.outer(names, names).astype(np.float64)
    return result


@dataclass(frozen=True)
class Market:
    """One market. Money is one currency; prices seen by buyers are consumer prices p^c.

    Raises InputError for names that are double, lists of unlike length, costs that are not finite or an
    ownership matrix without ones on its diagonal; UnknownName for a product in a policy that is not sold.
    """

    demand: DemandSystem
    products: tuple[str, ...]  # (J,)
    owners: tuple[str, ...]  # (J,) who sets the price
    cost: Floats  # (J,) c, money a unit, the maker's own, without policies
    consumer_price: Floats | None = None  # (J,) p^c seen, money; the start of a solution; NaN: not seen
    policies: tuple[Policy, ...] = ()
    keep: Floats = 1.0  # type: ignore[assignment]  # (J,) r before policies, what dealers leave the maker
    ownership: Floats | None = None  # (J, J) H, row = setter; None: one within an owner, zero between
    conduct: Conduct = Conduct.BERTRAND
    caps: tuple[tuple[str, tuple[str, ...], float, Rent], ...] = ()  # label, products, units, holder
    name: str = "market"
    frames: str = "pandas"  # kind of frame its tables give: that of the data it was made from

    def __post_init__(self) -> None:
        put, count = object.__setattr__, self.demand.product_count
        for field in ("products", "owners"):
            names = tuple(str(n) for n in getattr(self, field))
            put(self, field, names)
            if len(names) != count:
                raise InputError(f"{self.name}: {field} must be {count} names; got {len(names)}")
        if len(set(self.products)) != count:
            double = next(n for n in self.products if self.products.count(n) > 1)
            raise InputError(f"{self.name}: product {double!r} stands twice; give each its own name")
        put(self, "cost", vector("cost", self.cost, count, names=self.products))
        put(self, "keep", vector("keep", self.keep, count, positive=True))
        if self.consumer_price is not None:
            price = np.array(self.consumer_price, dtype=np.float64)
            if price.shape != (count,):
                raise InputError(f"{self.name}: consumer_price must be ({count},); got {price.shape}")
            price.setflags(write=False)
            put(self, "consumer_price", price)
        if self.ownership is not None:
            h = np.array(self.ownership, dtype=np.float64)
            if h.shape != (count, count) or not np.isfinite(h).all() or not (np.diag(h) == 1.0).all():
                raise InputError(
                    f"{self.name}: ownership must be finite, ({count}, {count}), ones on its diagonal: a "
                    "seller counts its own profit fully"
                )
            h.setflags(write=False)
            put(self, "ownership", h)
        self.wedges()
        for _, products, _, _ in self.caps:
            positions(products, self.products)

    def wedges(self) -> Wedges:
        """r, v, l and duties of the policies in force."""
        return wedges(self.policies, self.products, self.keep)

    def h(self) -> Floats:
        """H (J, J); row = setter of price j."""
        h: Floats = same_owner(self.owners) if self.ownership is None else self.ownership
        return h

    def owner_positions(self, owner: str) -> list[int]:
        """The products of an owner; UnknownName when there is none."""
        found = [j for j, name in enumerate(self.owners) if name == owner]
        if not found:
            raise UnknownName("owner", owner, set(self.owners))
        return found

    def owner_names(self) -> tuple[str, ...]:
        """Owners in the order of their first product."""
        return tuple(dict.fromkeys(self.owners))

    def caps_matrix(self) -> tuple[Floats, Floats]:
        """A (G, J) and b (G,), units (caps)."""
        a = np.zeros((len(self.caps), len(self.products)))
        for g, (_, products, _, _) in enumerate(self.caps):
            a[g, positions(products, self.products)] = 1.0
        return a, np.array([units for _, _, units, _ in self.caps], dtype=np.float64)

    def with_(self, **changes: Any) -> Market:
        """The same market with some fields changed."""
        return replace(self, **changes)
