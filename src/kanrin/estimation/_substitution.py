"""How buyers answer to prices at an estimate: own, cross and aggregate elasticities, diversion (elasticity).

Needs demand alone: no firms, no margins, no costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, Ints, SolveError
from kanrin.estimation._market import Choice, Flat, choice_of, derivative_kernel, price_slopes_of

__all__ = ["MarketPoint", "Substitution", "market_costs", "substitution_of"]

_SINGULAR = 1e-14  # reciprocal condition of Delta below which margins are noise


@dataclass(frozen=True)
class Substitution:
    """One market: rows and columns are its products, in the order of the data."""

    name: str
    rows: Ints  # (J,) row of the data
    shares: Floats  # (J,) of the buyers the agents stand for
    prices: Floats  # (J,) what the buyer pays
    by_price: Floats  # (J, J) dS_k/dp_j: row = price moved, column = share

    def __repr__(self) -> str:
        return (
            f"Substitution({self.name}: {len(self.rows)} products, own elasticities {self.own.min():.3g} to "
            f"{self.own.max():.3g}, aggregate {self.aggregate:.3g})"
        )

    @property
    def elasticities(self) -> Floats:
        """(J, J) e_kj = dS_k/dp_j p_j/S_k: row = share, column = price moved."""
        out: Floats = self.by_price.T * self.prices / self.shares[:, None]
        return out

    @property
    def own(self) -> Floats:
        """(J,) own-price elasticities."""
        out: Floats = np.diagonal(self.by_price) * self.prices / self.shares
        return out

    @property
    def aggregate(self) -> float:
        """Per cent change of the sum of shares when all prices rise by one per cent."""
        return float(self.prices @ self.by_price.sum(axis=1) / self.shares.sum())

    @property
    def diversion(self) -> Floats:
        """(J, J) part of the buyers whom a small rise of p_j (row) drives off that go to k; zero diagonal."""
        out: Floats = -self.by_price / np.diagonal(self.by_price)[:, None]
        np.fill_diagonal(out, 0.0)
        return out

    @property
    def diversion_outside(self) -> Floats:
        """(J,) part that buys nothing."""
        out: Floats = 1.0 - self.diversion.sum(axis=1)
        return out


@dataclass(frozen=True)
class MarketPoint:
    """What one market is solved from: arrays of all markets and the number of one."""

    flat: Flat
    coefficients: Floats  # (A, K2)
    rho: Floats  # (N,)
    delta: Floats  # (N,)
    slope: Floats  # (N,) price slope that comes with X1
    t: int

    @property
    def products(self) -> slice:
        """Places of the market's products."""
        return slice(int(self.flat.market_start[self.t]), int(self.flat.market_start[self.t + 1]))

    @property
    def alpha(self) -> Floats:
        """(J, I) dV_ij/dp_j."""
        return price_slopes_of(self.flat, self.coefficients, self.slope, self.t)

    @property
    def choice(self) -> Choice:
        """Probabilities of the market."""
        return choice_of(self.flat, self.coefficients, self.rho, self.delta, self.t)


def substitution_of(at: MarketPoint, name: str, rows: Ints, prices: Floats) -> Substitution:
    """Answers of one market; prices (J,), rows (J,) of the data."""
    choice = at.choice
    return Substitution(name, rows, choice.shares, prices, derivative_kernel(choice, at.alpha))


def market_costs(at: MarketPoint, receipts: Floats) -> Floats:
    """c (J,) = receipts - Delta^-1 (r S/(1+v)) of one market (costs); receipts (J,).

    Raises SolveError, with the market, where Delta is singular.
    """
    assert at.flat.ownership is not None
    matrix = -at.flat.ownership[at.t] * derivative_kernel(at.choice, at.alpha)
    scale = np.abs(np.diagonal(matrix))
    if scale.min() > 0:
        scaled = matrix / scale[:, None]
        if 1.0 / np.linalg.cond(scaled) > _SINGULAR:
            out: Floats = receipts - np.linalg.solve(scaled, at.flat.wedge[at.products] / scale)
            return out
    raise SolveError(
        f"market {at.flat.market_names[at.t]}: margins cannot be found, demand does not answer to prices "
        f"there (own slopes down to {scale.min():.2g}); elasticities stand without them, costs need a price "
        "coefficient below zero"
    )
