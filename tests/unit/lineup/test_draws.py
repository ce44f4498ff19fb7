"""Draws: one in each slice, inside their ranges, repeatable, and only what is left to chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kanrin.demand import read_estimate
from kanrin.lineup import latin_hypercube
from kanrin.lineup._draws import draw_inputs, fx_log_sd, normal_quantile, triangular_quantile, uncertain_keys
from kanrin.rules import open_book
from made_plans import shipped


def estimate():
    case = shipped()
    return read_estimate(case.folder / case.about.estimate)


@given(count=st.integers(2, 60), dimensions=st.integers(1, 5), seed=st.integers(0, 99))
def test_one_draw_in_each_slice(count, dimensions, seed):
    u = latin_hypercube(count, dimensions, np.random.default_rng(seed))
    for column in u.T:
        assert sorted(np.floor(column * count).astype(int)) == list(range(count))


@given(low=st.floats(-5, 5), a=st.floats(0, 3), b=st.floats(0, 3))
def test_triangle_stays_in_range_with_the_textbook_mean(low, a, b):
    mode, high = low + a, low + a + b
    u = (np.arange(4000) + 0.5) / 4000
    x = triangular_quantile(u, low, mode, high)
    assert x.min() >= low - 1e-9 and x.max() <= high + 1e-9
    assert x.mean() == pytest.approx((low + mode + high) / 3, abs=2e-3)


def test_normal_quantile_against_known_values():
    assert normal_quantile(np.array([0.5, 0.975])) == pytest.approx([0.0, 1.959963984540054])


def test_same_seed_same_draws_other_stream_other_draws():
    book = open_book(shipped())
    used = ("fx.usd_jpy", "jp.pdi_jpy", "us.variable_cost_factor")

    def make(seed, stream):
        return draw_inputs(book, estimate(), ("a", "b"), used, count=20, seed=seed, stream=stream)

    a, b, c = make(1, 0), make(1, 0), make(1, 1)
    assert (a.theta == b.theta).all() and (a.normals == b.normals).all()
    assert all((a.keys[k] == b.keys[k]).all() for k in used)
    assert not np.isclose(a.theta, c.theta).any()


def test_price_coefficient_never_changes_sign_and_moments_follow_the_estimate():
    book = open_book(shipped())
    d = draw_inputs(book, estimate(), ("a",), (), count=4000, seed=5, stream=0)
    found = estimate()
    assert (d.theta[:, found.order.index("alpha")] < 0).all()
    assert d.theta.mean(axis=0) == pytest.approx(found.values, abs=0.02)
    assert np.cov(d.theta.T) == pytest.approx(found.covariance, rel=0.1, abs=0.01)


def test_choices_and_set_keys_are_left_to_no_chance():
    used = (
        "jp.us_market_access_goodwill_usd_per_vehicle",
        "plan.selection_shift_sd",
        "jp.pdi_jpy",
        "fx.usd_jpy",
    )
    book = open_book(shipped())
    assert uncertain_keys(book, used) == ["jp.pdi_jpy", "fx.usd_jpy"]
    assert "plan.selection_shift_sd" in uncertain_keys(book, used, choices=True)
    book = open_book(shipped().with_overrides({"fx.usd_jpy": "150", "jp.pdi_jpy": "50000"}))
    assert uncertain_keys(book, used) == ["fx.usd_jpy"]  # a rate set moves the centre and keeps the spread
    sheet = ("candidate.toyota_camry_hybrid.kerb_weight_kg",)  # feeds demand as well as tax
    assert uncertain_keys(open_book(shipped()), sheet) == []


def test_exchange_rate_draws_are_centred_on_today():
    book = open_book(shipped())
    d = draw_inputs(book, estimate(), ("a",), ("fx.usd_jpy",), count=2000, seed=5, stream=0)
    assert np.median(d.keys["fx.usd_jpy"]) == pytest.approx(book.number("fx.usd_jpy"), rel=2e-3)


@pytest.mark.parametrize("lead", [0.0, 7.0, 30.0])
def test_the_exchange_rate_of_a_programme_spreads_as_the_mean_of_a_random_walk(lead):
    """The mean of W over lead..lead + T: its variance is that of W(s) W(t), averaged over both days."""
    book = open_book(shipped())
    months = 12.0 * book.number("plan.horizon_years")
    day = lead + months * (np.arange(2000) + 0.5) / 2000
    variance = float(np.minimum.outer(day, day).mean())
    by_hand = book.number("fx.sigma_monthly") * np.sqrt(variance)
    assert fx_log_sd(book, lead) == pytest.approx(by_hand, rel=1e-4)
    d = draw_inputs(book, estimate(), ("a",), ("fx.usd_jpy",), count=4000, seed=6, stream=0, lead_months=lead)
    assert np.log(d.keys["fx.usd_jpy"]).std() == pytest.approx(by_hand, rel=5e-3)


def test_each_input_has_a_sequence_of_its_own():
    book = open_book(shipped())
    few = draw_inputs(book, estimate(), ("b",), ("jp.pdi_jpy",), count=9, seed=1, stream=0)
    many = draw_inputs(book, estimate(), ("a", "b"), ("fx.usd_jpy", "jp.pdi_jpy"), count=9, seed=1, stream=0)
    assert (few.normals[:, 0] == many.normals[:, 1]).all()
    assert (few.keys["jp.pdi_jpy"] == many.keys["jp.pdi_jpy"]).all()
    assert (few.theta == many.theta).all()
