"""Each model of the base market predicted from all the others, at its own price (backtest).

In closed form at fixed components: with P = V^-1 - V^-1 X (X'V^-1X)^-1 X'V^-1 the error of predicting xi_j
from the others is (P xi)_j / P_jj, on every draw of the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.backtesting._year_fit import normals, parameter_draws
from kanrin.base import Floats, Ints, SolveError
from kanrin.demand import invert_many
from kanrin.lineup import BaseMarket
from kanrin.numerics import deletion_residuals, fit_reml, same_label

__all__ = ["MarketForecasts", "leave_models_out"]

FEWEST = 5  # cars from which a spread is read


@dataclass(frozen=True)
class MarketForecasts:
    """J models, each predicted from the others on D draws; those that no other car can speak for are left
    out."""

    rows: tuple[int, ...]  # rows of the market, N of them
    outcome: Floats  # (N,) log vehicles a year
    gap: Floats  # (N, D) xi less its forecast
    sd: Floats  # (N,) utils
    log_units: Floats  # (N, D)
    log_units_scaled: Floats  # (N, D) the sd of xi multiplied
    brand_cars: tuple[Floats, ...]  # log units of the brand's other cars
    segment_cars: tuple[Floats, ...]  # log units of the body's other cars
    logit: Floats  # (N, D) log units by the plain logit


def leave_models_out(
    market: BaseMarket, *, draws: int = 200, seed: int = 1, scale: float = 1.0
) -> MarketForecasts:
    """Predict every model of a base market from the others; `scale` multiplies the sd of xi in
    `log_units_scaled`.

    Raises SolveError when shares cannot be inverted on some draw.
    """
    estimate, weights = market.estimate, market.agents.weights
    theta = parameter_draws(estimate, normals(draws, len(estimate.order), (seed, 0)))
    taste = [estimate.order.index(n) for n in estimate.beta_names]
    slopes = market.slopes(theta[:, estimate.order.index("alpha")])
    many = invert_many(market.shares, market.list_price, slopes, weights, start=market.inversion.delta)
    if not many.converged.all():
        raise SolveError("backtest: the base market's shares are not inverted on every draw")
    fit = market.xi_model.fit
    projection = fit.inverse - fit.inverse @ fit.X @ fit.beta_cov @ fit.X.T @ fit.inverse
    _, sd = deletion_residuals(fit)
    rows = np.flatnonzero(np.isfinite(sd))
    moved = many.delta - theta[:, taste] @ market.attributes.T - market.xi_model.xi  # (D, J)
    error = (fit.y + moved) @ projection[:, rows] / np.diagonal(projection)[rows]  # (D, N)
    z = normals(draws, rows.size, (seed, 1))
    mean = many.delta[:, rows] - error
    log_units = [
        np.log(market.size) + _log_shares(market, many.delta, slopes, rows, mean + k * sd[rows] * z)
        for k in (1.0, scale)
    ]
    log_sold = np.log(market.units)
    brand = np.array([m.brand for m in market.models])
    body = np.array([m.body for m in market.models])
    return MarketForecasts(
        tuple(map(int, rows)),
        log_sold[rows],
        error.T,
        sd[rows],
        log_units[0].T,
        log_units[1].T,
        tuple(_like(log_sold, brand, int(j)) for j in rows),
        tuple(_like(log_sold, body, int(j)) for j in rows),
        _plain_logit(market, rows, z).T,
    )


def _log_shares(market: BaseMarket, base: Floats, slopes: Floats, rows: Ints, delta: Floats) -> Floats:
    """(D, N) log shares of cars `rows`, one at a time at mean utility delta (D, N) among the others as they
    are."""
    price, weights = market.list_price, market.agents.weights
    out = np.empty(delta.shape)
    for d, alpha in enumerate(slopes):
        effect = price[:, None] * alpha
        old = np.exp(base[d][:, None] + effect)  # (J, I)
        others = 1.0 + old.sum(axis=0) - old[rows]
        new = np.exp(delta[d][:, None] + effect[rows])
        out[d] = np.log((new / (others + new)) @ weights)
    return out


def _like(log_sold: Floats, label: Floats, j: int) -> Floats:
    others = np.arange(log_sold.size) != j
    same = others & (label == label[j])
    out: Floats = log_sold[same if same.sum() >= FEWEST else others]
    return out


def _plain_logit(market: BaseMarket, rows: Ints, z: Floats) -> Floats:
    """(D, N) log units by a logit without random coefficients, each car left out of the fit."""
    outside = 1.0 - float(market.shares.sum())
    y = np.log(market.shares / outside)
    labels = market.xi_model.labels
    X = np.column_stack(
        [np.ones(y.size), labels.is_foreign, labels.is_left, market.list_price, market.attributes]
    )
    X = X[:, np.concatenate([[True], np.ptp(X[:, 1:], axis=0) > 0])]
    fit = fit_reml(y, X, [same_label(g) for g in (labels.brand, labels.body, labels.powertrain)])
    error, sd = deletion_residuals(fit)
    safe = np.isfinite(error[rows])
    v = np.where(safe, y[rows] - error[rows], y.mean()) + np.where(safe, sd[rows], y.std()) * z
    others = 1.0 / outside - np.exp(y[rows])
    out: Floats = np.log(market.size) + v - np.log(others + np.exp(v))
    return out
