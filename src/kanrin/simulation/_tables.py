"""The tables of a simulation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kanrin.simulation._concentration import hhi
from kanrin.simulation._equilibrium import Equilibrium
from kanrin.simulation._system import Surplus
from kanrin.simulation._table import Table
from kanrin.simulation._welfare import by_owner, compensating_variation, money

if TYPE_CHECKING:
    from kanrin.simulation._simulate import Simulation

__all__ = [
    "batch_table",
    "caps_table",
    "concentration_table",
    "owner_table",
    "product_table",
    "welfare_table",
]

_ROUNDING = 1e-9  # per cent: what a solver leaves of a price that did not move


def _union(one: tuple[str, ...], two: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *two)))


def _pair(
    name: str,
    index: tuple[str, ...],
    one: Mapping[str, float],
    two: Mapping[str, float],
    *,
    rate: bool = True,
) -> dict[str, tuple[float | None, ...]]:
    """Before, after, and the change in per cent (or in the unit itself)."""
    before, after = [one.get(n) for n in index], [two.get(n) for n in index]
    change: list[float | None] = []
    for a, b in zip(before, after, strict=True):
        if not rate:
            change.append((0.0 if b is None else b) - (0.0 if a is None else a))
        else:
            moved = None if a is None or b is None or a == 0.0 else 100.0 * (b / a - 1.0)
            change.append(0.0 if moved is not None and abs(moved) < _ROUNDING else moved)
    unit = "%" if rate else "change"
    return {f"{name} before": tuple(before), f"{name} after": tuple(after), f"{name} {unit}": tuple(change)}


def product_table(before: Equilibrium, after: Equilibrium) -> Table:
    """By product; margins are money a unit."""
    one, two = before.market, after.market
    index = _union(one.products, two.products)
    columns: dict[str, tuple[Any, ...]] = {}
    owners = dict(zip(one.products, one.owners, strict=True)) | dict(
        zip(two.products, two.owners, strict=True)
    )
    columns["owner"] = tuple(owners[n] for n in index)
    for name, field in (("price", "consumer_price"), ("quantity", "quantities"), ("margin", "margin")):
        pair = [
            dict(zip(f.market.products, (float(x) for x in getattr(f, field)), strict=True))
            for f in (before, after)
        ]
        columns |= _pair(name, index, pair[0], pair[1])
    return Table("By product (prices as buyers pay them)", "product", index, columns, frames=one.frames)


def owner_table(before: Equilibrium, after: Equilibrium) -> Table:
    """By owner; profits change in money."""
    index = _union(before.market.owner_names(), after.market.owner_names())
    columns: dict[str, tuple[Any, ...]] = {}
    one, two = money(before), money(after)
    columns |= _pair(
        "quantity", index, by_owner(before, before.quantities), by_owner(after, after.quantities)
    )
    columns |= _pair("revenue", index, by_owner(before, one.spending), by_owner(after, two.spending))
    columns |= _pair("profit", index, by_owner(before, one.profit), by_owner(after, two.profit), rate=False)
    return Table("By owner", "owner", index, columns, frames=before.market.frames)


def welfare_table(before: Equilibrium, after: Equilibrium, surplus: Surplus) -> Table:
    """Changes in money a period; a gain is positive; rows add up to the total."""
    rows: dict[str, float] = {"buyers": -compensating_variation(before, after, surplus=surplus)}
    one, two = money(before), money(after)
    then, now = by_owner(before, one.profit), by_owner(after, two.profit)
    for name in _union(tuple(then), tuple(now)):
        rows[f"owner {name}"] = now.get(name, 0.0) - then.get(name, 0.0)
    for name in ("dealers", "importers", "treasury"):
        rows[name] = float(getattr(two, name).sum() - getattr(one, name).sum())
    rows["total"] = sum(rows.values())
    return Table(
        "Who gains", "who", tuple(rows), {"change": tuple(rows.values())}, frames=before.market.frames
    )


def concentration_table(before: Equilibrium, after: Equilibrium) -> Table:
    """HHI, points of 10,000, of quantities and of what buyers spend."""
    values = [
        (hhi(f.quantities, f.market.owners), hhi(f.consumer_price * f.quantities, f.market.owners))
        for f in (before, after)
    ]
    return Table(
        "Concentration (HHI, points of 10,000)", "of", ("quantity", "revenue"),
        {"before": values[0], "after": values[1],
         "change": tuple(b - a for a, b in zip(values[0], values[1], strict=True))},
        frames=before.market.frames,
    )  # fmt: skip


def caps_table(found: Equilibrium) -> Table:
    """Caps and their shadow prices (caps)."""
    a, units = found.market.caps_matrix()
    sold = a @ found.quantities
    return Table(
        "Quotas", "cap", tuple(label for label, _, _, _ in found.market.caps),
        {"cap": tuple(units.tolist()), "sold": tuple(sold.tolist()),
         "shadow price": tuple(found.shadow_price.tolist()),
         "rent": tuple((found.shadow_price * sold).tolist()),
         "holder": tuple(holder.value for _, _, _, holder in found.market.caps)},
        notes=("A deviating seller does not see that a capped rival cannot serve more buyers.",),
        frames=found.market.frames,
    )  # fmt: skip


def batch_table(done: Mapping[str, Simulation], failed: Mapping[str, str], surplus: Surplus) -> Table:
    """A row a market; a failed one has its reason and no numbers."""
    rows: list[tuple[Any, ...]] = []
    for found in done.values():
        shared = [
            (found.before.market.products.index(n), j)
            for j, n in enumerate(found.after.market.products)
            if n in found.before.market.products
        ]
        weights = [found.before.quantities[i] * found.before.consumer_price[i] for i, _ in shared]
        ratio = [found.after.consumer_price[j] / found.before.consumer_price[i] - 1.0 for i, j in shared]
        mean = 100.0 * sum(w * r for w, r in zip(weights, ratio, strict=True)) / sum(weights)
        rows.append(
            (mean, found.compensating_variation(surplus), found.profit_change(), found.treasury_change(),
             "solved", *_certified(found))
        )  # fmt: skip
    rows += [(None, None, None, None, reason, None, None) for reason in failed.values()]
    heads = ("mean price %", "compensating variation", "profit change", "treasury change", "state",
             "owners at a maximum", "other starts agreeing")  # fmt: skip
    columns = {h: tuple(r[k] for r in rows) for k, h in enumerate(heads)}
    if all(found.evidence is None for found in done.values()):
        columns = {h: columns[h] for h in heads[:5]}
    frames = next((found.before.market.frames for found in done.values()), "pandas")
    return Table("By market", "market", (*done, *failed), columns, frames=frames)


def _certified(found: Simulation) -> tuple[str | None, str | None]:
    """Second order and other starts, where examined."""
    seen = found.evidence
    if seen is None:
        return None, None
    order = None if seen.second_order_ok is None else "yes" if seen.second_order_ok else "no"
    return order, f"{seen.starts_agreeing} of {seen.starts}" if seen.starts else None
