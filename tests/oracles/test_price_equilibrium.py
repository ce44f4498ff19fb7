"""Price equilibrium by other roads: closed forms, brute force, complex step, re-solved equilibria."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from kanrin.demand import shares
from kanrin.equilibrium import (
    PriceGame,
    first_order,
    foc_jacobian,
    own_blocks,
    pass_through,
    solve_prices,
    zeta_dense,
)
from simulated_market import simulated_game

CLOSED_FORM = 1e-12  # [E18]
COMPLEX_STEP = 1e-13  # [E1, E5]
DENSE = 1e-13  # [E2]
DEVIATION = 1e-9  # gain relative to profit found by BFGS [E9]
RE_SOLVED = 1e-6  # central differences of equilibria [E7, E10]
H = 1e-30

KINDS = ["separate", "symmetric", "asymmetric"]


def objective(game: PriceGame, price: np.ndarray, firm: int) -> np.ndarray:
    """(profit) per potential buyer, written out."""
    margin = game.keep * price - game.cost
    share = shares(game.delta, game.alpha, (1.0 + game.ad_valorem) * price + game.levies, game.weights)
    kappa = (game.firms == firm).astype(float) if game.kappa is None else game.kappa[firm, game.firms]
    return (kappa * margin * share).sum()


def test_logit_margin_in_closed_form() -> None:
    """m = r/((1+v)|alpha|(1 - s_f)) (logit-margin)."""
    game = replace(simulated_game(1, income_sd=0.0), keep=np.full(9, 0.87), ad_valorem=np.full(9, 0.1))
    found = solve_prices(game)
    assert found.converged
    firm_share = np.bincount(game.firms, weights=found.shares)[game.firms]
    expected = 0.87 / (1.1 * 3.0 * (1.0 - firm_share))
    np.testing.assert_allclose(found.margin, expected, rtol=CLOSED_FORM)


@pytest.mark.parametrize("kappa", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_foc_is_the_derivative_of_profit(seed: int, kappa: str) -> None:
    """(1 + v_j) phi_j = d profit / d p_j, at any prices [E1]."""
    game = simulated_game(seed, kappa=kappa)
    price = np.random.default_rng(seed).uniform(1.0, 3.0, 9)
    at = first_order(game, price)
    for j in range(9):
        moved = price.astype(complex)
        moved[j] += 1j * H
        numeric = np.imag(objective(game, moved, int(game.firms[j]))) / H
        assert abs((1.0 + game.ad_valorem[j]) * at.phi[j] - numeric) < COMPLEX_STEP


@pytest.mark.parametrize("kappa", KINDS)
def test_sums_by_firm_equal_matrices(kappa: str) -> None:
    game = simulated_game(4, kappa=kappa)
    price = np.random.default_rng(4).uniform(1.0, 3.0, 9)
    np.testing.assert_allclose(first_order(game, price).zeta, zeta_dense(game, price), rtol=DENSE)


@pytest.mark.parametrize("kappa", KINDS)
def test_foc_jacobian_equals_the_complex_step(kappa: str) -> None:
    game = simulated_game(5, kappa=kappa)
    price = np.random.default_rng(5).uniform(1.0, 3.0, 9)
    numeric = np.empty((9, 9))
    for j in range(9):
        moved = price.astype(complex)
        moved[j] += 1j * H
        numeric[:, j] = np.imag(first_order(game, moved).phi) / H
    assert np.abs(foc_jacobian(game, first_order(game, price)) - numeric).max() < COMPLEX_STEP


@pytest.mark.parametrize("kappa", KINDS)
def test_no_firm_gains_by_any_change_of_its_prices(kappa: str) -> None:
    """Brute force: BFGS over all prices of a firm, from several starts, finds nothing better [E9]."""
    game = simulated_game(6, kappa=kappa)
    found = solve_prices(game)
    rng = np.random.default_rng(6)
    for firm in range(3):
        own = game.firms == firm
        now = float(objective(game, found.price, firm))

        def loss(prices: np.ndarray, own: np.ndarray = own, firm: int = firm) -> float:
            trial = found.price.copy()
            trial[own] = prices
            return -float(objective(game, trial, firm))

        for _ in range(3):
            start = found.price[own] * rng.uniform(0.7, 1.6, own.sum())
            best = minimize(loss, start, method="BFGS")
            assert -best.fun - now < DEVIATION * now
            np.testing.assert_allclose(best.x, found.price[own], rtol=1e-2)


@pytest.mark.parametrize("seed", range(3))
def test_own_blocks_are_symmetric_and_negative_definite(seed: int) -> None:
    game = simulated_game(seed)
    at = first_order(game, solve_prices(game).price)
    for block in own_blocks(game, at, foc_jacobian(game, at)):
        assert np.abs(block - block.T).max() < 1e-12  # [E8]
        assert np.linalg.eigvalsh(block).max() < 0.0


@pytest.mark.parametrize("kappa", KINDS)
@pytest.mark.parametrize("what", ["cost", "levies", "ad_valorem", "keep"])
def test_pass_through_equals_re_solved_equilibria(what: str, kappa: str) -> None:
    game = simulated_game(7, kappa=kappa)
    price = solve_prices(game).price
    analytic = getattr(pass_through(game, price), what)
    step = 1e-4
    for j in (0, 4, 8):
        moved = []
        for sign in (1.0, -1.0):
            value = getattr(game, what).copy()
            value[j] += sign * step
            moved.append(solve_prices(replace(game, **{what: value}), start=price).price)
        numeric = (moved[0] - moved[1]) / (2.0 * step)
        assert np.abs(analytic[:, j] - numeric).max() < RE_SOLVED


def test_pass_through_with_fixed_prices_moves_the_free_ones_only() -> None:
    game = simulated_game(8)
    base = solve_prices(game)
    free = np.arange(9) != 2
    analytic = pass_through(game, base.price, free=free).cost
    moved = []
    for sign in (1.0, -1.0):
        cost = game.cost.copy()
        cost[0] += sign * 1e-4
        moved.append(solve_prices(replace(game, cost=cost), start=base.price, free=free).price)
    numeric = (moved[0] - moved[1]) / 2e-4
    assert np.abs(analytic[:, 0] - numeric).max() < RE_SOLVED
    assert (analytic[2] == 0.0).all()
