"""Equilibrium prices of every system: laws of the pricing game, taxes, fixed prices, products."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.base import InputError, SolveError, UnknownName
from kanrin.simulation import (
    Conduct,
    ConsumerPrice,
    CostChange,
    DeductiveValue,
    Divestiture,
    Entry,
    Exit,
    FixedValue,
    Linear,
    Logit,
    Market,
    Merger,
    PreTaxPrice,
    RandomCoefficients,
    Remits,
    SpecificTax,
    Stake,
    Tariff,
    Tax,
    apply_change,
    long_run_diversion,
    money,
    pass_through,
    recover_market,
    simulate,
    simulate_many,
    solve,
)
from kanrin.simulation._conditions import conditions_at, foc_jacobian
from kanrin.simulation._search import Search
from made_markets import KINDS, OWNERS, PRODUCTS, market, prices

PRICE = 1e-10  # relative; solutions stop at 1e-12 of the largest price
JACOBIAN = 1e-12
HALF = np.array(  # asymmetric stakes
    [[1, 1, 0.3, 0, 0], [1, 1, 0.3, 0, 0], [0, 0, 1, 0.2, 0.2], [0.1, 0.1, 0, 1, 1], [0.1, 0.1, 0, 1, 1]]
)
TAXES = (Tariff(0.08, ("a", "c")), Tax(0.1), SpecificTax(0.03, ("d",)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ownership", [None, HALF], ids=["owners", "stakes"])
def test_recovered_costs_return_the_prices_seen(kind, ownership):
    here = market(kind, ownership=ownership, policies=TAXES, keep=np.full(5, 0.9))
    found = solve(here, start=None)
    assert found.converged
    np.testing.assert_allclose(found.consumer_price, prices(), rtol=PRICE)
    away = solve(here.with_(consumer_price=prices() * (1.03 if kind in ("aids", "linear") else 1.4)))
    assert away.converged, away.advice
    np.testing.assert_allclose(away.consumer_price, prices(), rtol=PRICE)


@pytest.mark.parametrize("kind", KINDS)
def test_jacobian_of_the_conditions(kind):
    here = market(kind, ownership=HALF, policies=TAXES)
    wedge, p = here.wedges(), prices() * 1.02
    cost = here.cost + wedge.cost
    at = conditions_at(here, wedge, p, cost)
    step = 1e-30
    numeric = np.empty((5, 5))
    for j in range(5):
        moved = p.astype(complex)
        moved[j] += 1j * step
        numeric[:, j] = conditions_at(here, wedge, moved, cost).phi.imag / step
    np.testing.assert_allclose(foc_jacobian(here, wedge, at), numeric, atol=JACOBIAN)


@pytest.mark.parametrize("kind", KINDS)
def test_the_condition_is_the_derivative_of_profit(kind):
    here = market(kind, policies=TAXES)
    wedge = here.wedges()
    p, h = solve(here).price, 1e-30

    def profit(price, owner):
        q = here.demand.quantities((1 + wedge.ad_valorem) * price + wedge.levies)
        mine = np.array(OWNERS) == owner
        return ((wedge.keep * price - here.cost - wedge.cost) * q)[mine].sum()

    for j in range(5):
        moved = p.astype(complex)
        moved[j] += 1j * h
        assert profit(moved, OWNERS[j]).imag / h == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_who_remits_does_not_matter(kind):
    here = market(kind)
    for base in (ConsumerPrice(), PreTaxPrice()):
        rate = 0.1 if isinstance(base, ConsumerPrice) else 0.1 / 0.9
        on_top = simulate(here, Tax(rate, ("a", "d"), base, Remits.BUYER), evidence=False)
        kept = simulate(here, Tax(0.1, ("a", "d"), ConsumerPrice(), Remits.MAKER), evidence=False)
        assert on_top.converged and kept.converged
        np.testing.assert_allclose(on_top.after.consumer_price, kept.after.consumer_price, rtol=PRICE)
        np.testing.assert_allclose(on_top.after.margin, kept.after.margin, rtol=1e-8)
        assert on_top.treasury_change() == pytest.approx(kept.treasury_change(), rel=1e-9)


def test_specific_tax_by_either_side_and_duty_on_a_fixed_value_are_one():
    here = market("logit")
    ways = [
        SpecificTax(0.2, ("b",), Remits.MAKER),
        SpecificTax(0.2, ("b",), Remits.BUYER),
        Tariff(0.1, ("b",), FixedValue(2.0)),
        Tariff(0.1, ("b",), FixedValue({"b": 2.0}), Remits.BUYER),
    ]
    found = [simulate(here, w, evidence=False).after for w in ways]
    for other in found[1:]:
        np.testing.assert_allclose(other.consumer_price, found[0].consumer_price, rtol=PRICE)


def test_deductive_customs_value_is_stationary_for_the_profit_written_out():
    here, rate, usual, costs = market("rc"), 0.15, 0.2, 0.05
    after = simulate(here, Tariff(rate, ("a", "b"), DeductiveValue(usual, costs)), evidence=False).after
    p, h = after.price, 1e-30

    def profit(price):  # duty on ((1 - d) p - k)/(1 + rate), remitted by the maker
        value = ((1 - usual) * price - costs) / (1 + rate)
        return ((price - rate * value - here.cost) * here.demand.quantities(price))[:2].sum()

    for j in range(2):
        moved = p.astype(complex)
        moved[j] += 1j * h
        assert profit(moved).imag / h == pytest.approx(0.0, abs=1e-11)


@pytest.mark.parametrize("kind", ["logit", "nested", "rc", "linear"])
def test_change_of_currency(kind):
    here, k = market(kind, policies=(SpecificTax(0.05),)), 130.0
    demand = here.demand
    if kind == "linear":
        scaled = Linear(demand.intercept, demand.slopes / k)
    else:
        scaled = replace(demand, alpha=demand.alpha / k)
    there = here.with_(
        demand=scaled,
        cost=here.cost * k,
        consumer_price=here.consumer_price * k,
        policies=(SpecificTax(0.05 * k),),
    )
    one = simulate(here, Merger("X", "Y"), evidence=False)
    two = simulate(there, Merger("X", "Y"), evidence=False)
    np.testing.assert_allclose(two.after.price, k * one.after.price, rtol=PRICE)
    np.testing.assert_allclose(two.after.quantities, one.after.quantities, rtol=1e-9)
    assert two.compensating_variation() == pytest.approx(k * one.compensating_variation(), rel=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_merger_under_logit_raises_every_merging_price_and_lowers_none(seed):
    here = market("logit", seed)
    found = simulate(here, Merger("X", "Y"), evidence=False)
    change = found.after.consumer_price - found.before.consumer_price
    assert (change[:3] > 0.0).all()
    assert (change >= -1e-12).all()
    assert found.compensating_variation() > 0.0


def test_symmetric_products_have_symmetric_prices():
    cost = np.full(4, 1.0)
    for demand in (
        Logit(-2.0, np.full(4, 1.0)),
        RandomCoefficients(np.array([-1.0, -3.0]), np.full(4, 1.0), np.array([0.5, 0.5])),
        Linear(np.full(4, 3.0), 0.3 * np.ones((4, 4)) - 2.0 * np.eye(4)),
    ):
        found = solve(Market(demand, tuple("abcd"), ("X", "X", "Y", "Y"), cost))
        assert found.converged
        np.testing.assert_allclose(found.price, found.price[0], rtol=1e-10)


def test_linear_duopoly_has_its_textbook_price():
    """q = 10 - 2 p + p', cost 1: p = (10 + 2)/(4 - 1) = 4."""
    demand = Linear(np.full(2, 10.0), np.array([[-2.0, 1.0], [1.0, -2.0]]))
    found = solve(Market(demand, ("a", "b"), ("X", "Y"), np.ones(2)))
    np.testing.assert_allclose(found.price, 4.0, rtol=1e-12)


