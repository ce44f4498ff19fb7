"""What is changed in a counterfactual: mergers, stakes, costs, quotas, entry and exit, as named objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.simulation._ces import CES
from kanrin.simulation._logit import Logit
from kanrin.simulation._market import Market, Quota, same_owner
from kanrin.simulation._nested_logit import NestedLogit
from kanrin.simulation._nested_random import NestedRandomCoefficients
from kanrin.simulation._policies import SpecificTax, Tariff, Tax, positions, with_policy, without
from kanrin.simulation._random_coefficients import RandomCoefficients

__all__ = ["Change", "CostChange", "Divestiture", "Entry", "Exit", "Merger", "Stake", "apply_change"]


@dataclass(frozen=True)
class Merger:
    """`owner_a` takes over `owner_b`; the costs of both fall by the fraction `cost_saving`.

    Stakes that either holds in others come together, to at most one; stakes of others in either stay.
    """

    owner_a: str
    owner_b: str
    cost_saving: float = 0.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.cost_saving) and self.cost_saving < 1.0):
            raise InputError(
                f"cost_saving is {self.cost_saving}; expected a fraction below one (0.1 for 10 %)"
            )


@dataclass(frozen=True)
class Divestiture:
    """Products handed to another owner, who may be new."""

    products: tuple[str, ...]
    to: str


@dataclass(frozen=True)
class Stake:
    """The holder counts the profit of `held` with a weight (kappa); one way: asymmetric ownership."""

    holder: str
    held: str
    weight: float


@dataclass(frozen=True)
class CostChange:
    """Unit costs times `factor`, plus `amount` of money."""

    products: tuple[str, ...] | None = None
    factor: float = 1.0
    amount: float = 0.0


@dataclass(frozen=True)
class Entry:
    """A new product. mean_value: utils without the price effect; for CES the value v.

    nest: its nest number (nested logit); taste: its row of mu (random coefficients with mu).
    """

    product: str
    owner: str
    cost: float
    mean_value: float
    nest: int | None = None
    taste: Floats | None = None
    keep: float = 1.0


@dataclass(frozen=True)
class Exit:
    """Products taken off the market."""

    products: tuple[str, ...]


Change = Merger | Divestiture | Stake | CostChange | Entry | Exit | Quota | Tariff | Tax | SpecificTax


def apply_change(market: Market, change: Change, sold: dict[str, float]) -> Market:
    """The market after one change. sold: quantities before by product, for quotas as a fraction.

    Raises UnknownName for products or owners that do not exist, InputError for a change the demand system
    has no answer to.
    """
    match change:
        case Merger():
            return _merge(market, change)
        case Divestiture():
            moved = positions(change.products, market.products)
            owners = list(market.owners)
            for j in moved:
                owners[j] = change.to
            _only_owners(market, "a divestiture")
            return market.with_(owners=tuple(owners))
        case Stake():
            h = np.array(market.h())
            h[np.ix_(market.owner_positions(change.holder), market.owner_positions(change.held))] = (
                change.weight
            )
            return market.with_(ownership=h)
        case CostChange():
            named, cost = positions(change.products, market.products), np.array(market.cost)
            cost[named] = cost[named] * change.factor + change.amount
            return market.with_(cost=cost)
        case Quota():
            return _cap(market, change, sold)
        case Entry():
            return _enter(market, change)
        case Exit():
            return _leave(market, change.products)
        case Tariff() | Tax() | SpecificTax():
            return market.with_(policies=with_policy(market.policies, change, market.products))
    raise InputError(
        f"{change!r} is no change; give Merger, Divestiture, Stake, CostChange, Entry, Exit, Quota, Tariff, "
        "Tax or SpecificTax"
    )


def _only_owners(market: Market, what: str) -> None:
    if market.ownership is not None and not np.array_equal(market.ownership, same_owner(market.owners)):
        raise InputError(
            f"{market.name}: {what} by name is not defined with an ownership matrix; change the matrix: "
            "market.with_(ownership=...)"
        )


def _merge(market: Market, change: Merger) -> Market:
    if change.owner_a == change.owner_b:
        raise InputError(f"{change.owner_a!r} cannot merge with itself")
    a, b = market.owner_positions(change.owner_a), market.owner_positions(change.owner_b)
    owners = tuple(change.owner_a if n == change.owner_b else n for n in market.owners)
    cost = np.array(market.cost)
    cost[a + b] *= 1.0 - change.cost_saving
    ownership = market.ownership
    if ownership is not None:
        ownership = _joined_stakes(market, change, ownership, a, b)
    return market.with_(owners=owners, cost=cost, ownership=ownership)


def _joined_stakes(market: Market, change: Merger, h: Floats, a: list[int], b: list[int]) -> Floats:
    """H with one holder in the place of two, who counts what either counted."""
    joined = np.array(h)
    others = [k for k in range(len(h)) if k not in (*a, *b)]
    rows = [h[np.ix_(own, others)] for own in (a, b)]
    if any((part != part[0]).any() for part in rows):
        raise InputError(
            f"{market.name}: products of {change.owner_a} or {change.owner_b} count others with unlike "
            "weights, so that a merger by name is not defined; change the matrix: market.with_(ownership=...)"
        )
    joined[np.ix_(a + b, others)] = np.minimum(1.0, rows[0][0] + rows[1][0])
    joined[np.ix_(a + b, a + b)] = 1.0
    return joined


def _cap(market: Market, change: Quota, sold: dict[str, float]) -> Market:
    names = [market.products[j] for j in positions(change.products, market.products)]
    groups: list[tuple[str, ...]] = [(n,) for n in names] if change.each else [tuple(names)]
    caps = list(market.caps)
    for group in groups:
        if change.quantity is not None:
            units = change.quantity
        else:
            unknown = [n for n in group if n not in sold]
            if unknown:
                raise InputError(f"{unknown[0]} was not sold before; give its quota as quantity=")
            units = float(change.fraction or 0.0) * sum(sold[n] for n in group)
        caps.append((f"{change.name}: {', '.join(group)}", group, units, change.rent))
    return market.with_(caps=tuple(caps))


def _enter(market: Market, change: Entry) -> Market:
    if change.product in market.products:
        raise InputError(f"{change.product!r} is on the market already; give the new product another name")
    if market.ownership is not None:
        raise InputError(f"{market.name}: entry is not defined with an ownership matrix; use owners")
    demand = market.demand
    if isinstance(demand, Logit | CES):
        joined: Logit | CES | NestedLogit | RandomCoefficients | NestedRandomCoefficients = demand.joined(
            change.mean_value
        )
    elif isinstance(demand, NestedLogit):
        if change.nest is None:
            raise InputError(f"{change.product}: a new product of a nested logit needs nest=")
        joined = demand.joined(change.mean_value, change.nest)
    elif isinstance(demand, NestedRandomCoefficients):
        if change.nest is None:
            raise InputError(f"{change.product}: a new product of a nested logit needs nest=")
        joined = demand.joined(change.mean_value, change.nest, change.taste)
    elif isinstance(demand, RandomCoefficients):
        joined = demand.joined(change.mean_value, change.taste)
    else:
        raise InputError(
            f"{type(demand).__name__} demand does not say how a new product is liked; use Logit, "
            "NestedLogit, CES or RandomCoefficients"
        )
    known = market.consumer_price
    return replace(
        market, demand=joined, products=(*market.products, change.product),
        owners=(*market.owners, change.owner),
        cost=np.append(market.cost, change.cost), keep=np.append(market.keep, change.keep),
        consumer_price=None if known is None else np.append(known, np.nan),
    )  # fmt: skip


def _leave(market: Market, names: Sequence[str]) -> Market:
    gone = positions(tuple(names), market.products)
    stay = np.ones(len(market.products), dtype=bool)
    stay[gone] = False
    if not stay.any():
        raise InputError(f"{market.name}: no product would be left")
    left = tuple(n for n, s in zip(market.products, stay, strict=True) if s)
    names_gone = tuple(market.products[j] for j in gone)
    policies = [p for p in (without(policy, names_gone, left) for policy in market.policies) if p is not None]
    caps = []
    for label, group, units, rent in market.caps:
        kept = tuple(n for n in group if n in left)
        if kept:
            caps.append((label, kept, units, rent))
    return replace(
        market, demand=market.demand.subset(stay), products=left,
        owners=tuple(n for n, s in zip(market.owners, stay, strict=True) if s), cost=market.cost[stay],
        consumer_price=None if market.consumer_price is None else market.consumer_price[stay],
        policies=tuple(policies), keep=market.keep[stay], caps=tuple(caps),
        ownership=None if market.ownership is None else market.ownership[np.ix_(stay, stay)],
    )  # fmt: skip
