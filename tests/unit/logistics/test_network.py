"""A network refuses what no car could pass, and is made smaller only where that changes nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.logistics import solve_schedule
from kanrin.logistics._great_circle import along, kilometres
from kanrin.logistics._program import ABSENT, Program
from kanrin.logistics._smaller import pooled, without_dominated
from made_networks import network, two_ways


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"slots": 0.0}, "slots on a call: expected more than 0, got 0; no car could pass"),
        ({"calls": 0}, "calls a month: expected more than 0"),
        ({"leg_months": np.array([-1])}, "months to the port of export: expected at least 0, got -1"),
        ({"sea_months": np.array([[6]])}, "car cannot arrive within the 6 months asked"),
    ],
)
def test_what_no_car_could_pass_is_refused(changed, said):
    with pytest.raises(InputError, match=said):
        network(**changed)


def test_leaving_out_dominated_ways_keeps_the_cost():
    made = two_ways(call_cost=30.0, slots=900.0, inspections=np.array([1e3, 1e3]), room=np.array([1e3, 1e3]),
                    delivery_cost=np.array([[10.0, 25.0], [10.0, 25.0]]))  # fmt: skip
    fewer = without_dominated(made)
    assert len(fewer.pair_from) < len(made.pair_from)
    assert solve_schedule(fewer).objective == pytest.approx(solve_schedule(made).objective, rel=4e-4)


def test_pooling_one_port_keeps_the_cost():
    made = network(call_cost=50.0, slots=40.0, least_call=5.0)
    assert solve_schedule(pooled(made)).objective == pytest.approx(solve_schedule(made).objective, rel=4e-4)


def test_ways_are_kept_where_room_is_scarce():
    made = without_dominated(replace(two_ways(), leg_months=np.array([1, 1, 1, 1])))
    assert len(made.pair_from) == 4


def test_a_column_named_twice_in_a_row_is_summed():
    program = Program()
    x = program.columns("x", (2,))
    program.rows("r", (1,), [(x[None, :], 1.0), (x[None, :1], 2.0), (np.array([[ABSENT]]), 5.0)], upper=4.0)
    starts, columns, values = program.matrix()
    assert (starts.tolist(), columns.tolist(), values.tolist()) == ([0, 2], [0, 1], [3.0, 1.0])
    assert program.row_named(0) == ("r", (0,))


def test_a_quarter_of_the_equator():
    assert kilometres(0, 0, 0, 90) == pytest.approx(10_007.557, rel=1e-6)
    assert along(0, 0, 0, 90, 3)[1] == pytest.approx((0.0, 45.0))
