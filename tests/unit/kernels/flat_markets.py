"""Random markets for the tests of the kernels: flat, of uneven sizes, nested or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kanrin.base import Floats, Ints
from kanrin.kernels import Markets, shares


@dataclass(frozen=True)
class Made:
    """Markets, the delta behind them, prices, slopes, owners; x2 column 0 is the price when there is one."""

    markets: Markets
    delta: Floats
    price: Floats
    alpha: Floats
    firms: Ints

    @property
    def observed(self) -> Floats:
        """Shares at delta."""
        return shares(self.markets, self.delta)

    def with_rho(self, rho: Floats) -> Made:
        """The same with other nesting parameters."""
        return replace(self, markets=replace(self.markets, rho=rho))


def made(
    seed: int,
    products: Sequence[int] = (3, 7, 1, 12),
    agents: Sequence[int] = (5, 1, 9, 17),
    *,
    nested: bool = False,
    k2: int = 3,
    firms: int = 3,
    level: float = -1.0,
) -> Made:
    """Uneven markets; some nests hold one product."""
    rng = np.random.default_rng(seed)
    n, a = sum(products), sum(agents)
    price = rng.uniform(0.5, 3.0, n)
    x2 = np.column_stack([price, rng.normal(size=(n, max(0, k2 - 1)))])[:, :k2].copy()
    coefficients = 0.6 * rng.normal(size=(a, k2))
    alpha = -np.exp(rng.normal(0.3, 0.4, a))
    if k2:
        coefficients[:, 0] = alpha
    weights = rng.random(a) + 0.05
    agent_start = np.concatenate([[0], np.cumsum(agents)]).astype(np.int64)
    for t in range(len(agents)):
        rows = slice(agent_start[t], agent_start[t + 1])
        weights[rows] /= weights[rows].sum()
    markets = Markets(
        np.concatenate([[0], np.cumsum(products)]).astype(np.int64), x2, agent_start, weights, coefficients,
        rng.integers(0, 3, n) if nested else None, np.array([0.2, 0.0, 0.7]) if nested else None,
    )  # fmt: skip
    return Made(markets, rng.normal(level, 1.0, n), price, alpha, rng.integers(0, firms, n))
