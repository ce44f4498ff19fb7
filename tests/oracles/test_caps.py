"""A cap on a car by another road: bisection on its shadow price, complementarity, a slack cap.

Tolerances: a binding cap is met to 1e-8 of its size; bisection stops at 1e-10 of the price.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.equilibrium import Cap, Games, solve_capped, solve_prices
from kanrin.lineup import Row, make_plan, value_rows
from kanrin.lineup._caps import solve_within_caps
from kanrin.lineup._games import point_game, point_start
from made_plans import TWO, shipped


@pytest.fixture(scope="module")
def plan():
    return make_plan(shipped(), candidates=TWO, draws=6, seed=5, sensitivity=False)


@pytest.fixture(scope="module")
def market_game(plan):
    terms = plan.central.terms
    game = point_game(plan.market, plan.entries, terms.cost[0], terms.keep[0])
    start = point_start(plan.market, terms.cost[0], terms.keep[0])
    return game, start, solve_prices(game, start=start)


def capped(game, start, caps):
    offered = np.ones((1, game.product_count), dtype=bool)
    return solve_within_caps(Games.of(game), offered, game.cost[None, :], np.atleast_2d(caps), start[None])


def test_shadow_price_equals_bisection(market_game):
    game, start, free = market_game
    j = game.product_count - 2
    cap = 0.4 * free.shares[j]
    found, shadow = capped(game, start, [cap, np.inf])
    low, high = 0.0, 5.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        cost = game.cost.copy()
        cost[j] += middle
        q = solve_prices(replace(game, cost=cost), start=start).shares[j]
        low, high = (middle, high) if q > cap else (low, middle)
    assert shadow[0, 0] == pytest.approx(0.5 * (low + high), rel=1e-6)
    assert found.shares[0, j] == pytest.approx(cap, rel=1e-7)
    assert found.converged.all()


def test_complementarity_with_two_caps(market_game):
    game, start, free = market_game
    caps = np.array([0.5 * free.shares[-2], 2.0 * free.shares[-1]])
    found, shadow = capped(game, start, caps)
    slack = caps - found.shares[0, -2:]
    assert (shadow >= 0).all() and (slack >= -1e-7 * caps).all()
    assert np.abs(shadow[0] * slack).max() < 1e-8 * caps.max()


def test_a_slack_cap_changes_nothing(market_game):
    game, start, free = market_game
    offered = np.ones((1, game.product_count), dtype=bool)
    given = (Games.of(game), offered, game.cost[None, :])
    none = solve_within_caps(*given, np.full((1, 2), np.inf), start[None])
    wide = solve_within_caps(*given, 3 * free.shares[None, -2:], start[None])
    assert (none[0].price == wide[0].price).all() and (wide[1] == 0).all()


def test_profit_is_counted_at_true_costs(market_game):
    game, start, free = market_game
    found, _ = capped(game, start, [0.4 * free.shares[-2], np.inf])
    me = game.firms[-1]
    own = game.firms == me
    margin = game.keep * found.price[0] - game.cost
    assert found.profit[0, me] == pytest.approx((margin * found.shares[0])[own].sum(), rel=1e-9)


def test_no_draw_of_a_plan_sells_more_than_its_cap(plan):
    tight = replace(plan.terms, cap=np.full(plan.terms.cap.shape, 150.0))
    rows = [Row((True, True)), Row((True, False))]
    v = value_rows(plan.market, plan.entries, plan.draws, [tight], rows, plan.maker_index)
    assert v.units.max() <= 150.0 * (1 + 1e-6)
    assert v.failures == 0
    assert (v.shadow > 0).any()


def group(game, start, members, caps):
    offered = np.ones((1, game.product_count), dtype=bool)
    return solve_within_caps(
        Games.of(game),
        offered,
        game.cost[None, :],
        np.atleast_2d(caps),
        start[None],
        members=np.array(members),
    )


@pytest.mark.parametrize(
    ("members", "parts"),
    [
        ([[1, 1]], [0.5]),
        ([[1, 0], [0, 1], [1, 1]], [0.6, 3.0, 0.5]),
        ([[1, 0], [0, 1], [1, 1]], [0.9, 0.2, 0.5]),
        ([[1, 0], [1, 1], [1, 1]], [0.02, 0.03, 0.05]),
        ([[1, 0], [0, 1], [1, 1], [1, 1]], [0.5, 0.5, 0.7, 0.4]),
    ],
)
def test_caps_on_several_cars_equal_newton_on_prices_and_shadow_prices(market_game, members, parts):
    """Two algorithms that share no step: here the batch of the plan, there (fb)."""
    game, start, free = market_game
    rows = np.array(members, dtype=np.float64)
    caps = np.array(parts) * (rows @ free.shares[-2:])
    found, shadow = group(game, start, rows, caps)
    assert found.converged.all()
    wide = np.zeros((len(rows), game.product_count))
    wide[:, -2:] = rows
    exact = solve_capped(
        game, [Cap(str(k), a, float(b)) for k, (a, b) in enumerate(zip(wide, caps, strict=True))]
    )
    assert exact.converged and exact.complementarity < 1e-8
    assert found.price[0] == pytest.approx(exact.price[0], rel=1e-7)
    assert shadow[0] == pytest.approx(exact.shadow_price, rel=1e-5, abs=1e-8)


def test_a_slack_cap_on_several_cars_changes_nothing(market_game):
    game, start, free = market_game
    none, _ = capped(game, start, np.full(2, np.inf))
    wide, shadow = group(game, start, [[1.0, 1.0]], [3 * free.shares[-2:].sum()])
    assert (none.price == wide.price).all() and (shadow == 0).all()