@pytest.mark.parametrize("ownership", [None, HALF], ids=["owners", "stakes"])
def test_newton_and_the_price_game_agree(ownership):
    here = market("rc", ownership=ownership, policies=TAXES)
    changed = here.with_(cost=here.cost * 1.2)
    by_game = solve(changed)
    by_newton = Search(changed, changed.wedges(), np.ones(5, dtype=bool)).run(prices())
    assert by_game.converged and by_newton.converged
    np.testing.assert_allclose(by_newton.price, by_game.price, rtol=PRICE)
    no_taste = changed.with_(demand=replace(here.demand, mu=np.zeros((5, 7))))
    np.testing.assert_allclose(solve(no_taste).price, by_game.price, rtol=PRICE)


@pytest.mark.parametrize("kind", KINDS)
def test_fixed_prices_stay_and_the_others_are_best_replies(kind):
    here = market(kind)
    held = simulate(here, CostChange(("a", "b"), factor=1.1), fixed=("c", "d", "e"), evidence=False)
    np.testing.assert_array_equal(held.after.price[2:], held.before.price[2:])
    assert (held.after.price[:2] > held.before.price[:2]).all()
    at = conditions_at(here, here.wedges(), held.after.price, held.after.market.cost)
    assert np.abs(at.residual[:2]).max() < 1e-11


