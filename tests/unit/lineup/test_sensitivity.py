"""Swings, flips and break-evens: each checked by valuing again at the number it names."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.lineup import Row, value_rows
from kanrin.lineup._draws import draw_inputs
from kanrin.lineup._sensitivity import _roots
from kanrin.lineup._terms import money_terms
from made_plans import small


def sense_draws(plan):
    count = len(plan.entries.entries)
    return draw_inputs(plan.book, plan.market.estimate, count, plan.used, count=16, seed=plan.seed, stream=2)


def worth(plan, held):
    draws = sense_draws(plan)
    terms = money_terms(plan.book, plan.market, plan.entries, draws, held)
    return float(
        value_rows(
            plan.market, plan.entries, draws, [terms], [Row(plan.lineup)], plan.maker_index
        ).value.mean()
    )


def test_swings_are_the_worth_at_each_end():
    plan = small().plan
    for key in (
        "fx.usd_jpy",
        "us.variable_cost_factor",
        "jp.dealer_margin",
        "launch.marketing_jpy_per_model",
    ):
        swing = next(s for s in plan.swings if s.key == key)
        assert swing.value_low == pytest.approx(worth(plan, {key: swing.low}), rel=1e-5)
        assert swing.value_high == pytest.approx(worth(plan, {key: swing.high}), rel=1e-5)


def test_swings_come_most_important_first():
    sizes = [s.size for s in small().plan.swings]
    assert sizes == sorted(sizes, reverse=True)


def test_break_even_rate_of_the_plan_is_where_its_worth_is_nil():
    plan = small().plan
    found = next(b for b in plan.break_evens if b.model is None)
    assert found.roots
    at_today = worth(plan, None)
    for rate in found.roots:
        assert abs(worth(plan, {"fx.usd_jpy": rate})) < 0.1 * abs(
            at_today
        )  # a straight line between grid points


def test_roots_of_a_broken_line():
    x = np.array([0.0, 1.0, 2.0, 3.0])
    assert _roots(x, np.array([1.0, -1.0, -1.0, 1.0])) == pytest.approx([0.5, 2.5])
    assert _roots(x, np.ones(4)) == []


def test_variance_shares_add_to_one():
    assert sum(small().plan.variance.values()) == pytest.approx(1.0)
