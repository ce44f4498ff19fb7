"""How quantities answer to prices: elasticities, diversion, second choices (MODEL 2.3), for any system."""

from __future__ import annotations

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.demand import Diversion
from kanrin.simulation._system import DemandSystem

__all__ = [
    "aggregate_elasticity",
    "diversion_ratios",
    "elasticities",
    "own_elasticities",
    "second_choices",
    "willingness_to_pay",
]


def elasticities(system: DemandSystem, price: Floats) -> Floats:
    """e_kj = D_jk p_j/q_k (J, J): row = quantity, column = consumer price moved (elasticity)."""
    p = np.asarray(price)
    result: Floats = system.by_price(p).T * p[None, :] / system.quantities(p)[:, None]
    return result


def own_elasticities(system: DemandSystem, price: Floats) -> Floats:
    """e_jj (J,), (elasticity)."""
    result: Floats = np.diag(system.by_price(price)) * price / system.quantities(price)
    return result


def aggregate_elasticity(system: DemandSystem, price: Floats) -> float:
    """Per cent change of total quantity when all consumer prices rise by one per cent (elasticity)."""
    return float((system.by_price(price).sum(axis=1) @ price) / system.quantities(price).sum())


def diversion_ratios(system: DemandSystem, price: Floats) -> Diversion:
    """-D_jk/D_jj for a small rise of p_j; `outside` = what no other product takes up (diversion)."""
    by_price = system.by_price(price)
    inside: Floats = -by_price / np.diag(by_price)[:, None]
    np.fill_diagonal(inside, 0.0)
    return Diversion(inside, 1.0 - inside.sum(axis=1))


def second_choices(system: DemandSystem, price: Floats) -> Diversion:
    """(q_k without j - q_k)/q_j, prices of the others held (second-choice).

    The field also calls it long-run diversion; `long_run_diversion` lets the others re-price.
    """
    count = system.product_count
    now = system.quantities(price)
    inside = np.zeros((count, count))
    for j in range(count):
        others = np.arange(count) != j
        inside[j, others] = (system.subset(others).quantities(price[others]) - now[others]) / now[j]
    return Diversion(inside, 1.0 - inside.sum(axis=1))


def willingness_to_pay(system: DemandSystem, coefficient: float | Floats) -> float:
    """Money for one unit more of a characteristic: coefficient over |alpha|, mean over buyers.

    coefficient: utils per unit, one number or one a buyer (I,). Raises InputError for systems without a price
    slope alpha (CES, AIDS, linear).
    """
    slope = getattr(system, "alpha", None)
    if slope is None:
        raise InputError(f"{type(system).__name__} has no utility of a characteristic to put a price on")
    weights = getattr(system, "weights", np.ones(1))
    return float(np.atleast_1d(np.asarray(coefficient) / -np.asarray(slope)) @ weights)
