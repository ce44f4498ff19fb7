"""Derivatives of shares and surplus against the complex step, removal and simulation-free identities."""

from __future__ import annotations

import numpy as np

from kanrin.demand import (
    aggregate_elasticity,
    choice_probabilities,
    consumer_surplus,
    delta_jacobian,
    diversion_ratios,
    elasticities,
    lognormal_income_agents,
    own_elasticities,
    second_choices,
    shares,
    shares_by_price,
)

COMPLEX_STEP = 1e-14  # no truncation error: rounding only [D2, D6, D15]
ADDS_UP = 1e-12  # [D13, D14]
H = 1e-30

RNG = np.random.default_rng(0)
J = 8
DELTA, PRICE, AGENTS = RNG.normal(0.5, 1.0, J), RNG.uniform(0.5, 3.0, J), lognormal_income_agents(0.6, 7)
ALPHA, W = AGENTS.alpha(-1.2), AGENTS.weights
INSIDE, OUTSIDE = choice_probabilities(DELTA, ALPHA, PRICE)
SHARE = INSIDE @ W


def complex_step(function: object, at: np.ndarray) -> np.ndarray:
    """[j, ...] = d function / d at_j."""
    rows = []
    for j in range(at.size):
        moved = at.astype(complex)
        moved[j] += 1j * H
        rows.append(np.imag(function(moved)) / H)  # type: ignore[operator]
    return np.array(rows)


def test_delta_jacobian() -> None:
    numeric = complex_step(lambda d: shares(d, ALPHA, PRICE, W), DELTA)
    jacobian = delta_jacobian(INSIDE, W)
    assert np.abs(jacobian - numeric).max() < COMPLEX_STEP
    assert np.abs(jacobian.sum(axis=1) - (INSIDE * OUTSIDE) @ W).max() < COMPLEX_STEP  # [D3]
    assert np.linalg.eigvalsh(jacobian).min() > 0.0
    assert np.linalg.inv(jacobian).min() > 0.0  # M-matrix [D4]


def test_shares_by_price_has_the_moved_price_in_its_row() -> None:
    numeric = complex_step(lambda p: shares(DELTA, ALPHA, p, W), PRICE)
    assert np.abs(shares_by_price(ALPHA, INSIDE, W) - numeric).max() < COMPLEX_STEP


def test_elasticities() -> None:
    numeric = complex_step(lambda p: shares(DELTA, ALPHA, p, W), PRICE)
    table = elasticities(ALPHA, INSIDE, W, PRICE)
    np.testing.assert_allclose(table, (numeric * PRICE[:, None] / SHARE).T, rtol=1e-11)
    np.testing.assert_allclose(own_elasticities(ALPHA, INSIDE, W, PRICE), np.diag(table), rtol=1e-12)
    scaled = np.imag(shares(DELTA, ALPHA, PRICE * (1.0 + 1j * H), W)).sum() / H
    np.testing.assert_allclose(
        aggregate_elasticity(ALPHA, INSIDE, OUTSIDE, W, PRICE), scaled / SHARE.sum(), rtol=1e-12
    )


def test_diversion_rows_sum_to_one_with_the_outside_good() -> None:
    for table in (diversion_ratios(ALPHA, INSIDE, OUTSIDE, W), second_choices(INSIDE, OUTSIDE, W)):
        assert np.abs(table.inside.sum(axis=1) + table.outside - 1.0).max() < ADDS_UP
        assert (np.diag(table.inside) == 0.0).all()


def test_second_choices_equal_removal() -> None:
    table = second_choices(INSIDE, OUTSIDE, W)
    for j in range(J):
        left = np.arange(J) != j
        without = shares(DELTA, ALPHA, PRICE, W, offered=left)
        gained = np.where(left, without - SHARE, 0.0) / SHARE[j]
        assert np.abs(table.inside[j] - gained).max() < ADDS_UP


def test_roy() -> None:
    """dCS/dp = -s (cs), [D15]."""
    numeric = complex_step(lambda p: W @ consumer_surplus(DELTA, ALPHA, p), PRICE)
    assert np.abs(numeric + SHARE).max() < COMPLEX_STEP
