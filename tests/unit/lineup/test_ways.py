"""Ways inside the plan: refusals, caps with a second way by hand, what may be asked for, what is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.answer._ways_side import ways_side
from kanrin.base import InputError, UnknownName
from kanrin.lineup import Row, make_plan, value_rows
from kanrin.lineup._second import Second, share_after
from made_plans import TWO, shipped

KEY = "cert.us_made_certification.approval_probability"
MODEL = "toyota_highlander_hybrid"
SAME = 1e-10


def planned(settings=None, **terms):
    case = shipped().with_overrides(settings or {})
    given = {"candidates": [MODEL], "draws": 12, "seed": 2, "sensitivity": False}
    return make_plan(case, **{**given, **terms})


def test_certain_approval_leaves_every_draw_as_it_is():
    sure = planned({KEY: 1.0})
    assert not sure.refusals.refused.any()
    assert (sure.refusals.value == sure.valuation.value[:, 0]).all()
    assert sure.refusals.expected_loss == 0.0
    # and the worth printed is that of approval granted, whatever its chance
    assert (sure.valuation.value == planned().valuation.value).all()


def test_worth_falls_with_the_chance_of_a_refusal():
    plans = [planned({KEY: p}, draws=40, candidates=TWO) for p in (1.0, 0.8, 0.4)]
    worth = [float(p.refusals.value.mean()) for p in plans]
    refused = [p.refusals.refused.sum() for p in plans]
    assert worth[0] > worth[1] > worth[2]
    assert 0 == refused[0] < refused[1] < refused[2]


def test_a_refused_car_that_stays_at_home_costs_its_certification():
    plan = planned({KEY: 0.5}, draws=20)
    lost = plan.valuation.value[:, 0] - plan.refusals.value
    at = plan.refusals.refused[:, 0]
    assert 0 < at.sum() < 20
    assert (lost[~at] == 0).all()
    assert plan.refusals.expected_loss == pytest.approx(float(lost.mean()))
    if plan.ways.cars[0].fallback is None:
        assert (plan.refusals.value[at] < 0).all()
        assert (plan.refusals.units[at] == 0).all()


def test_the_kink_at_a_cap_by_hand():
    """One car, a cap of 300 in every draw, a second way dearer a car: the first 300 go by the first."""
    plan = planned()
    shape = plan.terms.cost.shape
    capped = replace(plan.terms, cap=np.full(shape, 300.0))
    dearer = Second(
        np.array([True]), plan.terms.cost + 0.2, np.full(shape, 30.0), np.full(shape, np.inf),
        np.full(shape, 0.2), np.full(shape, 300.0), np.full(shape, 0.75),
    )  # fmt: skip
    given = (plan.market, plan.entries, plan.draws)
    rows, me = [Row((True,))], plan.maker_index
    low = value_rows(*given, [capped], rows, me)
    high = value_rows(*given, [replace(capped, cost=dearer.cost, cap=dearer.cap)], rows, me)
    both = value_rows(*given, [replace(capped, second=dearer)], rows, me, detail_row=0)
    flow_low, flow_high = (v.gain[:, 0] - v.forgone[:, 0] for v in (low, high))
    added = (
        plan.terms.annuity
        * (0.25 * flow_low + 0.75 * (flow_high + 0.2 * np.minimum(300.0, high.units[:, 0, 0])))
        - plan.terms.fixed[:, 0]
        - 30.0
    )
    binds = low.shadow[:, 0, 0] > 0
    expected = np.where(binds, np.maximum(low.value[:, 0], added), low.value[:, 0])
    np.testing.assert_allclose(both.value[:, 0], expected, rtol=1e-6, atol=1e-3)
    assert (both.stepped[:, 0, 0] == (binds & (added > low.value[:, 0]))).all()
    assert both.stepped.any() and not both.stepped.all()
    assert both.detail is not None and len(both.detail.surplus) == plan.draws.count


def test_a_higher_cap_is_worth_no_less_on_average_and_a_slack_one_changes_nothing():
    # a draw may gain a little from a cap: a rival that sees it keeps its price up
    plan = planned()
    given = (plan.market, plan.entries, plan.draws)
    shape = plan.terms.cap.shape
    worth = [
        value_rows(
            *given, [replace(plan.terms, cap=np.full(shape, c))], [Row((True,))], plan.maker_index
        ).value
        for c in (100.0, 400.0, 1e9, np.inf)
    ]
    assert worth[0].mean() < worth[1].mean() < worth[2].mean()
    assert (worth[2] == worth[3]).all()


def test_a_second_way_whose_first_is_never_full_is_the_first_alone():
    first = planned(ways={MODEL: "php,right"}, draws=4)
    both = planned(ways={MODEL: "php+type_designation,right"}, draws=4)
    slack = ~both.valuation.stepped[:, 0, 0]
    np.testing.assert_allclose(
        both.valuation.value[slack, 0], first.valuation.value[slack, 0], rtol=1e-9, atol=1e-6
    )


def test_share_of_an_annuity_by_hand():
    t = (np.arange(200_000) + 0.5) / 200_000 * 4
    flow = 1.08**-t
    late = share_after(np.array([1.5]), np.array([0.08]), np.array([4.0]))
    assert late[0] == pytest.approx(flow[t > 1.5].sum() / flow.sum(), rel=1e-4)
    assert share_after(np.array([1.0]), np.array([0.0]), np.array([4.0]))[0] == pytest.approx(0.75)
    assert share_after(np.array([9.0]), np.array([0.08]), np.array([4.0]))[0] == pytest.approx(0.0)


def test_a_way_asked_for_is_taken_and_is_another_run():
    plan = planned(ways={MODEL: "php,left"}, draws=4)
    entry = plan.entries.entries[0]
    assert (entry.choice.option.pathway.id, entry.right_hand) == ("php", False)
    assert entry.choice.reason.count("as asked") == 1
    assert plan.run_id != planned(draws=4).run_id
    again = planned(ways={MODEL: "php,left"}, draws=4)
    assert (again.valuation.value == plan.valuation.value).all()


def test_right_hand_drive_that_has_to_be_developed_costs_its_tools_and_time():
    plan = planned(candidates=["toyota_sequoia"], ways={"toyota_sequoia": "php,right"}, draws=4)
    left = planned(candidates=["toyota_sequoia"], ways={"toyota_sequoia": "php,left"}, draws=4)
    entry, read = plan.entries.entries[0], plan.book.number
    from kanrin.lineup._terms import first_sale, launch_cost

    tools = read("rhd.tooling_usd_per_model") * read("fx.usd_jpy")
    years = read("rhd.lead_time_months") / 12
    dearer = launch_cost(read, entry) - launch_cost(read, left.entries.entries[0])
    assert dearer == pytest.approx(tools * (1 + read("capital.discount_rate")) ** years, rel=SAME)
    assert first_sale(read, entry) == read("rhd.lead_time_months")
    assert ways_side(plan, 0)["first_sale"] == "2028-04"  # 24 months from the day of the plan, 2026-04-01
    parts = left.entries.forecast.named_parts(0)
    assert parts["left_hand_drive"] < 0.0
    assert plan.entries.forecast.named_parts(0)["left_hand_drive"] == 0.0


@pytest.mark.parametrize(
    ("ways", "error", "said"),
    [
        ({"toyota_crown": "php"}, UnknownName, "model in --way"),
        ({MODEL: "phpp"}, InputError, r"no such way; expected PATHWAY.*us_made_certification,right"),
        ({MODEL: "php,middle"}, InputError, "no such way"),
        ({MODEL: "common_structure"}, InputError, "is not open to it: not for cars of heading 8703"),
    ],
)
def test_a_way_that_does_not_exist_is_refused_with_the_list(ways, error, said):
    with pytest.raises(error, match=said):
        planned(ways=ways, draws=2)


def test_a_car_that_cannot_arrive_within_the_horizon_is_left_out():
    months = {f"cert.{p}.lead_time_months": 60 for p in ("us_made_certification", "php", "type_designation")}
    late = {**months, "cert.un_1958.lead_time_months": 60, "cert.parallel_import.lead_time_months": 60}
    with pytest.raises(InputError, match=r"(?s)no candidate has.*after 60 months, not within the 48 months"):
        planned(late, draws=2)
    plan = planned({"cert.us_made_certification.lead_time_months": 60}, draws=2)
    assert plan.entries.entries[0].choice.option.pathway.id != "us_made_certification"


def test_a_cap_of_nothing_closes_a_pathway():
    plan = planned({"cert.us_made_certification.cap_per_type_year": 0}, draws=2)
    told = {o.pathway.id: why for o, why in plan.entries.entries[0].choice.not_taken}
    assert "its cap of 0 a type and year admits no car" in told["us_made_certification"]


def test_more_chance_of_approval_is_never_worth_less():
    chances = (0.2, 0.6, 1.0)
    worth = [float(planned({KEY: p}, draws=40).refusals.value.mean()) for p in chances]
    assert worth[0] <= worth[1] <= worth[2]
