"""Ways of a small plan by another road: every line-up with every way, valued one at a time by definition.

Tolerances: batches begin elsewhere than single rows, prices stop at 1e-11; worths agree to `MONEY`.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from kanrin.lineup import Row, make_plan, value_rows
from kanrin.lineup._draws import draw_inputs
from kanrin.lineup._terms import first_sale, money_terms
from kanrin.lineup._way_choice import choose_ways, way_keys
from kanrin.lineup._way_worth import way_worth
from kanrin.lineup._ways import list_ways, with_way
from made_plans import shipped

MONEY = 1e-2  # million JPY over the programme
CARS = ("toyota_camry_hybrid", "toyota_sequoia")
CERTAIN = {"cert.us_made_certification.approval_probability": 1.0}


@pytest.fixture(scope="module")
def plan():
    return make_plan(shipped().with_overrides(CERTAIN), candidates=CARS, draws=8, seed=5, sensitivity=False)


@pytest.fixture(scope="module")
def draws(plan):
    keys = (*plan.used, *way_keys(plan.book, plan.market, plan.entries))
    return draw_inputs(
        plan.book, plan.market.estimate, plan.entries.ids, keys, count=6, seed=9, stream=0, lead_months=6.0
    )


def ways_of(plan, count=3):
    """The car's own way and the next on the same side."""
    found = []
    for e in plan.entries.entries:
        ways, _ = list_ways(plan.book, e)
        found.append([w for w in ways if w.right_hand == e.right_hand and w.then is None][:count])
    return found


def by_hand(plan, draws, ways, assigned):
    """Mean worth at the day of the plan, each start's increment discounted, a valuation for each."""
    entries = tuple(
        e if w is None else with_way(e, ways[j][w])
        for j, (e, w) in enumerate(zip(plan.entries.entries, assigned, strict=True))
    )
    told = replace(plan.entries, entries=entries)
    terms = money_terms(plan.book, plan.market, told, draws)
    months = {
        j: float(first_sale(plan.book.number, entries[j])) for j, w in enumerate(assigned) if w is not None
    }
    rate, total, before = plan.book.number("capital.discount_rate"), 0.0, 0.0
    at_first_sale = 0.0
    for m in sorted(set(months.values())):
        offered = tuple(j in months and months[j] <= m for j in range(len(assigned)))
        v = value_rows(plan.market, told, draws, [terms], [Row(offered)], plan.maker_index, workers=1)
        at_first_sale = float(v.value[:, 0].mean())
        total += (1 + rate) ** (-m / 12) * (at_first_sale - before)
        before = at_first_sale
    return total, at_first_sale


def test_every_combination_weighed_is_the_best_by_enumeration(plan, draws, monkeypatch):
    ways = ways_of(plan)
    assert all(len(w) == 3 for w in ways)
    monkeypatch.setattr(
        "kanrin.lineup._way_choice.list_ways",
        lambda book, e: (tuple(ways[plan.entries.ids.index(e.candidate.id)][k] for k in (2, 0, 1)), ()),
    )
    best, most = None, 0.0
    for offered in itertools.product((False, True), repeat=2):
        choices = [range(3) if on else [None] for on in offered]
        own = {a: by_hand(plan, draws, ways, a) for a in itertools.product(*choices)}
        top = max(own, key=lambda a: own[a][0])
        if own[top][1] > most:
            best, most = top, own[top][1]
    units = dict.fromkeys(plan.entries.ids, 500.0)
    start = replace(  # from a poor start, so that there is something to find
        plan.entries,
        entries=tuple(with_way(e, ways[j][2]) for j, e in enumerate(plan.entries.entries)),
    )
    entries, found = choose_ways(
        plan.book, plan.market, start, (True, True), draws, plan.maker_index, units, sure=0.0, workers=1
    )
    assert found.exact and found.combinations == 16
    for j, w in enumerate(best):
        if w is not None:
            assert entries.entries[j].choice.option.pathway.id == ways[j][w].option.pathway.id


def test_worth_at_the_day_of_the_plan_by_hand(plan, draws):
    ways = ways_of(plan)
    worth = way_worth(plan.book, plan.market, plan.entries, ways, draws, plan.maker_index, 1)
    for assigned in ((0, 0), (1, 2), (2, -1)):
        by = tuple(None if w < 0 else w for w in assigned)
        total, at_first_sale = by_hand(plan, draws, ways, by)
        assert float(worth.today(assigned).mean()) == pytest.approx(total, abs=MONEY)
        assert float(worth.at_first_sale(assigned).mean()) == pytest.approx(at_first_sale, abs=MONEY)


def test_the_other_side_of_the_wheel_draws_its_own_covariance(plan):
    from kanrin.lineup._aligned import aligned
    from kanrin.lineup._entry import reforecast

    turned = tuple(
        replace(e, shipment=replace(e.shipment, right_hand=k == 0))
        for k, e in enumerate(plan.entries.entries)
    )
    other = reforecast(plan.book, plan.market, replace(plan.entries, entries=turned)).forecast
    made = aligned(other, plan.entries.forecast)
    np.testing.assert_allclose(made.root @ made.root.T, other.covariance, atol=1e-10)
    same = aligned(plan.entries.forecast, plan.entries.forecast)
    xi, normals = plan.market.xi_model.xi, np.random.default_rng(1).standard_normal((5, 2))
    np.testing.assert_allclose(same.draws(xi, normals), plan.entries.forecast.draws(xi, normals), atol=1e-10)