@pytest.mark.parametrize("kind", KINDS)
def test_tiny_cost_change_is_pass_through_times_it(kind):
    here = market(kind, policies=TAXES)
    step = 1e-5
    up = solve(here.with_(cost=here.cost + step * np.eye(5)[1])).price
    down = solve(here.with_(cost=here.cost - step * np.eye(5)[1])).price
    np.testing.assert_allclose(pass_through(solve(here))[:, 1], (up - down) / (2 * step), atol=2e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_spending_is_received_by_somebody(kind):
    found = simulate(market(kind, policies=TAXES, keep=np.full(5, 0.85)), Tariff(0.2, ("e",)), evidence=False)
    for end in (found.before, found.after):
        m = money(end)
        np.testing.assert_allclose(
            m.profit + m.cost + m.dealers + m.treasury + m.importers, m.spending, rtol=1e-12
        )
    table = found.welfare()["change"]
    assert table["total"] == pytest.approx(-found.net_total_harm(), rel=1e-9)


def test_a_tariff_takes_the_place_of_the_one_of_its_name():
    tenth = market("logit", policies=(Tariff(0.1, ("a", "b")),))
    raised = simulate(tenth, Tariff(0.25, ("a",)), evidence=False)
    wedge = raised.after.market.wedges()
    np.testing.assert_allclose(wedge.keep, [0.75, 0.9, 1.0, 1.0, 1.0])
    both = simulate(tenth, Tariff(0.25, ("a",), name="safeguard"), evidence=False)
    np.testing.assert_allclose(both.after.market.wedges().keep, [0.65, 0.9, 1.0, 1.0, 1.0])


def test_raising_a_tariff_scales_effective_costs():
    """Cost after = cost before (1 - t0)/(1 - t1), with costs in units of what reaches the maker."""
    raised = simulate(market("ces", policies=(Tariff(0.1, ("a", "b")),)), Tariff(0.25, ("a", "b")))
    plain = market("ces")
    direct = solve(plain.with_(cost=plain.cost * np.array([0.9 / 0.75, 0.9 / 0.75, 1.0, 1.0, 1.0])))
    np.testing.assert_allclose(raised.after.consumer_price, direct.consumer_price, rtol=PRICE)


@pytest.mark.parametrize("kind", ["logit", "nested", "ces", "rc", "rc_mu"])
def test_monopolistic_competition(kind):
    here = market(kind, conduct=Conduct.MONOPOLISTIC_COMPETITION)
    found = simulate(here, Tariff(0.1, ("a",)))
    assert found.converged and found.evidence.second_order_ok
    if kind == "logit":
        np.testing.assert_allclose(found.after.margin, [0.9 / 2.5, *[1 / 2.5] * 4], rtol=1e-11)
    if kind == "ces":
        np.testing.assert_allclose(
            found.after.margin / found.after.price, [0.9 / 4, *[1 / 4] * 4], rtol=1e-11
        )
    wedge, f = here.wedges(), found.before
    at = conditions_at(found.after.market, found.after.market.wedges(), f.price * 1.01, here.cost)
    numeric = np.empty((5, 5))
    for j in range(5):
        moved = at.price.astype(complex)
        moved[j] += 1e-30j
        numeric[:, j] = (
            conditions_at(found.after.market, found.after.market.wedges(), moved, here.cost).phi.imag / 1e-30
        )
    np.testing.assert_allclose(
        foc_jacobian(found.after.market, found.after.market.wedges(), at), numeric, atol=1e-11
    )
    assert wedge.keep[0] == 1.0


def test_exit_then_entry_of_the_same_product_changes_nothing():
    here = market("logit")
    again = [Exit(("c",)), Entry("c", "Y", float(here.cost[2]), float(here.demand.delta[2]))]
    found = simulate(here, again)
    before, after = found.products()["price before"], found.products()["price after"]
    assert all(after[n] == pytest.approx(before[n], rel=1e-10) for n in PRODUCTS)
    assert found.compensating_variation() == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_exit_harms_buyers_and_absent_values_stay_absent(kind):
    found = simulate(market(kind), Exit(("e",)), evidence=False)
    assert found.converged, found.advice
    assert found.compensating_variation() > 0.0
    assert found.products()["price after"]["e"] is None
    assert "nan" not in str(found) and "–" in str(found.products())


def test_long_run_diversion_lets_the_others_re_price():
    found = solve(market("logit"))
    rows = long_run_diversion(found)
    np.testing.assert_allclose(rows.inside.sum(axis=1) + rows.outside, 1.0, atol=1e-12)
    removed = simulate(found.market, Exit(("a",)), evidence=False).after
    assert rows.inside[0, 1] == pytest.approx(
        (removed.quantities[0] - found.quantities[1]) / found.quantities[0], rel=1e-8
    )


def test_divestiture_undoes_a_merger_and_a_full_stake_is_one():
    here = market("nested")
    joined = apply_change(here, Merger("X", "Y"), {})
    assert apply_change(joined, Divestiture(("c",), "Y"), {}).owners == here.owners
    both = simulate(here, [Stake("X", "Y", 1.0), Stake("Y", "X", 1.0)], evidence=False)
    merged = simulate(here, Merger("X", "Y"), evidence=False)
    np.testing.assert_allclose(both.after.price, merged.after.price, rtol=PRICE)


def test_a_merger_saves_costs_of_both_owners():
    here = market("logit")
    after = simulate(here, Merger("X", "Y", cost_saving=0.1), evidence=False).after.market
    np.testing.assert_allclose(after.cost, here.cost * [0.9, 0.9, 0.9, 1.0, 1.0], rtol=1e-15)


def test_the_mean_price_change_of_a_batch_weighs_by_what_was_spent():
    batch = simulate_many({"one": market("nested")}, Merger("X", "Z"))
    one = batch.done["one"]
    spent = one.before.consumer_price * one.before.quantities
    by_hand = 100 * (spent @ (one.after.consumer_price / one.before.consumer_price)) / spent.sum() - 100
    assert batch.table()["mean price %"]["one"] == pytest.approx(by_hand, rel=1e-9)


def test_a_batch_keeps_its_failures_with_the_market_and_the_way_out():
    good, other = market("logit").with_(name="Japan"), market("aids").with_(name="Korea")
    alone = Logit(-2.0, np.zeros(5), has_outside=False)
    lonely = good.with_(demand=alone, owners=("X",) * 5, name="Nowhere")
    batch = simulate_many([good, other, lonely], Merger("X", "Y"))
    assert set(batch.done) == {"Japan", "Korea"}
    assert [f.name for f in batch.failed] == ["Nowhere"]
    assert batch.failed[0].reason
    assert batch.table()["state"]["Nowhere"] == batch.failed[0].reason
    assert batch.table()["compensating variation"]["Nowhere"] is None


def test_refusals_say_what_and_the_way_out():
    here = market("logit")
    with pytest.raises(UnknownName, match="unknown product 'zz'"):
        simulate(here, Tariff(0.1, ("zz",)))
    with pytest.raises(UnknownName, match="unknown owner"):
        simulate(here, Merger("X", "W"))
    with pytest.raises(InputError, match="leave the maker nothing"):
        simulate(here, Tariff(1.0, ("a",)))
    with pytest.raises(InputError, match="tariff is nan"):
        simulate(here, Tariff(float("nan"), ("a",)))
    with pytest.raises(InputError, match="cost_saving is 10"):
        Merger("X", "Y", cost_saving=10)
    with pytest.raises(InputError, match="cost of a is nan"):
        simulate(here, CostChange(("a",), factor=float("nan")))
    with pytest.raises(InputError, match="list of names"):
        simulate(here, Tariff(0.1, "a"))
    with pytest.raises(InputError, match="does not say how a new product"):
        simulate(market("linear"), Entry("n", "X", 1.0, 0.0))
    with pytest.raises(InputError, match="no price before"):
        simulate(here, Entry("n", "X", 1.0, 0.0), fixed=("n",))
    with pytest.raises(InputError, match="not defined for AIDS"):
        market("aids", conduct=Conduct.MONOPOLISTIC_COMPETITION)
    with pytest.raises(InputError, match="no product would be left"):
        simulate(here, Exit(PRODUCTS))
    with pytest.raises(SolveError, match="outside"):
        recover_market(Logit(-2.0, np.zeros(2), has_outside=False), [1.0, 1.0], ("a", "b"), ("X", "X"))
    with pytest.raises(InputError, match="price of product 1 is -1"):
        recover_market(Logit(-2.0, np.zeros(2)), [1.0, -1.0], ("a", "b"), ("X", "Y"))
    with pytest.raises(InputError, match="stands twice"):
        recover_market(Logit(-2.0, np.zeros(2)), [1.0, 1.0], ("a", "a"), ("X", "Y"))


def test_a_product_its_owner_would_rather_not_sell_is_named():
    """A tariff of 90 %: what a sale keeps is less than what it takes from the owner's other product."""
    found = simulate(market("ces", 2), Tariff(0.9, ("a",)), evidence=False)
    assert not found.converged
    assert "price of a has no bound" in found.advice and "Exit" in found.advice


def test_a_product_priced_out_of_linear_demand_is_named():
    found = simulate(market("linear"), CostChange(("c",), amount=50.0), evidence=False)
    assert not found.converged
    assert "c" in found.advice and "Exit" in found.advice
    with pytest.raises(SolveError, match="no equilibrium"):
        found.welfare()
