"""Prices under caps by other roads: bisection, constrained best response, active sets, closed forms.

Tolerances: solved prices are good to about 1e-11 of the largest price; bisection stops at 1e-13; SLSQP at
1e-12 of the objective, which leaves 1e-6 in prices.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.equilibrium import (
    Cap,
    PriceGame,
    Rent,
    certify_capped,
    first_order,
    solve_capped,
    solve_prices,
)

PRICES = 1e-9
SIZE = 1e6


def market(seed: int = 3, products: int = 6, agents: int = 7) -> PriceGame:
    rng = np.random.default_rng(seed)
    return PriceGame(
        delta=rng.normal(0.0, 0.6, products), alpha=-np.exp(rng.normal(-0.3, 0.3, agents)),
        weights=np.full(agents, 1.0 / agents), cost=rng.uniform(1.0, 2.5, products),
        keep=rng.uniform(0.8, 1.0, products), ad_valorem=np.asarray(0.1),
        levies=rng.uniform(0.0, 0.1, products), firms=np.array([0, 0, 1, 1, 2, 2])[:products],
    )  # fmt: skip


def row(products: int, *which: int) -> np.ndarray:
    out = np.zeros(products)
    out[list(which)] = 1.0
    return out


@pytest.fixture(scope="module")
def game():
    return market()


@pytest.fixture(scope="module")
def free(game):
    return solve_prices(game)


def at_cost(game, lam, a):
    return solve_prices(replace(game, cost=game.cost + lam * a))


def bisected(games, a, limit):
    low, high = 0.0, 50.0
    for _ in range(120):
        middle = 0.5 * (low + high)
        sold = sum(SIZE * (x @ at_cost(g, middle, x).shares) for g, x in zip(games, a, strict=True))
        low, high = (middle, high) if sold > limit else (low, middle)
    return 0.5 * (low + high)


def test_one_binding_cap_equals_bisection(game, free):
    """[C1], and a group of two firms' cars."""
    for a in (row(6, 1), row(6, 2, 3), row(6, 1, 4)):
        limit = 0.6 * SIZE * (a @ free.shares)
        found = solve_capped(game, [Cap("one", a, limit)], sizes=SIZE)
        assert found.converged and found.complementarity < 1e-8
        assert found.shadow_price[0] == pytest.approx(bisected([game], [a], limit), rel=1e-9)
        assert found.counted[0] == pytest.approx(limit, rel=1e-9)


def test_capped_prices_are_the_firms_constrained_best_response(game, free):
    """[C2], [C3]: SLSQP on firm 0's profit, rivals' prices fixed; lambda is its slope in the cap."""
    optimize = pytest.importorskip("scipy.optimize")
    a, own = row(6, 0, 1), np.array([0, 1])
    limit = 0.7 * SIZE * (a @ free.shares)
    found = solve_capped(game, [Cap("own", a, limit)], sizes=SIZE)

    def best(cap):
        def at(p):
            price = found.price[0].copy()
            price[own] = p
            f = first_order(game, price)
            return f.margin[own] @ f.shares[own], a @ f.shares

        out = optimize.minimize(
            lambda p: -100.0 * at(p)[0], found.price[0][own] * 1.03, method="SLSQP",
            constraints={"type": "ineq", "fun": lambda p: 100.0 * (cap / SIZE - at(p)[1])},
            options={"ftol": 1e-15, "maxiter": 500},
        )  # fmt: skip
        return out.x, at(out.x)[0]

    price, _ = best(limit)
    assert price == pytest.approx(found.price[0][own], rel=1e-5)
    step = 0.01 * limit
    slope = SIZE * (best(limit + step)[1] - best(limit - step)[1]) / (2 * step)
    assert slope == pytest.approx(found.shadow_price[0], rel=2e-3)


