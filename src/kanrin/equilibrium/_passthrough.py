"""How equilibrium prices answer to costs, levies, tax rates and dealer margins (pass-through)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats, InputError, SolveError
from kanrin.equilibrium._firstorder import first_order, foc_jacobian, shares_by_consumer_price
from kanrin.equilibrium._game import PriceGame

__all__ = ["PassThrough", "pass_through"]


@dataclass(frozen=True)
class PassThrough:
    """[j, l] = change of pre-tax price p_j by a change of x_l, each (J, J) (pass-through).

    For p^c multiply row j by 1 + v_j and add the direct effect on the diagonal: 1 for a levy, p_l for a rate.
    """

    cost: Floats  # dp/dc, pure number
    levies: Floats  # dp/dl, pure number
    ad_valorem: Floats  # dp/dv, money
    keep: Floats  # dp/dr, money


def pass_through(game: PriceGame, price: Floats, *, free: Bools | None = None) -> PassThrough:
    """dp/dx = -Phi^-1 phi_x on free rows, at equilibrium prices (J,) (pass-through).

    free: (J,) prices that may move; rows of fixed prices are zero. All products must be on sale: take
    `game.subset` first. Raises InputError for prices that are missing, SolveError when Phi is singular.
    """
    if np.shape(price) != game.delta.shape or not np.isfinite(price).all():
        raise InputError(
            "pass-through needs a price for every product; drop products not offered with game.subset(...)"
        )
    moving = np.ones(game.product_count, dtype=bool) if free is None else np.asarray(free, dtype=bool)
    at = first_order(game, price)
    h = game.ownership()
    phi = foc_jacobian(game, at, ownership=h)
    d = shares_by_consumer_price(game, at)
    gross, n = 1.0 + game.ad_valorem, game.product_count
    own = np.diag_indices(n)
    by_cost = -h * d.T
    by_levy = (phi - h * game.keep * d.T) / gross
    by_rate = price * by_levy
    by_rate[own] -= game.keep * at.shares / gross**2
    by_keep = h * d.T * price
    by_keep[own] += at.shares / gross
    every = np.hstack([by_cost, by_levy, by_rate, by_keep])
    answer = np.zeros((n, 4 * n))
    scale = at.capital_lambda[moving, None]
    try:
        answer[moving] = -np.linalg.solve(phi[np.ix_(moving, moving)] / scale, every[moving] / scale)
    except np.linalg.LinAlgError as error:
        raise SolveError(
            "pass-through not found: Phi is singular here; check the certificate of the prices"
        ) from error
    parts = np.hsplit(answer, 4)
    return PassThrough(parts[0], parts[1], parts[2], parts[3])
