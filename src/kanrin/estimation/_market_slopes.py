"""Slopes through the markets: the adjoint gradient, and forward derivatives for the errors.

(adjoint), (adjoint-supply) with slopes that may differ over products too: U_ij = sum_k H_kj u_k alpha_ik
s_ik. The native kernels serve where one price slope serves an agent; the formulas here serve the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kanrin import kernels
from kanrin.base import Floats, Ints
from kanrin.estimation._market import (
    Choice,
    Flat,
    choices_of,
    derivative_kernel,
    kernel_markets,
    price_slopes_of,
)

__all__ = ["Adjoint", "adjoint", "forward"]

_MOST_MOVED = 1 << 22  # doubles of moved coefficients that are looked at together


@dataclass(frozen=True)
class Adjoint:
    """Slopes of the objective: in the coefficients, in rho by product, in delta's price slope, and lambda."""

    by_coefficient: Floats  # (A, K2)
    by_rho: Floats  # (G,) by nest
    by_slope: Floats  # (N,) sum_i dq/dalpha_ij
    multiplier: Floats  # (N,)


def adjoint(
    flat: Flat,
    coefficients: Floats,
    rho: Floats,
    delta: Floats,
    v: Floats,
    *,
    v_omega: Floats | None = None,
    eta: Floats | None = None,
    slope: Floats | None = None,
    markets: kernels.Markets | None = None,
    kept: kernels.Kept | None = None,
) -> Adjoint:
    """(adjoint); with v_omega (N,), eta (N,) and slope (N,) also (adjoint-supply)."""
    markets = kernel_markets(flat, coefficients, rho) if markets is None else markets
    if markets is not None and v_omega is None:
        plain = kernels.adjoint(markets, delta, v, kept=kept)
        return Adjoint(plain.by_coefficient, plain.by_rho, np.zeros_like(delta), plain.multiplier)
    if markets is not None and slope is not None and v_omega is not None and eta is not None:
        slopes = flat.agent_slopes(coefficients, slope)
        if slopes is not None and flat.firms is not None:
            return _adjoint_by_kernel(flat, markets, delta, v, v_omega, slopes, eta, kept)
    by_coefficient = np.empty_like(coefficients)
    by_rho, by_slope, multiplier = np.zeros_like(delta), np.zeros_like(delta), np.empty_like(delta)
    for t, products, agents, at in choices_of(flat, coefficients, rho, delta):
        through: Floats = np.zeros_like(at.joint)
        direct: Floats | None = None
        right: Floats = v[products]
        if v_omega is not None:
            assert eta is not None and slope is not None and flat.ownership is not None
            alpha = price_slopes_of(flat, coefficients, slope, t)
            supply = _supply(at, alpha, flat.ownership[t], eta[products], v_omega[products])
            through, direct = supply.h, supply.by_alpha
            right = right + through.sum(axis=1)
            if at.inside is not None:
                by_rho[products] += _rho_supply(at, alpha, supply)
        lam: Floats = np.asarray(np.linalg.solve(derivative_kernel(at, np.ones_like(at.weights)), right))
        multiplier[products] = lam
        total = through + _demand_part(at, lam)
        by_coefficient[agents] = total.T @ flat.x2[products]
        if direct is not None:
            by_coefficient[agents] += direct.T @ flat.x2_by_price[products]
            by_slope[products] = direct.sum(axis=1)
        if at.inside is not None:
            by_rho[products] += _by_rho(at, -at.weights * lam[:, None] * at.joint)
    by_nest = (
        np.zeros(0) if flat.nests is None else np.bincount(flat.nests, weights=by_rho).astype(np.float64)
    )
    return Adjoint(by_coefficient, by_nest, by_slope, multiplier)


def _adjoint_by_kernel(
    flat: Flat,
    markets: kernels.Markets,
    delta: Floats,
    v: Floats,
    v_omega: Floats,
    slopes: Floats,
    eta: Floats,
    kept: kernels.Kept | None,
) -> Adjoint:
    """One slope an agent: the direct way goes to the price's column, its sum to each market's
    first product."""
    assert flat.firms is not None
    found = kernels.adjoint_supply(
        markets, delta, v, v_omega, slopes, flat.firms, eta, kappa=flat.kappa, kept=kept
    )
    assert found.by_alpha is not None
    by_slope = np.zeros_like(delta)
    by_slope[flat.market_start[:-1]] = np.add.reduceat(found.by_alpha, flat.agent_start[:-1])
    direct = found.by_coefficient + np.outer(found.by_alpha, flat.x2_by_price[0])
    return Adjoint(direct, found.by_rho, by_slope, found.multiplier)


