"""Swings, flips and break-evens: each checked by valuing again at the number it names."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.certify import lead_time
from kanrin.lineup import Row, make_plan, value_rows
from kanrin.lineup._draws import draw_inputs
from kanrin.lineup._sensitivity import roots
from kanrin.lineup._terms import money_terms
from made_plans import TWO, shipped, small


def sense_draws(plan):
    lead = float(np.mean([lead_time(plan.book.number, e.choice.option) for e in plan.entries.entries]))
    return draw_inputs(
        plan.book,
        plan.market.estimate,
        plan.entries.ids,
        plan.used,
        count=min(32, plan.draws.count),
        seed=plan.seed,
        stream=2,
        lead_months=lead,
    )


def worth(plan, held):
    draws = sense_draws(plan)
    terms = money_terms(plan.book, plan.market, plan.entries, draws, held)
    return float(
        value_rows(
            plan.market, plan.entries, draws, [terms], [Row(plan.lineup)], plan.maker_index
        ).value.mean()
    )


def test_swings_are_the_headline_and_the_change_to_each_end():
    plan = small().plan
    headline = float(plan.valuation.value[:, 0].mean())
    now = worth(plan, None)
    for key in (
        "fx.usd_jpy",
        "us.variable_cost_factor",
        "jp.dealer_margin",
        "launch.marketing_jpy_per_model",
    ):
        swing = next(s for s in plan.swings if s.key == key)
        assert swing.value_low - headline == pytest.approx(worth(plan, {key: swing.low}) - now, rel=1e-5)
        assert swing.value_high - headline == pytest.approx(worth(plan, {key: swing.high}) - now, rel=1e-5)


def relative_swing(model):
    plan = small(candidates=(model,), draws=8).plan
    swing = next(s for s in plan.swings if s.key == "demand.left_hand_drive_utils")
    assert swing.value_low < swing.value_high or model == "toyota_highlander_hybrid"
    return swing.size / abs(float(plan.valuation.value[:, 0].mean()))


def test_a_belief_about_left_hand_drive_moves_left_hand_drive_cars_most():
    assert relative_swing("toyota_sienna") > 3 * relative_swing("toyota_highlander_hybrid")


def test_swings_come_most_important_first():
    sizes = [s.size for s in small().plan.swings]
    assert sizes == sorted(sizes, reverse=True)


def test_break_even_rate_of_the_plan_is_where_its_worth_is_nil():
    case = shipped().with_overrides({"launch.marketing_jpy_per_model": 2e9})
    plan = make_plan(case, candidates=TWO, draws=16, seed=3)
    found = next(b for b in plan.break_evens if b.model is None)
    assert plan.chosen and found.roots
    headline = float(plan.valuation.value[:, 0].mean())
    for rate in found.roots:  # a straight line between grid points
        terms = money_terms(plan.book, plan.market, plan.entries, plan.draws, {"fx.usd_jpy": rate})
        v = value_rows(plan.market, plan.entries, plan.draws, [terms], [Row(plan.lineup)], plan.maker_index)
        assert abs(float(v.value.mean())) < 0.1 * abs(headline)


def test_a_flip_is_where_a_trailing_line_up_overtakes():
    plan = small().plan
    flipped = [s for s in plan.swings if s.flips_at is not None]
    for s in flipped:
        draws = sense_draws(plan)
        terms = money_terms(plan.book, plan.market, plan.entries, draws, {s.key: s.flips_at})
        rows = [Row(plan.lineup), Row(s.flips_to)]
        v = value_rows(plan.market, plan.entries, draws, [terms], rows, plan.maker_index).value
        gap = abs(float((v[:, 0] - v[:, 1]).mean()))
        assert gap < 0.12 * abs(float(plan.valuation.value[:, 0].mean())) + 300


def test_roots_of_a_broken_line():
    x = np.array([0.0, 1.0, 2.0, 3.0])
    assert roots(x, np.array([1.0, -1.0, -1.0, 1.0])) == pytest.approx([0.5, 2.5])
    assert roots(x, np.ones(4)) == []


def test_variance_shares_add_to_one():
    assert sum(small().plan.variance.values()) == pytest.approx(1.0)
