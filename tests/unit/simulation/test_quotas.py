"""Quotas and their shadow prices: complementarity, slack caps, who holds the licences."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.simulation import Exit, Merger, Quota, Rent, money, simulate
from kanrin.simulation._conditions import conditions_at
from made_markets import KINDS, market

TIGHT = 1e-9  # complementarity stops at 1e-12 of scaled rows


@pytest.mark.parametrize("kind", KINDS)
def test_a_slack_quota_is_inert(kind):
    here = market(kind)
    found = simulate(here, Quota(("a", "c"), fraction=1.5), evidence=False)
    np.testing.assert_allclose(found.after.price, found.before.price, rtol=1e-11)
    np.testing.assert_allclose(found.after.shadow_price, 0.0, atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("each", [True, False])
def test_a_binding_quota(kind, each):
    found = simulate(market(kind), Quota(("a", "c"), fraction=0.85, each=each))
    after = found.after
    assert found.converged, found.advice
    a, b = after.market.caps_matrix()
    slack, shadow = b - a @ after.quantities, after.shadow_price
    assert (shadow >= 0.0).all() and (slack >= -TIGHT).all()
    np.testing.assert_allclose(shadow * slack, 0.0, atol=TIGHT)
    assert shadow.max() > 0.0
    at = conditions_at(after.market, after.market.wedges(), after.price, after.market.cost + shadow @ a)
    assert np.abs(at.residual).max() < 1e-10
    assert found.evidence.starts_agreeing == found.evidence.starts


def test_one_cap_on_a_group_is_a_fraction_of_what_the_group_sold():
    found = simulate(market("logit"), Quota(("a", "c"), fraction=0.7, each=False), evidence=False)
    assert found.after.market.caps[0][2] == pytest.approx(0.7 * found.before.quantities[[0, 2]].sum())
    each = simulate(market("logit"), Quota(("a", "c"), fraction=0.7), evidence=False)
    caps = [units for _, _, units, _ in each.after.market.caps]
    assert caps == pytest.approx(0.7 * each.before.quantities[[0, 2]])


def test_two_caps_of_which_one_binds():
    found = simulate(market("rc"), [Quota(("a",), fraction=0.8), Quota(("d",), fraction=1.5)])
    assert found.converged
    one, two = found.after.shadow_price
    assert one > 0.0 and two == pytest.approx(0.0, abs=1e-11)


def test_rent_goes_to_who_holds_the_licences_and_prices_do_not_care():
    ends = {
        holder: simulate(market("logit"), Quota(("a", "c"), fraction=0.8, rent=holder), evidence=False)
        for holder in Rent
    }
    maker, treasury, importer = (ends[h].after for h in (Rent.MAKER, Rent.TREASURY, Rent.IMPORTER))
    np.testing.assert_allclose(treasury.price, maker.price, rtol=1e-12)
    a, _ = maker.market.caps_matrix()
    rent = float(maker.shadow_price @ a @ maker.quantities)
    assert money(maker).profit.sum() - money(treasury).profit.sum() == pytest.approx(rent, rel=1e-10)
    assert money(treasury).treasury.sum() == pytest.approx(rent, rel=1e-10)
    assert money(importer).importers.sum() == pytest.approx(rent, rel=1e-10)
    totals = [ends[h].welfare()["change"]["total"] for h in Rent]
    np.testing.assert_allclose(totals, totals[0], rtol=1e-9)


def test_a_quota_and_a_merger_together():
    found = simulate(market("nested"), [Merger("X", "Z"), Quota(("a", "b"), fraction=0.7, each=False)])
    assert found.converged
    table = found.quotas()
    assert table["sold"][table.index[0]] == pytest.approx(table["cap"][table.index[0]], rel=1e-9)


def test_refusals():
    with pytest.raises(InputError, match="without an outside good"):
        simulate(market("logit_inside"), Quota(tuple("abcde"), fraction=0.5))
    with pytest.raises(InputError, match="either fraction="):
        Quota(("a",))
    with pytest.raises(InputError, match="use Exit"):
        Quota(("a",), quantity=0.0)
    with pytest.raises(InputError, match="no product would be left"):
        simulate(market("logit"), [Quota(("a",), fraction=0.5), Exit(tuple("abcde"))])