def _demand_part(at: Choice, lam: Floats) -> Floats:
    """-w_i s_ij [lam_j/(1-rho) - rho/(1-rho) mean over the nest - mean over all] (adjoint)."""
    inner = at.a * lam[:, None] - lam @ at.joint
    if at.inside is not None:
        inner = inner - at.b * at.within(at.inside * lam[:, None])
    return np.asarray(-at.weights * at.joint * inner)


@dataclass(frozen=True)
class _Supply:
    h: Floats  # (J, I) through utilities
    by_alpha: Floats  # (J, I) a_ij
    u: Floats  # (J,)
    e: Floats  # (J, I)
    f: Floats | None
    n_less: Floats | None  # eta_j - B_ij


def _supply(at: Choice, alpha: Floats, h: Floats, eta: Floats, v_omega: Floats) -> _Supply:
    """Everything of (adjoint-supply) but the solve for lambda."""
    u: Floats = np.asarray(np.linalg.solve((-h * derivative_kernel(at, alpha)).T, v_omega))
    a, b = at.a, at.b
    capital_a = (h * eta) @ at.joint
    moved = (h.T * u) @ (alpha * at.joint)  # U_ij with the slopes inside
    n = a * eta[:, None] - capital_a
    n_less = None
    if at.inside is not None and at.same is not None:
        capital_b = (h * eta * at.same) @ at.inside
        n = n - b * capital_b
        n_less = eta[:, None] - capital_b
    by_alpha = -at.weights * at.joint * u[:, None] * n
    e = alpha * by_alpha + at.weights * at.joint * eta[:, None] * moved
    if at.inside is None or at.same is None:
        return _Supply(e - at.joint * e.sum(axis=0), by_alpha, u, e, None, None)
    nested = b * ((h.T * u * at.same) @ (alpha * at.joint))
    f = at.weights * eta[:, None] * at.inside * nested
    through = (
        a * e - b * at.inside * at.within(e) - at.joint * e.sum(axis=0) + a * (f - at.inside * at.within(f))
    )
    return _Supply(through, by_alpha, u, e, f, n_less)


def _mean_utility(at: Choice) -> Floats:
    assert at.inside is not None
    return at.within(at.inside * at.utility)


def _by_rho(at: Choice, direct: Floats) -> Floats:
    """sum_i y_ij dlog s_ij/drho_g as far as it belongs to each product's nest (J,) (dlogs-drho)."""
    assert at.inside is not None and at.nest is not None and at.log_d is not None
    keep, mean = 1.0 - at.rho, _mean_utility(at)
    own = at.utility / keep**2 - at.log_d - at.rho * mean / keep**2
    slope = -at.log_d + mean / keep  # dIV_ig/drho_g, the same in a nest
    # the term - s_ig dIV_ig sums y over all products: spread over the nest by z_ij, which sums to one
    common = at.inside * at.nest * slope * direct.sum(axis=0)
    return np.asarray((direct * own - common).sum(axis=1))


def _rho_supply(at: Choice, alpha: Floats, s: _Supply) -> Floats:
    assert s.f is not None and s.n_less is not None
    keep = 1.0 - at.rho
    inner = s.f * (at.utility - _mean_utility(at)) - at.weights * alpha * at.joint * s.u[:, None] * s.n_less
    return np.asarray(_by_rho(at, s.e) + (inner / keep**2).sum(axis=1))


def forward(
    flat: Flat,
    coefficients: Floats,
    rho: Floats,
    delta: Floats,
    d_coefficients: Floats,
    d_rho: Floats,
    d_slope: Floats,
    *,
    eta: Floats | None = None,
    slope: Floats | None = None,
) -> tuple[Floats, Floats]:
    """d delta (N, P) and d eta (N, P) along moves dB (P, A, K2), drho (P, N), dslope (P, N) (se).

    d delta = -L^-1 ds;  d eta = Delta^-1 (H o dD) eta, everything moved at constant shares.
    """
    by_delta, by_eta = np.zeros((len(delta), len(d_rho))), np.zeros((len(delta), len(d_rho)))
    markets = kernel_markets(flat, coefficients, rho) if flat.nests is None and slope is None else None
    if markets is not None:
        return _plain_moves(flat, markets, delta, d_coefficients), by_eta
    for t, j, i, at in choices_of(flat, coefficients, rho, delta):
        root = derivative_kernel(at, np.ones_like(at.weights))
        d_mu = np.einsum("jk,pik->pji", flat.x2[j], d_coefficients[:, i], optimize=True)
        fixed = _d_log_joint_rho(at, d_rho[:, j])
        ds = ((_d_log_joint(at, d_mu) + fixed) * at.joint) @ at.weights  # (P, J)
        d_delta = -np.linalg.solve(root, ds.T)
        by_delta[j] = d_delta
        if slope is None or eta is None or flat.ownership is None:
            continue
        alpha, h, e = price_slopes_of(flat, coefficients, slope, t), flat.ownership[t], eta[j]
        d_utility = d_mu + d_delta.T[:, :, None]
        d_log_s = _d_log_joint(at, d_utility) + fixed
        d_alpha = d_slope[:, j, None] + np.einsum(
            "jk,pik->pji", flat.x2_by_price[j], d_coefficients[:, i], optimize=True
        )
        n = at.a * e[:, None] - (h * e) @ at.joint
        d_n = -((h * e) @ (at.joint * d_log_s))
        if at.inside is not None and at.same is not None:
            d_log_z = _d_log_inside(at, d_utility, d_rho[:, j])
            capital_b = (h * e * at.same) @ at.inside
            n = n - at.b * capital_b
            moved_b = at.b * ((h * e * at.same) @ (at.inside * d_log_z))
            d_n = d_n - moved_b + d_rho[:, j, None] * (e[:, None] - capital_b) / (1.0 - at.rho) ** 2
        moved = (d_alpha * at.joint * n + alpha * at.joint * (d_log_s * n + d_n)) @ at.weights
        by_eta[j] = np.linalg.solve(-h * derivative_kernel(at, alpha), moved.T)
    return by_delta, by_eta


