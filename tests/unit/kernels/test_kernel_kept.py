"""What an inversion leaves behind: the same answers with it as without, and refused anywhere else."""

from __future__ import annotations

import numpy as np
import pytest
from flat_markets import made

from kanrin.base import Floats, InputError
from kanrin.kernels import Adjoint, adjoint, adjoint_supply, invert, margins
from kanrin.kernels._twin_adjoint import twin_adjoint, twin_adjoint_supply, twin_margins

TWIN = 1e-11  # the shares reached are within 1e-13 of those asked, and the derivatives a little farther

SIZES = (3, 7, 1, 12, 30), (5, 1, 9, 17, 60)


def test_the_twins_leave_nothing(mode: str) -> None:
    m = made(50)
    assert (invert(m.markets, m.observed, keep=True).kept is None) == (mode == "numpy")
    assert invert(m.markets, m.observed).kept is None


def all_of(found: Adjoint) -> list[Floats]:
    """Every array of an adjoint."""
    parts = [found.by_coefficient, found.by_rho, found.multiplier]
    return parts if found.by_alpha is None else [*parts, found.by_alpha]


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("level", [-1.0, -250.0])  # the second lies beyond what needs no shift
def test_with_it_as_without(nested: bool, level: float) -> None:
    m = made(51, *SIZES, nested=nested)
    markets, observed, v = m.markets, m.observed, np.random.default_rng(3).normal(size=m.delta.size)
    if level < -100.0:  # a taste for the price so steep that utilities are huge, the mean utilities as much
        x2 = markets.x2.copy()
        x2[:, 1] = 1.0
        coefficients = markets.coefficients.copy()
        coefficients[:, 1] += level
        markets = type(markets)(
            markets.market_start,
            x2,
            markets.agent_start,
            markets.weights,
            coefficients,
            markets.nests,
            markets.rho,
        )
    found = invert(markets, observed, start=m.delta - min(level + 1.0, 0.0), keep=True)
    assert found.converged.all()
    twin = twin_adjoint(markets, found.delta, v)
    with_it = all_of(adjoint(markets, found.delta, v, kept=found.kept))
    for got, want, plain in zip(with_it, twin, all_of(adjoint(markets, found.delta, v)), strict=True):
        scale = np.abs(want).max(initial=1e-300)
        np.testing.assert_allclose(got, want, atol=TWIN * scale, rtol=0)
        np.testing.assert_allclose(plain, want, atol=TWIN * scale, rtol=0)
    eta = margins(markets, found.delta, m.alpha, m.firms, observed, kept=found.kept)
    want = twin_margins(markets, found.delta, m.alpha, m.firms, observed, None)
    np.testing.assert_allclose(eta, want, rtol=1e-9)
    supply = adjoint_supply(markets, found.delta, v, v, m.alpha, m.firms, eta, kept=found.kept)
    expected = twin_adjoint_supply(markets, found.delta, v, v, m.alpha, m.firms, eta, None)
    for got, want in zip(all_of(supply), expected, strict=True):
        np.testing.assert_allclose(got, want, atol=1e-9 * np.abs(want).max(initial=1e-300), rtol=0)


def test_it_is_read_as_often_as_one_likes_and_another_inversion_leaves_it_alone() -> None:
    m, other = made(52, *SIZES), made(53, *SIZES)
    v = np.ones_like(m.delta)
    found = invert(m.markets, m.observed, keep=True)
    first = adjoint(m.markets, found.delta, v, kept=found.kept)
    for _ in range(3):
        invert(other.markets, other.observed, keep=True)
        again = adjoint(m.markets, found.delta, v, kept=found.kept)
        np.testing.assert_array_equal(again.by_coefficient, first.by_coefficient)


def test_a_market_that_failed_leaves_nothing() -> None:
    m = made(54)
    impossible = m.observed.copy()
    impossible[0] = 1e-320
    found = invert(m.markets, impossible, keep=True)
    assert found.converged.all() or found.kept is None


def test_it_is_refused_elsewhere(mode: str) -> None:
    m = made(55)
    found = invert(m.markets, m.observed, keep=True)
    if mode == "numpy":
        return
    with pytest.raises(InputError, match="another inversion"):
        adjoint(m.markets, found.delta + 0.1, found.delta, kept=found.kept)
    with pytest.raises(InputError, match="another inversion"):
        adjoint(m.markets.at(m.markets.coefficients), found.delta, found.delta, kept=found.kept)
