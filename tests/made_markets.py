"""Small markets of every demand system, made from a seed, for tests."""

from __future__ import annotations

import numpy as np

from kanrin.simulation import (
    AIDS,
    CES,
    Linear,
    Logit,
    Market,
    NestedLogit,
    NestedRandomCoefficients,
    RandomCoefficients,
    recover_market,
)

KINDS = ("logit", "logit_inside", "nested", "ces", "aids", "linear", "rc", "rc_mu", "rcnl")
PRODUCTS = ("a", "b", "c", "d", "e")
OWNERS = ("X", "X", "Y", "Z", "Z")


def prices(seed: int = 0) -> np.ndarray:
    """(5,) between one and two."""
    return 1.0 + np.random.default_rng(seed).random(5)


def system(kind: str, seed: int = 0):
    """A demand system of five products; at `prices(seed)` all sell."""
    rng = np.random.default_rng(seed + 100)
    delta, p = rng.normal(size=5), prices(seed)
    r = rng.dirichlet(4.0 * np.ones(5))
    weights, alpha = rng.dirichlet(np.ones(7)), -2.0 - rng.random(7)
    mu = rng.normal(size=(5, 7))
    inner = np.outer(r, r) - np.diag(r)
    return {
        "logit": lambda: Logit(-2.5, delta, 10.0),
        "logit_inside": lambda: Logit(-2.5, delta, 10.0, has_outside=False),
        "nested": lambda: NestedLogit(
            -2.0, delta, np.array([0, 0, 1, 1, 2]), np.array([0.3, 0.6, 0.8]), 10.0
        ),
        "ces": lambda: CES(4.0, np.exp(delta), 7.0),
        "aids": lambda: AIDS(r - 3.0 * inner @ np.log(p), 3.0 * inner, -1.4, 5.0),
        "linear": lambda: Linear(r - 3.0 * (inner - 0.05 * np.eye(5)) @ p, 3.0 * (inner - 0.05 * np.eye(5))),
        "rc": lambda: RandomCoefficients(alpha, delta, weights, None, 3.0),
        "rc_mu": lambda: RandomCoefficients(alpha, delta, weights, mu, 3.0),
        "rcnl": lambda: NestedRandomCoefficients(
            RandomCoefficients(alpha, delta, weights, mu, 3.0),
            np.array([0, 0, 1, 1, 2]),
            np.array([0.3, 0.6, 0.8]),
        ),
    }[kind]()


def market(kind: str, seed: int = 0, **more) -> Market:
    """Three owners of five products; costs recovered at `prices(seed)`."""
    return recover_market(system(kind, seed), prices(seed), PRODUCTS, OWNERS, **more)
