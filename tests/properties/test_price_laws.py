"""Laws that shares and price equilibria obey whatever the market (MODEL section 10)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kanrin.demand import consumer_surplus, shares, shares_by_price
from kanrin.equilibrium import (
    PriceGame,
    first_order,
    pass_through,
    recover_costs,
    solve_lineups,
    solve_prices,
)
from simulated_market import simulated_game

RELABEL = 1e-11  # two solves, each stopped at 1e-12 of the largest price
CLONES = 1e-10  # [E19]
NEVER_CHOSEN = 1e-11  # [E20]
CURRENCY = 1e-11  # [E13]
NEUTRAL = 1e-11  # [E12]
TINY_DUTY = 1e-3  # relative, at a duty of 1e-4 [E16]
TEXTBOOK = 1e-11  # [E11]
ROUND_TRIP = 1e-10  # [E4]

SEEDS = st.integers(0, 10_000)
KAPPAS = st.sampled_from(["separate", "symmetric", "asymmetric"])
MARKETS = settings(max_examples=25, deadline=None, derandomize=True)


def reorder(game: PriceGame, order: np.ndarray) -> PriceGame:
    names = ("delta", "cost", "keep", "ad_valorem", "levies", "firms")
    return replace(game, **{name: getattr(game, name)[order] for name in names})


def append(game: PriceGame, j: int, **changes: float) -> PriceGame:
    """The game with a further product, product j with the changes named."""
    names = ("delta", "cost", "keep", "ad_valorem", "levies", "firms")
    return replace(
        game, **{n: np.append(getattr(game, n), changes.get(n, getattr(game, n)[j])) for n in names}
    )


@MARKETS
@given(SEEDS, KAPPAS)
def test_relabelling_products_agents_and_firms_permutes_the_answer(seed: int, kappa: str) -> None:
    game = simulated_game(seed, kappa=kappa)
    rng = np.random.default_rng(seed)
    products, agents, firms = rng.permutation(9), rng.permutation(7), rng.permutation(3)
    there = np.empty(3, dtype=int)
    there[firms] = np.arange(3)
    moved = replace(
        reorder(game, products),
        alpha=game.alpha[agents],
        weights=game.weights[agents],
        firms=there[game.firms[products]],
        kappa=None if game.kappa is None else game.kappa[np.ix_(firms, firms)],
    )
    one, two = solve_prices(game), solve_prices(moved)
    np.testing.assert_allclose(two.price, one.price[products], rtol=RELABEL)
    np.testing.assert_allclose(two.shares, one.shares[products], rtol=RELABEL * 100)


@MARKETS
@given(SEEDS, st.floats(1e-3, 1e3))
def test_another_currency_scales_prices_and_leaves_shares(seed: int, k: float) -> None:
    game = simulated_game(seed)
    other = replace(game, alpha=game.alpha / k, cost=game.cost * k, levies=game.levies * k)
    one, two = solve_prices(game), solve_prices(other)
    np.testing.assert_allclose(two.price, one.price * k, rtol=CURRENCY)
    np.testing.assert_allclose(two.shares, one.shares, rtol=CURRENCY * 10)
    before = consumer_surplus(game.delta, game.alpha, one.consumer_price)
    after = consumer_surplus(game.delta, other.alpha, two.consumer_price)
    np.testing.assert_allclose(after, before * k, rtol=CURRENCY * 100)


@MARKETS
@given(SEEDS, st.integers(0, 8), st.integers(2, 5), KAPPAS)
def test_a_product_split_in_clones_changes_nothing_else(seed: int, j: int, n: int, kappa: str) -> None:
    game = simulated_game(seed, kappa=kappa)
    delta = game.delta.copy()
    delta[j] -= np.log(n)
    split = replace(game, delta=delta)
    for _ in range(n - 1):
        split = append(split, j)
    one, two = solve_prices(game), solve_prices(split)
    np.testing.assert_allclose(two.price[:9], one.price, rtol=CLONES)
    rest = np.arange(9) != j
    np.testing.assert_allclose(two.shares[:9][rest], one.shares[rest], rtol=CLONES)
    np.testing.assert_allclose(two.shares[j] * n, one.shares[j], rtol=CLONES)


@MARKETS
@given(SEEDS, st.integers(0, 8), KAPPAS)
def test_a_never_chosen_product_changes_nothing(seed: int, j: int, kappa: str) -> None:
    game = simulated_game(seed, kappa=kappa)
    one, two = solve_prices(game), solve_prices(append(game, j, delta=-80.0))
    assert two.converged
    np.testing.assert_allclose(two.price[:9], one.price, rtol=NEVER_CHOSEN)


@MARKETS
@given(SEEDS, KAPPAS)
def test_who_remits_the_tax_does_not_matter(seed: int, kappa: str) -> None:
    """(v, l, r, c) and (0, 0, r/(1+v), c + r l/(1+v)): same consumer prices and margins [E12]."""
    game = simulated_game(seed, kappa=kappa)
    gross = 1.0 + game.ad_valorem
    other = replace(
        game,
        ad_valorem=0.0,
        levies=0.0,
        keep=game.keep / gross,
        cost=game.cost + game.keep * game.levies / gross,
    )
    one, two = solve_prices(game), solve_prices(other)
    np.testing.assert_allclose(two.consumer_price, one.consumer_price, rtol=NEUTRAL * 10)
    np.testing.assert_allclose(two.margin, one.margin, rtol=NEUTRAL * 10)


@MARKETS
@given(SEEDS, st.integers(0, 8))
def test_a_tiny_duty_moves_prices_by_its_pass_through(seed: int, j: int) -> None:
    game = simulated_game(seed)
    base = solve_prices(game)
    duty = np.zeros(9)
    duty[j] = 1e-4 * game.cost[j]
    moved = solve_prices(replace(game, cost=game.cost + duty), start=base.price)
    expected = pass_through(game, base.price).cost @ duty
    assert np.abs(moved.price - base.price - expected).max() < TINY_DUTY * np.abs(expected).max()


@MARKETS
@given(SEEDS)
def test_without_wedges_the_textbook_holds(seed: int) -> None:
    """p = c + Delta^-1 s, Delta = -H o D [E11]."""
    game = simulated_game(seed, wedges=False)
    found = solve_prices(game)
    at = first_order(game, found.price)
    delta = -game.ownership() * shares_by_price(game.alpha, at.probabilities, game.weights)
    np.testing.assert_allclose(found.price, game.cost + np.linalg.solve(delta, found.shares), rtol=TEXTBOOK)


@MARKETS
@given(SEEDS)
def test_a_merger_under_logit_raises_every_merging_price_and_lowers_none(seed: int) -> None:
    """[E17]; only a property of the plain logit."""
    game = simulated_game(seed, income_sd=0.0)
    merged = replace(game, firms=np.where(game.firms == 1, 0, game.firms))
    before, after = solve_prices(game).price, solve_prices(merged).price
    assert (after[game.firms <= 1] > before[game.firms <= 1]).all()
    assert (after >= before * (1.0 - 1e-12)).all()


@MARKETS
@given(SEEDS)
def test_kappa_of_ones_is_one_firm_and_the_identity_is_separate_firms(seed: int) -> None:
    game = simulated_game(seed)
    one_firm = solve_prices(replace(game, firms=np.zeros(9, dtype=int)))
    joint = solve_prices(replace(game, kappa=np.ones((3, 3))))
    np.testing.assert_allclose(joint.price, one_firm.price, rtol=RELABEL)
    apart = solve_prices(replace(game, kappa=np.eye(3)))
    np.testing.assert_allclose(apart.price, solve_prices(game).price, rtol=RELABEL)


@MARKETS
@given(SEEDS, KAPPAS)
def test_recovered_costs_lead_back_to_the_observed_prices(seed: int, kappa: str) -> None:
    game = simulated_game(seed, kappa=kappa)
    observed = solve_prices(game).price * np.random.default_rng(seed).uniform(0.97, 1.03, 9)
    got = recover_costs(
        delta=game.delta, alpha=game.alpha, weights=game.weights, price=observed, firms=game.firms,
        keep=game.keep, ad_valorem=game.ad_valorem, levies=game.levies, kappa=game.kappa,
    )  # fmt: skip
    again = solve_prices(replace(game, cost=got.cost), start=observed * 1.01)
    np.testing.assert_allclose(again.price, observed, rtol=ROUND_TRIP)


@MARKETS
@given(SEEDS, KAPPAS)
def test_a_batch_of_line_ups_equals_its_rows(seed: int, kappa: str) -> None:
    game = simulated_game(seed, kappa=kappa)
    offered = np.random.default_rng(seed).random((4, 9)) < 0.8
    assume(offered.any(axis=1).all())
    batch = solve_lineups(game, offered)
    for row, on in enumerate(offered):
        alone = solve_prices(game, offered=on)
        np.testing.assert_allclose(batch.price[row], alone.price, rtol=1e-9)


@MARKETS
@given(SEEDS)
def test_equilibrium_shares_are_those_of_the_consumer_prices(seed: int) -> None:
    game = simulated_game(seed)
    found = solve_prices(game)
    np.testing.assert_allclose(
        found.consumer_price, (1.0 + game.ad_valorem) * found.price + game.levies, rtol=1e-14
    )
    np.testing.assert_allclose(
        found.shares, shares(game.delta, game.alpha, found.consumer_price, game.weights), rtol=1e-13
    )


@pytest.mark.parametrize("products", [1, 2, 40])
def test_any_number_of_products(products: int) -> None:
    game = simulated_game(1, products=products, firms=min(products, 3))
    assert solve_prices(game).converged
