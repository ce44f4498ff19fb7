"""The schedule of a plan: dates, conservation, agreement with prices, and where it is the route again."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from kanrin.answer import answer_plan
from kanrin.base import InputError
from kanrin.facts import Case
from kanrin.logistics import Logistics, plan_logistics
from made_plans import TWO, dear, shipped, small

TOLERANCE = 1e-6  # of the fixed point


@cache
def found() -> Logistics:
    made = plan_logistics(small().plan)
    assert made is not None
    return made


def test_prices_and_schedule_agree():
    assert found().settled and found().residual <= TOLERANCE
    more = found().moving - found().moving_before
    assert ((found().price_change > 0) == (more > 0)).all()
    assert ((found().annual < found().before) == (more > 0)).all()


def test_no_car_is_sold_before_its_certificate_or_its_arrival():
    programme, s = found().programme, found().schedule
    for j, first in enumerate(programme.launch):
        assert first == max(programme.lead[j], s.network.first_arrival(j))
        assert s.sold[j, :, :first].sum() == 0.0
        assert s.sold[j, :, first].sum() > 0.0


def test_sales_rise_to_the_yearly_volume():
    wanted, ramp = found().schedule.network.demand, found().programme.ramp
    for j, first in enumerate(found().programme.launch):
        assert wanted[j, first] == pytest.approx(found().annual[j] / 12.0 / (ramp + 1))
        assert wanted[j, first + ramp :] == pytest.approx(
            np.full(24 - first - ramp, found().annual[j] / 12.0)
        )


def test_times_are_days_of_the_route_rounded_up():
    plan, n = small().plan, found().schedule.network
    for j, k in enumerate(plan.chosen):
        route = plan.entries.entries[k].route.route
        days = route.transit_days + plan.book.number("jp.inland_delivery_days")
        assert n.first_arrival(j) <= math.ceil(days / (365 / 12))


def test_without_calls_and_distance_a_car_costs_its_route():
    case = shipped().with_overrides({
        "logistics.call_usd": 0.0, "logistics.minimum_call_cars": 0.0, "logistics.delivery_fixed_share": 1.0,
    })  # fmt: skip
    plan = answer_plan(case, candidates=TWO, draws=8, seed=3).plan
    made = plan_logistics(plan)
    assert made is not None
    assert made.moving == pytest.approx(made.moving_before, rel=1e-9)
    assert made.annual == pytest.approx(made.before, rel=1e-6)
    assert made.residual <= TOLERANCE


def test_nothing_brought_is_nothing_moved():
    assert plan_logistics(dear().plan) is None
    assert dear().answer["logistics"]["words"] == ["No car is brought over, so none is moved."]


def _set(**settings: float) -> Case:
    return shipped().with_overrides({f"logistics.{k}": v for k, v in settings.items()})


def test_too_few_slots_are_named():
    case = _set(share_of_vessel_available=0.001, minimum_call_cars=1.0)
    said = answer_plan(case, candidates=TWO, draws=8, seed=3).answer["logistics"]
    assert said["cars_lost"] > 0
    assert "slots from" in said["conflict"] and "against a demand of" in said["conflict"]
    assert said["shadow_prices"][0]["kind"] == "slots" and said["shadow_prices"][0]["most_jpy"] > 1e5


def test_months_too_few_for_the_certificate_are_refused():
    with pytest.raises(InputError, match=r"cannot be sold within the 4 months asked.*--months"):
        answer_plan(_set(horizon_months=4), candidates=TWO, draws=8, seed=3)


def test_a_capacity_of_zero_is_refused_by_its_key():
    with pytest.raises(InputError, match=r"logistics.share_of_vessel_available: expected more than 0, got 0"):
        answer_plan(_set(share_of_vessel_available=0.0), candidates=TWO, draws=8, seed=3)


def test_the_answer_adds_up():
    said = small().answer["logistics"]
    sold = sum(r["sold"] for r in said["cars"])
    assert sum(r["cars"] for r in said["calls"]) == pytest.approx(sold, rel=1e-6)
    assert sum(r["cars"] for r in said["regions"]) == pytest.approx(sold, rel=1e-6)
    assert sum(r["cars"] for r in said["legs"]) == pytest.approx(sold, rel=1e-6)
    for row in said["cost_per_car"]:
        assert sum(row["parts"].values()) == pytest.approx(row["schedule_jpy"], rel=1e-6)
    assert all(r["ceu"] <= r["slots_ceu"] * (1 + 1e-9) for r in said["calls"])
