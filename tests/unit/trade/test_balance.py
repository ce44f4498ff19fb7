"""The balance: parts add up, signs follow, and the share is of the deficit as cited."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.cost import landed
from kanrin.rules import array_reader
from kanrin.trade import balance
from made_plans import dear, small


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
