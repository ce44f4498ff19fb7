"""Solving for prices: masks, starts, failures as values, costs, certificate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.equilibrium import (
    PriceGame,
    certify_solution,
    deviation_gains,
    first_order,
    recover_costs,
    recover_many,
    solve_prices,
)
from simulated_market import simulated_game

TOLERANCE = 1e-12  # stop rule of MODEL 3.6
MASKS = 1e-11  # [E20]


@pytest.mark.parametrize("kappa", ["separate", "symmetric", "asymmetric"])
@pytest.mark.parametrize("seed", range(4))
def test_the_stop_rule_holds_and_any_start_leads_there(seed: int, kappa: str) -> None:
    game = simulated_game(seed, kappa=kappa)
    found = solve_prices(game)
    assert found.converged and found.residual <= TOLERANCE
    assert np.abs(first_order(game, found.price).residual).max() <= TOLERANCE * found.price.max()
    for scale in (0.5, 1.0, 4.0):
        again = solve_prices(game, start=found.price * scale)
        np.testing.assert_allclose(again.price, found.price, rtol=1e-10)
    assert found.outside_share == pytest.approx(1.0 - found.shares.sum(), abs=1e-14)


def test_products_not_offered_are_missing_and_the_rest_play_as_if_alone() -> None:
    game = simulated_game(5)
    offered = np.arange(9) != 4
    found = solve_prices(game, offered=offered)
    alone = solve_prices(game.subset(offered))
    assert np.isnan(found.price[4]) and found.shares[4] == 0.0 and np.isnan(found.margin[4])
    np.testing.assert_allclose(found.price[offered], alone.price, rtol=MASKS)


def test_fixed_prices_stay_and_the_free_ones_answer_them() -> None:
    """[E15]"""
    game = simulated_game(6)
    base = solve_prices(game)
    free = np.arange(9) != 1
    start = base.price.copy()
    start[1] *= 1.3
    found = solve_prices(game, free=free, start=start)
    assert found.price[1] == start[1]
    residual = first_order(game, found.price).residual
    assert np.abs(residual[free]).max() <= TOLERANCE * found.price.max()
    assert abs(residual[1]) > 1e-3


def test_nobody_s_product_is_missing_not_zero() -> None:
    """A product with no utility at all is no offer; the others play on [E20]."""
    game = simulated_game(7)
    delta = game.delta.copy()
    delta[0] = -900.0
    with np.errstate(under="ignore"):
        found = solve_prices(replace(game, delta=delta))
    assert np.isnan(found.price[0]) and found.converged
    np.testing.assert_allclose(
        found.price[1:], solve_prices(game, offered=np.arange(9) != 0).price[1:], rtol=MASKS
    )


def test_an_empty_market_is_no_failure() -> None:
    found = solve_prices(simulated_game(8), offered=np.zeros(9, dtype=bool))
    assert found.converged and np.isnan(found.price).all()
    assert found.outside_share == pytest.approx(1.0, abs=1e-14)


def test_bad_masks_and_starts_are_refused() -> None:
    game = simulated_game(9)
    with pytest.raises(InputError, match="flag a product"):
        solve_prices(game, offered=np.ones(3, dtype=bool))
    with pytest.raises(InputError, match="start"):
        solve_prices(game, start=np.ones(3))
    with pytest.raises(InputError, match="not finite"):
        solve_prices(game, start=np.full(9, np.nan))
    with pytest.raises(InputError, match="fixed prices"):
        solve_prices(game, free=np.arange(9) > 0)


def test_negative_costs_are_reported() -> None:
    """Prices far below what the market would bear imply costs below zero."""
    game = simulated_game(10)
    price = solve_prices(game).price
    price[2] = 0.05
    got = recover_costs(
        delta=game.delta, alpha=game.alpha, weights=game.weights, price=price, firms=game.firms,
        keep=game.keep, ad_valorem=game.ad_valorem, levies=game.levies,
    )  # fmt: skip
    assert 2 in got.negative.tolist()
    assert (got.cost[got.negative] < 0.0).all()
    assert (np.delete(got.cost, got.negative) >= 0.0).all()


def test_certificate_of_an_equilibrium() -> None:
    game = simulated_game(11)
    shown = certify_solution(game, solve_prices(game))
    assert shown.max_foc_residual <= TOLERANCE
    assert shown.second_order_ok and shown.largest_eigenvalue < 0.0
    assert (shown.starts, shown.starts_agreeing) == (8, 8)
    assert shown.largest_deviation_gain <= 1e-12
    assert shown.min_abs_alpha == np.abs(game.alpha).min()
    assert shown.outside_share == pytest.approx(solve_prices(game).outside_share, rel=1e-12)


def test_certificate_sees_a_price_that_is_not_optimal() -> None:
    game = simulated_game(12)
    found = solve_prices(game)
    wrong = found.price.copy()
    wrong[0] *= 0.7
    shown = certify_solution(game, replace(found, price=wrong))
    assert shown.max_foc_residual > 1e-3
    assert shown.starts_agreeing == 0
    assert shown.largest_deviation_gain > 1e-3


def test_the_scan_finds_a_far_price_that_pays_more() -> None:
    """[E28]: few buyers hardly mind the price; first and second order hold at the low one all the same."""
    game = PriceGame(
        delta=np.array([1.0]), alpha=np.array([-4.0, -0.05]), weights=np.array([0.95, 0.05]),
        cost=np.array([0.3]), keep=1.0, ad_valorem=0.0, levies=0.0, firms=np.array([0]),
    )  # fmt: skip
    found = solve_prices(game, start=np.array([0.8]))
    assert found.converged and found.price[0] < 2.0
    shown = certify_solution(game, found)
    assert shown.second_order_ok
    assert shown.largest_deviation_gain > 0.1


@pytest.mark.parametrize("kappa", ["separate", "asymmetric"])
def test_the_scan_equals_profit_written_out(kappa: str) -> None:
    """A lone firm and two products, one moved to the grid's best price."""
    game = simulated_game(13, products=4, firms=2, kappa=kappa)
    price = solve_prices(game).price * np.array([0.6, 1.0, 1.0, 1.0])
    gains = deviation_gains(game, price)

    def objective(p: np.ndarray, firm: int) -> float:
        at = first_order(game, p)
        row = (game.firms == firm).astype(float) if game.kappa is None else game.kappa[firm, game.firms]
        return float((row * at.margin * at.shares).sum())

    for firm in range(2):
        now, best = objective(price, firm), -np.inf
        own = np.flatnonzero(game.firms == firm)
        for j in own:
            for p in game.cost[j] / game.keep[j] * np.geomspace(0.5, 40.0, 64):
                best = max(best, objective(np.where(np.arange(4) == j, p, price), firm))
        high = 40.0 * (game.cost[own] / game.keep[own] / price[own]).max()
        for scale in np.geomspace(0.5, high, 64):
            best = max(best, objective(np.where(game.firms == firm, scale * price, price), firm))
        assert gains[firm] == pytest.approx((best - now) / abs(now), rel=1e-9, abs=1e-12)


