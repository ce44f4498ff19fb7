"""Arithmetic of the markets behind an estimate: inversion, margins, adjoint gradient, forward derivatives.

Flat arrays, market by market, plain NumPy; nests and prices of any differentiable form are one path. The
price slope is alpha_ij = slope_j + sum_k (dX2_jk/dp) B_ik, so that (adjoint-supply) stands here for slopes
that differ over products too: U_ij = sum_k H_kj u_k alpha_ik s_ik.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kanrin import kernels
from kanrin.base import Floats, Ints, SolveError
from kanrin.kernels import Inverted

__all__ = ["Flat", "Inverted", "adjoint", "forward", "invert", "margins", "price_slopes_of"]

_TARGET = 1e-13  # |log S - log s| at which MODEL 2.5 stops
_FLOOR = 1e-12  # accepted once the residual no longer halves: rounding
_TO_NEWTON = 1e-2
_LONGEST_STEP = 3.0
_LONGEST_RESIDUAL = 30.0
_MAX_STEPS = 300


@dataclass(frozen=True)
class Flat:
    """Fixed data of T markets: products and agents sorted by market."""

    market_start: Ints  # (T+1,)
    agent_start: Ints  # (T+1,)
    weights: Floats  # (A,) sum one in each market
    x2: Floats  # (N, K2)
    x2_by_price: Floats  # (N, K2) dX2/dp
    shares: Floats  # (N,) of the buyers the agents stand for
    wedge: Floats  # (N,) r S / (1 + v), in the same shares
    nests: Ints | None  # (N,)
    ownership: tuple[Floats, ...] | None  # one (J, J) a market
    market_names: tuple[str, ...]
    firms: Ints | None = None  # (N,)
    kappa: Floats | None = None  # (F, F)

    @cached_property
    def has_negative_weights(self) -> bool:
        """Whether the rule has weights below zero (sparse grids)."""
        return bool((self.weights < 0).any())

    @cached_property
    def is_price_linear(self) -> bool:
        """Whether the price enters X2 linearly: one slope an agent, whatever the product."""
        return bool((self.x2_by_price == self.x2_by_price[:1]).all())

    def agent_slopes(self, coefficients: Floats, slope: Floats) -> Floats | None:
        """alpha_i (A,) where all products of a market share it, else None."""
        first = slope[self.market_start[:-1]]
        if not self.is_price_linear or not (slope == np.repeat(first, np.diff(self.market_start))).all():
            return None
        out: Floats = np.repeat(first, np.diff(self.agent_start)) + coefficients @ self.x2_by_price[0]
        return out

    def parts(self) -> Iterator[tuple[int, slice, slice]]:
        """Number, products and agents of each market."""
        for t in range(len(self.market_start) - 1):
            yield (
                t,
                slice(int(self.market_start[t]), int(self.market_start[t + 1])),
                slice(int(self.agent_start[t]), int(self.agent_start[t + 1])),
            )


@dataclass(frozen=True)
class _Choice:
    """Probabilities of one market; rho (J, 1), zero without nests."""

    utility: Floats  # (J, I)
    joint: Floats  # s_ij
    inside: Floats | None  # z_ij, None without nests
    nest: Floats | None  # s_ig of the product's nest (J, I)
    log_d: Floats | None  # (J, I) of the product's nest
    weights: Floats  # (I,)
    same: Floats | None  # (J, J) 1 where the nest is the same
    rho: Floats  # (J, 1)

    @property
    def shares(self) -> Floats:
        out: Floats = self.joint @ self.weights
        return out

    @property
    def a(self) -> Floats:
        """1 / (1 - rho)."""
        return np.asarray(1.0 / (1.0 - self.rho))

    @property
    def b(self) -> Floats:
        """rho / (1 - rho)."""
        return np.asarray(self.rho / (1.0 - self.rho))

    def within(self, values: Floats) -> Floats:
        """Sum over the product's nest (J, I)."""
        assert self.same is not None
        return np.asarray(self.same @ values)


