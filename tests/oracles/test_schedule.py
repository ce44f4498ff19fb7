"""Schedules by other roads: SciPy's linear program, all calls tried one by one, and laws of the program."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog

from kanrin.logistics import conflict, solve_schedule
from kanrin.logistics._formulate import formulate
from kanrin.logistics._schedule import COST_PARTS
from made_networks import network, two_ways

EXACT = 1e-9  # relative, linear programs
WHOLE = 4e-4  # relative, HiGHS stops within 3e-4


def _scipy(program, upper=None):
    starts, columns, values = program.matrix()
    rows = np.repeat(np.arange(program.row_count), np.diff(starts))
    dense = np.zeros((program.row_count, program.column_count))
    dense[rows, columns] = values
    low, high = np.concatenate(program.row_lower), np.concatenate(program.row_upper)
    above, below = np.isfinite(high), np.isfinite(low)
    most = np.concatenate(program.upper) if upper is None else upper
    least = (
        np.concatenate(program.lower)
        if upper is None
        else np.where(np.concatenate(program.whole), upper, 0.0)
    )
    return linprog(
        np.concatenate(program.cost),
        A_ub=np.vstack([dense[above], -dense[below]]),
        b_ub=np.concatenate([high[above], -low[below]]),
        bounds=np.column_stack([least, np.where(np.isinf(most), np.inf, most)]),
        method="highs",
    )


def test_with_calls_held_the_program_is_that_of_scipy():
    made = two_ways(call_cost=30.0, least_call=3.0)
    calls = np.array(
        [[0, 1, 1, 1, 1, 0], [0, 0, 1, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 1, 1, 1, 1, 0]], dtype=float
    )
    ours = solve_schedule(made, calls=calls)
    program = formulate(made)
    upper = np.concatenate(program.upper)
    upper[program.blocks["calls"]] = calls
    assert ours.objective == pytest.approx(_scipy(program, upper).fun, rel=EXACT)


def test_whole_calls_are_those_of_trying_all():
    """One port pair, up to 2 calls in 6 months: 729 line-ups of calls, each a linear program of SciPy."""
    made = network(
        demand=np.array([[0, 0, 4.0, 6, 5, 7]]), least_call=3.0, call_cost=120.0, calls=2, slots=9.0
    )
    program = formulate(made)
    best = np.inf
    for calls in product(
        range(3), repeat=4
    ):  # a call in the last month, or before a car is there, is in vain
        upper = np.concatenate(program.upper)
        upper[program.blocks["calls"]] = [[0, *calls, 0]]
        found = _scipy(program, upper)
        if found.status == 0:
            best = min(best, found.fun)
    assert np.isfinite(best)
    assert solve_schedule(made).objective == pytest.approx(best, rel=WHOLE)


def test_what_leaves_is_what_is_sold():
    s = solve_schedule(two_ways(call_cost=30.0))
    left = np.bincount(s.network.leg_car, weights=s.left.sum(axis=1))
    assert left == pytest.approx(s.sales, abs=1e-7)
    assert s.loaded.sum(axis=(1, 2)) == pytest.approx(s.sales, abs=1e-7)
    assert s.delivered.sum(axis=(1, 2, 3)) == pytest.approx(s.sales, abs=1e-7)
    assert (s.sold + s.lost).sum(axis=1) == pytest.approx(s.network.demand, abs=1e-7)


def test_costs_by_car_add_up_to_the_objective():
    s = solve_schedule(two_ways(call_cost=30.0, slots=2.0, calls=1))
    assert set(s.costs()) == set(COST_PARTS)
    lost = float(s.network.lost @ s.lost.sum(axis=(1, 2)))
    assert lost > 0
    assert sum(float(v.sum()) for v in s.costs().values()) + lost == pytest.approx(s.objective, rel=1e-9)


def test_costs_double_when_all_prices_double():
    made = two_ways(call_cost=30.0)
    money = ("lost", "leg_cost", "sea_cost", "inspect_cost", "delivery_cost", "waiting", "call_cost")
    twice = replace(made, **{name: 2.0 * getattr(made, name) for name in money})
    assert solve_schedule(twice).objective == pytest.approx(2.0 * solve_schedule(made).objective, rel=WHOLE)


def test_a_capacity_that_is_slack_changes_nothing():
    made = two_ways(call_cost=30.0, plant_most=np.array([1e3, 1e3]))
    s = solve_schedule(made)
    assert s.left.sum(axis=0).max() < 1e3 and not np.abs(s.duals["plant"]).max() > EXACT
    wider = solve_schedule(replace(made, plant_most=np.array([1e9, 1e9])))
    assert wider.objective == pytest.approx(s.objective, rel=EXACT)


def test_names_of_ports_in_another_order_change_nothing():
    made = two_ways(call_cost=30.0)
    turned = replace(
        made,
        exports=made.exports[::-1], imports=made.imports[::-1],
        leg_port=1 - made.leg_port, pair_from=1 - made.pair_from, pair_to=1 - made.pair_to,
        inspections=made.inspections[::-1].copy(), delivery_cost=made.delivery_cost[::-1].copy(),
    )  # fmt: skip
    assert solve_schedule(turned).objective == pytest.approx(solve_schedule(made).objective, rel=WHOLE)


@pytest.mark.parametrize("name", ["inspections", "room", "plant_most"])
def test_a_shadow_price_is_the_slope_of_the_cost(name):
    """Calls held: the dual lies between the slopes of a small step up and one down, and is no less than 0."""
    made = two_ways(
        slots=9.0,
        inspections=np.array([3.0, 5.0]),
        room=np.array([2.0, 2.0]),
        plant_most=np.array([9.0, 6.0]),
    )
    calls = np.full((4, 6), 1.0)
    at = solve_schedule(made, calls=calls)
    block = {"plant_most": "plant"}.get(name, name)
    step = 1e-4
    value = getattr(made, name)
    for k in range(len(value)):
        more = value.copy()
        more[k] += step
        fewer = value.copy()
        fewer[k] -= step
        up = (at.objective - solve_schedule(replace(made, **{name: more}), calls=calls).objective) / step
        down = (solve_schedule(replace(made, **{name: fewer}), calls=calls).objective - at.objective) / step
        dual = -at.duals[block][k].sum()
        assert dual >= -1e-6
        assert up - 1.0 <= dual <= down + 1.0  # JPY of millions


def test_a_slot_short_is_worth_a_sale():
    """One more slot serves one more buyer: 1,000,000 less the 370 JPY it costs to move the car."""
    s = solve_schedule(network())
    (price,) = s.shadow_prices()
    assert (price.kind, price.where) == ("slots", "San Diego to Nagoya")
    assert price.most == pytest.approx(1e6 - 370.0, abs=1e-6)
    assert s.lost.sum() == pytest.approx(4.0)


def test_serving_one_more_buyer_costs_the_cheapest_way():
    s = solve_schedule(network(slots=1e6))
    assert not s.shadow_prices()
    served = s.demand_price()[0, 2:]
    assert served == pytest.approx(np.full(4, 100 + 200 + 50 + 15.0))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "14 slots from San Diego to Nagoya in 2026-02 against a demand of 15 cars in 2026-03"),
        (
            {"slots": 20.0, "inspections": np.array([13.0])},
            "13 inspections in Nagoya in 2026-03 against a demand of 15",
        ),
        (
            {"slots": 99.0, "plant_most": np.array([11.0])},
            "11 cars from plant in 2026-01 against a demand of 15 cars",
        ),
        ({"slots": 99.0, "least_call": 70.0}, "A call of at least 70 cars against a demand of 60 cars"),
    ],
)
def test_a_conflict_is_said_with_its_numbers(changed, said):
    assert conflict(network(**changed)).startswith(said)


def test_no_conflict_where_all_are_served():
    assert conflict(network(slots=15.0)) == ""


def test_the_same_network_gives_the_same_schedule():
    one, two = (solve_schedule(two_ways(call_cost=30.0)) for _ in range(2))
    assert np.array_equal(one.loaded, two.loaded) and np.array_equal(one.calls, two.calls)
