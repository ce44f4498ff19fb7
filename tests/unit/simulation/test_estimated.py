"""A market of an estimate becomes one to simulate, with the same shares, slopes and costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.estimation import MarketFit
from kanrin.simulation import (
    Merger,
    NestedRandomCoefficients,
    estimated_market,
    simulate,
    solve,
)

RNG = np.random.default_rng(4)
J, I = 5, 8  # noqa: E741
PRICES = 1.0 + RNG.random(J)
ALPHA = -2.0 - RNG.random(I)
TASTE = RNG.normal(size=(J, I))
FIT = MarketFit(
    name="2016", rows=np.arange(J), shares=np.full(J, 0.1), represented=0.8, prices=PRICES,
    delta=RNG.normal(size=J), mu=TASTE + ALPHA * PRICES[:, None], alpha=np.tile(ALPHA, (J, 1)),
    weights=RNG.dirichlet(np.ones(I)), nests=None, rho=np.zeros(J), firms=np.array(list("XXYZZ")),
    ownership=np.equal.outer(list("XXYZZ"), list("XXYZZ")).astype(float), costs=None, is_price_linear=True,
)  # fmt: skip


@pytest.mark.parametrize("nested", [False, True])
def test_shares_at_the_prices_seen_are_those_of_the_fit(nested):
    rho = np.array([0.3, 0.3, 0.6, 0.6, 0.6]) if nested else FIT.rho
    nests = np.array([4, 4, 9, 9, 9]) if nested else None
    fit = replace(FIT, nests=nests, rho=rho)
    market = estimated_market(fit, market_size=1000.0)
    v = fit.delta[:, None] + fit.mu
    x = np.exp(v / (1.0 - rho)[:, None])
    group = np.equal.outer(nests, nests) if nested else np.eye(J, dtype=bool)
    d = group @ x
    first = [0, 2] if nested else range(J)
    total = 1.0 + sum(d[k] ** (1.0 - rho[k]) for k in first)
    s = (x / d * d ** (1.0 - rho)[:, None] / total) @ fit.weights
    found = solve(market)
    assert isinstance(market.demand, NestedRandomCoefficients) is nested
    np.testing.assert_allclose(found.quantities, 800.0 * s, rtol=1e-10)
    np.testing.assert_allclose(found.consumer_price, PRICES, rtol=1e-11)
    assert simulate(market, Merger("X", "Y"), evidence=False).compensating_variation() > 0.0


def test_tastes_for_price_alone_are_solved_as_a_price_game():
    market = estimated_market(replace(FIT, mu=ALPHA * PRICES[:, None]))
    assert market.demand.mu is None
    np.testing.assert_allclose(market.demand.delta, FIT.delta, atol=1e-12)


def test_what_cannot_be_priced_is_refused():
    with pytest.raises(InputError, match="slope of a buyer differs"):
        estimated_market(replace(FIT, is_price_linear=False))
    with pytest.raises(InputError, match="knows no firms"):
        estimated_market(replace(FIT, firms=None))
    with pytest.raises(InputError, match="below zero"):
        estimated_market(replace(FIT, alpha=-FIT.alpha))
