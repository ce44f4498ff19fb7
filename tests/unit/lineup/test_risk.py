"""The risk of a plan: laws of the value of knowing, thresholds valued again, the same for every seed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from test_sensitivity import sense_draws

from kanrin.lineup import Row, Sampled, make_plan, value_rows
from kanrin.lineup._draws import draw_inputs
from kanrin.lineup._information import known, normal_scores
from kanrin.lineup._learnable import appeal_axes
from kanrin.lineup._outcome import frontier, objective, tail_mean
from kanrin.lineup._terms import money_terms
from kanrin.lineup._thresholds import _bracket, _root, thresholds
from kanrin.lineup._value import invert_draws
from made_plans import THREE, TWO, shipped


@cache
def risky(seed: int = 3, draws: int = 60):
    """A plan with draws enough for every part of its risk."""
    return make_plan(shipped(), candidates=THREE, draws=draws, seed=seed)


def test_outcomes_are_those_of_the_valuation():
    plan = risky()
    worth = plan.valuation.value
    for r, outcome in enumerate(plan.risk.outcomes):
        assert outcome.lineup == plan.valuation.rows[r].offered
        assert outcome.mean.value == pytest.approx(worth[:, r].mean())
        assert outcome.loss.value == pytest.approx((worth[:, r] < 0).mean())
        assert outcome.behind.value == pytest.approx((worth[:, 0] - worth[:, r]).mean(), abs=1e-9)
        tails = outcome.worst_twentieth.value, outcome.worst_tenth.value, outcome.mean.value
        assert list(tails) == sorted(tails)
        assert outcome.worst_tenth.value <= outcome.quantiles[0].value + 1e-9
    assert plan.risk.outcomes[0].behind == (0.0, 0.0)


def test_frontier_beats_every_line_up_in_one_of_the_two():
    plan = risky()
    at = {o.lineup: (o.mean.value, o.worst_tenth.value) for o in plan.risk.outcomes}
    for mean, tail in at.values():
        assert any(at[s][0] >= mean and at[s][1] >= tail for s in plan.risk.frontier)
    for a in plan.risk.frontier:
        assert not any(at[b][0] > at[a][0] and at[b][1] > at[a][1] for b in at)
    assert frontier(np.array([3.0, 2.0, 1.0]), np.array([0.0, 1.0, 0.5])) == [0, 1]


def test_objective_runs_from_the_mean_to_the_worst_tenth():
    worth = np.random.default_rng(1).normal(size=(80, 3))
    assert objective(worth, 0.0) == pytest.approx(worth.mean(axis=0))
    assert objective(worth, 1.0) == pytest.approx([tail_mean(w, 0.1) for w in worth.T])
    assert objective(worth, 0.25) == pytest.approx(
        0.75 * objective(worth, 0.0) + 0.25 * objective(worth, 1.0)
    )


def test_information_is_worth_nothing_or_more_and_a_study_less_than_knowing():
    for seed in (1, 2, 3):
        info = risky(seed).risk.information
        assert info.lineups == 2 ** len(THREE)
        assert info.perfect.value >= 0
        for one in info.inputs:
            assert 0 <= one.study.value <= one.perfect.value + 1e-12, one
            if one.kind != "belief":  # valued on the same draws
                assert one.perfect.value <= info.perfect.value + 1e-12, one
            assert one.perfect.error >= 0


def test_knowing_what_changes_nothing_is_worth_nothing():
    plan = risky(draws=120)
    rng = np.random.default_rng(4)
    worth = plan.valuation.value
    idle = [
        known("idle", "key", worth, rng.normal(size=120), np.zeros((120, 0)), 1e12).perfect.value
        for _ in range(20)
    ]
    assert np.mean(idle) < 0.1 * plan.risk.information.perfect.value


def test_knowing_the_appeal_of_a_car_agrees_with_bins():
    """Means within bins of the car's appeal, without any curve."""
    rng = np.random.default_rng(6)
    z, rest = rng.normal(size=(2, 6000))
    worth = np.stack([8.0 * np.exp(0.8 * z + 0.3 * rest) - 11.0, np.zeros(6000)], axis=1)
    order = np.argsort(z).reshape(30, 200)
    binned = worth[order].mean(axis=1)
    by_bins = binned.max(axis=1).mean() - worth.mean(axis=0).max()
    found = known("z", "appeal", worth, normal_scores(z), rest[:, None], 1e12)
    assert found.perfect.value == pytest.approx(by_bins, rel=0.08)


def test_axes_give_the_appeal_of_the_cars_first():
    rng = np.random.default_rng(2)
    a = rng.normal(size=(4, 4))
    axes, root = appeal_axes(a @ a.T, [2, 0])
    assert axes.T @ axes == pytest.approx(np.eye(4), abs=1e-12)
    assert root @ root.T == pytest.approx(a @ a.T)
    assert (root[[2, 0]] @ axes)[:, 2:] == pytest.approx(np.zeros((2, 2)), abs=1e-9)
    assert (root[2] @ axes)[0] > 0


