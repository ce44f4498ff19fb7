"""Several markets, flat: what every demand kernel reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, InputError, Ints
from kanrin.kernels._boundary import numbers, starts, whole

__all__ = ["Markets"]

_HIGHEST_RHO = 0.999  # utilities are divided by 1 - rho; beyond, they are noise


@dataclass(frozen=True)
class Markets:
    """Products sorted by market, agents sorted by market; arrays are kept as they are, never copied
    (utility).

    Utility of agent i for product j of his market: V_ij = delta_j + sum_k x2_jk coefficients_ik. A price with
    a random coefficient is a column of x2 and the whole slope a column of coefficients, so that linear,
    lognormal and price over income are one path.
    nests: market-wide ids 0..G-1, with rho (G,) in [0, 1): nested within agents (rcnl-shares); None:
    (rc-shares).
    Raises InputError for wrong dtypes (float64, int64), shapes, strides, numbers that are not finite, empty
    markets, weights below zero or not of sum one in a market, and rho out of range.
    """

    market_start: Ints  # (T+1,) first product of each market, and N
    x2: Floats  # (N, K2)
    agent_start: Ints  # (T+1,) first agent of each market, and A
    weights: Floats  # (A,) sum one in each market
    coefficients: Floats  # (A, K2) utils per unit of x2
    nests: Ints | None = None  # (N,)
    rho: Floats | None = None  # (G,)

    def __post_init__(self) -> None:
        numbers("x2", self.x2, ("N", "K2"))
        n = len(self.x2)
        starts("market_start", self.market_start, n, "products")
        numbers("weights", self.weights, ("A",))
        starts("agent_start", self.agent_start, self.weights.size, "agents", self.market_count)
        if (self.weights < 0.0).any():
            raise InputError(
                f"weights of agents must not be negative; weight {int(np.argmin(self.weights))} is "
                f"{self.weights.min():.4g}: drop the agents without weight"
            )
        if self.market_count:
            sums = np.add.reduceat(self.weights, self.agent_start[:-1])
            if not (np.abs(sums - 1.0) < 1e-8).all():
                t = int(np.argmax(np.abs(sums - 1.0)))
                raise InputError(
                    f"weights of the agents of market {t} sum to {sums[t]:.10g}, expected 1; divide them by "
                    "their sum"
                )
        if (self.nests is None) != (self.rho is None):
            raise InputError("nests and rho go together: give both, or neither for no nests")
        if self.nests is not None and self.rho is not None:
            numbers("rho", self.rho, ("G",))
            whole("nests", self.nests, (n,), below=self.rho.size)
        self._check_tastes()

    def _check_tastes(self) -> None:
        numbers("coefficients", self.coefficients, (self.weights.size, self.x2.shape[1]))
        if self.rho is None:
            return
        fits = (self.rho >= 0.0) & (self.rho <= _HIGHEST_RHO)
        if not fits.all():
            g = int(np.argmin(fits))
            raise InputError(
                f"rho of nest {g} is {self.rho[g]:.6g}; expected at least 0 and at most {_HIGHEST_RHO}: "
                "bound the search there"
            )

    def at(self, coefficients: Floats, rho: Floats | None = None) -> Markets:
        """The same markets with other coefficients (A, K2), and rho (G,) if there are nests.

        Only these are checked again; raises as the class does.
        """
        if (rho is None) != (self.rho is None):
            raise InputError("rho goes with nests: give one a nest, or None where the markets have none")
        if rho is not None and self.rho is not None:
            numbers("rho", rho, (self.rho.size,))
        made = object.__new__(Markets)
        made.__dict__.update(self.__dict__, coefficients=coefficients, rho=rho)
        made._check_tastes()
        return made

    @property
    def market_count(self) -> int:
        """T."""
        return int(self.market_start.size) - 1

    @property
    def product_count(self) -> int:
        """N."""
        return int(self.x2.shape[0])

    @property
    def agent_count(self) -> int:
        """A."""
        return int(self.weights.size)

    def slices(self) -> list[tuple[slice, slice]]:
        """The products and the agents of each market."""
        ends = zip(
            self.market_start[:-1].tolist(),
            self.market_start[1:].tolist(),
            self.agent_start[:-1].tolist(),
            self.agent_start[1:].tolist(),
            strict=True,
        )
        return [(slice(a, b), slice(c, d)) for a, b, c, d in ends]
