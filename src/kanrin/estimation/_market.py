"""Arithmetic of the markets behind an estimate: choices, inversion, margins.

Flat arrays, market by market; nests and prices of any differentiable form are one path. The price slope is
alpha_ij = slope_j + sum_k (dX2_jk/dp) B_ik. Native kernels serve where one price slope serves an agent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kanrin import kernels
from kanrin.base import Floats, Ints, SolveError
from kanrin.kernels import Inverted

__all__ = [
    "Choice",
    "Flat",
    "Inverted",
    "choice_of",
    "choices_of",
    "derivative_kernel",
    "invert",
    "kernel_markets",
    "margin_step",
    "margins",
    "price_slopes_of",
]

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

    @cached_property
    def fixed_markets(self) -> kernels.Markets:
        """The markets before any coefficients: checked once for a whole search."""
        none = np.zeros((len(self.weights), self.x2.shape[1]))
        rho = None if self.nests is None else np.zeros(int(self.nests.max()) + 1)
        return kernels.Markets(
            self.market_start, self.x2, self.agent_start, self.weights, none, self.nests, rho
        )

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
class Choice:
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


def _choice(utility: Floats, weights: Floats, nests: Ints | None, rho: Floats) -> Choice:
    """(rc-shares), (rcnl-shares)."""
    if nests is None:
        shift = np.maximum(utility.max(axis=0), 0.0)
        exp = np.exp(utility - shift)
        joint = exp / (np.exp(-shift) + exp.sum(axis=0))
        return Choice(utility, joint, None, None, None, weights, None, np.zeros((len(utility), 1)))
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
    return Choice(utility, inside * by_nest, inside, by_nest, log_d[group], weights, same, rho[:, None])


def derivative_kernel(at: Choice, field: Floats) -> Floats:
    """K(a), field (J, I) or (I,) (kernel)."""
    weighted = at.weights * field * at.joint
    out: Floats = -(weighted @ at.joint.T)
    if at.inside is not None and at.same is not None:
        out -= at.same * ((weighted * at.b) @ at.inside.T)
    out[np.diag_indices_from(out)] += weighted.sum(axis=1) * at.a[:, 0]
    return out


def choices_of(
    flat: Flat, coefficients: Floats, rho: Floats, delta: Floats
) -> Iterator[tuple[int, slice, slice, Choice]]:
    for t, products, agents in flat.parts():
        yield t, products, agents, choice_of(flat, coefficients, rho, delta, t)


def choice_of(flat: Flat, coefficients: Floats, rho: Floats, delta: Floats, t: int) -> Choice:
    """Probabilities of market t."""
    products = slice(int(flat.market_start[t]), int(flat.market_start[t + 1]))
    agents = slice(int(flat.agent_start[t]), int(flat.agent_start[t + 1]))
    utility = delta[products, None] + flat.x2[products] @ coefficients[agents].T
    nests = None if flat.nests is None else flat.nests[products]
    return _choice(utility, flat.weights[agents], nests, rho[products])


def kernel_markets(flat: Flat, coefficients: Floats, rho: Floats) -> kernels.Markets | None:
    """The markets as the kernels read them; None where they do not serve (rules with weights below zero)."""
    if flat.has_negative_weights:
        return None
    if flat.nests is None:
        return flat.fixed_markets.at(coefficients)
    by_nest = np.zeros(int(flat.nests.max()) + 1)
    by_nest[flat.nests] = rho
    return flat.fixed_markets.at(coefficients, by_nest)


def invert(
    flat: Flat,
    coefficients: Floats,
    rho: Floats,
    start: Floats,
    *,
    markets: kernels.Markets | None = None,
    keep: bool = False,
) -> Inverted:
    """delta (N,) with s(delta) = S in every market (inversion), (squarem), (newton). rho (N,) by product.

    markets: those of `kernel_markets` when they are at hand; keep: leave the kernels' work for what is asked
    next at this delta. Markets that cannot be inverted from `start` are begun again at the closed form of the
    nested logit with the same rho.
    """
    markets = kernel_markets(flat, coefficients, rho) if markets is None else markets
    found = _inverted(flat, coefficients, rho, start, markets, keep)
    if found.converged.all():
        return found
    failed = np.repeat(~found.converged, np.diff(flat.market_start))
    again = np.where(failed, _closed_form(flat, rho), found.delta)
    second = _inverted(flat, coefficients, rho, again, markets, keep)
    return second if second.converged.sum() > found.converged.sum() else found


def _closed_form(flat: Flat, rho: Floats) -> Floats:
    """log S_j - log S_0 - rho log S_{j|g}: exact without random coefficients."""
    sizes = np.diff(flat.market_start)
    market = np.repeat(np.arange(len(sizes)), sizes)
    out: Floats = np.log(flat.shares) - np.log1p(-np.bincount(market, weights=flat.shares))[market]
    if flat.nests is None:
        return out
    nest = market * (int(flat.nests.max()) + 1) + flat.nests
    within = flat.shares / np.bincount(nest, weights=flat.shares)[nest]
    return np.asarray(out - rho * np.log(within))


def _inverted(
    flat: Flat,
    coefficients: Floats,
    rho: Floats,
    start: Floats,
    markets: kernels.Markets | None,
    keep: bool,
) -> Inverted:
    if markets is not None:
        return kernels.invert(markets, flat.shares, start=start, keep=keep)
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

    def at(point: Floats) -> tuple[Choice, Floats]:
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
                move = np.linalg.solve(derivative_kernel(found, np.ones_like(weights)), found.shares * gap)
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


def margins(
    flat: Flat,
    coefficients: Floats,
    rho: Floats,
    delta: Floats,
    slope: Floats,
    *,
    markets: kernels.Markets | None = None,
    kept: kernels.Kept | None = None,
) -> Floats:
    """eta (N,) = Delta^-1 (r S/(1+v)), Delta = -H o D (costs). Raises SolveError where Delta is singular."""
    assert flat.ownership is not None
    markets = kernel_markets(flat, coefficients, rho) if markets is None else markets
    slopes = flat.agent_slopes(coefficients, slope)
    if markets is not None and slopes is not None and flat.firms is not None:
        return kernels.margins(markets, delta, slopes, flat.firms, flat.wedge, kappa=flat.kappa, kept=kept)
    out = np.empty_like(delta)
    for t, products, _, at in choices_of(flat, coefficients, rho, delta):
        matrix = -flat.ownership[t] * derivative_kernel(at, price_slopes_of(flat, coefficients, slope, t))
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
    for t, products, _, at in choices_of(flat, coefficients, rho, delta):
        if margin is None or flat.ownership is None:
            out[products] = at.shares
            continue
        alpha = price_slopes_of(flat, coefficients, slope, t)
        capital_lambda = (at.weights * alpha * at.joint).sum(axis=1) * at.a[:, 0]
        m = margin[products]
        gap = (flat.ownership[t] * derivative_kernel(at, alpha)) @ m + keep[products] * at.shares
        out[products] = m - gap / capital_lambda
    return out