def _choice(utility: Floats, weights: Floats, nests: Ints | None, rho: Floats) -> _Choice:
    """(rc-shares), (rcnl-shares)."""
    if nests is None:
        shift = np.maximum(utility.max(axis=0), 0.0)
        exp = np.exp(utility - shift)
        joint = exp / (np.exp(-shift) + exp.sum(axis=0))
        return _Choice(utility, joint, None, None, None, weights, None, np.zeros((len(utility), 1)))
    keep = 1.0 - rho[:, None]
    levels, group = np.unique(nests, return_inverse=True)
    scaled = utility / keep
    top = np.full((len(levels), utility.shape[1]), -np.inf)
    np.maximum.at(top, group, scaled)
    exp = np.exp(scaled - top[group])
    total = np.zeros_like(top)
    np.add.at(total, group, exp)
    log_d = top + np.log(total)
    first = np.unique(group, return_index=True)[1]
    inclusive = keep[first] * log_d
    shift = np.maximum(inclusive.max(axis=0), 0.0)
    attraction = np.exp(inclusive - shift)
    by_nest = (attraction / (np.exp(-shift) + attraction.sum(axis=0)))[group]
    inside = exp / total[group]
    same = (group[:, None] == group).astype(np.float64)
    return _Choice(utility, inside * by_nest, inside, by_nest, log_d[group], weights, same, rho[:, None])


def _kernel(at: _Choice, field: Floats) -> Floats:
    """K(a), field (J, I) or (I,) (kernel)."""
    weighted = at.weights * field * at.joint
    out: Floats = -(weighted @ at.joint.T)
    if at.inside is not None and at.same is not None:
        out -= at.same * ((weighted * at.b) @ at.inside.T)
    out[np.diag_indices_from(out)] += weighted.sum(axis=1) * at.a[:, 0]
    return out


def _choices(
    flat: Flat, coefficients: Floats, rho: Floats, delta: Floats
) -> Iterator[tuple[int, slice, slice, _Choice]]:
    for t, products, agents in flat.parts():
        utility = delta[products, None] + flat.x2[products] @ coefficients[agents].T
        nests = None if flat.nests is None else flat.nests[products]
        yield t, products, agents, _choice(utility, flat.weights[agents], nests, rho[products])


def kernel_markets(flat: Flat, coefficients: Floats, rho: Floats) -> kernels.Markets | None:
    """The markets as the kernels read them; None where they do not serve (rules with weights below zero)."""
    if flat.has_negative_weights:
        return None
    by_nest = None
    if flat.nests is not None:
        by_nest = np.zeros(int(flat.nests.max()) + 1)
        by_nest[flat.nests] = rho
    return kernels.Markets(
        flat.market_start, flat.x2, flat.agent_start, flat.weights, coefficients, flat.nests, by_nest
    )


def invert(flat: Flat, coefficients: Floats, rho: Floats, start: Floats) -> Inverted:
    """delta (N,) with s(delta) = S in every market (inversion), (squarem), (newton). rho (N,) by product."""
    markets = kernel_markets(flat, coefficients, rho)
    if markets is not None:
        return kernels.invert(markets, flat.shares, start=start)
    count = len(flat.market_start) - 1
    delta, residual, bound = np.empty_like(start), np.empty(count), np.empty(count)
    steps, converged = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool)
    for t, products, agents in flat.parts():
        mu = flat.x2[products] @ coefficients[agents].T
        nests = None if flat.nests is None else flat.nests[products]
        found = _invert_one(
            mu, flat.weights[agents], nests, rho[products], flat.shares[products], start[products]
        )
        delta[products], residual[t], bound[t], steps[t], converged[t] = found
    return Inverted(delta, residual, bound, steps, converged)


