"""What is read off one equilibrium, by product name: elasticities, diversion, costs, pass-through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kanrin.demand import Diversion
from kanrin.simulation._equilibrium import Equilibrium
from kanrin.simulation._pass_through import long_run_diversion, pass_through
from kanrin.simulation._response import (
    aggregate_elasticity,
    diversion_ratios,
    elasticities,
    second_choices,
)
from kanrin.simulation._screens import MergerScreen
from kanrin.simulation._table import Table, matrix_table

__all__ = [
    "cost_table",
    "diversion_table",
    "elasticity_table",
    "long_run_diversion_table",
    "pass_through_table",
    "screen_table",
    "second_choice_table",
]


def elasticity_table(found: Equilibrium) -> Table:
    """Row = quantity, column = consumer price moved (elasticity); the market's own in the note."""
    demand, price = found.market.demand, found.consumer_price
    table = matrix_table(
        "Elasticities of quantities by consumer prices", "quantity of", found.market.products,
        elasticities(demand, price), frames=found.market.frames,
    )  # fmt: skip
    total = aggregate_elasticity(demand, price)
    note = f"all prices together: total quantity {total:.4g}"
    return replace(table, notes=(note,))


def _diverted(title: str, found: Equilibrium, rows: Diversion) -> Table:
    table = matrix_table(title, "from", found.market.products, rows.inside)
    shown = {
        to: tuple(None if i == k else v for i, v in enumerate(column))
        for k, (to, column) in enumerate(table.columns.items())
    }
    shown["none of these"] = tuple(float(x) for x in rows.outside)
    return replace(table, columns=shown, frames=found.market.frames)


def diversion_table(found: Equilibrium) -> Table:
    """Where buyers go for a small price rise; rows sum to one (diversion)."""
    rows = diversion_ratios(found.market.demand, found.consumer_price)
    return _diverted("Diversion ratios", found, rows)


def second_choice_table(found: Equilibrium) -> Table:
    """Where buyers go when the product is withdrawn; rows sum to one (second-choice)."""
    return _diverted("Second choices", found, second_choices(found.market.demand, found.consumer_price))


def long_run_diversion_table(found: Equilibrium) -> Table:
    """Where buyers go when the product is withdrawn and the others have re-priced; rows sum to one.

    Raises SolveError as `long_run_diversion`.
    """
    return _diverted("Diversion once the others have re-priced", found, long_run_diversion(found))


def cost_table(found: Equilibrium) -> Table:
    """Prices, own unit costs, margins (money) and markups (share of what the maker receives)."""
    market, wedge = found.market, found.market.wedges()
    columns = {
        "owner": market.owners,
        "price": tuple(found.consumer_price.tolist()),
        "cost": tuple(market.cost.tolist()),
        "margin": tuple(found.margin.tolist()),
        "markup": tuple((found.margin / (wedge.keep * found.price)).tolist()),
        "profit": tuple((found.margin * found.quantities).tolist()),
    }
    return Table("Costs and margins", "product", market.products, columns, frames=market.frames)


def pass_through_table(found: Equilibrium) -> Table:
    """Row = pre-tax price, column = unit cost moved (pass-through)."""
    market = found.market
    return matrix_table(
        "Pass-through of unit costs", "price of", market.products, pass_through(found), frames=market.frames
    )


def screen_table(screen: MergerScreen) -> Table:
    """Upward pricing pressure and compensating cost reductions, in per cent."""
    rows = {
        "UPP": tuple(screen.upp.tolist()),
        "GUPPI %": tuple((100.0 * np.asarray(screen.guppi)).tolist()),
        "cost reduction that keeps prices %": tuple((100.0 * screen.compensating_cost_reduction).tolist()),
    }
    return Table("Merger screens", "product", screen.products, rows, frames=screen.frames)
