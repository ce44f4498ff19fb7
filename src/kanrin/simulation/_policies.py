"""Taxes and tariffs as named objects, and the wedges they make between buyer and maker.

Equations (pc), (keep), (duty-a), (duty-b).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from kanrin.base import Bools, Floats, InputError, UnknownName

__all__ = [
    "ConsumerPrice",
    "DeductiveValue",
    "FixedValue",
    "PreTaxPrice",
    "Remits",
    "SpecificTax",
    "Tariff",
    "Tax",
    "Wedges",
    "positions",
    "wedges",
    "with_policy",
    "without",
]


class Remits(Enum):
    """Who hands the money to the treasury; consumer prices and margins do not depend on it [E12]."""

    MAKER = "maker"
    BUYER = "buyer"


@dataclass(frozen=True)
class ConsumerPrice:
    """The rate is a share of what the buyer pays, p^c."""


@dataclass(frozen=True)
class PreTaxPrice:
    """The rate is a share of the price the maker sets, p."""


@dataclass(frozen=True)
class FixedValue:
    """The rate is on a customs value that does not move with the price (duty-a)."""

    amount: float | Mapping[str, float]  # money a unit, one number or one a product


@dataclass(frozen=True)
class DeductiveValue:
    """Customs value from the domestic price: ((1 - d) p - k)/(1 + rate) (duty-b)."""

    usual_margin: float = 0.0  # d, share of p
    costs: float = 0.0  # k, money a unit after import


Basis = ConsumerPrice | PreTaxPrice | FixedValue | DeductiveValue


@dataclass(frozen=True)
class Tax:
    """An ad valorem tax. One of the same name takes the place of the one in force on its products."""

    rate: float  # pure number; a subsidy is negative
    products: tuple[str, ...] | None = None  # None: all
    base: Basis = PreTaxPrice()
    remitted_by: Remits = Remits.BUYER
    name: str = "tax"


@dataclass(frozen=True)
class Tariff:
    """An ad valorem tariff; as a share of the consumer price a taxed cost c acts as c/(1 - rate)."""

    rate: float
    products: tuple[str, ...] | None = None
    base: Basis = ConsumerPrice()
    remitted_by: Remits = Remits.MAKER
    name: str = "tariff"


@dataclass(frozen=True)
class SpecificTax:
    """An amount a unit; a subsidy is negative."""

    amount: float  # money a unit
    products: tuple[str, ...] | None = None
    remitted_by: Remits = Remits.MAKER
    name: str = "specific tax"


Policy = Tax | Tariff | SpecificTax


@dataclass(frozen=True)
class Wedges:
    """p^c = (1 + v) p + l; the maker keeps r p and bears `cost` a unit besides his own."""

    keep: Floats  # (J,) r
    ad_valorem: Floats  # (J,) v
    levies: Floats  # (J,) l, money
    cost: Floats  # (J,) money


def positions(names: Sequence[str] | None, products: Sequence[str]) -> list[int]:
    """Where the named products stand; None: all. UnknownName for one that does not exist."""
    if names is None:
        return list(range(len(products)))
    if isinstance(names, str):
        raise InputError(f"products must be a list of names; got the text {names!r}: write ({names!r},)")
    where = {name: j for j, name in enumerate(products)}
    for name in names:
        if name not in where:
            raise UnknownName("product", str(name), products)
    return [where[name] for name in names]


def with_policy(in_force: Sequence[Policy], new: Policy, products: Sequence[str]) -> tuple[Policy, ...]:
    """`new` in force; one of the same name stays on the products that `new` does not name."""
    covered = {products[j] for j in positions(new.products, products)}
    kept: list[Policy] = []
    for old in in_force:
        if old.name != new.name:
            kept.append(old)
            continue
        left = tuple(n for n in (old.products or tuple(products)) if n not in covered)
        if left:
            kept.append(replace(old, products=left))
    return (*kept, new)


def wedges(policies: Sequence[Policy], products: Sequence[str], keep: Floats) -> Wedges:
    """The wedges of all policies in force; what buyers remit first, so that the order does not matter.

    keep: (J,) r before policies. Raises InputError for a rate that leaves buyer or maker nothing.
    """
    count = len(products)
    for policy in policies:
        rate = policy.amount if isinstance(policy, SpecificTax) else policy.rate
        if not np.isfinite(rate):
            raise InputError(f"{policy.name} is {rate}; expected a finite number")
        if not isinstance(policy, SpecificTax) and isinstance(policy.base, DeductiveValue) and rate <= -1.0:
            raise InputError(f"{policy.name} is {rate}; expected a rate above -1")
    gross, levies = np.ones(count), np.zeros(count)
    share_of_price, added = np.zeros(count), np.zeros(count)  # of p^c on top; of p on top
    for policy in policies:
        if policy.remitted_by is not Remits.BUYER:
            continue
        j = positions(policy.products, products)
        if isinstance(policy, SpecificTax):
            levies[j] += policy.amount
        elif isinstance(policy.base, FixedValue):
            levies[j] += policy.rate * _amounts(policy, policy.base, products)[j]
        elif isinstance(policy.base, PreTaxPrice):
            added[j] += policy.rate
        elif isinstance(policy.base, ConsumerPrice):
            share_of_price[j] += policy.rate
        else:
            raise InputError(
                f"{policy.name}: a customs value deduced from the price is declared by the maker; let the "
                "maker remit it, remitted_by=Remits.MAKER"
            )
    _refuse(share_of_price >= 1.0, "a tax of the whole consumer price", products)
    gross, levies = (gross + added) / (1.0 - share_of_price), levies / (1.0 - share_of_price)
    _refuse(gross <= 0.0, "a subsidy of the whole price", products)
    r, cost = np.array(keep, dtype=np.float64), np.zeros(count)
    for policy in policies:
        if policy.remitted_by is not Remits.MAKER:
            continue
        j = positions(policy.products, products)
        if isinstance(policy, SpecificTax):
            cost[j] += policy.amount
        elif isinstance(policy.base, FixedValue):
            cost[j] += policy.rate * _amounts(policy, policy.base, products)[j]
        elif isinstance(policy.base, PreTaxPrice):
            r[j] -= policy.rate
        elif isinstance(policy.base, ConsumerPrice):
            r[j] -= policy.rate * gross[j]
            cost[j] += policy.rate * levies[j]
        else:
            part = policy.rate / (1.0 + policy.rate)
            r[j] -= part * (1.0 - policy.base.usual_margin)
            cost[j] -= part * policy.base.costs
    _refuse(r <= 0.0, "rates that leave the maker nothing of the price", products)
    return Wedges(r, gross - 1.0, levies, cost)


def _amounts(policy: Tax | Tariff, base: FixedValue, products: Sequence[str]) -> Floats:
    """(J,) customs values, money a unit; zero only for products that the policy does not cover."""
    if not isinstance(base.amount, Mapping):
        return np.full(len(products), float(base.amount))
    positions(tuple(base.amount), products)
    for name in products if policy.products is None else policy.products:
        if name not in base.amount:
            raise InputError(
                f"{policy.name}: no customs value of {name}; give its amount, or name the products of the "
                f"{policy.name} that have one"
            )
    return np.array([float(base.amount.get(name, 0.0)) for name in products])


def without(policy: Policy, gone: Sequence[str], products: Sequence[str]) -> Policy | None:
    """The policy once products have left; None when it covers none of `products`, those that stay."""
    if not isinstance(policy, SpecificTax) and isinstance(policy.base, FixedValue):
        amount = policy.base.amount
        if isinstance(amount, Mapping):
            left = {name: value for name, value in amount.items() if name not in gone}
            policy = replace(policy, base=FixedValue(left))
    if policy.products is None:
        return policy
    kept = tuple(name for name in policy.products if name in products)
    return replace(policy, products=kept) if kept else None


def _refuse(wrong: Bools, what: str, products: Sequence[str]) -> None:
    if np.any(wrong):
        name = products[int(np.argmax(wrong))]
        raise InputError(f"{name}: {what}; give rates as fractions (0.1 for 10 %) that add to less than one")
