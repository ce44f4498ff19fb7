"""First-order conditions of multi-product price setters, and their derivatives (MODEL 3.2, 3.3).

Morrow & Skerlos 2011 split D = diag Lambda - Gamma; sums over a firm's products are taken per agent, so that
the residual needs no J x J array. `zeta_dense` is the same by matrices, for reading and for tests. Prices
may be complex (tests only).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats
from kanrin.demand import choice_probabilities, shares_by_price
from kanrin.equilibrium._game import PriceGame

__all__ = [
    "FirstOrder",
    "capital_gamma",
    "capital_lambda",
    "first_order",
    "foc_jacobian",
    "own_blocks",
    "zeta_dense",
]


@dataclass(frozen=True)
class FirstOrder:
    """Everything the first-order conditions need at one price vector."""

    price: Floats  # (J,) p, money
    probabilities: Floats  # (J, I) s_ij
    outside: Floats  # (I,) s_i0
    shares: Floats  # (J,)
    margin: Floats  # (J,) m, money
    objective: Floats  # (J, I) A_ij = sum_k H_jk m_k s_ik, money
    capital_lambda: Floats  # (J,) 1/money
    zeta: Floats  # (J,) money

    @property
    def residual(self) -> Floats:
        """m - zeta (J,), money: zero where (foc) holds."""
        return self.margin - self.zeta

    @property
    def phi(self) -> Floats:
        """phi = Lambda (m - zeta) (J,), (foc)."""
        return self.capital_lambda * (self.margin - self.zeta)


def capital_lambda(alpha: Floats, probabilities: Floats, weights: Floats) -> Floats:
    """Lambda_j = sum_i w_i alpha_i s_ij (J,), 1/money (Lambda)."""
    result: Floats = probabilities @ (weights * alpha)
    return result


def capital_gamma(alpha: Floats, probabilities: Floats, weights: Floats) -> Floats:
    """Gamma_jk = sum_i w_i alpha_i s_ij s_ik (J, J), 1/money (Gamma)."""
    result: Floats = (probabilities * (weights * alpha)) @ probabilities.T
    return result


def _firm_sums(game: PriceGame, values: Floats) -> Floats:
    """sum over the products of each firm, weighted by kappa, seen from product j: (J, I) (zeta-mf)."""
    members = np.equal.outer(np.arange(game.firm_count), game.firms).astype(np.float64)
    by_firm = members @ values
    if game.kappa is not None:
        by_firm = game.kappa @ by_firm
    result: Floats = by_firm[game.firms]
    return result


def first_order(game: PriceGame, price: Floats) -> FirstOrder:
    """Shares, margins and zeta at pre-tax prices (J,), money (zeta), (zeta-mf): O(I J), no J x J array.

    A product nobody can choose (Lambda = 0) gets zeta = its margin: no condition.
    """
    probabilities, outside = choice_probabilities(game.delta, game.alpha, game.consumer_price(price))
    slope = game.weights * game.alpha
    share: Floats = probabilities @ game.weights
    lam = probabilities @ slope
    margin = game.margin(price)
    objective = _firm_sums(game, probabilities * margin[:, None])
    top = (probabilities * objective) @ slope - game.keep * share / (1.0 + game.ad_valorem)
    safe = lam != 0.0
    zeta = np.where(safe, top / np.where(safe, lam, 1.0), margin)
    return FirstOrder(price, probabilities, outside, share, margin, objective, lam, zeta)


def zeta_dense(game: PriceGame, price: Floats) -> Floats:
    """zeta = Lambda^-1 [(H o Gamma) m - r s/(1 + v)] (J,), by matrices (zeta)."""
    probabilities, _ = choice_probabilities(game.delta, game.alpha, game.consumer_price(price))
    gamma = capital_gamma(game.alpha, probabilities, game.weights)
    wedge = game.keep * (probabilities @ game.weights) / (1.0 + game.ad_valorem)
    top = (game.ownership() * gamma) @ game.margin(price) - wedge
    result: Floats = top / capital_lambda(game.alpha, probabilities, game.weights)
    return result


def foc_jacobian(game: PriceGame, at: FirstOrder, *, ownership: Floats | None = None) -> Floats:
    """Phi_jl = d phi_j / d p_l (J, J) (foc-jac), constant slopes. `ownership` saves building H again."""
    h = game.ownership() if ownership is None else ownership
    s, slope = at.probabilities, game.weights * game.alpha
    first = s * slope  # (J, I)
    second = first * game.alpha
    d = -(first @ s.T)
    t = (2.0 * second * at.objective) @ s.T
    curvature = second @ s.T
    t -= (at.margin[:, None] + h * at.margin) * curvature
    diagonal = np.diag_indices(len(at.shares))
    d[diagonal] += at.capital_lambda
    t[diagonal] += (second * (at.margin[:, None] - at.objective)).sum(axis=1)
    gross = 1.0 + game.ad_valorem
    result: Floats = gross * ((game.keep / gross)[:, None] * d.T + t) + h * game.keep * d.T
    return result


def own_blocks(game: PriceGame, at: FirstOrder, jacobian: Floats) -> list[Floats]:
    """(1 + v_j) Phi_jl over the products of each firm, (J_f, J_f), negative definite at a maximum (soc).

    Symmetric. Rows and columns are scaled by 1/sqrt((1 + v) |Lambda|), which keeps the sign of every
    eigenvalue and makes the blocks comparable between cars of large and small sales. Products with Lambda =
    0 are left out.
    """
    blocks = []
    for firm in np.unique(game.firms):
        own = np.flatnonzero((game.firms == firm) & (at.capital_lambda < 0.0))
        if own.size:
            scale = 1.0 / np.sqrt((1.0 + game.ad_valorem[own]) * -at.capital_lambda[own])
            block = (1.0 + game.ad_valorem[own])[:, None] * jacobian[np.ix_(own, own)]
            blocks.append(scale[:, None] * block * scale)
    return blocks


def shares_by_consumer_price(game: PriceGame, at: FirstOrder) -> Floats:
    """D_jk (J, J) at a point (ds-dp)."""
    return shares_by_price(game.alpha, at.probabilities, game.weights)
