"""Inversion: the delta that made the shares comes back; a failure is marked, not hidden."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from flat_markets import made

from kanrin.base import InputError
from kanrin.demand import invert_shares
from kanrin.kernels import invert, shares
from kanrin.kernels._twin_inversion import twin_invert

ROUND_TRIP = 1e-11  # MODEL 10 has 1e-12; markets here have few buyers who buy none
LAST_DIGITS = 1e-12


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_round_trip(nested: bool, seed: int) -> None:
    m = made(seed, (3, 7, 1, 12, 31), (5, 1, 9, 17, 20), nested=nested)
    found = invert(m.markets, m.observed)
    assert found.converged.all()
    assert (found.residual < LAST_DIGITS).all()
    np.testing.assert_allclose(found.delta, m.delta, atol=ROUND_TRIP)
    for t, (products, _) in enumerate(m.markets.slices()):
        error = np.abs(found.delta[products] - m.delta[products]).max()
        assert error <= found.bound[t] + 1e-12


def test_the_twin_and_the_room_of_demand_say_the_same() -> None:
    m = made(11, (14,), (9,), k2=1, level=-3.0)
    found = invert(m.markets, m.observed)
    twin = twin_invert(m.markets, m.observed, np.log(m.observed))
    other = invert_shares(m.observed, m.price, m.alpha, m.markets.weights)
    np.testing.assert_allclose(found.delta, twin[0], atol=LAST_DIGITS)
    np.testing.assert_allclose(found.delta, other.delta, atol=LAST_DIGITS)


@pytest.mark.parametrize("nested", [False, True])
def test_far_starts_come_home(nested: bool) -> None:
    m = made(12, nested=nested)
    rng = np.random.default_rng(12)
    for _ in range(5):
        found = invert(m.markets, m.observed, start=m.delta + 8.0 * rng.normal(size=m.delta.size))
        assert found.converged.all()
        np.testing.assert_allclose(found.delta, m.delta, atol=ROUND_TRIP)


def test_a_start_at_the_answer_needs_one_look() -> None:
    m = made(13)
    found = invert(m.markets, m.observed, start=m.delta)
    assert (found.steps <= 1).all() and found.converged.all()


def test_without_random_coefficients_the_start_is_the_answer() -> None:
    m = made(14, nested=True, k2=0)
    found = invert(m.markets, m.observed)
    assert (found.steps <= 1).all()
    np.testing.assert_allclose(found.delta, m.delta, atol=ROUND_TRIP)


def test_other_markets_do_not_matter() -> None:
    m = made(15, (3, 7), (5, 6))
    alone = replace(
        m.markets,
        market_start=np.array([0, 7]),
        x2=m.markets.x2[3:],
        agent_start=np.array([0, 6]),
        weights=m.markets.weights[5:],
        coefficients=m.markets.coefficients[5:],
    )
    np.testing.assert_array_equal(
        invert(m.markets, m.observed).delta[3:], invert(alone, m.observed[3:]).delta
    )


@pytest.mark.parametrize("nested", [False, True])
def test_threads_do_not_change_a_bit(nested: bool) -> None:
    m = made(16, (8, 3, 30, 1, 16, 5), (7, 40, 11, 2, 9, 64), nested=nested)
    one = invert(m.markets, m.observed, threads=1)
    for threads in (2, 3):
        many = invert(m.markets, m.observed, threads=threads)
        np.testing.assert_array_equal(many.delta, one.delta)
        np.testing.assert_array_equal(many.bound, one.bound)


def test_a_market_that_cannot_be_inverted_is_marked_and_the_others_are_not() -> None:
    """Buyers so sure of themselves that no delta sells the second car to half of them."""
    m = made(17, (2, 5), (2, 6), k2=1)
    x2, b = m.markets.x2.copy(), m.markets.coefficients.copy()
    x2[:2, 0], b[:2, 0] = (1.0, -1.0), (1e4, -1e4)
    markets = replace(m.markets, x2=x2, coefficients=b)
    observed = shares(markets, m.delta)
    observed[:2] = 0.998, 0.001
    found = invert(markets, observed)
    assert not found.converged[0] and found.converged[1]
    assert np.isfinite(found.delta[2:]).all()


@pytest.mark.parametrize(
    ("value", "says"), [(0.0, "never replaced silently"), (-0.1, "share of product 4"), (2.0, "market 1 sum")]
)
def test_shares_that_are_none(value: float, says: str) -> None:
    m = made(18)
    observed = m.observed.copy()
    observed[4] = value
    with pytest.raises(InputError, match=says):
        invert(m.markets, observed)
