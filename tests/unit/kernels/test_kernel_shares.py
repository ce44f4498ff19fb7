"""Shares and choice probabilities: laws of the formulas, and the twin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from flat_markets import made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kanrin.base import Floats
from kanrin.demand import choice_probabilities
from kanrin.kernels import choices, shares
from kanrin.kernels._twin_choice import choice, twin_choices, twin_shares

SUM = 1e-14  # MODEL 10: inside and outside add up
TWIN = 1e-12  # the same formula in another order of summation


@pytest.mark.parametrize("nested", [False, True])
def test_inside_and_outside_add_up_for_every_agent(nested: bool) -> None:
    m = made(1, nested=nested)
    found = choices(m.markets, m.delta)
    for t, (products, agents) in enumerate(m.markets.slices()):
        block = found.of(t)
        np.testing.assert_allclose(block.sum(axis=0) + found.outside[agents], 1.0, atol=SUM, rtol=0)
        np.testing.assert_allclose(block @ m.markets.weights[agents], found.shares[products], rtol=1e-13)
    np.testing.assert_array_equal(found.shares, shares(m.markets, m.delta))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**6),
    sizes=st.lists(st.tuples(st.integers(1, 40), st.integers(1, 35)), min_size=1, max_size=4),
    nested=st.booleans(),
    k2=st.integers(0, 4),
    level=st.sampled_from([-12.0, -1.0, 4.0, 300.0]),
)
def test_the_twin_says_the_same(
    mode: str, seed: int, sizes: list[tuple[int, int]], nested: bool, k2: int, level: float
) -> None:
    m = made(seed, [s[0] for s in sizes], [s[1] for s in sizes], nested=nested, k2=k2, level=level)
    np.testing.assert_allclose(shares(m.markets, m.delta), twin_shares(m.markets, m.delta), rtol=TWIN)
    found, twin = choices(m.markets, m.delta), twin_choices(m.markets, m.delta)
    np.testing.assert_allclose(found.outside, twin[1], rtol=TWIN, atol=1e-290)
    np.testing.assert_allclose(found.cells, twin[2], rtol=TWIN, atol=1e-290)


def test_the_room_of_demand_says_the_same() -> None:
    m = made(3, (6,), (11,), k2=1)
    s, outside = choice_probabilities(m.delta, m.alpha, m.price)
    found = choices(m.markets, m.delta)
    np.testing.assert_allclose(found.of(0), s, rtol=TWIN)
    np.testing.assert_allclose(found.outside, outside, rtol=TWIN)


def test_nests_with_rho_zero_and_nests_of_one_product_change_nothing() -> None:
    m = made(4, nested=True)
    plain = replace(m.markets, nests=None, rho=None)
    np.testing.assert_allclose(
        shares(replace(m.markets, rho=np.zeros(3)), m.delta), shares(plain, m.delta), rtol=1e-13
    )
    alone = replace(m.markets, nests=np.arange(m.delta.size), rho=np.linspace(0.0, 0.9, m.delta.size))
    np.testing.assert_allclose(shares(alone, m.delta), shares(plain, m.delta), rtol=1e-12)


def test_a_split_product_leaves_the_others_alone() -> None:
    """Two clones in one nest at delta - (1 - rho) log 2 [D19]."""
    m = made(5, (5,), (7,), nested=True)
    k, rho = 2, m.markets.rho
    assert rho is not None and m.markets.nests is not None
    own = rho[m.markets.nests[k]]
    two = replace(
        m.markets,
        market_start=np.array([0, 6]),
        x2=np.vstack([m.markets.x2, m.markets.x2[k]]),
        nests=np.append(m.markets.nests, m.markets.nests[k]),
    )
    delta = np.append(m.delta, m.delta[k])
    delta[[k, 5]] -= (1.0 - own) * np.log(2.0)
    before, after = shares(m.markets, m.delta), shares(two, delta)
    np.testing.assert_allclose(after[k] + after[5], before[k], rtol=1e-12)
    np.testing.assert_allclose(np.delete(after, [k, 5]), np.delete(before, k), rtol=1e-12)


@pytest.mark.parametrize("nested", [False, True])
def test_relabelling_permutes(nested: bool) -> None:
    m = made(6, (9,), (13,), nested=nested)
    order = np.random.default_rng(0).permutation(9)
    moved = replace(m.markets, x2=m.markets.x2[order], nests=None if not nested else m.markets.nests[order])
    np.testing.assert_allclose(shares(moved, m.delta[order]), shares(m.markets, m.delta)[order], rtol=1e-13)


@pytest.mark.parametrize("nested", [False, True])
def test_huge_utilities_stay_finite(nested: bool) -> None:
    m = made(7, nested=nested)
    for shift in (2000.0, -2000.0):
        found = choices(m.markets, m.delta + shift)
        assert np.isfinite(found.cells).all() and np.isfinite(found.outside).all()
        total = np.add.reduceat(found.shares, m.markets.market_start[:-1])
        np.testing.assert_allclose(total, 1.0 if shift > 0 else 0.0, atol=1e-13)


def test_the_twin_takes_complex_numbers() -> None:
    m = made(8, (4,), (6,), nested=True)

    def at(delta: Floats) -> Floats:
        utility = delta[:, None] + m.markets.x2 @ m.markets.coefficients.T
        return choice(utility, m.markets.weights, m.markets.nests, m.markets.rho).shares

    step = 1e-30
    bump = m.delta.astype(complex)
    bump[1] += 1j * step
    slope = at(bump).imag / step
    near = m.delta.copy()
    near[1] += 1e-6
    np.testing.assert_allclose(slope, (at(near) - at(m.delta)) / 1e-6, atol=1e-6)


@pytest.mark.parametrize("nested", [False, True])
def test_threads_do_not_change_a_bit(nested: bool) -> None:
    m = made(9, (8, 3, 30, 1, 16, 5), (7, 40, 11, 2, 9, 64), nested=nested)
    one = choices(m.markets, m.delta, threads=1)
    for threads in (2, 3):
        many = choices(m.markets, m.delta, threads=threads)
        np.testing.assert_array_equal(many.cells, one.cells)
        np.testing.assert_array_equal(many.shares, one.shares)