def test_the_plan_is_worth_nothing_where_a_threshold_says():
    """A plan of little worth, so that many numbers could turn it; each valued again where it says."""
    plan = risky()
    little = 0.05 * float(plan.valuation.value[:, 0].mean())
    less = float(plan.valuation.value[:, 0].mean()) - little
    swings = [replace(s, value_low=s.value_low - less, value_high=s.value_high - less) for s in plan.swings]
    draws = sense_draws(plan)
    found = thresholds(
        plan.book,
        plan.market,
        plan.entries,
        draws,
        invert_draws(plan.market, draws),
        plan.lineup,
        plan.maker_index,
        swings[:14],
        Sampled(little, 100.0),
    )

    def worth(held):
        terms = money_terms(plan.book, plan.market, plan.entries, draws, held)
        v = value_rows(plan.market, plan.entries, draws, [terms], [Row(plan.lineup)], plan.maker_index)
        return float(v.value.mean())

    now = worth(None)
    roots = [t for t in found if t.at is not None]
    money = [t for t in roots if not t.key.startswith(("demand.", "plan.selection"))]
    assert len(money) >= 4
    for t in money:
        assert t.searched[0] <= t.at <= t.searched[1]
        assert abs(little + worth({t.key: t.at}) - now) < 0.1 * little, t
        assert t.error > 0


def test_a_smaller_market_and_a_lower_price_just_pay():
    plan = risky()
    risk = plan.risk
    assert 0 < risk.volume.at.value < risk.volume.planned
    fixed = plan.terms.fixed @ np.array(plan.lineup, dtype=float)
    part = risk.volume.at.value / risk.volume.planned
    worth = plan.valuation.value[:, 0]
    assert float((part * (worth + fixed) - fixed).mean()) == pytest.approx(0, abs=1e-6 * fixed.mean())
    assert risk.price.at is None or 0.5 < risk.price.at.value < 1


def test_a_parabola_closes_in_on_a_root():
    points = [(x, float(np.exp(-x)) - 0.2) for x in (0.0, 1.0, 3.0)]
    (x0, y0), (x1, y1) = bracket = _bracket(points, 0.0)
    assert (x0, x1) == (1.0, 3.0)
    straight = x0 + (x1 - x0) * y0 / (y0 - y1)
    assert abs(_root(points, bracket) - np.log(5.0)) < 0.8 * abs(straight - np.log(5.0))
    assert _bracket([(0.0, 1.0), (1.0, 2.0)], 0.0) is None


def test_events_are_the_change_their_numbers_bring():
    plan = risky()
    assert {e.event for e in plan.risk.events} & {"usd_jpy_move", "ocean_freight_shock"}
    assert "highlander_hybrid_ends" not in {e.event for e in plan.risk.events}
    strong = next(e for e in plan.risk.events if e.outcome == "yen_strong")
    weak = next(e for e in plan.risk.events if e.outcome == "yen_weak")
    assert strong.worth > weak.worth


def test_pilots_are_cars_of_the_plan_and_told_with_errors():
    staged = risky().risk.staged
    assert staged.years == 1 and staged.pilots
    worths = [p.worth.value for p in staged.pilots]
    assert worths == sorted(worths, reverse=True)
    for p in staged.pilots:
        assert 1 <= sum(p.lineup) <= 2
        assert p.gained.value == pytest.approx(p.worth.value - staged.full_worth.value)
        assert p.gained.error > 0 and 0 <= p.quits <= 1 and 0 <= p.expands <= 1 - p.quits + 1e-12


def test_a_pilot_as_long_as_the_programme_is_not_told():
    case = shipped().with_overrides({"plan.pilot_years": 4})
    assert make_plan(case, candidates=TWO, draws=40, seed=1).risk.staged is None


def test_another_seed_changes_nothing_beyond_its_error():
    """Every risk number of the same line-up over seeds: within four of the errors told."""
    plans = [risky(seed, 120) for seed in (1, 2, 3, 4)]
    lineup = (True,) * len(THREE)
    found = [next(o for o in p.risk.outcomes if o.lineup == lineup) for p in plans]
    for pick in (lambda o: o.mean, lambda o: o.worst_tenth, lambda o: o.loss, lambda o: o.quantiles[1]):
        values = [pick(o) for o in found]
        spread = np.std([v.value for v in values], ddof=1)
        assert spread < 4.0 * np.mean([v.error for v in values])
    perfect = [p.risk.information.perfect for p in plans]
    assert np.std([v.value for v in perfect], ddof=1) < 4.0 * np.mean([v.error for v in perfect])


def test_few_draws_leave_the_fits_out():
    plan = make_plan(shipped(), candidates=TWO, draws=8, seed=3)
    assert plan.risk.information is None and plan.risk.staged is None and plan.risk.outcomes
    assert make_plan(shipped(), candidates=TWO, draws=4, seed=3, sensitivity=False).risk is None


def test_the_first_draws_are_the_first():
    plan = risky()
    some = plan.draws.first(7)
    assert some.count == 7 and plan.draws.first(10_000).count == 60
    whole = draw_inputs(
        plan.book, plan.market.estimate, plan.entries.ids, plan.used, count=60, seed=3, stream=1
    )
    assert some.theta == pytest.approx(whole.theta[:7])
