"""What a solution can show for itself: residual, curvature, other starts, far deviations (certificate)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats
from kanrin.demand import log_probabilities
from kanrin.equilibrium._firstorder import first_order, foc_jacobian, own_blocks
from kanrin.equilibrium._game import PriceGame
from kanrin.equilibrium._solve import PriceSolution, default_start, solve_prices

__all__ = ["Certificate", "certify_solution", "deviation_gains"]

_SCALES = (1.0, 1.05, 1.5, 3.0, 8.0)  # starts at c/r times these
_AGREE = 1e-8  # relative to the largest price
_HIGHEST = 40.0  # of c/r
_GRID = 64
_LARGEST_LOG = 700.0


@dataclass(frozen=True)
class Certificate:
    """The evidence for one solution (certificate).

    First order, second order and agreeing starts do not suffice under mixed logit [E28]: hence the scan.
    Ratios are pure numbers; `largest_deviation_gain` is relative to the deviating firm's profit.
    """

    max_foc_residual: float  # |r p - c - zeta| / max |p|
    second_order_ok: bool
    largest_eigenvalue: float  # of the firms' (soc) blocks, scaled by |Lambda|; negative at a maximum
    starts: int
    starts_agreeing: int
    largest_deviation_gain: float  # <= 0 when no firm gains on the grid
    min_abs_alpha: float  # utils per unit of money
    outside_share: float


def certify_solution(
    game: PriceGame, solution: PriceSolution, *, offered: Bools | None = None, starts: int = 8, seed: int = 0
) -> Certificate:
    """Examine prices found by `solve_prices`, all free (certificate). `seed` is of the random starts."""
    on_sale = np.isfinite(solution.price)
    if offered is not None:
        on_sale &= np.asarray(offered, dtype=bool)
    inner = game.subset(on_sale)
    price = solution.price[on_sale]
    at = first_order(inner, price)
    largest_price = float(np.abs(price).max(initial=1e-300))
    blocks = own_blocks(inner, at, foc_jacobian(inner, at))
    top = max((float(np.linalg.eigvalsh((b + b.T) / 2.0)[-1]) for b in blocks), default=-np.inf)
    agreeing = 0
    for begin in _starts(inner, starts, seed):
        found = solve_prices(inner, start=begin)
        agreeing += bool(
            found.converged and np.nanmax(np.abs(found.price - price), initial=0.0) <= _AGREE * largest_price
        )
    return Certificate(
        max_foc_residual=float(np.abs(at.residual).max(initial=0.0)) / largest_price,
        second_order_ok=top < 0.0,
        largest_eigenvalue=top,
        starts=starts,
        starts_agreeing=agreeing,
        largest_deviation_gain=float(deviation_gains(inner, price).max(initial=-np.inf)),
        min_abs_alpha=float(np.abs(game.alpha).min()),
        outside_share=float(game.weights @ at.outside),
    )


def _starts(game: PriceGame, count: int, seed: int) -> list[Floats]:
    """c/r times {1, 1.05, 1.5, 3, 8}, then random multiples between 1 and 8, product by product."""
    floor = np.where(game.cost > 0.0, game.cost / game.keep, np.abs(default_start(game)))
    rng = np.random.default_rng(seed)
    fixed = [floor * scale for scale in _SCALES[:count]]
    return fixed + [floor * 8.0 ** rng.random(floor.size) for _ in range(count - len(fixed))]


def deviation_gains(game: PriceGame, price: Floats) -> Floats:
    """Largest gain of each firm's objective over a grid of deviations, rivals fixed: (F,).

    Relative to the objective; -inf for a firm without products.

    Deviations: each own price on a log grid from half its c/r to 40 c/r, and all the firm's prices by a
    common scale. Only one price (or one firm's) moves, so that per-agent sums do the rest: O(I) a product
    and grid point (certificate).
    """
    consumer = game.consumer_price(price)
    log_s, _ = log_probabilities(game.delta, game.alpha, consumer)
    s = np.exp(log_s)  # (J, I)
    margin = game.margin(price)
    objective = np.zeros_like(s)
    for f in np.unique(game.firms):
        kappa = (game.firms == f).astype(float) if game.kappa is None else game.kappa[f, game.firms]
        objective[game.firms == f] = (kappa * margin) @ s
    now = np.full(game.firm_count, np.nan)
    now[game.firms] = objective @ game.weights
    best = np.full(game.firm_count, -np.inf)
    np.maximum.at(best, game.firms, _own_price(game, price, log_s, objective).max(axis=1, initial=-np.inf))
    for f in np.unique(game.firms):
        best[f] = max(best[f], _common_scale(game, price, log_s, margin, int(f)))
    with np.errstate(invalid="ignore", divide="ignore"):
        gains = (best - now) / np.abs(now)
    return np.where(np.isnan(gains), -np.inf, gains)


def _grid(game: PriceGame, price: Floats) -> Floats:
    """(J, G) prices from half c/r to 40 c/r; half the price stands in for a cost at or below zero."""
    floor = np.maximum(game.cost / game.keep, 0.05 * np.abs(price))
    return floor[:, None] * np.geomspace(0.5, _HIGHEST, _GRID)


def _own_price(game: PriceGame, price: Floats, log_s: Floats, objective: Floats) -> Floats:
    """Objective of the setter of j when p_j alone moves to each grid price: (J, G)."""
    grid = _grid(game, price)
    s, own = np.exp(log_s), game.margin(price)
    rest = 1.0 - s  # (J, I), everything but j at the old prices
    others = objective - own[:, None] * s
    move = (1.0 + game.ad_valorem)[:, None] * (grid - price[:, None])
    x = np.exp(np.minimum(log_s[:, None, :] + game.alpha * move[:, :, None], _LARGEST_LOG))  # (J, G, I)
    margin = game.keep[:, None] * grid - game.cost[:, None]
    value = (others[:, None, :] + margin[:, :, None] * x) / (rest[:, None, :] + x)
    result: Floats = value @ game.weights
    return result


def _common_scale(game: PriceGame, price: Floats, log_s: Floats, margin: Floats, firm: int) -> float:
    """Best objective of `firm` when all its prices are multiplied by one factor."""
    own = game.firms == firm
    p = price[own]
    floor = np.maximum(game.cost[own] / game.keep[own], 0.05 * np.abs(p))
    high = _HIGHEST * float((floor / np.maximum(np.abs(p), 1e-300)).max())
    scales = np.geomspace(0.5, max(high, 1.0), _GRID)
    s = np.exp(log_s)
    kappa = own.astype(float) if game.kappa is None else game.kappa[firm, game.firms]
    others = (np.where(own, 0.0, kappa) * margin) @ s  # (I,)
    rest = 1.0 - s[own].sum(axis=0)
    prices = scales[:, None] * p  # (G, Jf)
    move = (1.0 + game.ad_valorem[own]) * (prices - p)
    x = np.exp(np.minimum(log_s[own][None] + game.alpha * move[:, :, None], _LARGEST_LOG))  # (G, Jf, I)
    gain = game.keep[own] * prices - game.cost[own]
    value = (others + (gain[:, :, None] * x).sum(axis=1)) / (rest + x.sum(axis=1))
    return float((value @ game.weights).max())
