"""Agents, choice probabilities (rc-shares) and inversion (inversion)."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.base import InputError, SolveError
from kanrin.demand import (
    Agents,
    choice_probabilities,
    consumer_surplus,
    invert_many,
    invert_shares,
    log_probabilities,
    lognormal_income_agents,
    lowest_alpha_share,
    own_agents,
    shares,
)

ADDS_UP = 1e-14  # [D1]
ROUND_TRIP = 2e-12  # [D8]
MOMENT = 1e-10  # 13 nodes integrate e^(0.8 z) nearly exactly


def market(seed: int, products: int = 12) -> tuple[np.ndarray, np.ndarray, Agents]:
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, 2.0, products), rng.uniform(0.5, 4.0, products), lognormal_income_agents(0.8)


def test_gauss_hermite_agents_have_the_moments_of_log_normal_income() -> None:
    agents = lognormal_income_agents(0.8, 13)
    assert agents.weights.sum() == pytest.approx(1.0, abs=ADDS_UP)
    for power in (-1.0, 1.0):  # E y^k = exp(k^2 sd^2 / 2)
        assert agents.weights @ agents.alpha_scale**power == pytest.approx(np.exp(0.32), rel=MOMENT)


def test_no_spread_is_one_agent() -> None:
    assert lognormal_income_agents(0.0).alpha(-2.0).tolist() == [-2.0]


def test_own_agents_scale_by_income() -> None:
    assert own_agents([0.5, 2.0], [0.3, 0.7]).alpha(-1.0).tolist() == [-2.0, -0.5]
    assert own_agents([0.5, 2.0], [0.3, 0.7]).alpha(np.array([-1.0, -2.0])).shape == (2, 2)


@pytest.mark.parametrize(
    ("scale", "weights"),
    [
        ([1.0, 2.0], [0.5, 0.4]),
        ([1.0, -2.0], [0.5, 0.5]),
        ([1.0, np.nan], [0.5, 0.5]),
        ([1.0, 2.0], [1.5, -0.5]),
        ([1.0], [0.5, 0.5]),
        ([], []),
    ],
)
def test_bad_agents_are_refused(scale: list[float], weights: list[float]) -> None:
    with pytest.raises(InputError):
        Agents(np.array(scale), np.array(weights))


def test_bad_incomes_and_spreads_are_refused() -> None:
    with pytest.raises(InputError):
        own_agents([0.0, 1.0], [0.5, 0.5])
    with pytest.raises(InputError):
        lognormal_income_agents(-0.1)
    with pytest.raises(InputError):
        lognormal_income_agents(0.8, 0)


@pytest.mark.parametrize("shift", [0.0, 2000.0])
def test_probabilities_add_up_and_stay_finite(shift: float) -> None:
    delta, price, agents = market(1)
    inside, outside = choice_probabilities(delta + shift, agents.alpha(-1.0), price)
    assert np.isfinite(inside).all()
    assert np.abs(inside.sum(axis=0) + outside - 1.0).max() < 10 * ADDS_UP


def test_logs_agree_with_levels() -> None:
    delta, price, agents = market(2)
    inside, outside = choice_probabilities(delta, agents.alpha(-1.0), price)
    log_inside, inclusive = log_probabilities(delta, agents.alpha(-1.0), price)
    np.testing.assert_allclose(np.exp(log_inside), inside, rtol=1e-12)
    np.testing.assert_allclose(np.exp(-inclusive), outside, rtol=1e-12)


def test_absent_products_have_no_buyers_and_leave_the_rest_as_if_never_there() -> None:
    delta, price, agents = market(3)
    offered = np.arange(12) % 3 != 0
    inside, outside = choice_probabilities(delta, agents.alpha(-1.0), price, offered=offered)
    alone, alone_outside = choice_probabilities(delta[offered], agents.alpha(-1.0), price[offered])
    assert (inside[~offered] == 0.0).all()
    np.testing.assert_allclose(inside[offered], alone, rtol=1e-14)
    np.testing.assert_allclose(outside, alone_outside, rtol=1e-14)
    nothing, all_outside = choice_probabilities(delta, agents.alpha(-1.0), price, offered=np.zeros(12, bool))
    assert not nothing.any() and (all_outside == 1.0).all()


def test_leading_dimensions_are_independent_markets() -> None:
    delta, price, agents = market(4)
    stack = np.stack([price, 1.1 * price])
    both = shares(delta, agents.alpha(-1.0), stack, agents.weights)
    one_by_one = [shares(delta, agents.alpha(-1.0), p, agents.weights) for p in stack]
    np.testing.assert_allclose(both, one_by_one, rtol=1e-14)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("start", ["plain", "far", "near"])
def test_inversion_returns_the_delta_that_made_the_shares(seed: int, start: str) -> None:
    delta, price, agents = market(seed)
    alpha = agents.alpha(-1.5)
    observed = shares(delta, alpha, price, agents.weights)
    rng = np.random.default_rng(seed)
    begin = {"plain": None, "far": delta + 8.0 * rng.standard_normal(12), "near": delta + 0.01}[start]
    found = invert_shares(observed, price, alpha, agents.weights, start=begin)
    assert found.converged and found.residual < 1e-12
    assert np.abs(found.delta - delta).max() < ROUND_TRIP


def test_more_agents_than_products_takes_the_dense_road_to_the_same_answer() -> None:
    delta, price, _ = market(5, products=4)
    agents = lognormal_income_agents(0.8, 21)
    observed = shares(delta, agents.alpha(-1.0), price, agents.weights)
    found = invert_shares(observed, price, agents.alpha(-1.0), agents.weights)
    assert np.abs(found.delta - delta).max() < ROUND_TRIP


def test_the_bound_is_not_exceeded_near_the_answer() -> None:
    """(delta-bound) at points off the answer, by its definition."""
    delta, price, agents = market(6)
    alpha = agents.alpha(-1.0)
    observed = shares(delta, alpha, price, agents.weights)
    rng = np.random.default_rng(0)
    for _ in range(50):
        off = delta + 1e-4 * rng.standard_normal(12)
        inside, outside = choice_probabilities(off, alpha, price)
        share = inside @ agents.weights
        residual = np.abs(np.log(observed) - np.log(share)).max()
        sigma = (inside * outside) @ agents.weights / share
        assert np.abs(off - delta).max() <= residual / sigma.min() * (1.0 + 1e-3)


def test_many_draws_equal_one_by_one() -> None:
    delta, price, agents = market(7)
    observed = shares(delta, agents.alpha(-1.5), price, agents.weights)
    slopes = np.array([-1.0, -1.5, -2.5])
    batch = invert_many(observed, price, agents.alpha(slopes), agents.weights, start=delta)
    assert batch.converged.all()
    for row, slope in zip(batch.delta, slopes, strict=True):
        alone = invert_shares(observed, price, agents.alpha(slope), agents.weights)
        assert np.abs(row - alone.delta).max() < 2 * ROUND_TRIP


@pytest.mark.parametrize(
    ("change", "words"),
    [(0.0, "product 3"), (-0.1, "product 3"), (np.nan, "product 3"), (0.999, "sum to")],
)
def test_impossible_shares_are_named(change: float, words: str) -> None:
    delta, price, agents = market(8)
    observed = shares(delta, agents.alpha(-1.0), price, agents.weights)
    observed[3] = change
    with pytest.raises(InputError, match=words):
        invert_shares(observed, price, agents.alpha(-1.0), agents.weights)


def test_a_market_that_does_not_invert_fails_by_name() -> None:
    """In yen against a slope per million yen nobody can buy anything: the shares vanish beyond doubles."""
    delta, price, agents = market(9)
    observed = shares(delta, agents.alpha(-1.0), price, agents.weights)
    with np.errstate(all="ignore"), pytest.raises(SolveError, match="nowhere"):
        invert_shares(
            observed, price * 1e6, agents.alpha(-1e3), agents.weights, start=np.zeros(12), name="nowhere"
        )


def test_surplus_refuses_buyers_who_like_high_prices() -> None:
    delta, price, _ = market(10)
    with pytest.raises(InputError):
        consumer_surplus(delta, np.array([-1.0, 0.1]), price)


def test_lowest_share_counts_an_agent_in_part() -> None:
    alpha, weights = np.array([-5.0, -1.0, -2.0]), np.array([0.5, 0.02, 0.48])
    before, after = np.zeros(3), np.array([1.0, 100.0, -2.0])
    whole = 0.5 * 1.0 + 0.02 * 100.0 + 0.48 * 2.0
    assert lowest_alpha_share(before, after, alpha, weights) == pytest.approx(1.0 / whole)
    assert lowest_alpha_share(before, after, alpha, weights, fraction=1.0) == pytest.approx(1.0)
    assert lowest_alpha_share(before, before, alpha, weights) == 0.0
