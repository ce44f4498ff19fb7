"""One car among rivals that are given: from its mean utility to its share and back (rc-shares).

`effect` (D, I) is alpha_i p of the car, `rivals` (D, I) is log(1 + sum of e^V of all others).
"""

from __future__ import annotations

import numpy as np

from kanrin.base import Floats

__all__ = ["implied_delta", "log_share", "rival_utility"]

_REACH = 60.0  # utils either side of the first guess
_HALVINGS = 60


def rival_utility(delta: Floats, slopes: Floats, price: Floats, without: int | None) -> Floats:
    """(D, I) log(1 + sum_k e^(delta_k + alpha_i p_k)) over the cars on sale, without one of them."""
    kept = np.ones(price.size, dtype=bool)
    if without is not None:
        kept[without] = False
    utility = delta[:, kept, None] + slopes[:, None, :] * price[kept, None]
    top = np.maximum(utility.max(axis=1), 0.0)
    out: Floats = top + np.log(np.exp(-top) + np.exp(utility - top[:, None, :]).sum(axis=1))
    return out


def log_share(delta: Floats, effect: Floats, rivals: Floats, weights: Floats) -> Floats:
    """(D,) log share of potential buyers of the car at mean utilities delta (D,)."""
    ahead = delta[:, None] + effect - rivals
    log_odds = -np.logaddexp(0.0, -ahead)
    top = log_odds.max(axis=1)
    out: Floats = top + np.log(np.exp(log_odds - top[:, None]) @ weights)
    return out


def implied_delta(log_sold: float, effect: Floats, rivals: Floats, weights: Floats) -> Floats:
    """(D,) the mean utility at which the car's log share is `log_sold`, by halving."""
    middle = log_sold - (effect - rivals) @ weights
    low, high = middle - _REACH, middle + _REACH
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        above = log_share(middle, effect, rivals, weights) > log_sold
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.asarray(0.5 * (low + high))
