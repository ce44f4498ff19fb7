"""Branch and bound against all line-ups by brute force (bound-hi), (bnb), (near-optimal).

Tolerance: worths are sums over the market that are solved to 1e-12 of the price: a million JPY to 1e-4.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.lineup import Row, SearchLimits, make_plan, value_rows
from kanrin.lineup._bound import Bound, Box, bound_lineups
from kanrin.lineup._branch import _best_first, branch_and_bound
from kanrin.lineup._choose import all_lineups
from kanrin.lineup._search import near_optimal
from kanrin.lineup._value import mean_worth_and_box, work_of
from made_plans import shipped

MONEY = 1e-4  # million JPY
TOYOTA = (
    "toyota_camry_hybrid",
    "toyota_highlander_hybrid",
    "toyota_grand_highlander_hybrid",
    "toyota_tundra",
    "toyota_sequoia",
    "toyota_corolla_cross",
    "toyota_rav4_kentucky",
)
SEVERAL = (*TOYOTA[:3], "honda_pilot", "honda_odyssey", "subaru_ascent", "ford_bronco", "jeep_wrangler")
PROBLEMS = {
    "plain": (TOYOTA, {}, 5),
    "other draws, more cars": ((*TOYOTA, "toyota_sienna", "toyota_highlander_gas"), {}, 8),
    "cars like each other's": (SEVERAL, {}, 2),
    "capped": (TOYOTA, {"cert.us_made_certification.cap_per_type_year": 300}, 5),
    "full plant": (TOYOTA, {"us.plant_utilisation": 1.0}, 6),
}


def one_maker(overrides):
    """The shipped case with all candidates Toyota's: a made-up maker with many cars."""
    case = shipped().with_overrides(overrides) if overrides else shipped()
    cars = {k: c.model_copy(update={"firm": "Toyota"}) for k, c in case.candidates.items()}
    return replace(case, candidates=cars)


class Problem:
    """All worths of a small problem, and what a search is given."""

    def __init__(self, name):
        candidates, overrides, seed = PROBLEMS[name]
        self.plan = make_plan(
            one_maker(overrides), candidates=candidates, draws=12, seed=seed, sensitivity=False
        )
        plan = self.plan
        self.count = len(plan.entries.entries)
        self.lineups = all_lineups(self.count)
        rows = [Row(s) for s in self.lineups]
        terms = replace(plan.terms, second=None)  # a search knows the first ways alone
        args = (plan.market, plan.entries, plan.draws, [terms], rows, plan.maker_index)
        self.valuation = value_rows(*args)
        self.worth = dict(zip(self.lineups, self.valuation.value.mean(axis=0).tolist(), strict=True))
        self.work = work_of(*args, 0.0, None, None)
        self.asked = []

    @property
    def best(self):
        return max(self.worth.values())

    def valued(self, lineups):
        self.asked.append(list(lineups))
        return mean_worth_and_box(replace(self.work, rows=tuple(Row(s) for s in lineups)))

    def search(self, limits=None):
        self.asked.clear()
        return branch_and_bound(
            self.count,
            self.valued,
            lambda box, inside: bound_lineups(self.work, box, inside),
            limits or SearchLimits(),
        )


@cache
def problem(name):
    return Problem(name)


@pytest.mark.parametrize("name", PROBLEMS)
def test_search_finds_the_best_of_all_and_all_near_it(name):
    p = problem(name)
    found = p.search()
    assert found.complete and found.gap == 0.0 and not found.stopped
    assert p.worth[found.best] == pytest.approx(p.best, abs=MONEY)
    assert found.worth == pytest.approx({s: p.worth[s] for s in found.worth}, abs=MONEY)
    near = {s for s, w in p.worth.items() if w >= p.best - 0.01 * abs(p.best)}
    assert near <= set(found.worth)


@pytest.mark.parametrize("name", PROBLEMS)
def test_search_looks_at_few(name):
    p = problem(name)
    found = p.search()
    assert len(found.worth) < 2**p.count
    asked = [s for some in p.asked for s in some]
    assert len(asked) == len(set(asked)) == len(found.worth)


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("inside", [(), (2,), (1, 2)])
def test_bound_holds_for_every_line_up(name, inside):
    p = problem(name)
    _, box = p.valued(p.lineups)
    bound = bound_lineups(p.work, box, inside)
    for lineup, worth in p.worth.items():
        assert worth <= bound.of(lineup) + MONEY
        if all(lineup[k] for k in inside):
            assert bound.of(lineup) <= bound.most + MONEY < np.inf


def test_a_floor_under_what_buyers_bring_makes_the_bound_tight():
    """With stand-alone worths alone the bound of these cars is a fifth above what they bring."""
    p = problem("plain")
    _, box = p.valued(p.lineups)
    bound = bound_lineups(p.work, box)
    assert max(bound.of(s) - w for s, w in p.worth.items()) < 0.2 * p.best


def test_problems_are_what_they_say():
    assert (problem("capped").valuation.shadow > 0).any()
    assert (problem("full plant").valuation.forgone > 0).any()


