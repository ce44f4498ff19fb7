"""First-order conditions of price setters over any demand system, and their derivatives (foc), (foc-jac)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, SolveError
from kanrin.simulation._market import Conduct, Market
from kanrin.simulation._policies import Wedges

__all__ = ["Conditions", "conditions_at", "foc_jacobian", "implied_margin"]

_STEP = 1e-30


@dataclass(frozen=True)
class Conditions:
    """Everything the conditions need at one vector of pre-tax prices p (J,)."""

    price: Floats  # p, money
    consumer_price: Floats  # p^c, money
    quantities: Floats
    slopes: Floats  # (J, J) rows of what each setter sees: H o D, or diag Lambda
    margin: Floats  # m = r p - c, money; c with duties and shadow prices
    phi: Floats  # (J,) units
    residual: Floats  # (J,) money: phi over the own slope


def conditions_at(market: Market, wedge: Wedges, price: Floats, cost: Floats) -> Conditions:
    """phi = r q/(1 + v) + (H o D) m at prices p (J,), for Bertrand or monopolistic competition (foc)."""
    consumer = (1.0 + wedge.ad_valorem) * price + wedge.levies
    quantities = market.demand.quantities(consumer)
    slopes = _slopes(market, consumer)
    margin = wedge.keep * price - cost
    phi = wedge.keep * quantities / (1.0 + wedge.ad_valorem) + slopes @ margin
    with np.errstate(divide="ignore", invalid="ignore"):
        residual: Floats = phi / np.diag(slopes)
    return Conditions(price, consumer, quantities, slopes, margin, phi, residual)


def _slopes(market: Market, consumer: Floats) -> Floats:
    if market.conduct is Conduct.MONOPOLISTIC_COMPETITION:
        return np.diag(market.demand.own_effect(consumer))
    return market.h() * market.demand.by_price(consumer)


def implied_margin(at: Conditions, wedge: Wedges, name: str = "market") -> Floats:
    """m = -(H o D)^-1 r q/(1 + v) (J,), money (recover). SolveError when H o D is singular."""
    scale = np.abs(np.diag(at.slopes))
    right = wedge.keep * at.quantities / (1.0 + wedge.ad_valorem)
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            solved = np.linalg.solve(at.slopes / scale[:, None], right / scale)
    except np.linalg.LinAlgError as error:
        raise SolveError(
            f"{name}: margins have no bound or no answer: H o D is singular; usual causes are one owner of "
            "all products without an outside good, or a product without sales: give an outside good, or drop "
            "the product"
        ) from error
    if not np.isfinite(solved).all() or np.abs(solved).max() > 1e12 * np.abs(at.consumer_price).max():
        raise SolveError(
            f"{name}: margins have no bound: one owner sells all products and there is no outside good; give "
            "an outside share"
        )
    return np.asarray(-solved, dtype=np.float64)


def foc_jacobian(market: Market, wedge: Wedges, at: Conditions) -> Floats:
    """Phi_jl = d phi_j/d p_l (J, J) (foc-jac)."""
    gross = 1.0 + wedge.ad_valorem
    demand, consumer = market.demand, at.consumer_price
    by_price = demand.by_price(consumer)
    if market.conduct is Conduct.MONOPOLISTIC_COMPETITION:
        bend = np.empty_like(by_price)
        for j in range(len(consumer)):
            moved = consumer.astype(np.complex128)
            moved[j] += 1j * _STEP
            effect = demand.own_effect(moved)  # type: ignore[arg-type]
            bend[:, j] = at.margin * effect.imag / _STEP
    else:
        bend = demand.curvature(consumer, market.h() * at.margin)
    result: Floats = gross * ((wedge.keep / gross)[:, None] * by_price.T + bend)
    result += at.slopes * wedge.keep  # d phi_j/d m_l = H_jl D_jl, r_l of it for each unit of p_l
    return result
