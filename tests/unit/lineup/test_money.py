"""What a line-up is worth, written out: gain, less what a full plant forgoes at home, less fixed costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.answer import answer_plan
from kanrin.certify import fixed_cost, lead_time
from kanrin.lineup._choose import paired_difference
from kanrin.lineup._terms import annuity_factor, launch_cost, read_terms
from kanrin.lineup._valuation import Row
from kanrin.lineup._value import value_rows
from kanrin.rules import array_reader
from made_plans import shipped

SHARING = ("toyota_highlander_gas", "toyota_highlander_hybrid", "toyota_camry_hybrid")  # two of one plant
SAME = 1e-10  # the same sums in another order


@pytest.fixture(scope="module")
def plan():
    """Plants with little room, so that some draws fill them and others do not."""
    return answer_plan(
        shipped().with_overrides({"us.plant_utilisation": 0.999}), candidates=SHARING, draws=16, seed=3
    ).plan


def test_worth_by_hand(plan):
    found, terms = plan.valuation, plan.terms
    cars = plan.entries.entries
    plants = [e.candidate.plant for e in cars]
    excess_seen = []
    for d in range(plan.draws.count):
        units = found.units[d, 0]
        forgone = 0.0
        for k, plant in enumerate(dict.fromkeys(plants)):
            at = [j for j, name in enumerate(plants) if name == plant]
            sent = sum(units[j] for j in at)
            excess = max(0.0, sent - terms.spare[d, k])
            excess_seen.append(excess > 0.0)
            if sent > 0.0:
                margin = sum(units[j] * terms.home_margin[d, j] for j in at) / sent
                forgone += excess * margin
        fixed = sum(terms.fixed[d, j] for j in range(len(cars)) if found.rows[0].offered[j])
        worth = terms.annuity[d] * (found.gain[d, 0] - forgone) - fixed
        assert found.forgone[d, 0] == pytest.approx(forgone, rel=SAME, abs=1e-12)
        assert found.value[d, 0] == pytest.approx(worth, rel=SAME)
    assert 0 < sum(excess_seen) < len(excess_seen) and len(set(plants)) < len(plants)


def test_room_in_a_plant_is_what_it_does_not_use(plan):
    cars = plan.entries.entries
    read = array_reader(plan.book, plan.draws.keys)
    for k, plant in enumerate(dict.fromkeys(e.candidate.plant for e in cars)):
        first = next(e.candidate for e in cars if e.candidate.plant == plant)
        capacity = read(f"candidate.{first.id}.plant_capacity")
        np.testing.assert_allclose(plan.terms.spare[:, k], 0.001 * capacity, rtol=1e-9)


def test_launching_a_car_by_hand(plan):
    read = plan.book.number
    rate, years = read("capital.discount_rate"), read("plan.horizon_years")
    for entry in plan.entries.entries:
        option = entry.choice.option
        once = fixed_cost(read, option) * (1.0 + rate) ** (lead_time(read, option) / 12.0)
        launch = sum(
            read(f"launch.{k}_jpy_per_model") for k in ("localisation", "marketing", "training_parts")
        )
        assert launch_cost(read, entry) == pytest.approx(once + launch, rel=SAME)
    day = years * (np.arange(200_000) + 0.5) / 200_000
    assert annuity_factor(read) == pytest.approx(
        float((1.0 + rate) ** -day @ np.full(day.size, years)) / day.size
    )


def test_cars_on_sale_leave_the_importer_his_share_when_they_come_from_abroad(plan):
    terms = read_terms(plan.book.number, plan.market, plan.entries, 1)
    np.testing.assert_allclose(terms.market_keep[0], plan.market.keep, rtol=1e-12)
    dealer, importer = (plan.book.number(k) for k in ("jp.dealer_margin", "rival.distributor_margin"))
    home = 1.0 - dealer
    np.testing.assert_allclose(np.unique(np.round(terms.market_keep[0], 12)), [home * (1.0 - importer), home])


def test_a_paired_difference_has_the_error_of_its_mean():
    rng = np.random.default_rng(2)
    a, b = 3.0 + rng.standard_normal(50), 1.0 + rng.standard_normal(50)
    mean, error = paired_difference(a, b)
    assert mean == pytest.approx(a.mean() - b.mean(), rel=SAME)
    assert error == pytest.approx(np.sqrt(((a - b - mean) ** 2).sum() / 49 / 50), rel=SAME)


def test_a_shift_of_quality_is_in_its_standard_deviations(plan):
    """Half a deviation more of a car's xi is what half a deviation more of its own normals gives."""
    one = answer_plan(shipped(), candidates=("toyota_camry_hybrid",), draws=8, seed=3).plan
    maker = one.market.firms.index(one.maker)
    rows = [Row((True,))]

    def units(draws, shift):
        return value_rows(one.market, one.entries, draws, [one.terms], rows, maker, xi_shift=shift).units

    moved = replace(one.draws, normals=one.draws.normals + 0.5)
    np.testing.assert_allclose(units(one.draws, 0.5), units(moved, 0.0), rtol=1e-6)
