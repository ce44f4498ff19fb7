"""Competition in quantities: textbook answers, laws, idle plants."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.base import InputError, UnknownName
from kanrin.simulation import (
    CournotMarket,
    IsoelasticInverse,
    LinearInverse,
    Remits,
    Tariff,
    recover_cournot,
    simulate_cournot,
    solve_cournot,
)

DEMAND = LinearInverse(10.0, 0.5)


def test_textbook_duopoly():
    """p = 10 - Q/2, cost 1: q = (10 - 1)/(3 x 0.5) = 6, p = 4."""
    found = solve_cournot(CournotMarket(DEMAND, ("a", "b"), ("X", "Y"), constant=1.0))
    np.testing.assert_allclose(found.quantities, 6.0, rtol=1e-12)
    assert found.consumer_price == pytest.approx(4.0)
    assert found.second_order < 0.0
    np.testing.assert_allclose(found.profit, 18.0, rtol=1e-11)


def test_two_plants_of_one_owner_with_equal_cost_make_a_monopoly():
    market = CournotMarket(DEMAND, ("a", "b"), ("X", "Y"), rise=0.3)
    joined = simulate_cournot(market, market.merged("X", "Y"))
    total = 10.0 / (2 * 0.5 + 0.15)  # mr = 10 - Q, mc = 0.3 Q/2
    assert joined.after.quantities.sum() == pytest.approx(total, rel=1e-11)
    assert joined.compensating_variation() > 0.0
    assert joined.concentration()[1] == pytest.approx(10_000.0)


def test_a_plant_too_dear_stands_still():
    market = CournotMarket(DEMAND, ("a", "b"), ("X", "Y"), constant=np.array([1.0, 9.0]))
    found = solve_cournot(market)
    np.testing.assert_allclose(found.quantities, [9.0, 0.0], atol=1e-10)
    assert found.converged and "nan" not in str(simulate_cournot(market, market))


@pytest.mark.parametrize("demand", [DEMAND, IsoelasticInverse(12.0, -1.6)])
def test_recovered_costs_return_the_quantities_seen(demand):
    q = np.array([2.0, 1.0, 1.5])
    for rising, owners in ((True, ("X", "X", "Y")), (False, ("X", "Y", "Z"))):
        market = recover_cournot(
            demand, q, ("a", "b", "c"), owners, policies=(Tariff(0.1, ("c",)),), rising=rising
        )
        found = solve_cournot(market)
        assert found.converged
        np.testing.assert_allclose(found.quantities, q, rtol=1e-9)


def test_who_remits_does_not_matter_and_the_money_adds_up():
    market = CournotMarket(DEMAND, ("a", "b"), ("X", "Y"), rise=np.array([0.3, 0.5]), constant=0.5)
    ends = []
    for remits in Remits:
        taxed = CournotMarket(
            DEMAND, ("a", "b"), ("X", "Y"), 0.5, np.array([0.3, 0.5]),
            policies=(Tariff(0.2, ("a",), remitted_by=remits),),
        )  # fmt: skip
        ends.append(simulate_cournot(market, taxed))
    one, two = (e.after for e in ends)
    np.testing.assert_allclose(one.quantities, two.quantities, rtol=1e-10)
    assert one.treasury == pytest.approx(two.treasury, rel=1e-9)
    spent = one.consumer_price * one.quantities.sum()
    cost = one.market.total_cost(one.quantities).sum()
    assert one.profit.sum() + cost + one.treasury == pytest.approx(spent, rel=1e-12)


def test_surplus_is_the_area_under_inverse_demand():
    x, w = np.polynomial.legendre.leggauss(30)
    for demand in (DEMAND, IsoelasticInverse(12.0, -1.6), IsoelasticInverse(12.0, -1.0)):
        lo, hi = 3.0, 4.0
        at = (hi + lo) / 2 + (hi - lo) / 2 * x
        area = (hi - lo) / 2 * sum(wi * demand.price(q) for q, wi in zip(at, w, strict=True))
        spent = demand.price(hi) * hi - demand.price(lo) * lo
        assert demand.surplus(hi) - demand.surplus(lo) == pytest.approx(area - spent, rel=1e-10)


def test_refusals():
    with pytest.raises(InputError, match="slope is -1"):
        LinearInverse(10.0, -1.0)
    with pytest.raises(InputError, match="too inelastic"):
        recover_cournot(IsoelasticInverse(1.0, -0.5), [3.0, 1.0], ("a", "b"), ("X", "Y"))
    with pytest.raises(UnknownName, match="unknown plant"):
        CournotMarket(DEMAND, ("a",), ("X",)).with_factor(["z"], 2.0)
    with pytest.raises(InputError, match="rise >= 0"):
        CournotMarket(DEMAND, ("a",), ("X",), rise=-1.0)