def _invert_one(
    mu: Floats, weights: Floats, nests: Ints | None, rho: Floats, observed: Floats, start: Floats
) -> tuple[Floats, float, float, int, bool]:
    target, damp = np.log(observed), 1.0 - rho

    def at(point: Floats) -> tuple[_Choice, Floats]:
        found = _choice(point[:, None] + mu, weights, nests, rho)
        with np.errstate(divide="ignore", invalid="ignore"):
            return found, target - np.log(found.shares)

    def contract(gap: Floats) -> Floats:
        return np.asarray(damp * np.clip(gap, -_LONGEST_RESIDUAL, _LONGEST_RESIDUAL))

    delta, best, smallest, bound = start, start, np.inf, np.inf
    for step in range(_MAX_STEPS):
        found, gap = at(delta)
        size = float(np.abs(gap).max())
        if not np.isfinite(size) and np.isnan(size):
            break
        arrived = size < _TARGET or (size < _FLOOR and size > 0.5 * smallest)
        if size < smallest:
            best, smallest = delta, size
            outside = 1.0 - found.joint.sum(axis=0)
            among = (found.joint * outside) @ weights / found.shares
            bound = size / max(float(among.min()), 1e-300)
        if arrived:
            return best, smallest, bound, step, True
        if size < _TO_NEWTON:
            try:
                move = np.linalg.solve(_kernel(found, np.ones_like(weights)), found.shares * gap)
            except np.linalg.LinAlgError:
                break
            delta = delta + move * min(1.0, _LONGEST_STEP / max(float(np.abs(move).max()), 1e-300))
        else:
            r = contract(gap)
            v = contract(at(delta + r)[1]) - r
            length = float(np.linalg.norm(r)) / max(float(np.linalg.norm(v)), 1e-300)
            a = min(max(length, 1.0), 100.0)
            jump = np.clip(2.0 * a * r + a * a * v, -_LONGEST_RESIDUAL, _LONGEST_RESIDUAL)
            delta = delta + jump
            delta = delta + contract(at(delta)[1])
    return best, smallest, bound, _MAX_STEPS, False


def price_slopes_of(flat: Flat, coefficients: Floats, slope: Floats, t: int) -> Floats:
    """alpha_ij (J, I) of market t; slope (N,) is the part that comes with X1."""
    products = slice(int(flat.market_start[t]), int(flat.market_start[t + 1]))
    agents = slice(int(flat.agent_start[t]), int(flat.agent_start[t + 1]))
    out: Floats = slope[products, None] + flat.x2_by_price[products] @ coefficients[agents].T
    return out


def margins(flat: Flat, coefficients: Floats, rho: Floats, delta: Floats, slope: Floats) -> Floats:
    """eta (N,) = Delta^-1 (r S/(1+v)), Delta = -H o D (costs). Raises SolveError where Delta is singular."""
    assert flat.ownership is not None
    markets = kernel_markets(flat, coefficients, rho)
    slopes = flat.agent_slopes(coefficients, slope)
    if markets is not None and slopes is not None and flat.firms is not None:
        return kernels.margins(markets, delta, slopes, flat.firms, flat.wedge, kappa=flat.kappa)
    out = np.empty_like(delta)
    for t, products, _, at in _choices(flat, coefficients, rho, delta):
        matrix = -flat.ownership[t] * _kernel(at, price_slopes_of(flat, coefficients, slope, t))
        try:
            out[products] = np.linalg.solve(matrix, flat.wedge[products])
        except np.linalg.LinAlgError:
            raise SolveError(
                f"market {flat.market_names[t]}: margins cannot be found, demand does not answer to prices; "
                "start from a price coefficient below zero"
            ) from None
    return out


def margin_step(
    flat: Flat,
    coefficients: Floats,
    rho: Floats,
    delta: Floats,
    slope: Floats,
    margin: Floats | None,
    keep: Floats,
) -> Floats:
    """zeta (N,) from margins m (N,): m - [(H o D) m + r s/(1+v)] / Lambda (zeta); shares when m is None.

    keep: (N,) r / (1 + v). Lambda_j = sum_i w_i alpha_ij s_ij / (1 - rho).
    """
    out = np.empty_like(delta)
    for t, products, _, at in _choices(flat, coefficients, rho, delta):
        if margin is None or flat.ownership is None:
            out[products] = at.shares
            continue
        alpha = price_slopes_of(flat, coefficients, slope, t)
        capital_lambda = (at.weights * alpha * at.joint).sum(axis=1) * at.a[:, 0]
        m = margin[products]
        gap = (flat.ownership[t] * _kernel(at, alpha)) @ m + keep[products] * at.shares
        out[products] = m - gap / capital_lambda
    return out


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
) -> Adjoint:
    """(adjoint); with v_omega (N,), eta (N,) and slope (N,) also (adjoint-supply)."""
    markets = kernel_markets(flat, coefficients, rho)
    if markets is not None and v_omega is None:
        plain = kernels.adjoint(markets, delta, v)
        return Adjoint(plain.by_coefficient, plain.by_rho, np.zeros_like(delta), plain.multiplier)
    if markets is not None and slope is not None and v_omega is not None and eta is not None:
        slopes = flat.agent_slopes(coefficients, slope)
        if slopes is not None and flat.firms is not None:
            return _adjoint_by_kernel(flat, markets, delta, v, v_omega, slopes, eta)
    by_coefficient = np.empty_like(coefficients)
    by_rho, by_slope, multiplier = np.zeros_like(delta), np.zeros_like(delta), np.empty_like(delta)
    for t, products, agents, at in _choices(flat, coefficients, rho, delta):
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
        lam: Floats = np.asarray(np.linalg.solve(_kernel(at, np.ones_like(at.weights)), right))
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
) -> Adjoint:
    """One slope an agent: the direct way goes to the price's column, its sum to each market's
    first product."""
    assert flat.firms is not None
    found = kernels.adjoint_supply(markets, delta, v, v_omega, slopes, flat.firms, eta, kappa=flat.kappa)
    assert found.by_alpha is not None
    by_slope = np.zeros_like(delta)
    by_slope[flat.market_start[:-1]] = np.add.reduceat(found.by_alpha, flat.agent_start[:-1])
    direct = found.by_coefficient + np.outer(found.by_alpha, flat.x2_by_price[0])
    return Adjoint(direct, found.by_rho, by_slope, found.multiplier)


