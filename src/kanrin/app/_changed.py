"""Changes and policies of a specification as those of the simulation room, for one market."""

from __future__ import annotations

from kanrin.app._simulate_spec import (
    AnyChange,
    AnyPolicy,
    BaseSpec,
    CostChangeSpec,
    DivestitureSpec,
    EntrySpec,
    ExitSpec,
    MergerSpec,
    QuotaSpec,
    RateSpec,
    SimulateSpec,
    SpecificSpec,
    StakeSpec,
)
from kanrin.app._spec_reader import Placed
from kanrin.base import Floats, InputError, UnknownName
from kanrin.simulation import (
    CES,
    Change,
    ConsumerPrice,
    CostChange,
    DeductiveValue,
    Divestiture,
    Entry,
    Exit,
    FixedValue,
    Logit,
    Market,
    Merger,
    NestedLogit,
    NestedRandomCoefficients,
    PreTaxPrice,
    Quota,
    RandomCoefficients,
    Remits,
    Rent,
    SpecificTax,
    Stake,
    Tariff,
    Tax,
)

__all__ = ["changes_of", "policies_of"]

Names = tuple[str, ...]
Policy = Tax | Tariff | SpecificTax


def policies_of(spec: Placed[SimulateSpec], products: Names, owners: Names) -> tuple[Policy, ...]:
    """The policies in force when the prices were seen. Raises SpecError at the one at fault."""
    made = []
    for n, wanted in enumerate(spec.content.policies):
        with spec.at("policies", n):
            made.append(_policy(wanted, products, owners))
    return tuple(made)


def changes_of(spec: Placed[SimulateSpec], market: Market) -> tuple[Change, ...]:
    """The changes for this market, in order. Raises SpecError at the one at fault."""
    made: list[Change] = []
    products, owners = list(market.products), list(market.owners)
    for n, wanted in enumerate(spec.content.changes):
        with spec.at("changes", n):
            made.append(_change(wanted, market, tuple(products), tuple(owners)))
            _follow(made[-1], products, owners)
    return tuple(made)


def _follow(change: Change, products: list[str], owners: list[str]) -> None:
    """Who sells what after a change, for the names in those that come later."""
    match change:
        case Merger():
            for j, owner in enumerate(owners):
                owners[j] = change.owner_a if owner == change.owner_b else owner
        case Divestiture():
            for j, product in enumerate(products):
                owners[j] = change.to if product in change.products else owners[j]
        case Entry():
            products.append(change.product)
            owners.append(change.owner)
        case Exit():
            for product in change.products:
                owners.pop(products.index(product))
                products.remove(product)


def _selected(named: Names | None, of: Names | None, products: Names, owners: Names) -> Names | None:
    """Product names; None: all. Raises UnknownName."""
    for name in named or ():
        if name not in products:
            raise UnknownName("product", name, products)
    for name in of or ():
        if name not in owners:
            raise UnknownName("owner", name, owners)
    if of is not None:
        return tuple(p for p, o in zip(products, owners, strict=True) if o in of)
    return named


def _policy(wanted: AnyPolicy, products: Names, owners: Names) -> Policy:
    chosen = _selected(wanted.products, wanted.owners, products, owners)
    if isinstance(wanted, SpecificSpec):
        return SpecificTax(wanted.amount, chosen, Remits(wanted.remitted_by), wanted.name)
    if wanted.kind == "tariff":
        return Tariff(
            wanted.rate, chosen, _base(wanted.base) or ConsumerPrice(),
            Remits(wanted.remitted_by or "maker"), wanted.name or "tariff",
        )  # fmt: skip
    return Tax(
        wanted.rate, chosen, _base(wanted.base) or PreTaxPrice(), Remits(wanted.remitted_by or "buyer"),
        wanted.name or "tax",
    )  # fmt: skip


def _base(wanted: BaseSpec | None) -> ConsumerPrice | PreTaxPrice | FixedValue | DeductiveValue | None:
    if wanted is None:
        return None
    if wanted.kind == "fixed-value":
        assert wanted.amount is not None
        return FixedValue(wanted.amount)
    if wanted.kind == "deductive-value":
        return DeductiveValue(wanted.usual_margin, wanted.costs)
    return ConsumerPrice() if wanted.kind == "consumer-price" else PreTaxPrice()


def _change(wanted: AnyChange, market: Market, products: Names, owners: Names) -> Change:
    match wanted:
        case RateSpec() | SpecificSpec():
            return _policy(wanted, products, owners)
        case MergerSpec():
            for name in (wanted.owner, wanted.takes_over):
                _selected(None, (name,), products, owners)
            return Merger(wanted.owner, wanted.takes_over, wanted.cost_saving)
        case DivestitureSpec():
            _selected(wanted.products, None, products, owners)
            return Divestiture(wanted.products, wanted.to)
        case StakeSpec():
            _selected(None, (wanted.holder, wanted.held), products, owners)
            return Stake(wanted.holder, wanted.held, wanted.weight)
        case CostChangeSpec():
            chosen = _selected(wanted.products, wanted.owners, products, owners)
            return CostChange(chosen, wanted.factor, wanted.amount)
        case QuotaSpec():
            chosen = _selected(wanted.products, wanted.owners, products, owners) or products
            return Quota(
                chosen, wanted.fraction, wanted.quantity, wanted.each, Rent(wanted.rent), wanted.name
            )
        case ExitSpec():
            return Exit(_selected(wanted.products, wanted.owners, products, owners) or ())
        case EntrySpec():
            return _entry(wanted, market)


def _entry(wanted: EntrySpec, market: Market) -> Entry:
    if wanted.like is None:
        assert wanted.mean_value is not None
        if isinstance(market.demand, NestedLogit | NestedRandomCoefficients):
            raise InputError(
                f"{wanted.product}: demand has nests; name a product of its nest as like, mean_value may "
                "stand beside it"
            )
        return Entry(wanted.product, wanted.owner, wanted.cost, wanted.mean_value)
    if wanted.like not in market.products:
        raise UnknownName("product", wanted.like, market.products, "like= names a product on sale before")
    j, demand = market.products.index(wanted.like), market.demand
    nest: int | None = None
    taste: Floats | None = None
    if isinstance(demand, Logit):
        value = float(demand.delta[j])
    elif isinstance(demand, CES):
        value = float(demand.value[j])
    elif isinstance(demand, NestedLogit):
        value, nest = float(demand.delta[j]), int(demand.nests[j])
    elif isinstance(demand, RandomCoefficients | NestedRandomCoefficients):
        plain = demand.plain if isinstance(demand, NestedRandomCoefficients) else demand
        nest = int(demand.nests[j]) if isinstance(demand, NestedRandomCoefficients) else None
        value, taste = float(plain.delta[j]), None if plain.mu is None else plain.mu[j]
    else:
        raise InputError(
            f"{type(demand).__name__} demand does not say how a new product is liked; use another family"
        )
    mean = value if wanted.mean_value is None else wanted.mean_value
    return Entry(wanted.product, wanted.owner, wanted.cost, mean, nest, taste, float(market.keep[j]))
