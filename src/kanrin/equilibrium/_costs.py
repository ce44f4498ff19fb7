"""Costs that make observed prices optimal (recover)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kanrin.base import Floats, Ints, SolveError
from kanrin.equilibrium._game import PriceGame
from kanrin.kernels import Markets, margins, shares

__all__ = ["RecoveredCosts", "recover_costs", "recover_many"]


@dataclass(frozen=True)
class RecoveredCosts:
    """Unit costs implied by the first-order conditions; negative ones are named, not hidden."""

    cost: Floats  # (J,) c, money per vehicle
    margin: Floats  # (J,) m = r p - c, money per vehicle
    negative: Ints  # indices of products with c < 0


def recover_costs(
    *,
    delta: Floats,
    alpha: Floats,
    weights: Floats,
    price: Floats,
    firms: Ints,
    keep: ArrayLike = 1.0,
    ad_valorem: ArrayLike = 0.0,
    levies: ArrayLike = 0.0,
    kappa: Floats | None = None,
) -> RecoveredCosts:
    """c = r p + (H o D)^-1 (r s/(1 + v)) at observed pre-tax prices (J,) (recover).

    Arguments as `PriceGame`; shares are those of the model, equal to the observed ones when delta was
    inverted at consumer prices (1 + v) p + l. Raises InputError as `PriceGame`, SolveError when H o D is
    singular.
    """
    p = np.asarray(price, dtype=np.float64)
    game = PriceGame(
        delta=delta, alpha=alpha, weights=weights, cost=np.zeros(p.shape), firms=firms, kappa=kappa,
        keep=np.asarray(keep, dtype=np.float64), ad_valorem=np.asarray(ad_valorem, dtype=np.float64),
        levies=np.asarray(levies, dtype=np.float64),
    )  # fmt: skip
    if p.size == 0:
        return RecoveredCosts(p.copy(), p.copy(), np.zeros(0, dtype=np.int64))
    market = Markets(
        np.array([0, p.size]),
        game.consumer_price(p)[:, None],
        np.array([0, game.alpha.size]),
        game.weights,
        game.alpha[:, None],
    )
    wedge = game.keep * shares(market, game.delta, threads=1) / (1.0 + game.ad_valorem)
    try:
        margin = margins(market, game.delta, game.alpha, game.firms, wedge, kappa=game.kappa, threads=1)
    except SolveError as error:
        raise SolveError("costs not recovered: H o D is singular; a product has no sales: drop it") from error
    cost: Floats = game.keep * p - margin
    return RecoveredCosts(cost, margin, np.flatnonzero(cost < 0.0))


def recover_many(
    delta: Floats, alpha: Floats, weights: Floats, price: Floats, firms: Ints, keep: Floats, ad_valorem: float
) -> tuple[Floats, Floats]:
    """`recover_costs` for D draws of one market: costs and margins (D, J), money per vehicle (recover).

    delta, keep: (D, J); alpha: (D, I); weights: (I,); price: (J,) pre-tax, levies left out. Raises as
    `recover_costs`.
    """
    draws, products = delta.shape
    market = Markets(
        np.arange(0, draws * products + 1, products),
        np.tile((1.0 + ad_valorem) * price, draws)[:, None],
        np.arange(0, alpha.size + 1, weights.size),
        np.tile(weights, draws),
        alpha.reshape(-1, 1),
    )
    flat = delta.ravel()
    wedge = keep.ravel() * shares(market, flat, threads=1) / (1.0 + ad_valorem)
    try:
        margin = margins(market, flat, alpha.ravel(), np.tile(firms, draws), wedge, threads=1)
    except SolveError as error:
        raise SolveError("costs not recovered: H o D is singular; a product has no sales: drop it") from error
    found = margin.reshape(draws, products)
    return keep * price - found, found
