"""Consumer surplus with constant price slopes (cs); Small & Rosen 1981."""

from __future__ import annotations

import numpy as np

from kanrin.base import Bools, Floats, InputError
from kanrin.demand._shares import log_probabilities

__all__ = ["compensating_variation", "consumer_surplus", "lowest_alpha_share"]


def consumer_surplus(
    delta: Floats, alpha: Floats, consumer_price: Floats, *, offered: Bools | None = None
) -> Floats:
    """CS_i = log(1 + sum_k e^V_ik) / (-alpha_i), (..., I), money per potential buyer, up to a constant (cs).

    delta, consumer_price: (..., J); alpha: (I,), all < 0, else InputError (the surplus has no bound).
    """
    slopes = np.asarray(alpha)
    if not (slopes.real < 0.0).all():
        raise InputError(
            "surplus needs every price slope below zero; a buyer who likes high prices has no surplus"
        )
    _, inclusive = log_probabilities(delta, slopes, consumer_price, offered=offered)
    result: Floats = inclusive / -slopes
    return result


def compensating_variation(before: Floats, after: Floats, weights: Floats, market_size: float) -> float:
    """CV = M sum_i w_i (CS_i after - before), money per period, a loss negative (cs). Surpluses (I,)."""
    return float(market_size * (weights @ (after - before)))


def lowest_alpha_share(
    before: Floats, after: Floats, alpha: Floats, weights: Floats, *, fraction: float = 0.01
) -> float:
    """Share of |CV| carried by the `fraction` of buyers with the smallest |alpha| (cs).

    All arrays (I,); the last agent counts in part. Zero when nothing changes. With few nodes one agent may
    stand for more than the fraction.
    """
    order = np.argsort(np.abs(alpha), kind="stable")
    carried = np.concatenate([[0.0], np.cumsum((weights * np.abs(after - before))[order])])
    reached = np.concatenate([[0.0], np.cumsum(weights[order])])
    if carried[-1] == 0.0:
        return 0.0
    return float(np.interp(fraction * reached[-1], reached, carried) / carried[-1])
