"""The same numbers by PyBLP: prices, costs, elasticities, diversion, surplus, pass-through."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from kanrin.demand import choice_probabilities, consumer_surplus, diversion_ratios, elasticities
from kanrin.equilibrium import PriceGame, PriceSolution, pass_through, recover_costs, solve_prices
from simulated_market import simulated_game

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pyblp = pytest.importorskip("pyblp", reason="PyBLP is not installed")

SAME = 1e-9  # [P4-P6, P8]
PRICES = 1e-8  # two solvers' own tolerances [P7, P9]

pytestmark = pytest.mark.filterwarnings("ignore")  # its warnings, not ours


@pytest.fixture(scope="module")
def solved() -> tuple[PriceGame, PriceSolution, Any]:
    """One market solved by both; alpha/y enters PyBLP as price times a demographic, without wedges."""
    pyblp.options.verbose = False
    game = simulated_game(3, wedges=False)
    agents = game.alpha.size
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        simulation = pyblp.Simulation(
            product_formulations=(
                pyblp.Formulation("0 + x"),
                pyblp.Formulation("0 + prices"),
                pyblp.Formulation("0 + z"),
            ),
            product_data={
                "market_ids": np.repeat("t", 9),
                "firm_ids": game.firms,
                "x": game.delta,
                "z": np.ones(9),
            },
            beta=[1.0],
            sigma=[[0.0]],
            pi=[[-3.0]],
            gamma=[0.0],
            xi=np.zeros(9),
            omega=game.cost,
            agent_formulation=pyblp.Formulation("0 + scale"),
            agent_data={
                "market_ids": np.repeat("t", agents),
                "weights": game.weights,
                "nodes0": np.zeros(agents),
                "scale": game.alpha / -3.0,
            },
        )
        results = simulation.replace_endogenous()
    return game, solve_prices(game), results


def test_prices_and_shares(solved: tuple[PriceGame, PriceSolution, Any]) -> None:
    _, found, results = solved
    np.testing.assert_allclose(found.price, results.product_data.prices.ravel(), rtol=PRICES)
    np.testing.assert_allclose(found.shares, results.product_data.shares.ravel(), rtol=PRICES)


def test_costs(solved: tuple[PriceGame, PriceSolution, Any]) -> None:
    game, _, results = solved
    price = results.product_data.prices.ravel()
    ours = recover_costs(
        delta=game.delta, alpha=game.alpha, weights=game.weights, price=price, firms=game.firms
    )
    np.testing.assert_allclose(ours.cost, results.compute_costs().ravel(), rtol=SAME)


def test_elasticities_diversion_and_surplus(solved: tuple[PriceGame, PriceSolution, Any]) -> None:
    game, _, results = solved
    price, w = results.product_data.prices.ravel(), game.weights
    inside, outside = choice_probabilities(game.delta, game.alpha, price)
    np.testing.assert_allclose(
        elasticities(game.alpha, inside, w, price), results.compute_elasticities(), rtol=SAME
    )
    ours = diversion_ratios(game.alpha, inside, outside, w)
    theirs = results.compute_diversion_ratios()  # its diagonal is the outside good
    np.testing.assert_allclose(ours.inside + np.diag(ours.outside), theirs, rtol=SAME)
    surplus = w @ consumer_surplus(game.delta, game.alpha, price)
    np.testing.assert_allclose(surplus, float(results.compute_consumer_surpluses().sum()), rtol=SAME)


def test_pass_through(solved: tuple[PriceGame, PriceSolution, Any]) -> None:
    game, found, results = solved
    np.testing.assert_allclose(
        pass_through(game, found.price).cost, results.compute_passthrough(), rtol=1e-6, atol=PRICES
    )
