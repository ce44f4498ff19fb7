"""From data to an interval of a merger's harm: estimate, take a market, simulate, bootstrap."""

from __future__ import annotations

import numpy as np

from kanrin.estimation import GaussHermite, build_problem, differentiation_instruments, estimate
from kanrin.simulation import Merger, estimated_market, simulate, solve

ROUNDING = 1e-9


def _data() -> dict[str, np.ndarray]:
    """Thirty markets of six products, one taste that varies."""
    rng, markets, products = np.random.default_rng(11), 30, 6
    n = markets * products
    x, shifter, xi = rng.uniform(0, 2, n), rng.uniform(0, 1, n), 0.3 * rng.standard_normal(n)
    price = 1.0 + 0.4 * x + shifter + 0.3 * xi
    nodes, weights = np.polynomial.hermite_e.hermegauss(9)
    utility = (1.0 + x - 2.0 * price + xi)[:, None] + 0.6 * x[:, None] * nodes
    e = np.exp(utility).reshape(markets, products, -1)
    shares = (e / (1.0 + e.sum(axis=1, keepdims=True))) @ (weights / weights.sum())
    return {
        "market": np.repeat(np.arange(markets), products),
        "x": x,
        "price": price,
        "shifter": shifter,
        "share": shares.ravel(),
        "maker": np.tile(list("AABBCD"), markets),
    }


def test_an_estimate_is_simulated_with_an_interval():
    data = _data()
    spread = differentiation_instruments(data, "x", market="market", firm="maker")
    problem = build_problem(
        data, "1 + price + x", random="0 + x", agents=GaussHermite(9), firms="maker", shares="share",
        market="market", price="price", instruments=["shifter", spread],
    )  # fmt: skip
    results = estimate(problem)
    market = estimated_market(results.market("3"), market_size=1000.0)
    seen = solve(market)
    np.testing.assert_allclose(seen.quantities, 1000.0 * data["share"][18:24], rtol=ROUNDING)
    np.testing.assert_allclose(seen.consumer_price, data["price"][18:24], rtol=ROUNDING)
    merger = Merger("A", "B")
    harm = simulate(market, merger).compensating_variation()
    assert harm > 0.0

    def outcome(draw):
        drawn = estimated_market(draw.market("3"), market_size=1000.0)
        return simulate(drawn, merger, evidence=False).compensating_variation()

    draws, failed = results.bootstrap(outcome, n=20)
    assert failed == 0
    assert draws.min() < harm < draws.max()
