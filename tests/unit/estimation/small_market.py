"""A small simulated market with a known price coefficient, shared by the tests beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

ALPHA, BETA, SIGMA = -2.0, 0.5, 1.5
MARKETS, PRODUCTS = 30, 8


def table(seed: int = 5) -> dict[str, Any]:
    """Shares of a logit with one random coefficient on x; price moves with a cost shifter and with xi."""
    rng = np.random.default_rng(seed)
    n = MARKETS * PRODUCTS
    market = np.repeat(np.arange(MARKETS), PRODUCTS)
    wide = np.repeat(rng.uniform(0.2, 3.0, MARKETS), PRODUCTS)  # markets differ in how far products are apart
    x, shifter, xi = wide * rng.uniform(0, 1, n), rng.uniform(0, 1, n), 0.2 * rng.standard_normal(n)
    price = 1.0 + 0.4 * x + shifter + 0.3 * xi + 0.1 * rng.uniform(0, 1, n)
    nodes, weights = np.polynomial.hermite_e.hermegauss(9)
    utility = (1.0 + BETA * x + ALPHA * price + xi)[:, None] + SIGMA * x[:, None] * nodes
    e = np.exp(utility).reshape(MARKETS, PRODUCTS, -1)
    shares = (e / (1 + e.sum(axis=1, keepdims=True))) @ (weights / weights.sum())
    return {
        "market": market, "x": x, "price": price, "shifter": shifter, "share": shares.ravel(),
        "maker": np.tile(["A", "A", "B", "B", "C", "C", "D", "E"], MARKETS),
        "kind": np.tile(["small", "large"], n // 2), "xi": xi,
        "shifter2": shifter**2, "other": rng.standard_normal(n),
    }  # fmt: skip


NAMES = {"shares": "share", "market": "market", "price": "price"}
