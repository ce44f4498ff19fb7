"""Unit costs that make observed prices the sellers' best (recover)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from kanrin.base import Floats
from kanrin.simulation._conditions import conditions_at, implied_margin
from kanrin.simulation._market import Conduct, Market
from kanrin.simulation._policies import Policy
from kanrin.simulation._second_score import consumer_margin
from kanrin.simulation._system import DemandSystem, vector

__all__ = ["margins_at", "negative_costs", "recover_market"]


def margins_at(market: Market, consumer_price: Floats) -> Floats:
    """m = r p - c - duties (J,), money, implied by consumer prices p^c (J,) and the conduct (recover).

    Raises SolveError when margins have no bound or no answer.
    """
    wedge = market.wedges()
    if market.conduct is Conduct.SECOND_SCORE:
        demand = market.demand
        above = consumer_margin(
            demand.quantities(consumer_price) / demand.market_size,  # type: ignore[attr-defined]
            market.owners,
            demand.alpha,  # type: ignore[attr-defined]
        )
        return wedge.keep / (1.0 + wedge.ad_valorem) * above
    price = (consumer_price - wedge.levies) / (1.0 + wedge.ad_valorem)
    return implied_margin(conditions_at(market, wedge, price, np.zeros(price.shape)), wedge, market.name)


def recover_market(
    demand: DemandSystem,
    consumer_price: ArrayLike,
    products: Sequence[str],
    owners: Sequence[str],
    *,
    policies: Sequence[Policy] = (),
    keep: ArrayLike = 1.0,
    ownership: Floats | None = None,
    conduct: Conduct = Conduct.BERTRAND,
    name: str = "market",
) -> Market:
    """The market whose equilibrium is the prices seen: costs recovered (recover).

    consumer_price: p^c (J,), money; policies: in force when the prices were seen; ownership: H (J, J), None:
    owners keep apart. In a second-score auction the mean utilities of `demand` are taken at the prices
    seen, and moved to break-even prices. Raises InputError as `Market`, SolveError as `margins_at`;
    negative costs are kept, see `negative_costs`.
    """
    count = demand.product_count
    price = vector("consumer_price", consumer_price, count, positive=True)
    market = Market(
        demand=demand, products=tuple(products), owners=tuple(owners), cost=np.zeros(count),
        consumer_price=price, policies=tuple(policies), keep=np.asarray(keep, dtype=np.float64),
        ownership=ownership, conduct=conduct, name=name,
    )  # fmt: skip
    wedge = market.wedges()
    margin = margins_at(market, price)
    pretax = (price - wedge.levies) / (1.0 + wedge.ad_valorem)
    found = market.with_(cost=wedge.keep * pretax - margin - wedge.cost)
    if conduct is Conduct.SECOND_SCORE:
        above = margin * (1.0 + wedge.ad_valorem) / wedge.keep
        moved = demand.delta + demand.alpha * above  # type: ignore[attr-defined]
        found = found.with_(demand=replace(demand, delta=moved))  # type: ignore[type-var]
    return found


def negative_costs(market: Market) -> tuple[str, ...]:
    """Products whose recovered cost is below zero: demand is too inelastic for their prices."""
    return tuple(n for n, c in zip(market.products, market.cost, strict=True) if c < 0.0)
