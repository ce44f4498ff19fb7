"""Who gains and who loses: buyers, owners, dealers, importers, treasury (cs), (ledger), (rent)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, InputError, SolveError
from kanrin.simulation._equilibrium import Equilibrium
from kanrin.simulation._market import Conduct, Rent
from kanrin.simulation._second_score import buyer_surplus
from kanrin.simulation._system import Surplus

__all__ = ["Money", "by_owner", "compensating_variation", "money"]


@dataclass(frozen=True)
class Money:
    """What buyers spend, by who receives it, product by product (J,), money a period (ledger)."""

    spending: Floats  # p^c q
    profit: Floats  # the owner's, quota rent he does not hold taken off
    cost: Floats  # the maker's own cost
    dealers: Floats  # (1 - r) p q before policies
    treasury: Floats  # taxes, tariffs, licences it sells
    importers: Floats  # rent of licences they hold


def money(found: Equilibrium) -> Money:
    """Spending = profit + cost + dealers + treasury + importers, for each product (ledger), (rent)."""
    market, wedge, q = found.market, found.market.wedges(), found.quantities
    a, _ = market.caps_matrix()
    rent_by_cap = found.shadow_price[:, None] * a  # (G, J) money a unit
    held = {
        holder: rent_by_cap[[i for i, cap in enumerate(market.caps) if cap[3] is holder]].sum(axis=0)
        for holder in Rent
    }
    given_up = held[Rent.TREASURY] + held[Rent.IMPORTER]
    kept = market.keep - wedge.keep  # part of p that policies take from the maker
    taxes = found.consumer_price - found.price + kept * found.price + wedge.cost
    return Money(
        spending=found.consumer_price * q,
        profit=(found.margin - given_up) * q,
        cost=market.cost * q,
        dealers=(1.0 - market.keep) * found.price * q,
        treasury=(taxes + held[Rent.TREASURY]) * q,
        importers=held[Rent.IMPORTER] * q,
    )


def compensating_variation(
    before: Equilibrium, after: Equilibrium, *, surplus: Surplus = Surplus.EXACT
) -> float:
    """Money a period that would leave buyers as well off as before; harm is positive (cs).

    Raises SolveError when one of the two was not solved, InputError when the demand systems differ in kind.
    """
    for found in (before, after):
        if not found.converged:
            raise SolveError(f"no welfare of prices that are no equilibrium: {found.advice}")
    one, two = before.market, after.market
    if type(one.demand) is not type(two.demand):
        raise InputError("before and after must be of one demand system")
    if one.conduct is Conduct.SECOND_SCORE:
        return buyer_surplus(one) - buyer_surplus(two)
    changed = None if one.demand is two.demand else two.demand
    return one.demand.compensating_variation(
        before.consumer_price, after.consumer_price, changed, surplus=surplus
    )


def by_owner(found: Equilibrium, values: Floats) -> dict[str, float]:
    """Sums over the products of each owner."""
    names = np.array(found.market.owners, dtype=object)
    return {n: float(values[names == n].sum()) for n in found.market.owner_names()}
