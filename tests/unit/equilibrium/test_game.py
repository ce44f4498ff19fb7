"""The price game refuses what cannot be priced, and its ledger adds up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.demand import shares
from kanrin.equilibrium import PriceGame, ledger, pass_through, solve_prices
from simulated_market import simulated_game

ADDS_UP = 1e-13  # [E26]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"alpha": np.array([-1.0, 0.0])}, "alpha of agent 1"),
        ({"alpha": np.array([-1.0, 0.5])}, "without bound"),
        ({"weights": np.array([0.5, 0.4])}, "sum to one"),
        ({"weights": np.array([1.5, -0.5])}, "weights"),
        ({"cost": np.array([1.0, np.nan])}, "cost holds"),
        ({"cost": np.ones(3)}, "cost must be"),
        ({"keep": np.array([0.9, 0.0])}, "keep of product 1"),
        ({"ad_valorem": np.array([-1.0, 0.1])}, "ad_valorem of product 0"),
        ({"firms": np.array([0.0, 1.0])}, "firms"),
        ({"firms": np.array([0, -1])}, "firms"),
        ({"kappa": np.array([[1.0, 0.2], [0.2, 0.9]])}, "diagonal"),
        ({"kappa": np.ones((1, 1))}, "kappa must be"),
        ({"delta": np.zeros((2, 2))}, "delta must be"),
    ],
)
def test_a_bad_game_is_refused(change: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {
        "delta": np.zeros(2), "alpha": np.array([-1.0, -2.0]), "weights": np.array([0.5, 0.5]),
        "cost": np.ones(2), "keep": 0.9, "ad_valorem": 0.1, "levies": 0.0, "firms": np.array([0, 1]),
    }  # fmt: skip
    PriceGame(**good)
    with pytest.raises(InputError, match=words):
        PriceGame(**(good | change))


def test_a_positive_slope_is_refused_because_profit_has_no_bound() -> None:
    """[E25]: with one such buyer the profit of a lone product grows with its price for ever."""
    delta, alpha, weights = np.zeros(1), np.array([-1.0, 1e-3]), np.array([0.99, 0.01])
    profit = [(p - 1.0) * shares(delta, alpha, np.array([p]), weights)[0] for p in (1e2, 1e3, 1e4)]
    assert profit[0] < profit[1] < profit[2]


def test_arrays_of_a_game_cannot_be_changed() -> None:
    game = simulated_game(0)
    with pytest.raises(ValueError, match="read-only"):
        game.cost[0] = 1.0


def test_the_callers_arrays_stay_free() -> None:
    cost = np.ones(9)
    game = replace(simulated_game(0), cost=cost)
    cost[0] = 5.0
    assert game.cost[0] == 1.0


def test_ledger_adds_up() -> None:
    game = simulated_game(1)
    found = solve_prices(game)
    split = ledger(game, found.price, found.shares * 1e6)
    total = split.margin + split.cost + split.dealer + split.taxes
    np.testing.assert_allclose(total, split.spending, rtol=ADDS_UP)
    assert (split.margin > 0.0).all()


def test_pass_through_wants_every_price() -> None:
    game = simulated_game(2)
    price = solve_prices(game).price
    price[3] = np.nan
    with pytest.raises(InputError, match="subset"):
        pass_through(game, price)
