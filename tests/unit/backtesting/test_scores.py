"""Scores against closed forms and numbers by hand."""

from __future__ import annotations

from math import erf, exp, pi, sqrt
from statistics import NormalDist

import numpy as np
import pytest

from kanrin.backtesting import coverage, crps_sample, pit_histogram, pit_sample, skill, wilson
from kanrin.base import InputError

QUANTILES = 1e-3  # of the CRPS of 4,000 quantiles in the place of draws
MONTE_CARLO = 0.015  # of the mean CRPS of 60,000 forecasts: three standard errors
BY_HAND = 5e-4  # four digits worked by hand


def normal_crps(y, mean, sd):
    """The closed form for a normal forecast (Gneiting & Raftery 2007)."""
    z = (y - mean) / sd
    cdf, pdf = 0.5 * (1 + erf(z / sqrt(2))), exp(-z * z / 2) / sqrt(2 * pi)
    return sd * (z * (2 * cdf - 1) + 2 * pdf - 1 / sqrt(pi))


@pytest.mark.parametrize("y", [-1.5, 0.3, 2.0])
def test_crps_of_many_draws_is_the_closed_form(y):
    normal = NormalDist(0.5, 1.2)
    draws = np.array([normal.inv_cdf((k + 0.5) / 4000) for k in range(4000)])
    found = crps_sample(draws[None], np.array([y]))[0]
    assert found == pytest.approx(normal_crps(y, 0.5, 1.2), abs=QUANTILES)


def test_the_sample_form_is_fair_with_few_draws():
    draws = np.random.default_rng(2).normal(size=(60_000, 3))
    mean = crps_sample(draws, np.full(60_000, 0.4)).mean()
    assert mean == pytest.approx(normal_crps(0.4, 0.0, 1.0), abs=MONTE_CARLO)


def test_crps_is_the_double_sum():
    rng = np.random.default_rng(3)
    draws, y = rng.normal(size=7), 0.2
    pairs = np.abs(draws[:, None] - draws[None, :]).sum() / (7 * 6)
    assert crps_sample(draws[None], np.array([y]))[0] == pytest.approx(np.abs(draws - y).mean() - pairs / 2)


def test_crps_needs_two_draws():
    with pytest.raises(InputError, match="two or more"):
        crps_sample(np.zeros((1, 1)), np.zeros(1))


def test_wilson_by_hand():
    # 8 of 10: z2 = 3.8415; middle (.8 + .19207)/1.38415 = .71674; half sqrt(3.8415 (.016 + .0096037))/1.38415
    low, high = wilson(8, 10)
    assert (low, high) == (pytest.approx(0.4902, abs=BY_HAND), pytest.approx(0.9433, abs=BY_HAND))


def test_wilson_stays_inside_and_refuses_nonsense():
    assert wilson(0, 5)[0] == 0.0
    assert wilson(5, 5)[1] == pytest.approx(1.0)
    with pytest.raises(InputError, match="3 of 2"):
        wilson(3, 2)


def test_coverage_of_places():
    held = coverage(np.array([0.01, 0.06, 0.2, 0.5, 0.8, 0.96]))
    assert [c.hits for c in held] == [1, 3, 4]
    assert held[1].share == 0.5
    with pytest.raises(InputError, match="no forecast"):
        coverage(np.zeros(0))


def test_places_among_draws():
    draws = np.array([[1.0, 2.0, 3.0]] * 3)
    assert pit_sample(draws, np.array([0.0, 2.5, 9.0])) == pytest.approx([0.125, 0.625, 0.875])
    assert pit_histogram(np.array([0.0, 0.05, 0.55, 1.0])).tolist() == [2, 0, 0, 0, 0, 1, 0, 0, 0, 1]


def test_skill():
    assert skill(0.75, 1.0) == 0.25
    assert skill(2.0, 1.0) == -1.0
