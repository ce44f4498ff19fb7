"""Calibration reproduces what went in, finds what made the targets, and says what they do not identify."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.base import InputError, UnknownName
from kanrin.demand import Agents
from kanrin.simulation import (
    FITTED,
    Conduct,
    CrossElasticity,
    DiversionRatio,
    MarketElasticity,
    Markup,
    OwnElasticity,
    Sales,
    SpecificTax,
    Tariff,
    calibrate_aids,
    calibrate_ces,
    calibrate_linear,
    calibrate_logit,
    calibrate_nested_logit,
    calibrate_random_coefficients,
    markups,
    solve,
)
from kanrin.simulation._calibrate import predictions

FOUND = 1e-7  # relative; Jacobians are central differences
PRODUCTS, OWNERS = ("a", "b", "c", "d", "e"), ("X", "X", "Y", "Z", "W")
SALES = Sales(
    PRODUCTS, OWNERS, np.array([1.0, 1.4, 1.2, 0.9, 1.7]), np.array([5.0, 2.0, 4.0, 6.0, 3.0]),
    policies=(Tariff(0.1, ("a", "c")), SpecificTax(0.02)),
)  # fmt: skip
NESTS = ("small", "small", "small", "large", "large")
AGENTS = Agents(np.array([0.5, 1.0, 2.0]), np.array([0.3, 0.4, 0.3]))
MU = np.array([[0.0, 0.5, -0.5], [1.0, 0.0, -1.0], [0.2, -0.2, 0.0], [0.0, 0.0, 0.4], [-0.3, 0.3, 0.0]])
FAMILIES = {
    "logit": (lambda **k: calibrate_logit(SALES, **k), {"alpha": -4.0, "outside_share": 0.4}),
    "nested": (
        lambda **k: calibrate_nested_logit(SALES, NESTS, **k),
        {"alpha": -3.0, "rho": 0.45, "outside_share": 0.4},
    ),
    "ces": (lambda **k: calibrate_ces(SALES, **k), {"gamma": 4.5, "outside_over_inside": 0.6}),
    "aids": (lambda **k: calibrate_aids(SALES, **k), {"slope": 3.0, "market_elasticity": -1.3}),
    "linear": (lambda **k: calibrate_linear(SALES, **k), {"slope": 70.0}),
    "rc": (
        lambda **k: calibrate_random_coefficients(SALES, AGENTS, **k),
        {"alpha": -4.0, "outside_share": 0.4},
    ),
    "rc_mu": (
        lambda **k: calibrate_random_coefficients(SALES, AGENTS, mu=MU, **k),
        {"alpha": -4.0, "outside_share": 0.4},
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_prices_and_quantities_are_reproduced(family):
    make, truth = FAMILIES[family]
    found = make(**truth)
    end = solve(found.market)
    assert end.converged
    np.testing.assert_allclose(end.consumer_price, SALES.price, rtol=1e-10)
    np.testing.assert_allclose(end.quantities, SALES.quantity, rtol=1e-9)
    assert set(found.parameter_table()["how"].values()) == {"given"}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_parameters_that_made_the_targets_are_found(family):
    make, truth = FAMILIES[family]
    known = make(**truth)
    shapes = [
        Markup("a", 0.5),
        Markup("d", 0.5),
        OwnElasticity("b", -1.0),
        CrossElasticity("b", "a", 1.0),
        DiversionRatio("e", "d", 0.1),
    ]
    if family != "linear":  # its total quantity does not move
        shapes += [MarketElasticity(-1.0), DiversionRatio("c", None, 0.1)]
    values = predictions(known.market, SALES, shapes)
    targets = [replace(t, value=float(v)) for t, v in zip(shapes, values, strict=True)]
    found = make(**dict.fromkeys(truth, FITTED), targets=targets)
    for name, value in zip(found.parameters, truth.values(), strict=True):
        assert found.parameters[name] == pytest.approx(value, rel=FOUND), name
    np.testing.assert_allclose(found.residual, 0.0, atol=1e-8)
    assert set(found.fitted) == set(found.parameters)


def test_one_markup_makes_alpha_and_the_rest_follows():
    found = calibrate_logit(SALES, outside_share=0.3, targets=[Markup("b", 0.3)])
    assert found.residual[0] == pytest.approx(0.0, abs=1e-10)


def test_least_squares_of_markups_under_monopolistic_competition_has_a_closed_form():
    """(p - c)/p = -1/(alpha p): the least-squares -1/alpha is sum(m/p)/sum(1/p^2)."""
    plain = replace(SALES, policies=(), conduct=Conduct.MONOPOLISTIC_COMPETITION)
    m = np.array([0.3, 0.25, 0.28, 0.4, 0.2])
    found = calibrate_logit(plain, targets=markups(PRODUCTS, m))
    expected = -(1.0 / plain.price**2).sum() / (m / plain.price).sum()
    assert found.parameters["alpha"] == pytest.approx(expected, rel=1e-9)


def test_unknown_markups_are_left_out():
    assert [t.product for t in markups(PRODUCTS, [0.3, np.nan, 0.2, np.nan, np.nan])] == ["a", "c"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: calibrate_logit(SALES),
            "it takes at least 1 to identify alpha, targets given: 0; alpha: give it as a number",
        ),
        (
            lambda: calibrate_logit(SALES, outside_share=FITTED, targets=[Markup("a", 0.3)]),
            "outside share: give it as a number, or add a MarketElasticity",
        ),
        (
            lambda: calibrate_logit(
                SALES, outside_share=FITTED, targets=[Markup("a", 0.3), Markup("b", 0.3 * 1.0 / 1.4)]
            ),
            "identify",
        ),
        (
            lambda: calibrate_ces(
                replace(SALES, conduct=Conduct.MONOPOLISTIC_COMPETITION),
                targets=markups(PRODUCTS, [0.3] * 5),
            ),
            "do not identify outside over inside",
        ),
        (
            lambda: calibrate_nested_logit(
                SALES, NESTS, outside_share=0.3, targets=[MarketElasticity(-0.8), MarketElasticity(-0.8)]
            ),
            "do not identify",
        ),
        (lambda: calibrate_nested_logit(SALES, PRODUCTS, outside_share=0.3), "every nest has one product"),
        (
            lambda: calibrate_logit(SALES, targets=[Markup("a", 30.0)]),
            r"expected a number|at one or more",
        ),
        (lambda: calibrate_logit(SALES, targets=[OwnElasticity("a", 2.0)]), "below zero"),
        (lambda: calibrate_logit(SALES, targets=[DiversionRatio("a", "b", 1.2)]), r"in \[0, 1\]"),
        (lambda: calibrate_logit(SALES, alpha=2.0), "alpha is 2; expected a number below zero"),
        (lambda: calibrate_logit(SALES, alpha=-2.0, outside_share=1.0), r"in \[0, 1\)"),
        (lambda: calibrate_ces(SALES, gamma=0.9, outside_over_inside=0.1), "above 1"),
        (
            lambda: calibrate_random_coefficients(SALES, AGENTS, alpha=-2.0, outside_share=0.0),
            "need an outside good",
        ),
        (lambda: replace(SALES, quantity=np.array([1.0, 0.0, 1.0, 1.0, 1.0])), "quantity of b is 0"),
        (lambda: replace(SALES, price=np.array([1.0, np.nan, 1.0, 1.0, 1.0])), "price of b is nan"),
        (
            lambda: Sales.from_table({"product": ["a"], "owner": ["X"], "price": ["dear"], "quantity": [1]}),
            "price' of the products is not numeric .it holds 'dear', row 0",
        ),
        (lambda: Sales.from_table({"product": ["a"], "price": [1.0]}), "unknown column 'owner'"),
    ],
)
def test_what_is_not_identified_or_wrong_is_said(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_a_frame_is_taken_as_it_is():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"model": ["a", "b"], "maker": ["X", "Y"], "yen": [1.0, 2.0], "units": [3, 4]}, index=[7, 9]
    )
    found = Sales.from_table(frame, product="model", owner="maker", price="yen", quantity="units")
    assert found.products == ("a", "b") and found.quantity.tolist() == [3.0, 4.0]


def test_a_target_of_a_product_that_is_not_sold():
    with pytest.raises(UnknownName, match="unknown product 'f'"):
        calibrate_logit(SALES, targets=[Markup("f", 0.3)])


def test_costs_below_zero_are_named():
    found = calibrate_logit(SALES, alpha=-0.2, outside_share=0.3)
    assert "cost below zero" in found.notes[0] and "a" in found.notes[0]