def _plain_moves(flat: Flat, markets: kernels.Markets, delta: Floats, d_coefficients: Floats) -> Floats:
    """d delta (N, P) of demand without nests, all markets of one size together.

    With d mu_ij = sum_k x_jk dB_ik: ds_j = sum_i w_i s_ij sum_k dB_ik (x_jk - sum_l s_il x_lk).
    """
    found, count = kernels.choices(markets, delta), len(d_coefficients)
    out = np.empty((len(delta), count))
    most = markets.market_count * _MOST_MOVED // max(d_coefficients.size, 1)
    for j, i, cells in _stacks(markets, found.cell_start, most):
        s, w, x = found.cells[cells].reshape(*j.shape, -1), flat.weights[i], flat.x2[j]
        moved = w[:, :, None, None] * d_coefficients[:, i].transpose(1, 2, 0, 3)  # (T, I, P, K2)
        means = np.matmul(s.transpose(0, 2, 1), x)  # (T, I, K2)
        own = np.matmul(s, moved.reshape(*i.shape, count * x.shape[2])).reshape(*j.shape, *moved.shape[2:])
        over = np.matmul(moved, means[..., None])[..., 0]  # (T, I, P)
        ds = np.matmul(own, x[..., None])[..., 0] - np.matmul(s, over)
        weighted = s * w[:, None]
        root = -np.matmul(weighted, s.transpose(0, 2, 1))
        diagonal = np.arange(j.shape[1])
        root[:, diagonal, diagonal] += weighted.sum(axis=2)
        out[j] = -np.linalg.solve(root, ds)
    return out


def _stacks(markets: kernels.Markets, cell_start: Ints, most: int) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Products (T, J), agents (T, I) and cells (T, J I) of markets of one size, `most` at a time."""
    sizes = np.column_stack([np.diff(markets.market_start), np.diff(markets.agent_start)])
    for products, agents in np.unique(sizes, axis=0):
        which = np.flatnonzero((sizes == (products, agents)).all(axis=1))
        for part in np.array_split(which, -(-len(which) // max(most, 1))):
            yield (
                markets.market_start[part, None] + np.arange(products),
                markets.agent_start[part, None] + np.arange(agents),
                cell_start[part, None] + np.arange(products * agents),
            )


def _d_log_joint(at: Choice, d_utility: Floats) -> Floats:
    """Change of log s_ij with utilities (P, J, I)."""
    out = at.a * d_utility - (at.joint * d_utility).sum(axis=-2, keepdims=True)
    if at.inside is not None:
        out = out - at.b * at.within(at.inside * d_utility)
    return np.asarray(out)


def _d_log_joint_rho(at: Choice, d_rho: Floats) -> Floats:
    """Change of log s_ij with rho at given utilities, drho (P, J) (dlogs-drho)."""
    if at.inside is None or at.nest is None or at.log_d is None or not d_rho.any():
        return np.zeros((len(d_rho), *at.joint.shape))
    keep, mean = 1.0 - at.rho, _mean_utility(at)
    own = (at.utility / keep**2 - at.log_d - at.rho * mean / keep**2) * d_rho[:, :, None]
    slope = (-at.log_d + mean / keep) * d_rho[:, :, None]
    return np.asarray(own - (at.inside * at.nest * slope).sum(axis=-2, keepdims=True))


def _d_log_inside(at: Choice, d_utility: Floats, d_rho: Floats) -> Floats:
    """Change of log z_ij, the probability within the nest (P, J, I)."""
    assert at.inside is not None
    keep = 1.0 - at.rho
    moved = (d_utility - at.within(at.inside * d_utility)) / keep
    return np.asarray(moved + d_rho[:, :, None] * (at.utility - _mean_utility(at)) / keep**2)
