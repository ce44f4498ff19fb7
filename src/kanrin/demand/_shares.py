"""Choice probabilities and shares of the random-coefficients logit (rc-shares); McFadden 1978, BLP 1995."""

from __future__ import annotations

import numpy as np

from kanrin.base import Bools, Floats

__all__ = ["choice_probabilities", "log_probabilities", "shares"]


def _utility(delta: Floats, alpha: Floats, consumer_price: Floats, offered: Bools | None) -> Floats:
    """V_ij = delta_j + alpha_i p^c_j, (..., J, I); an absent product has V = -inf (utility)."""
    price, slope = np.asarray(consumer_price), np.asarray(alpha)
    utility: Floats = np.asarray(delta)[..., :, None] + price[..., :, None] * slope[..., None, :]
    if offered is not None:
        utility = np.where(np.asarray(offered, dtype=bool)[..., :, None], utility, -np.inf)
    return utility


def choice_probabilities(
    delta: Floats, alpha: Floats, consumer_price: Floats, *, offered: Bools | None = None
) -> tuple[Floats, Floats]:
    """Probability that buyer i takes product j, and that he takes none (rc-shares).

    delta: (..., J) mean utility, price effect left out; alpha: (I,) or (..., I), utils per money, < 0;
    consumer_price: (..., J) money, tax included; offered: (..., J), None = all; an absent product has
    probability 0. Returns s_ij (..., J, I) and s_i0 (..., I). Leading dimensions broadcast. Shifted by the
    maximum: no overflow.
    """
    utility = _utility(delta, alpha, consumer_price, offered)
    shift = utility.real.max(axis=-2, initial=0.0)
    utility -= shift[..., None, :]
    np.exp(utility, out=utility)
    outside = np.exp(-shift)
    total = outside + utility.sum(axis=-2)
    utility /= total[..., None, :]
    return utility, outside / total


def log_probabilities(
    delta: Floats, alpha: Floats, consumer_price: Floats, *, offered: Bools | None = None
) -> tuple[Floats, Floats]:
    """log s_ij (..., J, I), Q_i = log(1 + sum_k e^V_ik) (..., I), as `choice_probabilities` (rc-shares)."""
    utility = _utility(delta, alpha, consumer_price, offered)
    shift = utility.real.max(axis=-2, initial=0.0)
    inclusive = shift + np.log(np.exp(-shift) + np.exp(utility - shift[..., None, :]).sum(axis=-2))
    return utility - inclusive[..., None, :], inclusive


def shares(
    delta: Floats, alpha: Floats, consumer_price: Floats, weights: Floats, *, offered: Bools | None = None
) -> Floats:
    """s_j = sum_i w_i s_ij (..., J), of potential buyers (rc-shares); as `choice_probabilities`."""
    probabilities, _ = choice_probabilities(delta, alpha, consumer_price, offered=offered)
    result: Floats = probabilities @ np.asarray(weights)
    return result
