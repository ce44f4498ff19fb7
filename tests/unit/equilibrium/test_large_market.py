"""A market of the size and kind the program meets: 300 cars, log-normal income on 13 nodes, 22 makers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.demand import invert_many, invert_shares, lognormal_income_agents
from kanrin.equilibrium import PriceGame, certify_solution, recover_costs, solve_lineups, solve_prices

ONE_BY_ONE = 1e-9  # batch stops at 1e-11 of the largest price
ROUND_TRIP = 1e-10  # [E4]
J, CANDIDATES = 290, 7


@pytest.fixture(scope="module")
def market() -> tuple[PriceGame, np.ndarray]:
    """Shares and prices drawn, costs recovered; game and pre-tax prices."""
    rng = np.random.default_rng(0)
    agents = lognormal_income_agents(0.8, 13)
    alpha, weights = agents.alpha(-3.7), agents.weights
    price = np.exp(rng.normal(np.log(3.0), 0.7, J)).clip(1.0, 28.0)
    share = np.exp(rng.normal(-9.5, 1.5, J))
    share *= 0.065 / share.sum()
    firms = np.concatenate([np.arange(22), rng.integers(0, 22, J - 22)])
    found = invert_shares(share, price, alpha, weights)
    got = recover_costs(
        delta=found.delta,
        alpha=alpha,
        weights=weights,
        price=price / 1.1,
        firms=firms,
        keep=0.87,
        ad_valorem=0.1,
    )
    game = PriceGame(
        delta=found.delta, alpha=alpha, weights=weights, cost=got.cost, keep=0.87, ad_valorem=0.1, levies=0.0,
        firms=firms,
    )  # fmt: skip
    return game, price / 1.1


def test_observed_prices_come_back_and_stand_examination(market: tuple[PriceGame, np.ndarray]) -> None:
    game, price = market
    found = solve_prices(game)
    assert found.converged
    np.testing.assert_allclose(found.price, price, rtol=ROUND_TRIP)
    shown = certify_solution(game, found)
    assert shown.second_order_ok and shown.starts_agreeing == shown.starts
    assert shown.largest_deviation_gain <= 1e-12


def test_line_ups_equal_one_by_one(market: tuple[PriceGame, np.ndarray]) -> None:
    game, price = market
    rng = np.random.default_rng(1)
    twins = rng.choice(J, CANDIDATES, replace=False)
    wide = PriceGame(
        delta=np.append(game.delta, game.delta[twins] - 0.5), alpha=game.alpha, weights=game.weights,
        cost=np.append(game.cost, 1.1 * game.cost[twins]), keep=0.87, ad_valorem=0.1, levies=0.0,
        firms=np.append(game.firms, rng.integers(0, 22, CANDIDATES)),
    )  # fmt: skip
    offered = np.ones((128, J + CANDIDATES), dtype=bool)
    offered[:, J:] = (np.arange(128)[:, None] >> np.arange(CANDIDATES)) & 1
    cost = np.repeat(wide.cost[None], 128, axis=0)
    cost[:, J:] *= rng.uniform(1.0, 1.05, (128, CANDIDATES))
    batch = solve_lineups(wide, offered, cost, start=np.append(price, np.full(CANDIDATES, np.nan)))
    assert batch.converged.all()
    for row in (0, 5, 64, 127):
        alone = solve_prices(replace(wide, cost=cost[row]), offered=offered[row])
        np.testing.assert_allclose(batch.price[row], alone.price, rtol=ONE_BY_ONE)
        np.testing.assert_allclose(batch.shares[row], alone.shares, rtol=ONE_BY_ONE)


def test_many_draws_invert(market: tuple[PriceGame, np.ndarray]) -> None:
    game, price = market
    consumer = 1.1 * price
    agents = lognormal_income_agents(0.8, 13)
    share = solve_prices(game, start=price).shares
    draws = agents.alpha(np.random.default_rng(2).normal(-3.7, 0.5, 20).clip(-6.0, -1.5))
    batch = invert_many(share, consumer, draws, agents.weights, start=game.delta)
    assert batch.converged.all()
    alone = invert_shares(share, consumer, draws[11], agents.weights)
    assert np.abs(batch.delta[11] - alone.delta).max() <= batch.bound[11] + alone.bound
