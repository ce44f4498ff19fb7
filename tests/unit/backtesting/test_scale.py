"""The factor of the spread: recovered where the truth is known, and read from earlier years only."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.backtesting import factor, least_factors, pit_at, rolling_factors
from kanrin.base import InputError

N = 4000
SAMPLING = 0.06  # of a quantile of |z| over 4,000 cars: its standard error is about 0.02


def gaps(scale, parameter_sd=0.0, seed=1):
    """N cars whose xi miss their forecasts by scale x sd, the mean blurred by the parameters' error."""
    rng = np.random.default_rng(seed)
    sd = rng.uniform(0.8, 1.6, N)
    blur = parameter_sd * rng.normal(size=(N, 10))
    return (scale * sd * rng.normal(size=N))[:, None] + blur, sd


@pytest.mark.parametrize("truth", [0.7, 1.0, 1.5])
def test_the_factor_of_the_truth_is_recovered(truth):
    gap, sd = gaps(truth)
    found = factor(least_factors(gap, sd))
    assert found.value == pytest.approx(truth, rel=SAMPLING)


def test_the_interval_of_a_factor_holds_it_nine_times_of_ten():
    gap, sd = gaps(1.0, seed=3)
    found = [factor(part) for part in np.split(least_factors(gap, sd), 80)]  # 50 cars each
    held = np.mean([f.low <= 1.0 <= f.high for f in found])
    assert held == pytest.approx(0.9, abs=0.12)  # three standard errors of 80, and ranks are whole


def test_the_least_factor_just_reaches_the_outcome():
    gap, sd = gaps(1.0, 0.3)
    least = least_factors(gap[:50], sd[:50])
    assert np.abs(pit_at(gap[:50], sd[:50], least) - 0.5).max() <= 0.4 + 1e-6
    far = np.abs(gap[:50].mean(axis=1)) > sd[:50]
    assert np.abs(pit_at(gap[:50], sd[:50], least) - 0.5)[far] == pytest.approx(
        np.full(far.sum(), 0.4), abs=1e-6
    )


def test_a_factor_covers_what_comes_after_whatever_the_shape():
    rng = np.random.default_rng(4)
    gap, sd = rng.standard_t(3, size=N)[:, None] * np.ones((1, 2)), np.full(N, 0.8)
    found = factor(least_factors(gap[: N // 2], sd[: N // 2]))
    held = np.abs(pit_at(gap[N // 2 :], sd[N // 2 :], found.value) - 0.5) <= 0.4
    assert held.mean() == pytest.approx(0.8, abs=0.035)  # three standard errors of 2,000


def test_places_are_uniform_where_the_forecast_is_true():
    pit = pit_at(*gaps(1.0))
    counts = np.histogram(pit, bins=10, range=(0, 1))[0]
    assert np.abs(counts - N / 10).max() < 4 * np.sqrt(N * 0.1 * 0.9)


def test_rolling_factors_do_not_look_ahead():
    gap, sd = gaps(1.2)
    least = least_factors(gap[:200], sd[:200])
    year = np.repeat(np.arange(2008, 2018), 20)
    before = rolling_factors(least, year)
    changed = least.copy()
    changed[year >= 2013] *= 7.0
    after = rolling_factors(changed, year)
    assert np.isnan(before[year == 2008]).all()
    assert np.isfinite(before[year == 2009]).all()
    assert np.array_equal(before[year <= 2013], after[year <= 2013], equal_nan=True)
    assert not np.array_equal(before[year > 2013], after[year > 2013])


def test_no_forecast_no_factor():
    with pytest.raises(InputError, match="no forecast"):
        factor(np.zeros(0))
