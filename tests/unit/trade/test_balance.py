"""The balance: parts add up, signs follow, and the share is of the deficit as cited."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.answer import answer_plan
from kanrin.cost import landed
from kanrin.rules import FX, array_reader
from kanrin.trade import balance
from made_plans import TWO, dear, shipped, small


def test_parts_add_up_to_the_change():
    answer = small().answer
    trade = answer["trade"]
    assert sum(p["amount_usd"] for p in trade["parts"]) == pytest.approx(
        trade["balance_change_usd"]["mean"], rel=1e-6
    )
    assert trade["share_of_deficit"] == pytest.approx(
        trade["balance_change_usd"]["mean"] / trade["deficit_usd"], rel=1e-6
    )


def test_signs():
    found = balance(small().plan)
    assert (found.exports > 0).all()
    for lost in (found.displaced_us_built, found.parts_lost, found.backfill, found.foreign_parts):
        assert (lost <= 1e-6).all()
    assert (found.total <= found.exports + 1e-6).all()


def test_exports_are_units_times_value_alongside_ship():
    plan = small().plan
    read = array_reader(plan.book, plan.draws.keys)
    by_hand = np.zeros(plan.draws.count)
    for j in plan.chosen:
        by_hand += plan.valuation.units[:, 0, j] * landed(read, plan.entries.entries[j].shipment).fas_usd
    assert balance(plan).exports == pytest.approx(by_hand, rel=1e-12)


def test_contents_sum_to_one():
    assert sum(balance(small().plan).content.values()) == pytest.approx(1.0, abs=1e-12)


def test_nothing_brought_changes_nothing():
    found = balance(dear().plan)
    assert np.abs(found.exports).max() == 0.0
    assert found.content == {}


def test_every_part_is_the_sum_written_out():
    """(bal-us), (bal-jp), (third), car by car and draw by draw."""
    plan = small().plan
    found, market, case = balance(plan), plan.market, plan.case
    origin, destination = case.about.origin, case.about.destination
    draws = plan.draws.count
    read = array_reader(plan.book, plan.draws.keys)
    rate = np.broadcast_to(read(FX), draws)
    parts_in_a_car = np.broadcast_to(read("trade.parts_in_displaced_jp_car_usd"), draws)
    sold = {name: np.zeros(draws) for name in ("origin", "destination", "third")}
    value = {name: np.zeros(draws) for name in sold}
    cars: dict[str, float] = {}
    for j, model in enumerate(market.models):
        where = {origin: "origin", destination: "destination"}.get(model.built_in, "third")
        change = market.size * plan.valuation.detail.share_change[:, j]
        sold[where] += change
        value[where] += change * max(0.0, market.costs.cost[j]) * 1e6
        cars[model.built_in] = cars.get(model.built_in, 0.0) + change.mean()
    assert all(np.abs(x).max() > 0.0 for x in sold.values())
    assert found.displaced_us_built == pytest.approx(value["origin"] / rate, rel=1e-10)
    assert found.parts_lost == pytest.approx(sold["destination"] * parts_in_a_car, rel=1e-10)
    assert found.third_imports_jpy == pytest.approx(value["third"], rel=1e-10)
    assert found.units_by_origin == pytest.approx(cars, rel=1e-10)
    cif, foreign, new = np.zeros(draws), np.zeros(draws), 0.0
    for j in plan.chosen:
        entry, units = plan.entries.entries[j], plan.valuation.units[:, 0, j]
        lines = landed(read, entry.shipment)
        cif += units * lines.cif_usd * rate
        foreign -= units * entry.candidate.japan_content_percent / 100.0 * lines.transfer_usd
        new += units.mean()
    assert found.imports_cif_jpy == pytest.approx(cif + value["origin"], rel=1e-10)
    assert found.foreign_parts == pytest.approx(foreign, rel=1e-10)
    assert new + sum(cars.values()) + found.outside_units == pytest.approx(0.0, abs=1e-9 * new)


def test_cars_taken_from_home_by_a_full_plant_are_filled_by_imports():
    full = shipped().with_overrides({"us.plant_utilisation": 1.0, "trade.backfill_share": 0.4})
    plan = answer_plan(full, candidates=TWO, draws=8, seed=3).plan
    assert plan.chosen
    read = array_reader(plan.book, plan.draws.keys)
    lost = sum(
        plan.valuation.units[:, 0, j]
        * read("us.maker_ex_works_factor")
        * read(f"candidate.{entry.candidate.id}.msrp_usd")
        for j, entry in enumerate(plan.entries.entries)
    )
    assert balance(plan).backfill == pytest.approx(-0.4 * lost, rel=1e-10)
    assert (balance(plan).backfill < 0.0).all()
