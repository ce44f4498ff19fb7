"""Elasticities and diversion of an estimate: against finite differences, and where margins cannot be had."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_market import NAMES, table

from kanrin.base import Floats, SolveError, UnknownName
from kanrin.estimation import (
    EstimationResults,
    GaussHermite,
    Lognormal,
    build_problem,
    differentiation_instruments,
    estimate,
)
from kanrin.simulation import elasticities, estimated_market, own_elasticities

ROUND = 1e-12
DIFFERENCE = 1e-7  # central differences of shares


def built(linear: str = "1 + price + x", **more: Any) -> Any:
    data = table()
    spread = differentiation_instruments(data, "x", market="market", firm="maker")
    settings = {"random": "0 + x", "agents": GaussHermite(5), **NAMES, **more}
    return build_problem(data, linear, instruments=["shifter", "shifter2", spread], **settings)


def at(values: dict[str, float], **more: Any) -> EstimationResults:
    """An estimate moved to parameters that are given."""
    shell = estimate(built(**more), at_start=True, sigma=0.5)
    return shell.at(np.array([values.get(name, shell[name]) for name in shell.names]))


def shares(results: EstimationResults, market: int, move: Floats) -> Floats:
    """Shares of a market once prices have moved, by the formula of the nested or plain mixture."""
    fit = results.market(market)
    u = fit.delta[:, None] + fit.mu + fit.alpha * move[:, None]
    if fit.nests is None:
        e = np.exp(u)
        return (e / (1 + e.sum(axis=0))) @ fit.weights
    keep = 1 - fit.rho[:, None]
    e = np.exp(u / keep)
    same = (fit.nests[:, None] == fit.nests).astype(float)
    d = same @ e
    first = np.unique(fit.nests, return_index=True)[1]
    outside = 1 + (d**keep)[first].sum(axis=0)
    return (e / d * d**keep / outside) @ fit.weights


@pytest.mark.parametrize(
    ("values", "more"),
    [
        ({"price": -2.0, "sigma[x]": 1.5}, {}),
        ({"price": -2.0, "sigma[x]": 1.5, "rho": 0.6}, {"nest": "kind"}),
        ({"price": -2.0, "sigma[x]": 1.0, "sigma[price]": 0.4}, {"random": "0 + x + price"}),
        (
            {"mean[price]": 0.5, "sigma[price]": 0.3},
            {"linear": "1 + x", "random": "0 + price", "forms": {"price": Lognormal(-1)}},
        ),
    ],
)
def test_elasticities_are_finite_differences_of_shares(values: dict[str, float], more: Any) -> None:
    results = at(values, **more)
    found = results.substitution(7)
    step, prices = 1e-5, results.market(7).prices
    by_hand = np.empty((8, 8))
    for k in range(8):
        move = np.zeros(8)
        move[k] = step
        slope = (shares(results, 7, move) - shares(results, 7, -move)) / (2 * step)
        by_hand[:, k] = slope * prices[k] / found.shares
    np.testing.assert_allclose(found.elasticities, by_hand, atol=DIFFERENCE)
    np.testing.assert_allclose(results.elasticities(7), found.elasticities, rtol=ROUND)
    np.testing.assert_allclose(results.own_elasticities[found.rows], np.diagonal(by_hand), atol=DIFFERENCE)
    together = (shares(results, 7, step * prices) - shares(results, 7, -step * prices)).sum() / (2 * step)
    assert found.aggregate == pytest.approx(together / found.shares.sum(), abs=DIFFERENCE)
    assert results.aggregate_elasticities["7"] == found.aggregate
    np.testing.assert_allclose(found.diversion.sum(axis=1) + found.diversion_outside, 1.0, rtol=ROUND)
    assert (found.diversion >= 0).all() and (found.diversion_outside > 0).all()


def test_they_are_those_of_the_simulated_market() -> None:
    results = at({"price": -2.0, "sigma[x]": 1.0}, firms="maker")
    market = estimated_market(results.market(3))
    prices = results.market(3).prices
    np.testing.assert_allclose(results.elasticities(3), elasticities(market.demand, prices), rtol=1e-9)
    np.testing.assert_allclose(
        results.substitution(3).own, own_elasticities(market.demand, prices), rtol=1e-9
    )


def test_elasticities_stand_where_margins_cannot_be_had() -> None:
    """A price coefficient of zero: no margin, no cost, elasticities of zero."""
    results = at({"price": 0.0, "sigma[x]": 1.0}, firms="maker")
    fit = results.market(4)
    assert fit.costs is None
    assert "market 4: margins cannot be found" in fit.costs_fault
    assert "price coefficient below zero" in fit.costs_fault
    np.testing.assert_array_equal(results.own_elasticities, 0.0)
    with pytest.raises(SolveError, match="market 0: margins cannot be found"):
        _ = results.costs


def test_elasticities_need_no_firms() -> None:
    results = at({"price": -2.0})
    assert results.market(0).costs is None and results.market(0).costs_fault == ""
    assert (results.own_elasticities < 0).all()
    with pytest.raises(UnknownName):
        results.substitution("nowhere")
