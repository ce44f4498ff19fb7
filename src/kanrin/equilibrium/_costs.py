"""Costs that make observed prices optimal (recover)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from kanrin.base import Floats, Ints, SolveError
from kanrin.demand import choice_probabilities, shares_by_price
from kanrin.equilibrium._game import PriceGame

__all__ = ["RecoveredCosts", "recover_costs"]


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
    probabilities, _ = choice_probabilities(game.delta, game.alpha, game.consumer_price(p))
    wedge = game.keep * (probabilities @ game.weights) / (1.0 + game.ad_valorem)
    matrix = game.ownership() * shares_by_price(game.alpha, probabilities, game.weights)
    scale = np.abs(np.diag(matrix))  # rows in units of the own slope: small sellers weigh like large ones
    try:
        solved = np.linalg.solve(matrix / scale[:, None], wedge / scale)
    except np.linalg.LinAlgError as error:
        raise SolveError("costs not recovered: H o D is singular; a product has no sales: drop it") from error
    margin: Floats = np.asarray(-solved, dtype=np.float64)
    cost: Floats = game.keep * p - margin
    return RecoveredCosts(cost, margin, np.flatnonzero(cost < 0.0))
