"""Twin: gradient of the GMM objective by one solve a market (adjoint), (adjoint-supply).

The objective enters by v = dq/dxi = 2 Z_D (W g)_D (N,) and v_omega = dq/dc = 2 Z_S (W g)_S o f'(c) (N,).
Any other function of xi and c goes the same way: pass its derivatives.
"""

from __future__ import annotations

import numpy as np

from kanrin.base import Floats, Ints
from kanrin.kernels._markets import Markets
from kanrin.kernels._twin_choice import Choice, delta_jacobian, kernel, markets_of

__all__ = ["twin_adjoint", "twin_adjoint_supply", "twin_margins"]


def ownership(firms: Ints, kappa: Floats | None) -> Floats:
    """H_jk = kappa_{f(j) f(k)} (J, J); row = setter."""
    if kappa is None:
        return np.equal.outer(firms, firms).astype(np.float64)
    return kappa[np.ix_(firms, firms)]


def twin_margins(
    markets: Markets, delta: Floats, alpha: Floats, firms: Ints, wedge: Floats, kappa: Floats | None
) -> Floats:
    """eta (N,) = Delta^-1 (r S/(1+v)), Delta = -H o D (costs); LinAlgError when Delta is singular."""
    out = np.empty_like(delta)
    for products, agents, at in markets_of(markets, delta):
        matrix = -ownership(firms[products], kappa) * kernel(at, alpha[agents])
        scale = np.abs(np.diag(matrix))
        out[products] = np.linalg.solve(matrix / scale[:, None], wedge[products] / scale)
    return out


def twin_adjoint(markets: Markets, delta: Floats, v: Floats) -> tuple[Floats, Floats, Floats]:
    """dq/dB (A, K2), dq/drho (G,), lambda (N,); demand only (adjoint)."""
    by_coefficient = np.empty_like(markets.coefficients)
    by_rho = np.zeros(0 if markets.rho is None else markets.rho.size)
    multiplier = np.empty_like(delta)
    for products, agents, at in markets_of(markets, delta):
        lam: Floats = np.asarray(np.linalg.solve(delta_jacobian(at), v[products]), dtype=np.float64)
        by_coefficient[agents] = _demand_part(at, lam).T @ markets.x2[products]
        multiplier[products] = lam
        if markets.nests is not None:
            direct = -at.weights * lam[:, None] * at.joint
            np.add.at(by_rho, markets.nests[products], _by_rho(at, direct))
    return by_coefficient, by_rho, multiplier


def twin_adjoint_supply(
    markets: Markets,
    delta: Floats,
    v: Floats,
    v_omega: Floats,
    alpha: Floats,
    firms: Ints,
    eta: Floats,
    kappa: Floats | None,
) -> tuple[Floats, Floats, Floats, Floats]:
    """dq/dB (A, K2), dq/drho (G,), lambda (N,), a = dq/dalpha_i at fixed V (A,) (adjoint-supply)."""
    by_coefficient = np.empty_like(markets.coefficients)
    by_rho = np.zeros(0 if markets.rho is None else markets.rho.size)
    multiplier, by_alpha = np.empty_like(delta), np.empty_like(alpha)
    for products, agents, at in markets_of(markets, delta):
        h, slope, e = ownership(firms[products], kappa), alpha[agents], eta[products]
        u = np.linalg.solve((-h * kernel(at, slope)).T, v_omega[products])
        a, b = 1.0 / (1.0 - at.rho)[:, None], (at.rho / (1.0 - at.rho))[:, None]
        same = np.equal.outer(at.group, at.group)
        capital_a = (h * e) @ at.joint
        capital_b = (h * e * same) @ at.inside
        capital_u = (h.T * u) @ at.joint
        tilde_u = b * ((h.T * u * same) @ at.joint)
        n = a * e[:, None] - capital_a - b * capital_b
        through_joint = -at.weights * slope * at.joint * (u[:, None] * n - e[:, None] * capital_u)
        through_inside = at.weights * slope * e[:, None] * at.inside * tilde_u
        h_ij = (
            a * through_joint
            - b * at.inside * at.within(through_joint)
            - at.joint * through_joint.sum(axis=0)
            + a * (through_inside - at.inside * at.within(through_inside))
        )
        lam = np.linalg.solve(delta_jacobian(at), v[products] + h_ij.sum(axis=1))
        by_coefficient[agents] = (h_ij + _demand_part(at, lam)).T @ markets.x2[products]
        multiplier[products] = lam
        by_alpha[agents] = -at.weights * ((at.joint * n).T @ u)
        if markets.nests is not None:
            mean = at.within(at.inside * at.utility)
            inner = through_inside * (at.utility - mean) - at.weights * slope * at.joint * u[:, None] * (
                e[:, None] - capital_b
            )
            direct = through_joint - at.weights * lam[:, None] * at.joint
            part = _by_rho(at, direct) + (inner * a**2).sum(axis=1)
            np.add.at(by_rho, markets.nests[products], part)
    return by_coefficient, by_rho, multiplier, by_alpha


def _demand_part(at: Choice, lam: Floats) -> Floats:
    """-w_i s_ij [lam_j/(1-rho) - rho/(1-rho) mean over the nest - mean over all] (J, I) (adjoint)."""
    over_nest = at.within(at.inside * lam[:, None])
    over_all = lam @ at.joint
    a, b = 1.0 / (1.0 - at.rho)[:, None], (at.rho / (1.0 - at.rho))[:, None]
    result: Floats = -at.weights * at.joint * (a * lam[:, None] - b * over_nest - over_all)
    return result


def _by_rho(at: Choice, direct: Floats) -> Floats:
    """sum_ij y_ij dlog s_ij/drho_g (J,), to be added up over the products of each nest (dlogs-drho).

    direct: y_ij (J, I). The part common to a nest stands at the nest's first product.
    """
    keep = (1.0 - at.rho)[:, None]
    mean = at.within(at.inside * at.utility)
    own = at.utility / keep**2 - at.log_d[at.group] - at.rho[:, None] * mean / keep**2
    out: Floats = (direct * own).sum(axis=1)
    slope = -at.log_d[at.group] + mean / keep  # dIV_ig/drho_g
    common = (at.nest[at.group] * slope * direct.sum(axis=0)).sum(axis=1)
    first = np.unique(at.group, return_index=True)[1]
    out[first] -= common[first]
    return out
