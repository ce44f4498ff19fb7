"""One front: a market and a list of changes in, both equilibria and their evidence out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, InputError, KanrinError
from kanrin.simulation._changes import Change, apply_change
from kanrin.simulation._equilibrium import Equilibrium
from kanrin.simulation._evidence import Evidence, examine
from kanrin.simulation._market import Market
from kanrin.simulation._policies import positions
from kanrin.simulation._solve import default_start, solve
from kanrin.simulation._system import Surplus
from kanrin.simulation._table import Table
from kanrin.simulation._tables import (
    batch_table,
    caps_table,
    concentration_table,
    owner_table,
    product_table,
    welfare_table,
)
from kanrin.simulation._welfare import compensating_variation, money

__all__ = ["Batch", "Failure", "Simulation", "simulate", "simulate_many"]


@dataclass(frozen=True)
class Simulation:
    """Before and after. `evidence` is of the prices after; None when not asked for."""

    changes: tuple[Change, ...]
    before: Equilibrium
    after: Equilibrium
    evidence: Evidence | None

    @property
    def converged(self) -> bool:
        """Whether both equilibria were found; tables of welfare need it."""
        return self.before.converged and self.after.converged

    @property
    def advice(self) -> str:
        """What to try, when not converged."""
        return self.before.advice if not self.before.converged else self.after.advice

    def compensating_variation(self, surplus: Surplus = Surplus.EXACT) -> float:
        """Money that would leave buyers as well off as before; harm is positive (cs)."""
        return compensating_variation(self.before, self.after, surplus=surplus)

    def profit_change(self, owners: Sequence[str] | None = None) -> float:
        """Change of profits of these owners (None: all), money a period."""
        gap = 0.0
        for found, sign in ((self.after, 1.0), (self.before, -1.0)):
            names = np.array(found.market.owners, dtype=object)
            mine = np.ones(names.shape, dtype=bool) if owners is None else np.isin(names, list(owners))
            gap += sign * float(money(found).profit[mine].sum())
        return gap

    def treasury_change(self) -> float:
        """Change of what the treasury receives, money a period."""
        return float(money(self.after).treasury.sum() - money(self.before).treasury.sum())

    def net_total_harm(self, surplus: Surplus = Surplus.EXACT) -> float:
        """Compensating variation less what owners, dealers, importers and the treasury gain."""
        one, two = money(self.before), money(self.after)
        received = sum(
            float(getattr(two, n).sum() - getattr(one, n).sum())
            for n in ("profit", "dealers", "treasury", "importers")
        )
        return self.compensating_variation(surplus) - received

    def products(self) -> Table:
        """Consumer prices, quantities and margins before and after."""
        return product_table(self.before, self.after)

    def owners(self) -> Table:
        """Revenue, quantity and profit by owner before and after."""
        return owner_table(self.before, self.after)

    def welfare(self, surplus: Surplus = Surplus.EXACT) -> Table:
        """Changes for buyers, each owner, dealers, importers, treasury and in total; a gain is positive."""
        return welfare_table(self.before, self.after, surplus)

    def concentration(self) -> Table:
        """HHI of quantities and revenues, points of 10,000."""
        return concentration_table(self.before, self.after)

    def quotas(self) -> Table:
        """Caps, what is sold under them, shadow prices and rents."""
        return caps_table(self.after)

    def __str__(self) -> str:
        if not self.converged:
            return f"not solved: {self.advice}"
        parts = [self.products(), self.owners(), self.welfare()]
        return "\n\n".join(str(t) for t in ([*parts, self.quotas()] if self.after.market.caps else parts))

    def _repr_html_(self) -> str:
        if not self.converged:
            return f"<p>not solved: {self.advice}</p>"
        return "".join(t._repr_html_() for t in (self.products(), self.owners(), self.welfare()))


def simulate(
    market: Market,
    changes: Change | Sequence[Change],
    *,
    fixed: Sequence[str] = (),
    start: Floats | None = None,
    evidence: bool = True,
) -> Simulation:
    """The equilibrium before and after the changes, taken in order.

    fixed: products whose pre-tax prices stay as before; start: (J after,) pre-tax prices, money. A solver
    that stops short is a value: `converged` false, with advice.
    Raises InputError or UnknownName for a change that does not fit the market.
    """
    listed = tuple(changes) if isinstance(changes, Sequence) else (changes,)
    before = solve(market)
    sold = dict(zip(market.products, (float(q) for q in before.quantities), strict=True))
    changed = market
    for change in listed:
        changed = apply_change(changed, change, sold)
    begin = _start(changed, before) if start is None else start
    held = positions(tuple(fixed), changed.products)
    free = np.ones(len(changed.products), dtype=bool)
    free[held] = False
    for j in held:
        if changed.products[j] not in sold:
            raise InputError(f"{changed.products[j]} is new: it has no price before to be held at")
    after = solve(changed, free=free, start=begin)
    return Simulation(listed, before, after, examine(after) if evidence else None)


def _start(changed: Market, before: Equilibrium) -> Floats:
    """Pre-tax prices before where there are any, raised with the cost they have to cover."""
    known = dict(zip(before.market.products, before.price, strict=True))
    wedge, old = changed.wedges(), before.market.wedges()
    floor = dict(zip(before.market.products, (before.market.cost + old.cost) / old.keep, strict=True))
    fresh = default_start(changed, wedge)
    now = (changed.cost + wedge.cost) / wedge.keep
    begin = fresh.copy()
    for j, name in enumerate(changed.products):
        if name in known and np.isfinite(known[name]):
            begin[j] = known[name]
            if now[j] >= known[name]:
                begin[j] = now[j] + known[name] - floor[name]
    return begin


@dataclass(frozen=True)
class Failure:
    """A market that could not be simulated."""

    name: str
    reason: str  # what went wrong and the way out


@dataclass(frozen=True)
class Batch:
    """Simulations by name; those that failed are kept apart, not lost."""

    done: Mapping[str, Simulation]
    failed: tuple[Failure, ...]

    def table(self, surplus: Surplus = Surplus.EXACT) -> Table:
        """A row for each market: price change, compensating variation, profits, treasury, or the failure.

        Where the solutions were examined, also second order and other starts.
        """
        return batch_table(self.done, {f.name: f.reason for f in self.failed}, surplus)

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def simulate_many(
    markets: Mapping[str, Market] | Sequence[Market],
    changes: Change | Sequence[Change] | Mapping[str, Sequence[Change]],
    *,
    fixed: Sequence[str] = (),
    evidence: bool = False,
) -> Batch:
    """The same changes in many markets, or for each market its own list. One failure stops no other."""
    named = markets if isinstance(markets, Mapping) else {m.name: m for m in markets}
    if len(named) != len(markets):
        raise InputError("two markets have one name; give each its own, market.with_(name=...)")
    done: dict[str, Simulation] = {}
    failed: list[Failure] = []
    for name, market in named.items():
        wanted = changes.get(name, ()) if isinstance(changes, Mapping) else changes
        try:
            found = simulate(market, wanted, fixed=fixed, evidence=evidence)
        except KanrinError as error:
            failed.append(Failure(name, str(error)))
            continue
        if found.converged:
            done[name] = found
        else:
            failed.append(Failure(name, found.advice))
    return Batch(done, tuple(failed))
