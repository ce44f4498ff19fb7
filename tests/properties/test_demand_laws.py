"""Laws of random-coefficients shares, whatever the market (MODEL section 10)."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kanrin.demand import (
    choice_probabilities,
    consumer_surplus,
    invert_shares,
    lognormal_income_agents,
    second_choices,
    shares,
)

ADDS_UP = 1e-14  # [D1]
RELABEL = 1e-13  # [D18]
CLONES = 1e-12  # [D19]
ROUND_TRIP = 2e-12  # [D8]

MARKETS = settings(max_examples=40, deadline=None, derandomize=True)
SEEDS = st.integers(0, 10_000)


def market(seed: int, products: int = 7) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    agents = lognormal_income_agents(0.7, 9)
    alpha = agents.alpha(-rng.uniform(0.5, 3.0))
    return rng.normal(0.0, 2.0, products), alpha, rng.uniform(0.3, 5.0, products), agents.weights


@MARKETS
@given(SEEDS)
def test_adding_up_and_relabelling(seed: int) -> None:
    delta, alpha, price, w = market(seed)
    inside, outside = choice_probabilities(delta, alpha, price)
    assert np.abs(inside.sum(axis=0) + outside - 1.0).max() < ADDS_UP
    order, people = np.random.default_rng(seed).permutation(7), np.random.default_rng(seed).permutation(9)
    moved = shares(delta[order], alpha[people], price[order], w[people])
    np.testing.assert_allclose(moved, (inside @ w)[order], rtol=RELABEL)


@MARKETS
@given(SEEDS, st.integers(2, 6))
def test_clones_share_what_one_had(seed: int, n: int) -> None:
    delta, alpha, price, w = market(seed)
    split = np.concatenate([np.full(n, delta[0] - np.log(n)), delta[1:]])
    prices = np.concatenate([np.full(n, price[0]), price[1:]])
    before, after = shares(delta, alpha, price, w), shares(split, alpha, prices, w)
    np.testing.assert_allclose(after[n:], before[1:], rtol=CLONES)
    np.testing.assert_allclose(after[:n].sum(), before[0], rtol=CLONES)
    np.testing.assert_allclose(
        consumer_surplus(split, alpha, prices), consumer_surplus(delta, alpha, price), rtol=CLONES
    )


@MARKETS
@given(SEEDS)
def test_inversion_round_trip(seed: int) -> None:
    delta, alpha, price, w = market(seed)
    observed = shares(delta, alpha, price, w)
    found = invert_shares(observed, price, alpha, w)
    assert np.abs(found.delta - delta).max() < ROUND_TRIP
    np.testing.assert_allclose(shares(found.delta, alpha, price, w), observed, rtol=ROUND_TRIP)


@MARKETS
@given(SEEDS)
def test_nobody_leaves_to_nowhere(seed: int) -> None:
    delta, alpha, price, w = market(seed)
    inside, outside = choice_probabilities(delta, alpha, price)
    table = second_choices(inside, outside, w)
    np.testing.assert_allclose(table.inside.sum(axis=1) + table.outside, 1.0, rtol=1e-12)
    assert (table.inside >= 0.0).all()


@MARKETS
@given(SEEDS, st.floats(0.01, 2.0))
def test_a_dearer_market_is_never_worth_more(seed: int, rise: float) -> None:
    delta, alpha, price, w = market(seed)
    loss = w @ (consumer_surplus(delta, alpha, price + rise) - consumer_surplus(delta, alpha, price))
    bought = shares(delta, alpha, price, w).sum()
    assert -rise * bought * (1.0 + 1e-12) <= loss < 0.0
