"""The price at which a car not sold yet would settle: its cost predicted, prices of all in equilibrium
(newmodel)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.backtesting._year_fit import YearFit
from kanrin.base import Bools, Floats, SolveError
from kanrin.equilibrium import PriceGame, recover_costs, solve_prices
from kanrin.numerics import blup, fit_reml, same_label

__all__ = ["Costs", "costs_of", "settled_price"]


@dataclass(frozen=True)
class Costs:
    """Costs recovered on a year's market, and its makers by number. Money as the market's."""

    cost: Floats  # (J,) million JPY per vehicle
    firms: tuple[str, ...]


def costs_of(fit: YearFit) -> Costs:
    """Costs that make the year's prices optimal, makers by brand (recover)."""
    firms = tuple(dict.fromkeys(fit.market.brand))
    index = np.array([firms.index(b) for b in fit.market.brand])
    found = recover_costs(
        delta=fit.point, alpha=fit.alpha, weights=fit.weights, price=fit.market.price, firms=index
    )
    return Costs(found.cost, firms)


def settled_price(
    fit: YearFit, costs: Costs, rivals: Bools, brand: str, attributes: Floats, delta: float, z: Floats
) -> Floats:
    """(D,) million JPY per vehicle: the equilibrium price at the central cost, the error in the cost added.

    The cost is predicted from attributes (K,) and brand, in logs, on the rivals (J,) marked. Prices of all
    settle at the central xi, `delta` utils; on draws z (D,) the cost's error is passed on one for one. Raises
    SolveError when no equilibrium is found.
    """
    market = fit.market
    used = rivals & (costs.cost > 0)
    X = np.column_stack([np.ones(market.price.size), market.attributes])
    varies = np.concatenate([[True], np.ptp(market.attributes[used], axis=0) > 0])
    brands = [b for b, u in zip(market.brand, used, strict=True) if u]
    model = fit_reml(np.log(costs.cost[used]), X[used][:, varies], [same_label(brands)])
    x = np.concatenate([[1.0], attributes])[None, varies]
    own = np.array([[b == brand for b in brands]], dtype=np.float64)
    found = blup(model, x, model.components[0] * own, np.array([[float(model.components.sum())]]))
    cost = float(np.exp(found.mean[0]))
    names = [*costs.firms, brand]
    index = np.array([names.index(b) for b in market.brand])[rivals]
    game = PriceGame(
        delta=np.append(fit.point[rivals], delta),
        alpha=fit.alpha,
        weights=fit.weights,
        cost=np.append(costs.cost[rivals], cost),
        keep=np.asarray(1.0),
        ad_valorem=np.asarray(0.0),
        levies=np.asarray(0.0),
        firms=np.append(index, names.index(brand)),
    )
    markup = float(np.median(market.price[used] / costs.cost[used]))
    solved = solve_prices(game, start=np.append(market.price[rivals], cost * markup))
    if not solved.converged:
        raise SolveError(f"backtest: no equilibrium with the car in {market.year}: {solved.advice}")
    draws: Floats = solved.price[-1] + cost * (np.exp(float(found.sd[0]) * z) - 1.0)
    return draws