def test_a_slack_cap_leaves_prices_alone(game, free):
    """[C4]: alone, and beside one that binds."""
    wide = Cap("wide", row(6, 0), 2 * SIZE * free.shares[0])
    alone = solve_capped(game, [wide], sizes=SIZE)
    assert (alone.price[0] == free.price).all() and alone.shadow_price[0] == 0.0
    tight = Cap("tight", row(6, 2), 0.5 * SIZE * free.shares[2])
    both = solve_capped(game, [tight, replace(wide, limit=3 * SIZE * free.shares[0])], sizes=SIZE)
    one = solve_capped(game, [tight], sizes=SIZE)
    assert both.shadow_price[1] == 0.0
    assert both.price[0] == pytest.approx(one.price[0], rel=PRICES)


@pytest.mark.parametrize("seed", range(6))
def test_the_only_consistent_active_set(seed):
    """[C5], [C6]: four caps, one over two firms; every one of the 16 active sets solved by itself."""
    game = market(seed)
    q = SIZE * solve_prices(game).shares
    rng = np.random.default_rng(seed + 50)
    rows = [row(6, 0), row(6, 1, 2), row(6, 3), row(6, 4, 5)]
    caps = [Cap(str(k), a, rng.uniform(0.5, 1.15) * (a @ q)) for k, a in enumerate(rows)]
    found = solve_capped(game, caps, sizes=SIZE)
    assert found.converged, found.advice
    slack = np.array([c.limit for c in caps]) - found.counted
    assert (found.shadow_price >= 0).all() and (slack >= -1e-8 * found.counted).all()
    assert np.abs(found.shadow_price * slack).max() < 1e-8 * found.counted.max()
    consistent = []
    for size in range(5):
        for active in combinations(range(4), size):
            lam = np.zeros(4)
            for _ in range(400):  # each active cap moved by its own log gap until all are met
                at = solve_prices(replace(game, cost=game.cost + lam @ np.array(rows)))
                gap = np.log(np.array(rows) @ at.shares * SIZE / [c.limit for c in caps])
                if not active or np.abs(gap[list(active)]).max() < 1e-11:
                    break
                lam[list(active)] += 0.8 * gap[list(active)]
            if (lam[list(active)] >= 0).all() and (gap < 1e-9).all():
                consistent.append((active, lam))
    assert len(consistent) == 1
    assert found.shadow_price == pytest.approx(consistent[0][1], abs=1e-8)


def test_who_holds_the_rent_moves_money_not_prices(game, free):
    """[C7]: exporter-held less auctioned is lambda' A q."""
    a = row(6, 0, 2)
    made = {
        rent: solve_capped(game, [Cap("quota", a, 0.5 * SIZE * (a @ free.shares), rent=rent)], sizes=SIZE)
        for rent in Rent
    }
    held, sold = made[Rent.MAKER], made[Rent.TREASURY]
    assert (held.price[0] == sold.price[0]).all()
    assert held.profits().sum() - sold.profits().sum() == pytest.approx(held.rent().sum(), rel=1e-12)
    assert held.rent()[0] == pytest.approx(held.shadow_price[0] * held.counted[0], rel=1e-12)
    assert held.profits()[1] > sold.profits()[1] and held.profits()[2] == sold.profits()[2]


