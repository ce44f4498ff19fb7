"""A batch of line-ups equals its rows solved one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.equilibrium import PriceGame, first_order, solve_lineups, solve_prices
from simulated_market import simulated_game

ONE_BY_ONE = 1e-9  # batch stops at 1e-11 of the largest price


def check(game: PriceGame, offered: np.ndarray, cost: np.ndarray | None = None, **start: np.ndarray) -> None:
    batch = solve_lineups(game, offered, cost, **start)
    assert batch.converged.all()
    for row, on in enumerate(offered):
        costs = game.cost if cost is None else np.broadcast_to(cost, offered.shape)[row]
        alone = solve_prices(replace(game, cost=costs), offered=on)
        np.testing.assert_allclose(batch.price[row], alone.price, rtol=ONE_BY_ONE)
        np.testing.assert_allclose(batch.shares[row], alone.shares, rtol=ONE_BY_ONE)
        money = np.where(on, alone.margin * alone.shares, 0.0)
        expected = np.bincount(game.firms, weights=money, minlength=game.firm_count)
        np.testing.assert_allclose(batch.profit[row], expected, rtol=ONE_BY_ONE, atol=1e-14)


def small_candidates(seed: int, kappa: str = "separate") -> tuple[PriceGame, np.ndarray]:
    """Forty cars on sale and four small candidates: every combination of them."""
    game = simulated_game(seed, products=44, firms=6, kappa=kappa)
    delta = game.delta.copy()
    delta[-4:] -= 4.0
    offered = np.ones((16, 44), dtype=bool)
    offered[:, -4:] = (np.arange(16)[:, None] >> np.arange(4)) & 1
    return replace(game, delta=delta), offered


@pytest.mark.parametrize("kappa", ["separate", "asymmetric"])
def test_every_combination_of_small_candidates(kappa: str) -> None:
    check(*small_candidates(1, kappa))


def test_costs_may_differ_by_row_and_a_start_may_have_gaps() -> None:
    game, offered = small_candidates(2)
    rng = np.random.default_rng(2)
    cost = game.cost * rng.uniform(0.95, 1.1, offered.shape)
    start = solve_prices(game, offered=offered[0]).price
    assert np.isnan(start).any()
    check(game, offered, cost, start=start)
    check(game, offered, cost[3])


def test_line_ups_that_differ_widely_are_solved_all_the_same() -> None:
    """Half of the market at random: the chord may give up, the answer may not."""
    rng = np.random.default_rng(3)
    check(simulated_game(3, products=12, firms=3), rng.random((20, 12)) < 0.5)


def test_more_rows_than_a_chunk_in_any_order() -> None:
    game, offered = small_candidates(4)
    many = np.repeat(offered, 5, axis=0)
    order = np.random.default_rng(4).permutation(len(many))
    straight, shuffled = solve_lineups(game, many), solve_lineups(game, many[order])
    np.testing.assert_allclose(shuffled.price, straight.price[order], rtol=1e-13)


def test_an_empty_row_and_a_product_on_sale_nowhere() -> None:
    game, offered = small_candidates(5)
    offered[3] = False
    offered[:, 7] = False
    check(game, offered)
    nothing = solve_lineups(game, np.zeros((2, 44), dtype=bool))
    assert np.isnan(nothing.price).all() and not nothing.profit.any() and nothing.converged.all()


def test_a_firm_number_without_products_earns_nothing() -> None:
    game, offered = small_candidates(6)
    moved = replace(game, firms=game.firms + 2)
    batch = solve_lineups(moved, offered)
    assert batch.profit.shape == (16, 8) and not batch.profit[:, :2].any()
    np.testing.assert_allclose(batch.profit[:, 2:], solve_lineups(game, offered).profit, rtol=1e-13)


def test_huge_utilities_do_not_overflow() -> None:
    game = simulated_game(7, products=6, firms=2)
    offered = np.ones((3, 6), dtype=bool)
    offered[1, 0] = offered[2, 5] = False
    game = replace(game, delta=game.delta + 800.0)
    batch = solve_lineups(game, offered)
    assert batch.converged[0] and batch.converged[2]
    for row in np.flatnonzero(batch.converged):
        on = offered[row]
        at = first_order(game.subset(on), batch.price[row, on])
        assert np.abs(at.residual).max() <= 1e-10 * np.abs(at.price).max()


def test_shapes_are_checked() -> None:
    game, offered = small_candidates(8)
    with pytest.raises(InputError, match="offered"):
        solve_lineups(game, offered[:, :-1])
    with pytest.raises(InputError, match="cost"):
        solve_lineups(game, offered, np.ones(3))
    with pytest.raises(InputError, match="start"):
        solve_lineups(game, offered, start=np.ones(3))
