"""Find the mean utilities that reproduce observed shares: (inversion), SQUAREM first, then Newton.

Sources: BLP 1995; Varadhan & Roland 2008; Reynaerts, Varadhan & Nash 2012. The Newton system L d = s R is
solved exactly: L = diag(s) - sum_i w_i s_i s_i' is a diagonal less a matrix of rank I, so that I equations
do (Woodbury), or J when J <= I. Where kernels are compiled, each draw is a market of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats, InputError, SolveError
from kanrin.demand._shares import choice_probabilities
from kanrin.kernels import Markets, invert, is_native

__all__ = ["Inversion", "InversionBatch", "invert_many", "invert_shares"]

_TARGET = 1e-13  # |log S - log s| at which MODEL 2.5 stops
_FLOOR = 1e-12  # accepted once the residual no longer halves: rounding
_TO_NEWTON = 1e-2
_LONGEST_STEP = 3.0  # cap of a Newton step, utils
_MAX_STEPS = 300


@dataclass(frozen=True)
class Inversion:
    """Mean utilities and how well they were found."""

    delta: Floats  # (J,) utils, price effect left out
    residual: float  # |log S - log s(delta)|, largest
    bound: float  # largest distance to the exact delta (delta-bound)
    steps: int
    converged: bool
    advice: str


@dataclass(frozen=True)
class InversionBatch:
    """Mean utilities for many parameter draws; a failed draw is marked, its delta is missing (NaN)."""

    delta: Floats  # (D, J) utils
    residual: Floats  # (D,)
    bound: Floats  # (D,)
    steps: int
    converged: Bools  # (D,)


def invert_shares(
    observed: Floats,
    consumer_price: Floats,
    alpha: Floats,
    weights: Floats,
    *,
    start: Floats | None = None,
    name: str = "market",
) -> Inversion:
    """delta with s(delta) = S (inversion), (squarem), (newton), (delta-bound).

    observed: S (J,) shares of potential buyers; consumer_price: (J,) money, as the estimate defines it;
    alpha: (I,), utils per unit of money; weights: (I,); start: (J,) a delta near by; name: for errors.
    Raises InputError for shares that are not positive or sum to one or more, SolveError when it does not
    converge.
    """
    batch = invert_many(observed, consumer_price, np.asarray(alpha)[None, :], weights, start=start)
    residual, bound = float(batch.residual[0]), float(batch.bound[0])
    if not batch.converged[0]:
        raise SolveError(
            f"{name}: shares not inverted after {batch.steps} steps; largest |log S - log s| is "
            f"{residual:.2e}, expected {_TARGET:.0e}; usual causes are prices in another unit than alpha or "
            "shares too near to one: check units and market size"
        )
    advice = "converged" if residual < _TARGET else "converged to the rounding floor; see `bound`"
    return Inversion(batch.delta[0], residual, bound, batch.steps, True, advice)


def invert_many(
    observed: Floats, consumer_price: Floats, alphas: Floats, weights: Floats, *, start: Floats | None = None
) -> InversionBatch:
    """`invert_shares` for D draws of the price slopes at once (bootstrap, `reinvert`).

    observed: (J,) or (D, J); consumer_price: (J,); alphas: (D, I); weights: (I,); start: (J,) or (D, J), for
    example the delta of the point estimate. Failures are kept and marked. Raises InputError as
    `invert_shares`.
    """
    price, slopes, w = (np.asarray(a, dtype=np.float64) for a in (consumer_price, alphas, weights))
    if slopes.ndim != 2 or w.shape != slopes.shape[1:]:
        raise InputError(f"alphas must be (draws, I) with I weights; got {slopes.shape} and {w.shape}")
    target = _checked_shares(observed, price)
    target = np.broadcast_to(target, (len(slopes), price.size))
    if start is None:
        delta = np.log(target) - np.log1p(-target.sum(axis=1))[:, None] - _mean_attraction(price, slopes, w)
    else:
        delta = np.array(np.broadcast_to(np.asarray(start, dtype=np.float64), target.shape))
    if is_native() and slopes.size and (w >= 0.0).all() and abs(float(w.sum()) - 1.0) < 1e-9:
        return _compiled(target, price, slopes, w, delta)
    return _iterate(target, price, slopes, w, delta)


def _compiled(target: Floats, price: Floats, slopes: Floats, w: Floats, delta: Floats) -> InversionBatch:
    """`_iterate` by the compiled kernel."""
    draws, products = delta.shape
    markets = Markets(
        np.arange(0, draws * products + 1, products),
        np.tile(price, draws)[:, None],
        np.arange(0, slopes.size + 1, w.size),
        np.tile(w, draws),
        slopes.reshape(-1, 1),
    )
    found = invert(markets, target.ravel(), start=delta.ravel())
    answer = np.where(found.converged[:, None], found.delta.reshape(delta.shape), np.nan)
    return InversionBatch(answer, found.residual, found.bound, int(found.steps.max()), found.converged)


def _mean_attraction(price: Floats, slopes: Floats, w: Floats) -> Floats:
    """log sum_i w_i e^(alpha_i p_j), (D, J): the start, exact for one agent and for small shares."""
    effect = price[:, None] * slopes[:, None, :]
    top = effect.max(axis=2)
    result: Floats = top + np.log(np.exp(effect - top[:, :, None]) @ w)
    return result


def _checked_shares(observed: Floats, price: Floats) -> Floats:
    target = np.asarray(observed, dtype=np.float64)
    if target.shape[-1:] != price.shape or target.ndim > 2:
        raise InputError(
            f"shares {target.shape} and prices {price.shape} do not match: one price a product, (J,)"
        )
    if not np.isfinite(price).all():
        raise InputError(f"price of product {int(np.argmin(np.isfinite(price)))} is not a finite number")
    bad = ~(target > 0.0)
    if bad.any():
        j = int(np.argwhere(bad)[0][-1])
        raise InputError(
            f"share of product {j} is {target[..., j].min():.3g}; expected a number above zero: drop the "
            f"product, pool "
            "periods, or ask for the Laplace shares; a zero is never replaced silently"
        )
    inside = target.sum(axis=-1)
    if not (inside < 1.0).all():
        j = int(np.argmax(target.max(axis=0) if target.ndim == 2 else target))
        raise InputError(
            f"shares sum to {inside.max():.6g}, expected less than 1 (largest: product {j}); raise the "
            f"number of "
            "potential buyers or check the units sold"
        )
    return target


def _residual(
    delta: Floats, target: Floats, price: Floats, slopes: Floats, w: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """R = log S - log s, with s_ij, s_i0 and s (inversion)."""
    probabilities, outside = choice_probabilities(delta, slopes, price)
    share: Floats = probabilities @ w
    with np.errstate(divide="ignore"):
        residual: Floats = np.log(target) - np.log(share)
    return residual, probabilities, outside, share


def _newton_step(residual: Floats, probabilities: Floats, share: Floats, w: Floats) -> Floats:
    """d with L d = s R, capped (newton). All leading dimensions are draws."""
    products, agents = probabilities.shape[-2:]
    root = probabilities * np.sqrt(w)
    if products <= agents:
        jacobian = -(root @ np.swapaxes(root, -1, -2))
        jacobian[..., np.arange(products), np.arange(products)] += share
        step = np.linalg.solve(jacobian, (share * residual)[..., None])[..., 0]
    else:
        scaled = root / share[..., None]
        core = np.eye(agents) - np.swapaxes(scaled, -1, -2) @ root
        moment = np.swapaxes(root, -1, -2) @ residual[..., None]
        step = residual + (scaled @ np.linalg.solve(core, moment))[..., 0]
    longest = np.abs(step).max(axis=-1, keepdims=True)
    result: Floats = step * np.minimum(1.0, _LONGEST_STEP / np.maximum(longest, 1e-300))
    return result


def _iterate(target: Floats, price: Floats, slopes: Floats, w: Floats, delta: Floats) -> InversionBatch:
    draws = len(slopes)
    best = np.full(draws, np.inf)
    bound = np.full(draws, np.inf)
    done = np.zeros(draws, dtype=bool)
    answer = delta.copy()
    live = np.arange(draws)
    steps = 0
    while live.size and steps < _MAX_STEPS:
        now, wanted, slope = delta[live], target[live], slopes[live]
        residual, probabilities, outside, share = _residual(now, wanted, price, slope, w)
        size = np.abs(residual).max(axis=1)
        size = np.where(np.isfinite(size), size, np.inf)
        arrived = (size < _TARGET) | ((size < _FLOOR) & (size > 0.5 * best[live]))
        better = size < best[live]
        keep = live[better]
        answer[keep], best[keep] = now[better], size[better]
        with np.errstate(divide="ignore", invalid="ignore"):
            among_buyers = (probabilities * outside[:, None, :]) @ w / share
        bound[keep] = (size / among_buyers.min(axis=1))[better]
        done[live[arrived]] = True
        newton = size < _TO_NEWTON
        move = np.zeros_like(now)
        if (newton & ~arrived).any():
            pick = newton & ~arrived
            move[pick] = _newton_step(residual[pick], probabilities[pick], share[pick], w)
        far = ~newton
        if far.any():
            move[far] = _squarem_step(now[far], residual[far], wanted[far], price, slope[far], w)
        delta[live] = now + move
        live = live[~arrived]
        steps += 1
    answer[~done] = np.nan
    return InversionBatch(answer, best, bound, steps, done)


def _squarem_step(
    delta: Floats, residual: Floats, target: Floats, price: Floats, slopes: Floats, w: Floats
) -> Floats:
    """One SQUAREM move and the contraction after it (squarem), (contraction)."""
    r = np.clip(residual, -_LONGEST_STEP * 10.0, _LONGEST_STEP * 10.0)
    second = _residual(delta + r, target, price, slopes, w)[0]
    v = np.clip(second, -_LONGEST_STEP * 10.0, _LONGEST_STEP * 10.0) - r
    norm = np.linalg.norm(v, axis=1, keepdims=True)
    a = np.clip(np.linalg.norm(r, axis=1, keepdims=True) / np.maximum(norm, 1e-300), 1.0, 100.0)
    jump = 2.0 * a * r + a * a * v
    settle = _residual(delta + jump, target, price, slopes, w)[0]
    result: Floats = jump + np.clip(settle, -_LONGEST_STEP * 10.0, _LONGEST_STEP * 10.0)
    return result
