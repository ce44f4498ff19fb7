"""The market of one year read as a plan reads its base market: inverted at every draw, xi fitted
(xi-model)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from kanrin.backtesting._panel import YearMarket
from kanrin.base import Bools, Floats, SolveError
from kanrin.demand import (
    CarLabels,
    EffectPrior,
    Estimate,
    XiModel,
    fit_xi_model,
    invert_many,
    invert_shares,
    lognormal_income_agents,
)
from kanrin.lineup import latin_hypercube

__all__ = ["YearFit", "fit_year", "labels_of", "normals", "parameter_draws"]

_ALL_RIGHT_HAND = {"left_hand_drive": EffectPrior(0.0, 0.0)}  # the data do not say: no effect
_inverse_normal = np.vectorize(NormalDist().inv_cdf, otypes=[np.float64])


@dataclass(frozen=True)
class YearFit:
    """A market at the point estimate and on D draws of the parameters; `rows` are those the model of xi is
    of."""

    market: YearMarket
    alpha: Floats  # (I,) at the point estimate
    slopes: Floats  # (D, I)
    weights: Floats  # (I,)
    point: Floats  # (J,) delta at the point estimate
    delta: Floats  # (D, J)
    beta: Floats  # (D, K)
    rows: Bools  # (J,)
    model: XiModel

    @property
    def xi(self) -> Floats:
        """(D, J) xi of the cars on sale."""
        out: Floats = self.delta - self.beta @ self.market.attributes.T
        return out


def parameter_draws(estimate: Estimate, normals: Floats) -> Floats:
    """(D, P) parameters from normals (D, P); a draw with alpha >= 0 is mirrored at the estimate
    (bootstrap)."""
    values, vectors = np.linalg.eigh(estimate.covariance)
    theta: Floats = estimate.values + normals @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    bad = theta[:, estimate.order.index("alpha")] >= 0
    theta[bad] = 2 * estimate.values - theta[bad]
    return theta


def normals(count: int, dimensions: int, seed: Sequence[int]) -> Floats:
    """(count, dimensions) standard normals, a Latin hypercube."""
    uniforms = latin_hypercube(count, dimensions, np.random.default_rng(list(seed)))
    return np.asarray(_inverse_normal(uniforms))


def labels_of(market: YearMarket, rows: Bools) -> CarLabels:
    """What the effects go by, of some rows."""

    def taken(column: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(v for v, keep in zip(column, rows, strict=True) if keep)

    return CarLabels(
        taken(market.brand),
        taken(market.body),
        taken(market.powertrain),
        np.zeros(int(rows.sum()), dtype=bool),
        market.is_foreign[rows],
    )


def fit_year(market: YearMarket, rows: Bools, estimate: Estimate, draws: int, seed: int) -> YearFit:
    """Invert a year at the estimate and on draws, and fit the model of xi on `rows`.

    Raises SolveError when shares cannot be inverted on some draw.
    """
    agents = lognormal_income_agents(estimate.log_income_sd, estimate.nodes)
    theta = parameter_draws(estimate, normals(draws, len(estimate.order), (seed, market.year)))
    taste = [estimate.order.index(n) for n in estimate.beta_names]
    alpha, slopes = agents.alpha(estimate.alpha), agents.alpha(theta[:, estimate.order.index("alpha")])
    point = invert_shares(
        market.shares, market.price, alpha, agents.weights, name=f"market of {market.year}"
    ).delta
    many = invert_many(market.shares, market.price, slopes, agents.weights, start=point)
    if not many.converged.all():
        raise SolveError(f"backtest: market of {market.year}: shares not inverted on every draw")
    xi = point - market.attributes @ estimate.beta
    model = fit_xi_model(xi[rows], labels_of(market, rows), priors=_ALL_RIGHT_HAND)
    return YearFit(market, alpha, slopes, agents.weights, point, many.delta, theta[:, taste], rows, model)