def _demand_part(at: _Choice, lam: Floats) -> Floats:
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


def _supply(at: _Choice, alpha: Floats, h: Floats, eta: Floats, v_omega: Floats) -> _Supply:
    """Everything of (adjoint-supply) but the solve for lambda."""
    u: Floats = np.asarray(np.linalg.solve((-h * _kernel(at, alpha)).T, v_omega))
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


def _mean_utility(at: _Choice) -> Floats:
    assert at.inside is not None
    return at.within(at.inside * at.utility)


def _by_rho(at: _Choice, direct: Floats) -> Floats:
    """sum_i y_ij dlog s_ij/drho_g as far as it belongs to each product's nest (J,) (dlogs-drho)."""
    assert at.inside is not None and at.nest is not None and at.log_d is not None
    keep, mean = 1.0 - at.rho, _mean_utility(at)
    own = at.utility / keep**2 - at.log_d - at.rho * mean / keep**2
    slope = -at.log_d + mean / keep  # dIV_ig/drho_g, the same in a nest
    # the term - s_ig dIV_ig sums y over all products: spread over the nest by z_ij, which sums to one
    common = at.inside * at.nest * slope * direct.sum(axis=0)
    return np.asarray((direct * own - common).sum(axis=1))


def _rho_supply(at: _Choice, alpha: Floats, s: _Supply) -> Floats:
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
    for t, j, i, at in _choices(flat, coefficients, rho, delta):
        root = _kernel(at, np.ones_like(at.weights))
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
        by_eta[j] = np.linalg.solve(-h * _kernel(at, alpha), moved.T)
    return by_delta, by_eta


def _d_log_joint(at: _Choice, d_utility: Floats) -> Floats:
    """Change of log s_ij with utilities (P, J, I)."""
    out = at.a * d_utility - (at.joint * d_utility).sum(axis=-2, keepdims=True)
    if at.inside is not None:
        out = out - at.b * at.within(at.inside * d_utility)
    return np.asarray(out)


def _d_log_joint_rho(at: _Choice, d_rho: Floats) -> Floats:
    """Change of log s_ij with rho at given utilities, drho (P, J) (dlogs-drho)."""
    if at.inside is None or at.nest is None or at.log_d is None or not d_rho.any():
        return np.zeros((len(d_rho), *at.joint.shape))
    keep, mean = 1.0 - at.rho, _mean_utility(at)
    own = (at.utility / keep**2 - at.log_d - at.rho * mean / keep**2) * d_rho[:, :, None]
    slope = (-at.log_d + mean / keep) * d_rho[:, :, None]
    return np.asarray(own - (at.inside * at.nest * slope).sum(axis=-2, keepdims=True))


def _d_log_inside(at: _Choice, d_utility: Floats, d_rho: Floats) -> Floats:
    """Change of log z_ij, the probability within the nest (P, J, I)."""
    assert at.inside is not None
    keep = 1.0 - at.rho
    moved = (d_utility - at.within(at.inside * d_utility)) / keep
    return np.asarray(moved + d_rho[:, :, None] * (at.utility - _mean_utility(at)) / keep**2)
