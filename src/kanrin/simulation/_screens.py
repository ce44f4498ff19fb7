"""Merger screens at prices before: upward pricing pressure and the cost savings that would keep prices.

Farrell & Shapiro 2010 (UPP), Werden 1996 (compensating marginal cost reductions), for multi-product owners.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats
from kanrin.simulation._changes import Merger, apply_change
from kanrin.simulation._conditions import conditions_at, implied_margin
from kanrin.simulation._equilibrium import Equilibrium
from kanrin.simulation._response import diversion_ratios

__all__ = ["MergerScreen", "screen_merger"]


@dataclass(frozen=True)
class MergerScreen:
    """For the products of the two owners, in the market's order."""

    products: tuple[str, ...]
    upp: Floats  # money a unit: value of sales diverted to the partner, cost saving taken off
    guppi: Floats  # share of the pre-tax price: the same before the saving
    compensating_cost_reduction: Floats  # share of own cost that would leave all merging prices unchanged
    frames: str = "pandas"  # kind of frame its table gives


def screen_merger(before: Equilibrium, merger: Merger) -> MergerScreen:
    """UPP_j = sum over the partner's k of diversion_jk m_k - saving c_j, and compensating reductions.

    Raises UnknownName for owners that do not exist, SolveError when no margin would keep the prices.
    """
    market, wedge = before.market, before.market.wedges()
    a, b = market.owner_positions(merger.owner_a), market.owner_positions(merger.owner_b)
    diversion = diversion_ratios(market.demand, before.consumer_price).inside
    gain = np.zeros(len(market.products))
    gain[a] = diversion[np.ix_(a, b)] @ before.margin[b]
    gain[b] = diversion[np.ix_(b, a)] @ before.margin[a]
    joined = apply_change(market, Merger(merger.owner_a, merger.owner_b), {})
    at = conditions_at(joined, wedge, before.price, market.cost + wedge.cost)
    needed = wedge.keep * before.price - implied_margin(at, wedge, market.name) - wedge.cost
    own = sorted(a + b)
    cost = market.cost[own]
    return MergerScreen(
        tuple(market.products[j] for j in own),
        gain[own] - merger.cost_saving * cost,
        gain[own] / (wedge.keep * before.price)[own],
        (cost - needed[own]) / cost,
        market.frames,
    )
