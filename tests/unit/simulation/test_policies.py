"""Policies together, customs values product by product, and stakes that come together in a merger."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.simulation import (
    Entry,
    Exit,
    FixedValue,
    Merger,
    Remits,
    SpecificTax,
    Stake,
    Tariff,
    Tax,
    money,
    simulate,
)
from made_markets import PRODUCTS, market

VALUES = {"a": 0.5, "b": 0.7}


def duty(products=("a", "b"), amounts=VALUES, remitted_by=Remits.MAKER) -> Tariff:
    """Ten per cent of customs values."""
    return Tariff(0.1, products, FixedValue(amounts), remitted_by)


@pytest.mark.parametrize("remitted_by", list(Remits))
def test_a_customs_value_for_each_product_is_paid_on_what_is_sold(remitted_by):
    found = simulate(market("logit"), duty(remitted_by=remitted_by), evidence=False).after
    paid = money(found).treasury
    np.testing.assert_allclose(paid[:2], 0.1 * np.array([0.5, 0.7]) * found.quantities[:2], rtol=1e-12)
    np.testing.assert_array_equal(paid[2:], 0.0)


@pytest.mark.parametrize("remitted_by", list(Remits))
def test_a_product_without_its_customs_value_is_not_let_in_free(remitted_by):
    with pytest.raises(InputError, match="no customs value of c; give its amount"):
        simulate(market("logit"), duty(("a", "c"), remitted_by=remitted_by))
    for_all = duty(None, dict.fromkeys(PRODUCTS, 0.5), remitted_by)
    with pytest.raises(InputError, match="no customs value of new"):
        simulate(market("logit"), [for_all, Entry("new", "N", 1.0, 0.5)])


@pytest.mark.parametrize("products", [("a", "b"), None])
def test_a_product_with_a_customs_value_may_leave(products):
    amounts = VALUES if products else dict.fromkeys(PRODUCTS, 0.5)
    here = market("logit")
    one = simulate(here, [duty(products, amounts), Exit(("a",))], evidence=False).after
    left = {name: value for name, value in amounts.items() if name != "a"}
    two = simulate(here, [Exit(("a",)), duty(products and ("b",), left)], evidence=False).after
    np.testing.assert_allclose(one.consumer_price, two.consumer_price, rtol=1e-10)
    assert simulate(here, [duty(), Exit(("a", "b"))], evidence=False).after.market.policies == ()


def test_stakes_of_both_come_together_in_a_merger():
    stakes = [Stake("X", "Z", 0.3), Stake("Y", "Z", 0.2), Stake("Z", "X", 0.1)]
    h = simulate(market("logit"), [*stakes, Merger("X", "Y")], evidence=False).after.market.h()
    np.testing.assert_allclose(h[:3, 3:], 0.5, rtol=1e-15)
    np.testing.assert_array_equal(h[:3, :3], 1.0)
    np.testing.assert_array_equal(h[3:, :3], [[0.1, 0.1, 0.0]] * 2)
    full = simulate(market("logit"), [Stake("X", "Z", 0.8), Stake("Y", "Z", 0.4), Merger("X", "Y")])
    assert full.after.market.h()[:3, 3:].max() == 1.0


def test_a_merger_of_owners_whose_products_weigh_others_unlike_is_refused():
    odd = np.array(market("logit").h())
    odd[0, 3] = 0.5
    with pytest.raises(InputError, match="unlike weights"):
        simulate(market("logit").with_(ownership=odd), Merger("X", "Y"))


@pytest.mark.parametrize("kind", ["logit", "rc", "ces"])
def test_a_tariff_on_the_whole_consumer_price_counts_the_taxes_in_it(kind):
    here = market(kind, keep=0.9)
    taxed = [Tax(0.1), SpecificTax(0.05, remitted_by=Remits.BUYER), Tariff(0.2, ("a", "c"))]
    found = simulate(here, taxed, evidence=False).after
    tariff = np.where(np.isin(PRODUCTS, ("a", "c")), 0.2, 0.0) * found.consumer_price
    np.testing.assert_allclose(found.consumer_price, 1.1 * found.price + 0.05, rtol=1e-12)
    left = found.consumer_price - 0.1 * found.price - 0.05 - tariff - 0.1 * found.price
    np.testing.assert_allclose(found.margin, left - here.cost, rtol=1e-10)
    paid = (0.1 * found.price + 0.05 + tariff) * found.quantities
    np.testing.assert_allclose(money(found).treasury, paid, rtol=1e-10)
