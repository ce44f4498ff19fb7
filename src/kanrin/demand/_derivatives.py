"""Derivatives of shares and what is read off them: elasticities, diversion, second choices (MODEL 2.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats

__all__ = [
    "Diversion",
    "aggregate_elasticity",
    "delta_jacobian",
    "diversion_ratios",
    "elasticities",
    "own_elasticities",
    "second_choices",
    "shares_by_price",
    "weighted_kernel",
]


@dataclass(frozen=True)
class Diversion:
    """Where the buyers of product j go: row j sums to one with `outside` (diversion), (second-choice)."""

    inside: Floats  # (J, J) pure number; row = product left; zero on the diagonal
    outside: Floats  # (J,) pure number


def weighted_kernel(field: Floats, probabilities: Floats, weights: Floats) -> Floats:
    """K(a)_jk = sum_i w_i a_ij s_ij [1{j=k} - s_ik], (J, J) (kernel).

    field: a, (I,) or (J, I); probabilities: s_ij (J, I); weights: (I,).
    """
    scaled = probabilities * (weights * field)
    result: Floats = -(scaled @ probabilities.T)
    result[np.diag_indices_from(result)] += scaled.sum(axis=1)
    return result


def delta_jacobian(probabilities: Floats, weights: Floats) -> Floats:
    """L = ds/d delta' (J, J), symmetric, positive definite (L)."""
    return weighted_kernel(np.ones(len(weights)), probabilities, weights)


def shares_by_price(alpha: Floats, probabilities: Floats, weights: Floats) -> Floats:
    """D_jk = ds_k/dp^c_j (J, J), per unit of money; row = price moved (ds-dp). alpha: (I,)."""
    return weighted_kernel(alpha, probabilities, weights)


def elasticities(alpha: Floats, probabilities: Floats, weights: Floats, consumer_price: Floats) -> Floats:
    """e_kj = D_jk p^c_j / s_k (J, J): row = share, column = consumer price moved (elasticity)."""
    by_price = shares_by_price(alpha, probabilities, weights)
    result: Floats = by_price.T * consumer_price[None, :] / (probabilities @ weights)[:, None]
    return result


def own_elasticities(alpha: Floats, probabilities: Floats, weights: Floats, consumer_price: Floats) -> Floats:
    """e_jj (J,): own share by own consumer price, without the J x J matrix (elasticity)."""
    own = (probabilities * (1.0 - probabilities)) @ (weights * alpha)
    result: Floats = own * consumer_price / (probabilities @ weights)
    return result


def aggregate_elasticity(
    alpha: Floats, probabilities: Floats, outside: Floats, weights: Floats, consumer_price: Floats
) -> float:
    """Per cent change of the inside share when all consumer prices rise by one per cent (elasticity).

    outside: s_i0 (I,). Uses sum_k D_jk = sum_i w_i alpha_i s_ij s_i0.
    """
    row_sums = probabilities @ (weights * alpha * outside)
    return float(row_sums @ consumer_price / (probabilities @ weights).sum())


def diversion_ratios(alpha: Floats, probabilities: Floats, outside: Floats, weights: Floats) -> Diversion:
    """-D_jk/D_jj, and to the outside good, for a small rise of p_j (diversion). outside: s_i0 (I,)."""
    by_price = shares_by_price(alpha, probabilities, weights)
    own = np.diag(by_price).copy()
    inside: Floats = -by_price / own[:, None]
    np.fill_diagonal(inside, 0.0)
    to_outside = -(probabilities @ (weights * alpha * outside))
    return Diversion(inside, -to_outside / own)


def second_choices(probabilities: Floats, outside: Floats, weights: Floats) -> Diversion:
    """Where buyers of j go when j is withdrawn: sum_i w_i s_ij s_ik/(1 - s_ij) / s_j (second-choice).

    Closed form of Conlon & Mortimer 2021; outside: s_i0 (I,).
    """
    leaving = probabilities * weights / (1.0 - probabilities) / (probabilities @ weights)[:, None]
    inside: Floats = leaving @ probabilities.T
    np.fill_diagonal(inside, 0.0)
    return Diversion(inside, leaving @ outside)
