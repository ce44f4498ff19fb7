"""What a plan must obey: adding up, units displaced, monotone in costs, repeatable, honest when empty."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kanrin.answer import answer_plan
from kanrin.base import InputError, UnknownName
from kanrin.lineup import make_plan
from made_plans import THREE, TWO, dear, shipped, small


def test_same_inputs_and_seed_give_the_same_bytes():
    again = answer_plan(shipped(), candidates=THREE, draws=16, seed=3)
    assert json.dumps(again.answer) == json.dumps(small().answer)
    assert again.plan.run_id == small().plan.run_id


def test_another_seed_or_setting_is_another_run():
    other = make_plan(shipped(), candidates=TWO, draws=4, seed=4, sensitivity=False)
    same = make_plan(shipped(), candidates=TWO, draws=4, seed=5, sensitivity=False)
    changed = make_plan(
        shipped().with_overrides({"jp.pdi_jpy": "61000"}), candidates=TWO, draws=4, seed=4, sensitivity=False
    )
    assert len({other.run_id, same.run_id, changed.run_id}) == 3


def test_new_cars_are_other_cars_buyers_and_buyers_of_none():
    """T18: new units, displaced units and the outside good add to nothing."""
    answer = small().answer
    new = answer["total"]["units"]["mean"]
    market = answer["market"]
    taken = market["own_units_lost"] + market["rivals_units_lost"] + market["outside_units_gained_from"]
    assert taken == pytest.approx(new, rel=1e-6)
    by_origin = answer["trade"]["units_by_origin"]
    assert new + sum(by_origin.values()) + answer["trade"]["outside_units"] == pytest.approx(0, abs=1e-3)


def test_firms_units_agree_with_the_market():
    answer, plan = small().answer, small().plan
    change = plan.market.size * plan.valuation.detail.share_change.mean(axis=0)
    own = plan.market.firm_of == plan.maker_index
    toyota = next(f for f in answer["market"]["firms"] if f["firm"] == "Toyota")
    assert toyota["units_change"] == pytest.approx(
        answer["total"]["units"]["mean"] + change[own].sum(),
        rel=1e-7,  # the answer tells eight digits
    )


def test_bridge_adds_up_to_the_profit():
    answer = small().answer
    steps = {s["step"]: s["amount_jpy"] for s in answer["bridge"]}
    total = steps.pop("Total")
    assert sum(steps.values()) == pytest.approx(total, rel=1e-6)
    assert total == pytest.approx(answer["total"]["profit_jpy"]["mean"], rel=1e-6)


def test_waterfall_adds_up_to_the_price_on_the_road():
    for row in small().answer["decision"]:
        lines = small().answer["waterfalls"][row["model"]]
        assert sum(x["amount_jpy"] for x in lines if x["kind"] != "subtotal") == pytest.approx(
            row["price_jpy"], rel=1e-7
        )
        margin = next(x["amount_jpy"] for x in lines if x["line"] == "margin")
        assert margin == pytest.approx(row["unit_margin_jpy"], rel=1e-6)
        landed = next(x["amount_jpy"] for x in lines if x["line"] == "landed_cost")
        assert landed == pytest.approx(row["landed_cost_jpy"], rel=1e-6)


def test_central_equilibrium_is_certified():
    certificate = small().answer["certificate"]
    assert certificate["second_order_ok"]
    assert certificate["starts_agreeing"] == certificate["starts"] == 8
    assert certificate["max_foc_residual"] < 1e-10
    assert certificate["largest_deviation_gain"] < 1e-9
    assert certificate["batch_failures"] == 0


def test_a_launch_too_dear_brings_nothing_and_changes_nothing():
    answer = dear().answer
    assert answer["decision"] == [] and answer["waterfalls"] == {}
    assert answer["total"]["profit_jpy"]["mean"] == 0.0
    assert answer["market"]["own_units_lost"] == pytest.approx(0, abs=1e-3)
    assert answer["trade"]["balance_change_usd"]["mean"] == pytest.approx(0, abs=1e3)
    assert {r["model"] for r in answer["rejected"]} == set(TWO)
    assert "nothing" in answer["answer"]


def test_a_dearer_dollar_never_helps():
    rates = (130.0, 160.0, 190.0)
    worth = []
    for rate in rates:
        case = shipped().with_overrides({"fx.usd_jpy": rate})
        plan = make_plan(case, candidates=("toyota_highlander_hybrid",), draws=12, seed=2, sensitivity=False)
        row = next(k for k, r in enumerate(plan.valuation.rows) if any(r.offered))
        worth.append(float(plan.valuation.value[:, row].mean()))
    assert worth[0] > worth[1] > worth[2]


def test_comparables_move_the_forecast_towards_themselves():
    model = "toyota_sequoia"  # without a history of its own in the market
    plain = make_plan(shipped(), candidates=[model], draws=2, seed=1, sensitivity=False)
    strong = plain.market.models[int(np.argmax(plain.market.xi_model.xi))].id
    told = make_plan(
        shipped(), candidates=[model], draws=2, seed=1, sensitivity=False, comparables={model: [strong]}
    )
    assert told.entries.forecast.mean[0] > plain.entries.forecast.mean[0]
    assert told.entries.forecast.sd[0] < plain.entries.forecast.sd[0]


@pytest.mark.parametrize(
    ("terms", "error", "said"),
    [
        ({"maker": "Toyotta"}, UnknownName, "did you mean Toyota"),
        ({"candidates": ["toyota_camri"]}, UnknownName, "toyota_camry_hybrid"),
        ({"candidates": ["honda_pilot"]}, InputError, "honda_pilot is Honda's, not Toyota's"),
        ({"maker": "Stellantis"}, InputError, "no candidate left"),
        ({"draws": 1}, InputError, "expected 2 to 20,000 draws"),
        ({"comparables": {"toyota_camry_hybrid": ["toyota_crow"]}}, UnknownName, "toyota_crown"),
        ({"comparables": {"honda_pilot": ["toyota_crown"]}}, UnknownName, "candidate in --comparable"),
    ],
)
def test_bad_input_says_what_and_the_way_out(terms, error, said):
    with pytest.raises(error, match=said):
        make_plan(shipped(), sensitivity=False, **{"draws": 2, **terms})


def test_supply_that_ends_takes_the_car_out():
    case = shipped().with_overrides({"supply.highlander_hybrid_available": "0"})
    plan = make_plan(case, draws=2, sensitivity=False)
    assert "toyota_highlander_hybrid" not in plan.entries.ids
    assert any(car.id == "toyota_highlander_hybrid" and "no longer" in why for car, why in plan.left_out)


def test_quality_set_lower_sells_fewer_cars():
    case = shipped().with_overrides({"plan.selection_shift_sd": -1})
    low = make_plan(case, candidates=TWO, draws=12, seed=3, sensitivity=False)
    base = make_plan(shipped(), candidates=TWO, draws=12, seed=3, sensitivity=False)
    row = base.row((True, True))
    assert low.valuation.units[:, low.row((True, True))].sum() < 0.7 * base.valuation.units[:, row].sum()


def test_a_car_named_that_is_no_longer_built_is_refused():
    case = shipped().with_overrides({"supply.highlander_hybrid_available": "0"})
    with pytest.raises(InputError, match=r"none of the cars named can be had.*no longer builds it"):
        make_plan(case, candidates=["toyota_highlander_hybrid"], draws=2)
    plan = make_plan(case, candidates=["toyota_grand_highlander_hybrid"], draws=2, sensitivity=False)
    assert plan.entries.ids == ("toyota_grand_highlander_hybrid",)


def test_buyers_must_outnumber_the_cars_sold():
    case = shipped().with_overrides({"demand.market_size": "1000"})
    with pytest.raises(InputError, match=r"demand\.market_size is 1,000; expected more potential buyers"):
        make_plan(case, candidates=TWO, draws=2)


def test_a_plan_never_prints_a_line_up_worth_less_than_nothing():
    for seed in range(4):
        plan = make_plan(
            shipped(), candidates=["mazda_cx50"], maker="Mazda", draws=8, seed=seed, sensitivity=False
        )
        assert not plan.chosen or plan.valuation.value[:, 0].mean() >= 0


def test_no_discount_is_the_limit_of_a_small_one():
    values = []
    for rate in (0, 1e-9):
        case = shipped().with_overrides({"capital.discount_rate": rate})
        plan = make_plan(case, candidates=TWO, draws=4, seed=1, sensitivity=False)
        values.append(plan.valuation.value[:, plan.row((True, True))])
    assert values[0] == pytest.approx(values[1], rel=1e-6)
