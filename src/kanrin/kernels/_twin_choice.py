"""Twin: choice probabilities of one market, plain and nested, by the formulas (rc-shares), (rcnl-shares).

Everything here also takes complex numbers, so that derivatives can be checked by the complex step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, Ints
from kanrin.kernels._markets import Markets

__all__ = ["Choice", "choice", "delta_jacobian", "kernel", "markets_of", "twin_choices", "twin_shares"]


@dataclass(frozen=True)
class Choice:
    """Probabilities of one market; without nests every product is its own nest and rho is zero."""

    utility: Floats  # (J, I) V_ij
    joint: Floats  # (J, I) s_ij
    inside: Floats  # (J, I) z_ij = s_{ij|g}
    nest: Floats  # (G, I) s_ig
    log_d: Floats  # (G, I)
    outside: Floats  # (I,) s_i0
    weights: Floats  # (I,)
    group: Ints  # (J,) nest of each product, local numbers
    member: Floats  # (G, J) 1 where the product is in the nest
    rho: Floats  # (J,)
    is_nested: bool

    @property
    def shares(self) -> Floats:
        """s_j = sum_i w_i s_ij (J,)."""
        result: Floats = self.joint @ self.weights
        return result

    def within(self, values: Floats) -> Floats:
        """Sum over the nest of each product: (J, I) -> (J, I)."""
        result: Floats = (self.member @ values)[self.group]
        return result


def choice(utility: Floats, weights: Floats, nests: Ints | None = None, rho: Floats | None = None) -> Choice:
    """Probabilities at utilities V (J, I), agents' weights (I,), nest ids (J,) and rho (G,) by id."""
    j = utility.shape[0]
    if nests is None or rho is None:
        group, own = np.arange(j), np.zeros(j)
    else:
        ids, group = np.unique(nests, return_inverse=True)
        own = rho[ids][group]
    member = np.equal.outer(np.arange(group.max(initial=-1) + 1), group).astype(np.float64)
    keep = 1.0 - own[:, None]
    scaled = utility / keep
    top = np.full((len(member), utility.shape[1]), -np.inf)
    np.maximum.at(top, group, scaled.real)
    exp = np.exp(scaled - top[group])
    total = member @ exp  # D_ig, shifted
    log_d = top + np.log(total)
    inclusive = (1.0 - np.array([own[group == g][0] for g in range(len(member))]))[:, None] * log_d
    shift = np.maximum(inclusive.real.max(axis=0, initial=0.0), 0.0)
    attraction = np.exp(inclusive - shift)
    away = np.exp(-shift)
    sum_all = away + attraction.sum(axis=0)
    by_nest = attraction / sum_all
    inside = exp / total[group]
    return Choice(
        utility, inside * by_nest[group], inside, by_nest, log_d, away / sum_all, weights, group, member, own,
        nests is not None,
    )  # fmt: skip


def kernel(at: Choice, field: Floats) -> Floats:
    """K(a)_jk = sum_i w_i a_i s_ij [1{j=k}/(1-rho) - rho/(1-rho) z_ik 1{same nest} - s_ik] (J, J) (kernel).

    field: (I,) or (J, I).
    """
    weighted = at.weights * field * at.joint
    same = np.equal.outer(at.group, at.group)
    b = (at.rho / (1.0 - at.rho))[:, None]
    out: Floats = -(weighted @ at.joint.T) - np.where(same, (weighted * b) @ at.inside.T, 0.0)
    diagonal = np.arange(len(at.group))
    out[diagonal, diagonal] += weighted.sum(axis=1) / (1.0 - at.rho)
    return out


def delta_jacobian(at: Choice) -> Floats:
    """L = ds/d delta' (J, J) (L)."""
    return kernel(at, np.ones_like(at.weights))


def markets_of(markets: Markets, delta: Floats) -> Iterator[tuple[slice, slice, Choice]]:
    """Products, agents and probabilities, market by market."""
    for products, agents in markets.slices():
        utility = delta[products, None] + markets.x2[products] @ markets.coefficients[agents].T
        nests = None if markets.nests is None else markets.nests[products]
        yield products, agents, choice(utility, markets.weights[agents], nests, markets.rho)


def twin_shares(markets: Markets, delta: Floats) -> Floats:
    """s (N,) (rc-shares), (rcnl-shares)."""
    out = np.empty_like(delta)
    for products, _, at in markets_of(markets, delta):
        out[products] = at.shares
    return out


def twin_choices(markets: Markets, delta: Floats) -> tuple[Floats, Floats, Floats]:
    """s_j (N,), s_i0 (A,), and the cells s_ij, one (J, I) block a market after another, flat."""
    share, outside = np.empty_like(delta), np.empty_like(markets.weights)
    cells = []
    for products, agents, at in markets_of(markets, delta):
        share[products], outside[agents] = at.shares, at.outside
        cells.append(at.joint.ravel())
    return share, outside, np.concatenate(cells) if cells else np.empty(0)