def test_three_regimes_of_a_tariff_rate_quota(game, free):
    """[C8]: slack = untaxed, over = taxed, filled = the quantity is the quota and lambda between."""
    a, duty = row(6, 2, 3), 0.4
    taxed = at_cost(game, duty, a)
    most, least = SIZE * (a @ free.shares), SIZE * (a @ taxed.shares)

    def under(quota):
        return solve_capped(game, [Cap("trq", a, quota, duty=duty, rent=Rent.IMPORTER)], sizes=SIZE)

    slack, over, filled = under(1.1 * most), under(0.9 * least), under(0.5 * (most + least))
    assert slack.price[0] == pytest.approx(free.price, rel=PRICES) and slack.rent()[0] == 0.0
    assert over.converged and over.price[0] == pytest.approx(taxed.price, rel=PRICES)
    assert over.shadow_price[0] == pytest.approx(duty, rel=1e-10)
    assert over.rent()[0] == pytest.approx(duty * 0.9 * least, rel=1e-9)
    assert over.duty()[0] == pytest.approx(duty * 0.1 * least, rel=1e-6)
    assert filled.converged and filled.counted[0] == pytest.approx(0.5 * (most + least), rel=1e-9)
    assert filled.shadow_price[0] == pytest.approx(bisected([game], [a], 0.5 * (most + least)), rel=1e-8)
    nothing = under(0.0)
    assert nothing.price[0] == pytest.approx(taxed.price, rel=PRICES) and nothing.rent()[0] == 0.0
    hard = solve_capped(game, [Cap("quota", a, filled.counted[0])], sizes=SIZE)
    assert hard.price[0] == pytest.approx(filled.price[0], rel=1e-8)


def test_a_plant_over_two_markets(game):
    """[C9]: one shadow price in both, their sum the capacity."""
    other = market(11)
    a = (row(6, 0), row(6, 1))
    made = [solve_prices(game), solve_prices(other)]
    limit = 0.7 * SIZE * (made[0].shares[0] + made[1].shares[1])
    found = solve_capped((game, other), [Cap("plant", a, limit)], sizes=(SIZE, SIZE))
    assert found.converged and found.complementarity < 1e-8
    assert found.shadow_price[0] == pytest.approx(bisected([game, other], a, limit), rel=1e-8)
    assert found.quantities(0)[0] + found.quantities(1)[1] == pytest.approx(limit, rel=1e-9)


def test_an_ad_valorem_rent_shifts_costs_by_its_own_weights(game, free):
    """(caps-weighted): lambda is a rate, B = customs values; equals a cost shift found by bisection."""
    a, value = row(6, 2, 3), np.array([0, 0, 1.2, 2.0, 0, 0])
    limit = 0.7 * SIZE * (a @ free.shares)
    found = solve_capped(game, [Cap("rate", a, limit, shifts=value)], sizes=SIZE)
    low, high = 0.0, 20.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        over = SIZE * (a @ at_cost(game, middle, value).shares) > limit
        low, high = (middle, high) if over else (low, middle)
    assert found.shadow_price[0] == pytest.approx(low, rel=1e-8)
    paid = found.shadow_price[0] * value @ found.quantities()
    assert found.rent()[0] == pytest.approx(paid, rel=1e-12)


def test_a_restraint_under_logit_in_closed_form():
    """One car: its share is the quota's, price from the share, lambda = p - c - 1/(|alpha| (1 - s))."""
    alpha, delta, cost, share = -0.8, 1.5, 1.2, 0.1
    game = PriceGame(
        delta=np.array([delta]), alpha=np.array([alpha]), weights=np.ones(1), cost=np.array([cost]),
        keep=np.asarray(1.0), ad_valorem=np.asarray(0.0), levies=np.asarray(0.0), firms=np.array([0]),
    )  # fmt: skip
    found = solve_capped(game, [Cap("restraint", np.ones(1), share)])
    price = (np.log(share / (1 - share)) - delta) / alpha
    assert found.price[0][0] == pytest.approx(price, rel=1e-10)
    assert found.shadow_price[0] == pytest.approx(price - cost + 1 / (alpha * (1 - share)), rel=1e-9)
    assert found.profits()[0] == pytest.approx((price - cost) * share, rel=1e-9)  # the rent is the exporter's


def test_very_tight_caps_and_many_at_once():
    for seed in range(4):
        game = market(seed)
        q = SIZE * solve_prices(game).shares
        caps = [Cap(f"c{j}", row(6, j), 0.002 * q[j]) for j in range(5)]
        found = solve_capped(game, caps, sizes=SIZE)
        assert found.converged, found.advice
        assert found.counted == pytest.approx([c.limit for c in caps], rel=1e-7)


