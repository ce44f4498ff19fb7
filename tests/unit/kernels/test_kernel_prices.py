"""Prices of many rows: the same fixed point as `solve_prices` and `solve_lineups`, whatever the path."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kanrin.base import Floats, InputError
from kanrin.equilibrium import PriceGame, chord_at, solve_lineups, solve_prices
from kanrin.kernels import Nearby, PriceRows, price_rows
from kanrin.kernels._twin_prices import PriceRow, zeta_residual
from simulated_market import simulated_game

ANOTHER_ROAD = 1e-9  # both stop at 1e-12 of the largest price


def solve(game: PriceGame, cost: Floats | None = None, **more: Any) -> PriceRows:
    """The kernel on a game; one row unless costs say more."""
    costs = game.cost[None] if cost is None else cost
    return price_rows(
        game.delta, game.alpha, game.weights, np.ascontiguousarray(costs), game.keep, game.ad_valorem,
        game.levies, game.firms, kappa=game.kappa, **more,
    )  # fmt: skip


def inverse_of(game: PriceGame, price: Floats) -> Floats:
    """The chord of the game in the order of its products."""
    chord = chord_at(game, price)
    inverse = np.empty_like(chord.inverse)
    inverse[np.ix_(chord.order, chord.order)] = chord.inverse
    return inverse


@pytest.mark.parametrize("kappa", ["separate", "symmetric", "asymmetric"])
@pytest.mark.parametrize("seed", range(3))
def test_one_row_is_solve_prices(kappa: str, seed: int) -> None:
    game = simulated_game(seed, products=15, firms=4, kappa=kappa, nodes=9)
    alone, found = solve_prices(game), solve(game)
    assert found.converged.all() and found.residual[0] <= 1e-12
    np.testing.assert_allclose(found.price[0], alone.price, rtol=ANOTHER_ROAD)
    np.testing.assert_allclose(found.shares[0], alone.shares, rtol=ANOTHER_ROAD)
    money = np.bincount(game.firms, alone.margin * alone.shares, minlength=4)
    np.testing.assert_allclose(found.profit[0], money, rtol=ANOTHER_ROAD)


@pytest.mark.parametrize("with_chord", [False, True])
def test_rows_of_line_ups_are_solve_lineups(with_chord: bool) -> None:
    game = simulated_game(7, products=44, firms=6)
    delta = game.delta.copy()
    delta[-4:] -= 4.0
    game = replace(game, delta=delta)
    offered = np.ones((16, 44), dtype=bool)
    offered[:, -4:] = (np.arange(16)[:, None] >> np.arange(4)) & 1
    cost = game.cost * np.random.default_rng(7).uniform(0.95, 1.1, offered.shape)
    whole = solve_prices(game)
    more: dict[str, Any] = {"offered": offered, "start": whole.price}
    plain = solve(game, cost, **more)
    found = solve(game, cost, inverse=inverse_of(game, whole.price), **more) if with_chord else plain
    batch = solve_lineups(game, offered, cost, start=whole.price)
    assert found.converged.all()
    np.testing.assert_array_equal(np.isnan(found.price), ~offered)
    np.testing.assert_allclose(found.price, batch.price, rtol=ANOTHER_ROAD)
    np.testing.assert_allclose(found.shares, batch.shares, rtol=ANOTHER_ROAD, atol=1e-300)
    np.testing.assert_allclose(found.profit, batch.profit, rtol=ANOTHER_ROAD, atol=1e-14)
    if with_chord:
        assert found.steps.max() < plain.steps.max()


def test_everything_may_differ_by_row() -> None:
    games = [simulated_game(seed, products=9, firms=3) for seed in range(5)]
    rows = {
        name: np.array([getattr(g, name) for g in games])
        for name in ("delta", "cost", "keep", "ad_valorem", "levies")
    }
    alpha = np.array([g.alpha * (1.0 + 0.1 * k) for k, g in enumerate(games)])
    firms = games[0].firms
    found = price_rows(
        rows["delta"], alpha, games[0].weights, rows["cost"], rows["keep"], rows["ad_valorem"],
        rows["levies"], firms,
    )  # fmt: skip
    for k, game in enumerate(games):
        alone = solve_prices(replace(game, alpha=alpha[k], weights=games[0].weights, firms=firms))
        np.testing.assert_allclose(found.price[k], alone.price, rtol=ANOTHER_ROAD)


def test_fixed_prices_stay_and_the_others_answer() -> None:
    game = simulated_game(9, products=8, firms=3)
    start = solve_prices(game).price * np.random.default_rng(9).uniform(0.9, 1.3, 8)
    free = np.arange(8) % 2 == 0
    found, alone = solve(game, free=free, start=start), solve_prices(game, free=free, start=start)
    np.testing.assert_array_equal(found.price[0, ~free], start[~free])
    np.testing.assert_allclose(found.price[0], alone.price, rtol=ANOTHER_ROAD)


def test_other_tastes_enter_as_a_matrix() -> None:
    """mu that is the same for all agents is a shift of delta."""
    game = simulated_game(10, products=6, firms=2)
    shift = np.random.default_rng(10).normal(size=6)
    mu = np.repeat(shift[:, None], game.alpha.size, axis=1)
    moved = solve(replace(game, delta=game.delta + shift))
    np.testing.assert_allclose(solve(game, mu=mu).price, moved.price, rtol=ANOTHER_ROAD)


@pytest.mark.parametrize(("products", "agents"), [(1, 1), (2, 3), (5, 16), (9, 17), (33, 8)])
def test_the_residual_is_the_twin_s(products: int, agents: int) -> None:
    """No step allowed: what comes back is the start and |m - zeta| there."""
    rng = np.random.default_rng(products)
    game = simulated_game(products, products=products, firms=1 + products // 4, nodes=agents)
    price = game.cost / game.keep + rng.uniform(0.1, 2.0, products)
    found = solve(game, start=price, max_steps=0)
    row = PriceRow(
        game.delta, None, game.alpha, game.weights, game.cost, game.keep, game.ad_valorem, game.levies,
        game.firms, None, np.ones(products, dtype=bool), np.ones(products, dtype=bool),
    )  # fmt: skip
    residual, share, _ = zeta_residual(row, price)
    np.testing.assert_allclose(found.residual[0], np.abs(residual).max() / price.max(), rtol=1e-12)
    np.testing.assert_allclose(found.shares[0], share, rtol=1e-12)
    assert not found.converged[0]


@pytest.mark.parametrize("seed", range(3))
def test_what_is_reported_at_the_end_is_so(seed: int) -> None:
    """Exponentials carried from step to step must not drift: all again, at the prices found."""
    game = simulated_game(20 + seed, products=60, firms=7, nodes=25, income_sd=0.3)
    found = solve(game)
    row = PriceRow(
        game.delta, None, game.alpha, game.weights, game.cost, game.keep, game.ad_valorem, game.levies,
        game.firms, None, np.ones(60, dtype=bool), np.ones(60, dtype=bool),
    )  # fmt: skip
    residual, share, _ = zeta_residual(row, found.price[0])
    assert found.converged[0] and np.abs(residual).max() <= 1.5e-12 * found.price.max()
    np.testing.assert_allclose(found.shares[0], share, rtol=1e-13)


def test_logit_margins_have_a_closed_form() -> None:
    """Common r and v, one agent: m = r/((1+v)|alpha|(1 - s_f)) (logit-margin) [E18]."""
    firms = np.array([0, 0, 1, 2])
    game = PriceGame(
        np.array([1.0, 2.0, 1.5, 0.0]), np.array([-2.0]), np.ones(1), np.array([1.0, 1.2, 0.8, 2.0]),
        0.9, 0.1, 0.0, firms,
    )  # fmt: skip
    found = solve(game)
    by_firm = np.bincount(firms, found.shares[0])[firms]
    margin = 0.9 * found.price[0] - game.cost
    np.testing.assert_allclose(margin, 0.9 / (1.1 * 2.0 * (1.0 - by_firm)), rtol=1e-11)


def test_an_empty_line_up_and_no_rows() -> None:
    game = simulated_game(11, products=5, firms=2)
    nothing = solve(game, offered=np.zeros(5, dtype=bool))
    assert nothing.converged.all() and np.isnan(nothing.price).all() and not nothing.profit.any()
    none = solve(game, np.empty((0, 5)))
    assert none.price.shape == (0, 5) and none.converged.shape == (0,)


def test_huge_utilities_do_not_overflow() -> None:
    game = simulated_game(12, products=6, firms=2)
    found = solve(replace(game, delta=game.delta + 800.0), max_steps=500)
    assert np.isfinite(found.shares).all() and found.shares.sum() <= 1.0 + 1e-12


def test_a_row_nobody_can_buy_in_is_marked_and_hurts_no_other() -> None:
    game = simulated_game(13, products=6, firms=2)
    delta = np.stack([game.delta, game.delta - 5000.0, game.delta])
    found = price_rows(
        delta, game.alpha, game.weights, np.stack([game.cost] * 3), game.keep, game.ad_valorem, game.levies,
        game.firms,
    )  # fmt: skip
    assert found.converged[0] and found.converged[2] and not found.converged[1]
    np.testing.assert_array_equal(found.price[0], found.price[2])


def test_threads_and_company_do_not_change_a_bit() -> None:
    game = simulated_game(14, products=21, firms=5, nodes=11)
    rng = np.random.default_rng(14)
    cost = game.cost * rng.uniform(0.8, 1.2, (37, 21))
    offered = rng.random((37, 21)) < 0.8
    one = solve(game, cost, offered=offered, threads=1)
    for threads in (2, 3):
        many = solve(game, cost, offered=offered, threads=threads)
        np.testing.assert_array_equal(many.price, one.price)
        np.testing.assert_array_equal(many.profit, one.profit)
    last = solve(game, cost[-1:], offered=offered[-1:])
    np.testing.assert_array_equal(last.price[0], one.price[-1])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"cost": np.ones((2, 3))}, "must have shape"),
        ({"alpha": np.array([0.0] * 7)}, "below zero"),
        ({"keep": np.zeros(6)}, "keep"),
        ({"ad_valorem": np.full(6, -1.0)}, "ad_valorem"),
        ({"weights": np.full(7, 0.1)}, "sum to one"),
        ({"free": np.zeros(6, dtype=bool)}, "need a start"),
        ({"start": np.full(6, np.nan)}, "not finite"),
        ({"offered": np.ones(6)}, "must be bool"),
        ({"inverse": np.ones((6, 5))}, "inverse"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"max_steps": -1}, "max_steps"),
        ({"threads": -1}, "threads"),
        ({"kappa": np.eye(1)}, "firms"),
        ({"mu": np.ones((6, 2))}, "mu"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], says: str) -> None:
    game = simulated_game(15, products=6, firms=2)
    given: dict[str, Any] = {
        "delta": game.delta, "alpha": game.alpha, "weights": game.weights, "cost": game.cost[None].copy(),
        "keep": game.keep, "ad_valorem": game.ad_valorem, "levies": game.levies, "firms": game.firms,
    }  # fmt: skip
    with pytest.raises(InputError, match=says):
        price_rows(**(given | change))


def draws_and_rows(markets: int, rows: int) -> dict[str, Any]:
    """Some draws of a market and some line-ups in each, as arguments of `price_rows`."""
    game = simulated_game(16, products=18, firms=4, nodes=21)
    rng = np.random.default_rng(16)
    offered = np.ones((rows, 18), dtype=bool)
    offered[:, -3:] = (np.arange(rows)[::-1, None] >> np.arange(3)) & 1
    delta = game.delta + rng.normal(0.0, 0.2, (markets, 18))
    alpha = game.alpha * rng.uniform(0.8, 1.2, (markets, 1))
    keep = game.keep * rng.uniform(0.9, 1.0, (markets, 18))
    return {
        "delta": delta, "alpha": alpha, "weights": game.weights, "keep": keep,
        "cost": np.repeat(game.cost * rng.uniform(0.9, 1.1, (markets, 1)), rows, axis=0),
        "ad_valorem": game.ad_valorem, "levies": game.levies, "firms": game.firms, "offered": offered,
        "start": np.repeat((game.cost / game.keep * 1.2)[None], markets, axis=0),
    }  # fmt: skip


NEAR = Nearby(np.array([0, 0, 1, 2, 5]), np.array([0, 0, 1, 2, 0]), np.array([1.0, 1.0, 1.0, 1.0, -1.0]))


@pytest.mark.parametrize("nearby", [None, NEAR])
def test_rows_of_many_markets_are_those_markets_one_by_one(nearby: Nearby | None) -> None:
    given = draws_and_rows(3, 4)
    found = price_rows(**given, rows=4, nearby=nearby, threads=2)
    assert found.converged.all()
    for m in range(3):
        for r in range(4):
            own = {k: given[k][m] for k in ("delta", "alpha", "keep", "start")}
            alone = price_rows(
                **(given | own | {"cost": given["cost"][4 * m + r][None], "offered": given["offered"][r]})
            )
            at = 4 * m + r
            np.testing.assert_allclose(found.price[at], alone.price[0], rtol=ANOTHER_ROAD)
            np.testing.assert_allclose(found.shares[at], alone.shares[0], rtol=ANOTHER_ROAD)
            np.testing.assert_allclose(found.profit[at], alone.profit[0], rtol=ANOTHER_ROAD)


def test_a_row_that_begins_at_its_own_answer_needs_no_step() -> None:
    given = draws_and_rows(2, 4)
    given["offered"] = np.repeat(given["offered"][:1], 4, axis=0)
    twice = Nearby(np.array([0, 0, 1, 2, 3]), np.array([0, 1, 2]), np.ones(3))
    steps = price_rows(**given, rows=4, nearby=twice).steps.reshape(2, 4)
    assert (steps[:, 0] > 0).all() and (steps[:, 1:] == 0).all()


def test_buyers_who_buy_nothing_may_be_left_out() -> None:
    """Slopes so steep that nobody at them buys: with four rows and more they are not looked at."""
    given = draws_and_rows(2, 8)
    steep = np.where(np.arange(21) < 6, 60.0, 1.0) * given["alpha"]
    given["alpha"] = np.ascontiguousarray(steep)
    found = price_rows(**given, rows=8)
    for m in range(2):
        own = {k: given[k][m] for k in ("delta", "alpha", "keep", "start")}
        cost = given["cost"][8 * m : 8 * m + 8]
        alone = price_rows(**(given | own | {"cost": cost}))
        np.testing.assert_allclose(found.price[8 * m : 8 * m + 8], alone.price, rtol=ANOTHER_ROAD)
        np.testing.assert_allclose(found.shares[8 * m : 8 * m + 8], alone.shares, rtol=ANOTHER_ROAD)


@pytest.mark.parametrize(
    ("nearby", "rows", "says"),
    [
        (None, 3, "divides"),
        (replace(NEAR, row=np.array([0, 0, 3, 2, 0])), 4, "a row before it"),
        (replace(NEAR, weight=np.array([1.0, 1.0, np.nan, 1.0, -1.0])), 4, "weight"),
        (replace(NEAR, start=np.array([0, 0, 2, 1, 5])), 4, "never fall"),
    ],
)
def test_bad_rows_nearby_are_named(nearby: Nearby | None, rows: int, says: str) -> None:
    with pytest.raises(InputError, match=says):
        price_rows(**draws_and_rows(2, 4), rows=rows, nearby=nearby)
