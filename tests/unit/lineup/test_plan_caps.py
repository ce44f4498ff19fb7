"""Caps in a plan: slack ones leave it as it is, binding ones hold it back, the rent goes to its holder.

Tolerances: a binding cap is met to 1e-9 of its size; sums over draws add rounding.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.answer import answer_plan
from kanrin.base import InputError, UnknownName
from kanrin.lineup import Row, make_plan, value_rows
from kanrin.lineup._cap_choice import asked_caps
from made_plans import TWO, shipped

DRAWS = 12


def plan(**caps):
    return make_plan(
        shipped(),
        candidates=TWO,
        draws=DRAWS,
        seed=5,
        sensitivity=False,
        caps=dict(caps),
    )


@pytest.fixture(scope="module")
def free():
    return plan()


def named(made, name):
    return next(c for c in made.caps if c.id == name)


def test_the_case_brings_a_cap_for_each_plant(free):
    kinds = {c.kind for c in free.caps}
    assert {"certification", "plant"} <= kinds
    of_plant = next(c for c in free.caps if c.kind == "plant")
    j = of_plant.members[0]
    car = free.entries.entries[j].candidate
    most = free.draws.keys["us.export_volume_share_of_plant_max"] * car.plant_capacity
    assert of_plant.limit == pytest.approx(most)


def test_a_slack_cap_changes_nothing(free):
    wide = plan(maker=1e7, all="1e7:treasury")
    assert wide.lineup == free.lineup
    assert (wide.valuation.value == free.valuation.value).all()
    assert not named(wide, "maker").binds.any() and not named(wide, "all").binds.any()


@pytest.fixture(scope="module")
def held(free):
    limit = float(np.median(free.valuation.units[:, 0].sum(axis=1)))
    return plan(maker=limit), limit


def test_a_restraint_holds_in_every_draw(held):
    made, limit = held
    cap = named(made, "maker")
    assert cap.kind == "restraint" and cap.rent_to.value == "maker" and cap.set_by_user
    assert cap.sold.max() <= limit * (1 + 1e-8)
    assert 0 < cap.binds.mean() < 1
    assert cap.sold[cap.binds] == pytest.approx(limit, rel=1e-8)
    assert (cap.sold[~cap.binds] <= limit).all()
    assert cap.rent == pytest.approx(cap.shadow * cap.sold)
    assert made.valuation.failures == 0


def test_who_holds_the_licences_moves_money_not_volumes(held):
    """(rent): the maker who buys licences is worse off by the annuity of lambda q, draw by draw."""
    made, _ = held
    row = [Row(made.lineup)]

    def worth(caps):
        entries = replace(made.entries, caps=caps)
        return value_rows(made.market, entries, made.draws, [made.terms], row, made.maker_index)

    from kanrin.equilibrium import Rent

    kept = worth(made.entries.caps)
    sold = worth(tuple(replace(c, rent=Rent.TREASURY) for c in made.entries.caps))
    assert (kept.units == sold.units).all() and (kept.price == sold.price).all()
    at = [c.id for c in made.entries.caps].index("maker")
    rent = kept.group_shadow[:, 0, at] * kept.units[:, 0].sum(axis=1)
    assert rent.max() > 0
    assert kept.gain[:, 0] - sold.gain[:, 0] == pytest.approx(rent, rel=1e-9, abs=1e-9)
    assert kept.value[:, 0] - sold.value[:, 0] == pytest.approx(made.terms.annuity * rent, rel=1e-9, abs=1e-6)


def test_the_shadow_price_is_the_worth_of_one_car_more(held):
    """[C3] on a draw in which it binds: half a per cent more room; rivals answer, hence 15 %."""
    made, limit = held
    cap = named(made, "maker")
    at = [c.id for c in made.entries.caps].index("maker")
    step = 0.005 * limit
    gains = []
    for room in (limit - step, limit + step):
        wider = made.terms.group_cap.copy()
        wider[:, at] = room
        terms = replace(made.terms, group_cap=wider)
        v = value_rows(made.market, made.entries, made.draws, [terms], [Row(made.lineup)], made.maker_index)
        gains.append(v.gain[:, 0])
    slope = (gains[1] - gains[0]) / (2 * step)
    far = cap.shadow > np.quantile(cap.shadow[cap.binds], 0.3)
    assert slope[far] == pytest.approx(cap.shadow[far], rel=0.15)


def test_the_central_case_keeps_its_caps(free):
    sold = free.market.size * free.central.solution.shares[len(free.market.models) :]
    tight = plan(all=0.3 * float(sold.sum()))
    if any(tight.lineup):
        now = tight.market.size * tight.central.solution.shares[len(free.market.models) :]
        assert now.sum() <= 0.3 * sold.sum() * (1 + 1e-8)
        assert tight.central.certificate.starts_agreeing == tight.central.certificate.starts


def test_the_answer_tells_what_binds(free):
    limit = round(0.7 * float(free.valuation.units[:, 0].sum(axis=1).max()))
    made = answer_plan(shipped(), candidates=TWO, draws=DRAWS, seed=5, caps={"all": f"{limit}:importer"})
    told = made.answer["caps"]
    first = told["rows"][0]
    assert first["id"] == "all" and first["rent_to"] == "importer" and first["probability_binding"] > 0
    assert first["rent_jpy"]["mean"] > 0 and "importers" in told["words"][0]
    assert f"--cap all={limit}:importer" in made.answer["question"]["command"]
    assert made.plan.run_id != free.run_id
    slack = answer_plan(shipped(), candidates=TWO, draws=DRAWS, seed=5).answer["caps"]
    assert all(row["text"].endswith("slack in every draw.") for row in slack["rows"][1:])


@pytest.mark.parametrize(
    ("caps", "error", "message"),
    [
        ({"maker": 0}, InputError, "a cap of 0 lets no car in"),
        ({"maker": -5}, InputError, "above 0, got -5"),
        ({"maker": float("nan")}, InputError, "above 0, got nan"),
        ({"maker": "many"}, InputError, "above 0, got 'many'"),
        ({"maker": "100:king"}, UnknownName, "king"),
        ({"makers": 100}, UnknownName, "did you mean"),
        ({"plant:Nowhere": 100}, UnknownName, "Nowhere"),
        ({"port:nowhere": 100}, UnknownName, "nowhere"),
        ({"toyota_sequoia": 100}, InputError, "covers nothing"),
    ],
)
def test_bad_caps_are_refused(caps, error, message):
    with pytest.raises(error, match=message):
        make_plan(shipped(), candidates=TWO, draws=2, caps=caps, sensitivity=False)


def test_names_and_holders_are_read():
    asked = asked_caps({"all": "2e3:treasury", "maker": ("10", "importer"), "port": 7})
    assert {k: str(v) for k, v in asked.items()} == {
        "all": "2000:treasury", "maker": "10:importer", "port": "7"
    }  # fmt: skip


def test_what_the_maker_gains_in_the_market_leaves_out_the_licences_it_buys(held):
    """The market's side of the chosen line-up and its worth are one number, whoever holds the rent."""
    made = plan(all=f"{0.6 * held[1]}:treasury")
    assert made.chosen and named(made, "all").binds.any()
    detail = made.valuation.detail
    assert detail.firm_gain[:, made.maker_index] == pytest.approx(made.valuation.gain[:, 0])
