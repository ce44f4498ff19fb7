"""Demand systems: derivatives, what prices are worth to buyers, products taken off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.simulation import (
    AIDS,
    CES,
    Linear,
    Logit,
    NestedLogit,
    NestedRandomCoefficients,
    RandomCoefficients,
    Surplus,
    aggregate_elasticity,
    diversion_ratios,
    elasticities,
    mean_utilities,
    own_elasticities,
    second_choices,
    willingness_to_pay,
)
from kanrin.simulation._system import complex_step_curvature
from made_markets import KINDS, prices, system

EXACT = 1e-13  # closed form against complex step or closed form
QUADRATURE = 1e-11  # Gauss-Legendre, 24 nodes


def complex_step(function, x):
    rows = []
    for j in range(x.size):
        moved = x.astype(complex)
        moved[j] += 1e-30j
        rows.append(function(moved).imag / 1e-30)
    return np.array(rows)


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives(kind):
    demand, p = system(kind), prices()
    np.testing.assert_allclose(demand.by_price(p), complex_step(demand.quantities, p), atol=EXACT)
    weights = np.random.default_rng(5).normal(size=(5, 5))
    expected = complex_step_curvature(demand.by_price, p, weights)
    np.testing.assert_allclose(demand.curvature(p, weights), expected, atol=EXACT * 10)


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in ("aids", "linear")])
def test_own_effect_is_the_part_of_the_own_slope_without_the_aggregate(kind):
    demand, p = system(kind), prices()
    small = demand.own_effect(p)
    assert (small < np.diag(demand.by_price(p))).all()  # the aggregate softens the own slope


@pytest.mark.parametrize("kind", KINDS)
def test_compensating_variation_is_the_integral_of_demand(kind):
    demand, p0 = system(kind), prices()
    p1 = p0 * np.array([1.1, 1.0, 0.95, 1.2, 1.05])
    x, w = np.polynomial.legendre.leggauss(24)
    total = 0.0
    for t, weight in zip((x + 1.0) / 2.0, w / 2.0, strict=True):
        p = p0 + t * (p1 - p0)
        here = demand
        if kind == "ces":  # Hicksian: at the budget that keeps the buyer as well off
            here = replace(demand, budget=demand.budget + demand.compensating_variation(p0, p))
        total += weight * float(here.quantities(p) @ (p1 - p0))
    assert demand.compensating_variation(p0, p1) == pytest.approx(total, abs=QUADRATURE)
    assert demand.compensating_variation(p0, p0) == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("kind", KINDS)
def test_both_formulas_of_surplus_are_one_where_the_packages_agree_with_theory(kind):
    demand, p0 = system(kind), prices()
    p1 = p0 * 1.1
    exact = demand.compensating_variation(p0, p1)
    packages = demand.compensating_variation(p0, p1, surplus=Surplus.PACKAGES)
    if kind in ("ces", "aids"):
        assert packages != pytest.approx(exact, rel=1e-4)
    else:
        assert packages == exact


def test_logit_is_random_coefficients_with_one_buyer():
    delta, p = np.array([0.3, -0.2, 1.0]), np.array([1.0, 1.5, 1.2])
    one = Logit(-2.0, delta, 4.0)
    for mu in (None, np.zeros((3, 1))):
        many = RandomCoefficients(np.array([-2.0]), delta, np.ones(1), mu, 4.0)
        np.testing.assert_allclose(many.quantities(p), one.quantities(p), rtol=EXACT)
        np.testing.assert_allclose(many.by_price(p), one.by_price(p), rtol=EXACT)
        weights = np.arange(9.0).reshape(3, 3)
        np.testing.assert_allclose(many.curvature(p, weights), one.curvature(p, weights), atol=EXACT)
        assert many.compensating_variation(p, p * 1.1) == pytest.approx(
            one.compensating_variation(p, p * 1.1), rel=EXACT
        )


@pytest.mark.parametrize("inside", [True, False])
def test_nested_logit_without_nesting_is_logit(inside):
    delta, p = np.array([0.3, -0.2, 1.0]), np.array([1.0, 1.5, 1.2])
    plain = Logit(-2.0, delta, 4.0, inside)
    for nests, rho in (([0, 0, 1], 0.0), ([0, 1, 2], 0.7)):  # or one product a nest
        nested = NestedLogit(-2.0, delta, np.array(nests), rho, 4.0, inside)
        np.testing.assert_allclose(nested.by_price(p), plain.by_price(p), atol=EXACT)


def test_nested_random_coefficients_hold_both_special_cases():
    one, p = system("nested"), prices()
    alone = RandomCoefficients(np.array([one.alpha]), one.delta, np.ones(1), None, one.market_size)
    many = NestedRandomCoefficients(alone, one.nests, one.rho)
    weights = np.random.default_rng(5).normal(size=(5, 5))
    np.testing.assert_allclose(many.by_price(p), one.by_price(p), atol=EXACT)
    np.testing.assert_allclose(many.curvature(p, weights), one.curvature(p, weights), atol=EXACT * 100)
    flat = system("rcnl")
    unnested = replace(flat, rho=np.zeros(3))
    np.testing.assert_allclose(unnested.by_price(p), flat.plain.by_price(p), atol=EXACT)
    np.testing.assert_allclose(
        unnested.curvature(p, weights), flat.plain.curvature(p, weights), atol=EXACT * 10
    )


@pytest.mark.parametrize("kind", KINDS)
def test_elasticities_and_diversion(kind):
    demand, p = system(kind), prices()
    e = elasticities(demand, p)
    np.testing.assert_allclose(np.diag(e), own_elasticities(demand, p), rtol=EXACT)
    lift = 1e-6
    up, down = demand.quantities(p * (1 + lift)).sum(), demand.quantities(p * (1 - lift)).sum()
    slope = (up - down) / (2 * lift) / demand.quantities(p).sum()
    assert aggregate_elasticity(demand, p) == pytest.approx(slope, abs=1e-8)
    rows = diversion_ratios(demand, p)
    np.testing.assert_allclose(rows.inside.sum(axis=1) + rows.outside, 1.0, atol=1e-12)
    if kind == "logit_inside":
        np.testing.assert_allclose(rows.outside, 0.0, atol=1e-12)


@pytest.mark.parametrize("kind", ["logit", "nested", "rc", "rc_mu", "rcnl", "ces"])
def test_second_choices_are_removals(kind):
    demand, p = system(kind), prices()
    rows = second_choices(demand, p)
    far = p.copy()
    far[1] = 1e9 if kind == "ces" else 500.0  # priced out of sight
    moved = (demand.quantities(far) - demand.quantities(p)) / demand.quantities(p)[1]
    moved[1] = 0.0
    np.testing.assert_allclose(rows.inside[1], moved, atol=1e-9)


@pytest.mark.parametrize("kind", ["aids", "linear"])
def test_a_product_taken_off_is_one_at_its_choke_price(kind):
    demand, p = system(kind), prices()
    left = np.array([True, True, False, True, True])
    if kind == "aids":
        a, b = demand.intercept, demand.slopes
        choke = np.exp(-(a[2] + b[2, left] @ np.log(p[left])) / b[2, 2])
    else:
        choke = -(demand.intercept[2] + demand.slopes[2, left] @ p[left]) / demand.slopes[2, 2]
    full = p.copy()
    full[2] = choke
    without = demand.subset(left)
    assert demand.quantities(full)[2] == pytest.approx(0.0, abs=1e-13)
    np.testing.assert_allclose(without.quantities(p[left]), demand.quantities(full)[left], rtol=1e-12)
    assert demand.compensating_variation(p, p[left], without) == pytest.approx(
        demand.compensating_variation(p, full), rel=1e-11
    )
    assert without.compensating_variation(p[left], p, demand) == pytest.approx(
        -demand.compensating_variation(p, full), rel=1e-11
    )


@pytest.mark.parametrize("kind", ["logit", "nested", "rc", "rc_mu", "rcnl", "ces"])
def test_losing_a_product_harms_and_a_product_nobody_wants_changes_nothing(kind):
    demand, p = system(kind), prices()
    left = np.arange(5) != 0
    assert demand.compensating_variation(p, p[left], demand.subset(left)) > 0.0
    value = 1e-30 if kind == "ces" else -80.0
    extra = {"nested": (1,), "rc_mu": (np.zeros(7),), "rcnl": (1, np.zeros(7))}.get(kind, ())
    more = demand.joined(value, *extra)
    q = more.quantities(np.append(p, 1.0))
    np.testing.assert_allclose(q[:5], demand.quantities(p), rtol=1e-12)


def test_mean_utilities_invert_shares_with_tastes():
    demand, p = system("rc_mu"), prices()
    found = mean_utilities(demand.shares(p), p, demand.alpha, demand.weights, demand.mu)
    np.testing.assert_allclose(found, demand.delta, atol=1e-11)


def test_willingness_to_pay():
    assert willingness_to_pay(Logit(-2.0, np.zeros(2)), 3.0) == pytest.approx(1.5)
    rc = RandomCoefficients(np.array([-1.0, -4.0]), np.zeros(2), np.array([0.25, 0.75]))
    assert willingness_to_pay(rc, 2.0) == pytest.approx(0.25 * 2.0 + 0.75 * 0.5)
    with pytest.raises(InputError, match="no utility"):
        willingness_to_pay(system("ces"), 1.0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Logit(0.1, np.zeros(2)), "alpha is 0.1"),
        (lambda: Logit(-1.0, np.array([0.0, np.nan])), "delta of product 1"),
        (lambda: Logit(-1.0, np.zeros(2), 0.0), "market_size"),
        (lambda: NestedLogit(-1.0, np.zeros(2), np.array([0, 1]), 1.0), r"rho is 1; expected .* \[0, 1\)"),
        (lambda: NestedLogit(-1.0, np.zeros(2), np.array([0.5, 1.0]), 0.1), "nests must be"),
        (lambda: CES(1.0, np.ones(2), 1.0), "gamma is 1"),
        (lambda: CES(2.0, np.array([1.0, 0.0]), 1.0), "value of product 1 is 0"),
        (lambda: AIDS(np.ones(2), np.array([[-1.0, 0.5], [0.9, -1.0]]), -1.0, 1.0), "symmetric"),
        (lambda: AIDS(np.ones(2), -np.eye(2), 0.5, 1.0), "market_elasticity"),
        (lambda: Linear(np.ones(2), np.eye(2)), "own slope of product 0"),
        (lambda: RandomCoefficients(np.array([-1.0, 0.2]), np.zeros(1), np.array([0.5, 0.5])), "agent 1"),
        (lambda: RandomCoefficients(np.array([-1.0]), np.zeros(1), np.array([0.5])), "sum to 0.5"),
        (lambda: RandomCoefficients(-np.ones(1), np.zeros(2), np.ones(1), np.zeros((1, 2))), "mu must be"),
    ],
)
def test_bad_systems_are_refused_by_name(make, words):
    with pytest.raises(InputError, match=words):
        make()