def test_a_cap_of_zero_closes_the_product(game):
    found = solve_capped(game, [Cap("closed", row(6, 1), 0.0)], sizes=SIZE)
    without = solve_prices(game, offered=row(6, 1) == 0)
    assert np.isinf(found.shadow_price[0]) and np.isnan(found.price[0][1]) and found.converged
    assert np.nanmax(np.abs(found.price[0] - without.price)) < PRICES
    assert found.rent()[0] == 0.0 and np.isfinite(found.profits()).all()


def test_a_looser_cap_on_the_same_cars_never_binds(game, free):
    a, q = row(6, 0, 1), SIZE * (row(6, 0, 1) @ free.shares)
    caps = [Cap("loose", a, 0.8 * q), Cap("tight", a, 0.5 * q), Cap("same", 2 * a, q)]
    found = solve_capped(game, caps, sizes=SIZE)
    assert found.converged and (found.shadow_price > 0).tolist() == [False, True, False]


def test_caps_that_bind_together_on_the_same_cars(game, free):
    """Two caps and their sum exactly: shadow prices are not told apart, prices are."""
    q = SIZE * free.shares
    caps = [Cap("a", row(6, 0), 0.5 * q[0]), Cap("b", row(6, 1), 0.5 * q[1])]
    two = solve_capped(game, caps, sizes=SIZE)
    three = solve_capped(game, [*caps, Cap("both", row(6, 0, 1), 0.5 * (q[0] + q[1]))], sizes=SIZE)
    assert three.price[0] == pytest.approx(two.price[0], rel=1e-7)


def test_the_certificate_sees_the_shadow_price(game, free):
    found = solve_capped(game, [Cap("one", row(6, 1), 0.6 * SIZE * free.shares[1])], sizes=SIZE)
    (evidence,) = certify_capped(found, starts=5)
    assert evidence.starts_agreeing == 5 and evidence.second_order_ok
    assert evidence.largest_deviation_gain < 1e-9 and evidence.max_foc_residual < 1e-10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"limit": -1.0}, "at least 0"),
        ({"limit": np.nan}, "at least 0"),
        ({"covers": np.zeros(6)}, "covers no product"),
        ({"covers": np.array([1.0, np.nan, 0, 0, 0, 0])}, "finite numbers"),
        ({"duty": -0.1}, "at least 0"),
        ({"shifts": np.ones(4)}, "one number a product"),
    ],
)
def test_bad_caps_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        Cap(**({"name": "x", "covers": row(6, 0), "limit": 1.0} | change))


def test_caps_that_contradict_or_do_not_fit_are_refused(game):
    a = row(6, 0)
    with pytest.raises(InputError, match="two caps of this name, 1 and 2"):
        solve_capped(game, [Cap("x", a, 1.0), Cap("x", a, 2.0)])
    with pytest.raises(InputError, match="one number a product for each market"):
        solve_capped(game, [Cap("x", np.ones(4), 1.0)])
    with pytest.raises(InputError, match="above zero"):
        solve_capped(game, [Cap("x", a, 1.0)], sizes=0.0)


@pytest.mark.parametrize("caps", [1, 3])
def test_both_ways_round_newton_get_there(game, free, caps, monkeypatch):
    """One cap by bisection, several brought down in steps, where Newton from the uncapped prices gives up."""
    from kanrin.equilibrium import _capped

    q = SIZE * free.shares
    asked = [Cap(f"c{j}", row(6, j), 0.4 * q[j]) for j in range(caps)]
    straight = solve_capped(game, asked, sizes=SIZE)

    def gives_up(system, price, shadow):
        return _capped.by_bisection.__globals__["Reached"](price, shadow, np.inf, 0)

    monkeypatch.setattr(_capped, "by_newton", gives_up)
    round_about = solve_capped(game, asked, sizes=SIZE)
    assert round_about.converged, round_about.advice
    assert round_about.shadow_price == pytest.approx(straight.shadow_price, rel=1e-8)
