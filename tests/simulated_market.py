"""Simulated markets for tests of demand and price equilibrium."""

from __future__ import annotations

import numpy as np

from kanrin.demand import lognormal_income_agents
from kanrin.equilibrium import PriceGame


def simulated_game(
    seed: int,
    products: int = 9,
    firms: int = 3,
    *,
    wedges: bool = True,
    kappa: str = "separate",
    nodes: int = 7,
    alpha: float = -3.0,
    income_sd: float = 0.5,
) -> PriceGame:
    """A market with product-specific wedges; `kappa` is "separate", "symmetric" or "asymmetric"."""
    rng = np.random.default_rng(seed)
    agents = lognormal_income_agents(income_sd, nodes)
    owner = np.concatenate([np.arange(firms), rng.integers(0, firms, products - firms)])
    weights_of_others = None
    if kappa != "separate":
        weights_of_others = 0.4 * rng.random((firms, firms))
        if kappa == "symmetric":
            weights_of_others = (weights_of_others + weights_of_others.T) / 2.0
        np.fill_diagonal(weights_of_others, 1.0)
    return PriceGame(
        delta=rng.normal(2.0, 1.0, products),
        alpha=agents.alpha(alpha),
        weights=agents.weights,
        cost=rng.uniform(0.5, 2.0, products),
        keep=rng.uniform(0.75, 0.95, products) if wedges else 1.0,
        ad_valorem=rng.uniform(0.05, 0.15, products) if wedges else 0.0,
        levies=rng.uniform(-0.1, 0.2, products) if wedges else 0.0,
        firms=owner,
        kappa=weights_of_others,
    )