def test_a_monopoly_nobody_can_refuse_prices_up_to_where_they_can() -> None:
    """With delta + 800 the outside good binds only at a far price: no jump into prices without buyers."""
    game = simulated_game(14, products=3, firms=1, income_sd=0.0)
    found = solve_prices(replace(game, delta=game.delta + 800.0))
    assert found.converged and (found.shares > 0.0).all()
    assert 200.0 < found.price.min() < found.price.max() < 300.0


def test_a_start_beyond_every_buyer_is_brought_back() -> None:
    game = simulated_game(15)
    found = solve_prices(game, start=np.full(9, 1e5))
    np.testing.assert_allclose(found.price, solve_prices(game).price, rtol=1e-10)


def test_costs_of_many_draws_are_those_of_each() -> None:
    game = simulated_game(14)
    price = solve_prices(game).price
    rng = np.random.default_rng(14)
    delta = game.delta + rng.normal(0.0, 0.1, (3, price.size))
    alpha = game.alpha * rng.uniform(0.9, 1.1, (3, 1))
    keep = game.keep * rng.uniform(0.9, 1.0, (3, price.size))
    cost, margin = recover_many(delta, alpha, game.weights, price, game.firms, keep, 0.1)
    for d in range(3):
        alone = recover_costs(
            delta=delta[d], alpha=alpha[d], weights=game.weights, price=price, firms=game.firms,
            keep=keep[d], ad_valorem=0.1,
        )  # fmt: skip
        np.testing.assert_allclose(cost[d], alone.cost, rtol=1e-12)
        np.testing.assert_allclose(margin[d], alone.margin, rtol=1e-12)
