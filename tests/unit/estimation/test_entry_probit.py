"""Entry thresholds: the slope by differences, the truth given back, scale of size, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.estimation import entry_thresholds
from kanrin.estimation._entry_thresholds import _log_likelihood

pytest.importorskip("scipy")
A, GAMMA = np.array([6.0, 2.0, 1.0]), 1.5


def drawn(count, seed=0):
    """Counts of markets that follow the model."""
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(size=count))
    profit = size[:, None] * (A[0] - np.array([0.0, 2.0, 3.0])) - GAMMA + rng.normal(size=count)[:, None]
    return (profit >= 0.0).sum(axis=1), size


def test_slope_of_the_likelihood_is_that_of_differences():
    n, s = drawn(200)
    x = np.array([5.0, 1.5, 0.8, 1.2])
    _, slope = _log_likelihood(x, n, s)
    for j in range(4):
        step = np.zeros(4)
        step[j] = 1e-6
        up, down = _log_likelihood(x + step, n, s)[0], _log_likelihood(x - step, n, s)[0]
        assert slope[j] == pytest.approx((up - down) / 2e-6, rel=1e-5)


def test_truth_is_given_back_within_its_errors():
    found = entry_thresholds(*drawn(20_000), top=3)
    assert (np.abs(found.a - A) < 4 * found.a_error).all()
    assert abs(found.gamma - GAMMA) < 4 * found.gamma_error
    sizes = GAMMA / np.array([6.0, 4.0, 3.0])
    again = entry_thresholds(*drawn(20_000), top=3, unit=1e6)
    assert (np.abs(again.thresholds / 1e6 - sizes) < 4 * again.threshold_errors / 1e6 + 1e-6).all()


def test_another_unit_of_size_scales_a_alone():
    n, s = drawn(2_000)
    one, other = entry_thresholds(n, s, top=3, unit=1e6), entry_thresholds(n, 1e6 * s, top=3)
    assert other.a * 1e6 == pytest.approx(one.a, rel=1e-4)
    assert other.gamma == pytest.approx(one.gamma, rel=1e-4)
    assert other.thresholds == pytest.approx(one.thresholds, rel=1e-4)
    assert other.threshold_errors == pytest.approx(one.threshold_errors, rel=1e-3)


@pytest.mark.parametrize(
    ("counts", "size", "top", "words"),
    [
        ([1, 2], [1.0], 1, "both be"),
        ([0.5, 1], [1.0, 2.0], 1, "whole numbers"),
        ([0, 1], [0.0, 2.0], 1, "above zero"),
        ([0, 1], [1.0, 2.0], 0, "top is 0"),
        ([0, 2, 3], [1.0, 2.0, 3.0], 3, "no market has 1 sellers"),
    ],
)
def test_bad_input_is_refused(counts, size, top, words):
    with pytest.raises(InputError, match=words):
        entry_thresholds(counts, size, top)
