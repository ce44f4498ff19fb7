"""The same simulations by another road: SciPy's optimisers and simulated auctions."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.simulation import (
    Conduct,
    CournotMarket,
    LinearInverse,
    Logit,
    Market,
    Merger,
    Quota,
    RandomCoefficients,
    Tariff,
    examine,
    recover_market,
    simulate,
    solve,
    solve_cournot,
)
from made_markets import KINDS, OWNERS, market

optimize = pytest.importorskip("scipy.optimize")

BEST_REPLY = 2e-6  # relative; the optimiser stops where profit is flat to rounding
CONSTRAINED = 2e-4  # SLSQP
ERRORS = 3.5  # standard errors of the simulated auctions


@pytest.mark.parametrize("kind", KINDS)
def test_no_owner_has_a_better_reply(kind):
    after = simulate(market(kind), [Merger("X", "Y"), Tariff(0.1, ("d",))], evidence=False).after
    here, wedge = after.market, after.market.wedges()
    for owner in here.owner_names():
        mine = np.array(here.owners) == owner

        def loss(p, mine=mine):
            price = after.price.copy()
            price[mine] = p
            q = here.demand.quantities((1 + wedge.ad_valorem) * price + wedge.levies)
            return -((wedge.keep * price - here.cost - wedge.cost) * q)[mine].sum()

        best = optimize.minimize(loss, after.price[mine] * 1.02, method="BFGS", options={"gtol": 1e-12})
        np.testing.assert_allclose(best.x, after.price[mine], rtol=BEST_REPLY)


def test_a_capped_price_is_the_owners_constrained_best_reply_and_lambda_its_multiplier():
    found = simulate(market("rc"), Quota(("a",), fraction=0.8), evidence=False).after
    here, mine = found.market, np.array(OWNERS) == "X"

    def replied(units):
        def loss(p):
            price = found.price.copy()
            price[mine] = p
            return -((price - here.cost) * here.demand.quantities(price))[mine].sum()

        def room(p):
            price = found.price.copy()
            price[mine] = p
            return units - here.demand.quantities(price)[0]

        return optimize.minimize(
            loss, found.price[mine] * 1.01, method="SLSQP", constraints={"type": "ineq", "fun": room},
            options={"ftol": 1e-14, "maxiter": 500},
        )  # fmt: skip

    units = here.caps[0][2]
    best = replied(units)
    np.testing.assert_allclose(best.x, found.price[mine], rtol=CONSTRAINED)
    h = 1e-3 * units
    worth = (-replied(units + h).fun + replied(units - h).fun) / (2 * h)
    assert worth == pytest.approx(found.shadow_price[0], rel=1e-2)


def test_second_score_auction_by_simulated_bids():
    """Winner's margin and buyers' gain from 400,000 buyers who see every offer."""
    delta, alpha, p = np.array([1.0, 0.2, 0.6]), -2.0, np.array([1.0, 1.1, 0.9])
    here = recover_market(
        Logit(alpha, delta), p, ("a", "b", "c"), ("X", "X", "Y"), conduct=Conduct.SECOND_SCORE
    )
    found = simulate(here, []).before
    np.testing.assert_allclose(found.consumer_price, p, rtol=1e-12)
    rng = np.random.default_rng(1)
    count = 400_000
    noise = rng.gumbel(size=(count, 4))
    offers = np.column_stack([here.demand.delta + alpha * here.cost + noise[:, :3], noise[:, 3]])
    groups = [offers[:, :2].max(axis=1), offers[:, 2], offers[:, 3]]  # X, Y, nothing
    stacked = np.column_stack(groups)
    order = np.sort(stacked, axis=1)
    lead = (order[:, 2] - order[:, 1]) / -alpha
    winner = stacked.argmax(axis=1)
    for owner, margin in ((0, found.margin[0]), (1, found.margin[2])):
        sample = lead[winner == owner]
        assert abs(sample.mean() - margin) < ERRORS * sample.std() / np.sqrt(sample.size)
    profit = np.where(winner == 0, lead, 0.0)
    expected = float((found.margin * found.quantities)[:2].sum())
    assert abs(profit.mean() - expected) < ERRORS * profit.std() / np.sqrt(count)
    # buyers: the second best offer (of a seller, or the winner's own lead over nothing), change by a tariff
    taxed = simulate(here, Tariff(0.15, ("c",)))
    cost = here.cost / np.array([1.0, 1.0, 0.85])
    moved = np.column_stack([here.demand.delta + alpha * cost + noise[:, :3], noise[:, 3]])
    after = np.sort(np.column_stack([moved[:, :2].max(axis=1), moved[:, 2], moved[:, 3]]), axis=1)

    def buyers(sorted_, best_is_nothing):
        return np.where(best_is_nothing, sorted_[:, 2], sorted_[:, 1]) / -alpha

    nothing = np.column_stack([moved[:, :2].max(axis=1), moved[:, 2], moved[:, 3]]).argmax(axis=1) == 2
    lost = buyers(order, winner == 2) - buyers(after, nothing)
    gap = lost.mean() - taxed.compensating_variation()
    assert abs(gap) < ERRORS * lost.std() / np.sqrt(count)


def test_cournot_best_replies():
    here = CournotMarket(
        LinearInverse(10.0, 0.25), tuple("abcde"), ("X", "X", "Y", "Z", "Z"),
        constant=np.array([1.0, 1.2, 0.9, 1.1, 1.0]), rise=np.array([0.5, 0.4, 0.8, 0.6, 0.9]),
        policies=(Tariff(0.2, ("c",)),),
    )  # fmt: skip
    found = solve_cournot(here)
    keep = np.array([1.0, 1.0, 0.8, 1.0, 1.0])
    for owner in ("X", "Y", "Z"):
        mine = np.array(here.owners) == owner

        def loss(x, mine=mine):
            q = found.quantities.copy()
            q[mine] = x
            return -(keep * here.demand.price(q.sum()) * q - here.total_cost(q))[mine].sum()

        best = optimize.minimize(loss, found.quantities[mine] * 1.1, method="BFGS", options={"gtol": 1e-11})
        np.testing.assert_allclose(best.x, found.quantities[mine], rtol=BEST_REPLY)


def _two_kinds_of_buyer(seed: int, taste):
    """Many buyers who mind the price and a few who hardly do."""
    rng = np.random.default_rng(seed)
    many = 0.6 + 0.39 * rng.random()
    alpha = np.array([-8.0 * rng.random() - 2.0, -0.3 * rng.random() - 0.05])
    delta, cost = 2.0 + 3.0 * rng.random(2), 0.2 + 0.5 * rng.random(2)
    demand = RandomCoefficients(alpha, delta, np.array([many, 1.0 - many]), taste)
    return Market(demand, ("a", "b"), ("X", "Y"), cost, consumer_price=1.1 * cost)


def test_sharply_bent_demand_is_solved_with_and_without_own_tastes():
    agree = 0
    for seed in range(12):
        one = solve(_two_kinds_of_buyer(seed, None))
        two = solve(_two_kinds_of_buyer(seed, np.zeros((2, 2))))
        assert one.converged and two.converged
        agree += bool(np.abs(one.price - two.price).max() < 1e-8)
    assert agree >= 10  # some have several equilibria


def test_the_scan_finds_the_far_price_that_pays_more():
    """First and second order hold and every start agrees, and still one seller leaves for the few."""
    found = solve(_two_kinds_of_buyer(5, np.zeros((2, 2))))
    evidence = examine(found)
    assert found.residual < 1e-10 and evidence.second_order_ok
    assert evidence.starts_agreeing == evidence.starts
    assert evidence.largest_deviation_gain > 1.0