def test_a_cap_lowers_the_bound():
    p = problem("capped")
    _, box = p.valued(p.lineups)
    free = replace(p.work, terms=[replace(p.work.terms[0], cap=np.full_like(p.work.terms[0].cap, np.inf))])
    tight, loose = bound_lineups(p.work, box), bound_lineups(free, box)
    assert (tight.car <= loose.car + MONEY).all() and (tight.car < loose.car - 1.0).any()


def test_without_room_the_box_is_left_and_the_answer_stands():
    p = problem("plain")
    found = p.search(SearchLimits(room=0.0))
    assert found.best == p.search().best and found.complete


@pytest.mark.parametrize("most", [1, 5, 12, 20])
def test_gap_is_honest_when_stopped_early(most):
    p = problem("other draws, more cars")
    found = p.search(SearchLimits(lineups=most))
    assert len(found.worth) <= max(most, p.count + 2)
    assert found.bound >= p.best - MONEY
    assert found.gap == pytest.approx(found.bound - p.worth[found.best], abs=MONEY)
    if found.gap > 0.0:
        assert found.stopped == "line-ups" and not found.complete


def test_a_limit_in_seconds_stops_too():
    p = problem("other draws, more cars")
    found = p.search(SearchLimits(seconds=1e-6))
    assert found.stopped == "seconds" and found.bound >= p.best - MONEY


@pytest.mark.parametrize("limits", [{"lineups": 0}, {"seconds": 0.0}, {"room": -1.0}, {"near": 1.0}])
def test_limits_out_of_range_are_refused(limits):
    with pytest.raises(InputError, match="search"):
        SearchLimits(**limits)


@pytest.mark.parametrize("inside", [(), (1,), (0, 3)])
def test_nodes_come_best_first_each_once(inside):
    bound = Bound(2.0, np.array([3.0, -1.0, 0.5, -0.2, 1.1]), inside)
    nodes = list(_best_first(bound))
    wanted = [s for s in itertools.product((False, True), repeat=5) if all(s[k] for k in inside)]
    assert sorted(s for s, _ in nodes) == sorted(wanted)
    above = [a for _, a in nodes]
    assert above == sorted(above, reverse=True)
    assert above == pytest.approx([bound.of(s) for s, _ in nodes])


def made_up(seed, count=7):
    """A worth with crossed terms, and a bound that holds for it."""
    rng = np.random.default_rng(seed)
    own = rng.normal(size=count)
    crossed = -np.abs(rng.normal(scale=0.3, size=(count, count)))

    def worth(lineup):
        at = np.flatnonzero(lineup)
        return float(own[at].sum() + sum(crossed[i, j] for i in at for j in at if i < j))

    def valued(lineups):
        flat = np.ones((1, 1))
        return np.array([worth(s) for s in lineups]), Box(flat, flat)

    return worth, valued, lambda box, inside: Bound(0.0, own, inside)


@pytest.mark.parametrize("seed", range(20))
def test_made_up_worths_are_searched_to_the_end(seed):
    worth, valued, bounded = made_up(seed)
    found = branch_and_bound(7, valued, bounded, SearchLimits(near=0.1))
    every = {s: worth(s) for s in itertools.product((False, True), repeat=7)}
    best = max(every.values())
    assert worth(found.best) == pytest.approx(best) and found.gap == 0.0
    assert {s for s, w in every.items() if w >= best - 0.1 * abs(best)} <= set(found.worth)


def test_worths_above_every_bound_leave_the_gap_unknown():
    _, valued, _ = made_up(0)
    found = branch_and_bound(7, valued, lambda box, inside: Bound(-9.0, np.zeros(7), inside), SearchLimits())
    assert found.stopped == "prices" and found.gap == np.inf and not found.complete


def test_near_optimal_is_the_brute_force_set():
    p = problem("plain")
    found = near_optimal(p.plan.ranking, 0.01)
    ranked = dict(zip(p.plan.ranking.order, p.plan.ranking.mean, strict=True))
    best = max(ranked.values())
    assert {s for s, _ in found} == {s for s, w in ranked.items() if w >= best - 0.01 * abs(best)}
    assert [gives for _, gives in found] == sorted(gives for _, gives in found)
    search = p.plan.search
    for k in range(p.count):
        inside = [s[k] for s, _ in search.near]
        assert (k in search.in_all, k in search.in_some, k in search.in_none) == (
            all(inside), any(inside) and not all(inside), not any(inside),
        )  # fmt: skip


def test_a_plan_beyond_enumeration_is_the_plan_of_enumeration(monkeypatch):
    candidates = TOYOTA[:5]
    asked = {"candidates": candidates, "draws": 8, "seed": 3, "sensitivity": False}
    every = make_plan(shipped(), **asked)
    monkeypatch.setattr("kanrin.lineup._search.MOST_ENUMERATED", 2)
    searched = make_plan(shipped(), **asked)
    assert searched.lineup == every.lineup
    assert [s for s, _ in searched.search.near] == [s for s, _ in every.search.near]
    assert searched.search.gap == 0.0 and every.search.enumerated


def test_threads_do_not_change_the_search():
    p = problem("plain")
    rows = tuple(Row(s) for s in p.lineups[:40])
    one, four = (mean_worth_and_box(replace(p.work, rows=rows), workers=n) for n in (1, 4))
    assert (one[0] == four[0]).all() and (one[1].low == four[1].low).all()
