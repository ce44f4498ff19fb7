"""Gradients by the adjoint against the complex step through inversion and costs [G1]."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from flat_markets import Made, made

from kanrin.base import Floats, InputError
from kanrin.kernels import adjoint, adjoint_supply, contract, margins
from kanrin.kernels._twin_adjoint import twin_adjoint, twin_adjoint_supply, twin_margins
from kanrin.kernels._twin_choice import choice, delta_jacobian, kernel

COMPLEX_STEP = 1e-10  # MODEL 2.8; relative to the largest entry
TWIN = 1e-12
STEP = 1e-40


def through(
    m: Made, coefficients: Floats, rho: Floats | None, alpha: Floats, wedge: Floats, kappa: Floats | None
) -> tuple[Floats, Floats]:
    """delta and eta at complex parameters: Newton steps from the real answer, then Delta eta = wedge."""
    delta, eta = m.delta.astype(complex), np.zeros(m.delta.size, dtype=complex)
    observed = m.observed
    for products, agents in m.markets.slices():
        nests = None if m.markets.nests is None else m.markets.nests[products]
        for _ in range(4):
            utility = delta[products, None] + m.markets.x2[products] @ coefficients[agents].T
            at = choice(utility, m.markets.weights[agents], nests, rho)
            step = np.linalg.solve(delta_jacobian(at), observed[products] - at.shares)
            delta[products] += step
        utility = delta[products, None] + m.markets.x2[products] @ coefficients[agents].T
        at = choice(utility, m.markets.weights[agents], nests, rho)
        f = m.firms[products]
        h = np.equal.outer(f, f) * 1.0 if kappa is None else kappa[np.ix_(f, f)]
        eta[products] = np.linalg.solve(-h * kernel(at, alpha[agents]), wedge[products])
    return delta, eta


def kappa_of(kind: str) -> Floats | None:
    """None, or an asymmetric matrix of three firms."""
    if kind == "separate":
        return None
    kappa = 0.5 * np.random.default_rng(5).random((3, 3))
    np.fill_diagonal(kappa, 1.0)
    return kappa


@pytest.mark.parametrize("nested", [False, True])
def test_demand_gradient_is_the_complex_step(nested: bool) -> None:
    m = made(21, (3, 7, 1), (5, 1, 4), nested=nested)
    v = np.random.default_rng(0).normal(size=m.delta.size)
    found = adjoint(m.markets, m.delta, v)
    b, rho = m.markets.coefficients, m.markets.rho
    expected = np.empty_like(b)
    for at in np.ndindex(*b.shape):
        bump = b.astype(complex)
        bump[at] += 1j * STEP
        expected[at] = v @ through(m, bump, rho, m.alpha, v, None)[0].imag / STEP
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found.by_coefficient, expected, atol=COMPLEX_STEP * scale, rtol=0)
    if nested:
        assert rho is not None
        for g in range(rho.size):
            bump = rho.astype(complex)
            bump[g] += 1j * STEP
            slope = v @ through(m, b, bump, m.alpha, v, None)[0].imag / STEP
            np.testing.assert_allclose(found.by_rho[g], slope, rtol=COMPLEX_STEP, atol=COMPLEX_STEP)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("kind", ["separate", "asymmetric"])
def test_supply_gradient_is_the_complex_step(nested: bool, kind: str) -> None:
    """q = v'xi + v_c'c with c = p - eta: the price coefficient moves costs twice."""
    m, kappa = made(22, (3, 7, 1), (5, 1, 4), nested=nested), kappa_of(kind)
    rng = np.random.default_rng(1)
    v, v_c = rng.normal(size=m.delta.size), rng.normal(size=m.delta.size)
    wedge = m.observed * rng.uniform(0.7, 0.9, m.delta.size)
    b, rho = m.markets.coefficients, m.markets.rho
    eta = margins(m.markets, m.delta, m.alpha, m.firms, wedge, kappa=kappa)
    np.testing.assert_allclose(eta, through(m, b, rho, m.alpha, wedge, kappa)[1].real, rtol=1e-11)
    found = adjoint_supply(m.markets, m.delta, v, v_c, m.alpha, m.firms, eta, kappa=kappa)

    def slope(coefficients: Floats, rho: Floats | None, alpha: Floats) -> float:
        delta, margin = through(m, coefficients, rho, alpha, wedge, kappa)
        return float((v @ delta - v_c @ margin).imag / STEP)

    expected = np.empty_like(b)
    for at in np.ndindex(*b.shape):
        bump = b.astype(complex)
        bump[at] += 1j * STEP
        expected[at] = slope(bump, rho, m.alpha)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found.by_coefficient, expected, atol=COMPLEX_STEP * scale, rtol=0)
    assert found.by_alpha is not None
    for i in range(m.alpha.size):
        bump = m.alpha.astype(complex)
        bump[i] += 1j * STEP
        np.testing.assert_allclose(found.by_alpha[i], slope(b, rho, bump), atol=COMPLEX_STEP * scale)
    if nested:
        assert rho is not None
        for g in range(rho.size):
            bump = rho.astype(complex)
            bump[g] += 1j * STEP
            np.testing.assert_allclose(found.by_rho[g], slope(b, bump, m.alpha), atol=COMPLEX_STEP * scale)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("kind", ["separate", "asymmetric"])
@pytest.mark.parametrize("seed", range(3))
def test_the_twin_says_the_same(nested: bool, kind: str, seed: int) -> None:
    m, kappa = made(30 + seed, (3, 40, 1, 17), (21, 8, 3, 50), nested=nested), kappa_of(kind)
    rng = np.random.default_rng(seed)
    v, v_c = rng.normal(size=m.delta.size), rng.normal(size=m.delta.size)
    wedge = 0.8 * m.observed
    eta = margins(m.markets, m.delta, m.alpha, m.firms, wedge, kappa=kappa)
    twin_eta = twin_margins(m.markets, m.delta, m.alpha, m.firms, wedge, kappa)
    np.testing.assert_allclose(eta, twin_eta, rtol=TWIN, atol=TWIN)
    one = adjoint(m.markets, m.delta, v)
    alone = twin_adjoint(m.markets, m.delta, v)
    for got, want in zip((one.by_coefficient, one.by_rho, one.multiplier), alone, strict=True):
        np.testing.assert_allclose(got, want, atol=TWIN * max(1.0, np.abs(want).max(initial=0.0)), rtol=0)
    both = adjoint_supply(m.markets, m.delta, v, v_c, m.alpha, m.firms, twin_eta, kappa=kappa)
    twin = twin_adjoint_supply(m.markets, m.delta, v, v_c, m.alpha, m.firms, twin_eta, kappa)
    found = (both.by_coefficient, both.by_rho, both.multiplier, both.by_alpha)
    for got, want in zip(found, twin, strict=True):
        assert got is not None
        scale = max(1.0, np.abs(want).max(initial=0.0), np.abs(twin[2]).max())
        np.testing.assert_allclose(got, want, atol=TWIN * scale, rtol=0)


def test_contraction_is_the_chain_rule() -> None:
    """B = nodes Sigma' + demographics Pi': one entry of Sigma moved by hand."""
    m = made(41)
    rng = np.random.default_rng(2)
    nodes, v = rng.normal(size=m.markets.coefficients.shape), rng.normal(size=m.delta.size)
    by_sigma = contract(adjoint(m.markets, m.delta, v).by_coefficient, nodes)
    sigma = np.zeros((3, 3), dtype=complex)
    sigma[1, 2] = 1j * STEP
    moved = through(m, m.markets.coefficients + nodes @ sigma.T, None, m.alpha, v, None)[0]
    np.testing.assert_allclose(by_sigma[1, 2], v @ moved.imag / STEP, rtol=1e-9)
    with pytest.raises(InputError, match="one row of draws"):
        contract(by_sigma, nodes)


def test_logit_margin_has_a_closed_form() -> None:
    """One agent, separate firms: m = 1/(|alpha| (1 - s_f)) (logit-margin) [E18]."""
    m = made(42, (8,), (1,), k2=1)
    share = m.observed
    eta = margins(m.markets, m.delta, m.alpha, m.firms, share)
    by_firm = np.bincount(m.firms, share)[m.firms]
    np.testing.assert_allclose(eta, 1.0 / (-m.alpha[0] * (1.0 - by_firm)), rtol=1e-12)


@pytest.mark.parametrize("nested", [False, True])
def test_threads_do_not_change_a_bit(nested: bool) -> None:
    m = made(43, (8, 3, 30, 1, 16, 5), (7, 40, 11, 2, 9, 64), nested=nested)
    v = np.random.default_rng(3).normal(size=m.delta.size)

    def run(threads: int) -> list[Floats]:
        eta = margins(m.markets, m.delta, m.alpha, m.firms, m.observed, threads=threads)
        a = adjoint(m.markets, m.delta, v, threads=threads)
        b = adjoint_supply(m.markets, m.delta, v, v, m.alpha, m.firms, eta, threads=threads)
        assert b.by_alpha is not None
        return [eta, a.by_coefficient, a.by_rho, b.by_coefficient, b.by_rho, b.by_alpha, b.multiplier]

    one = run(1)
    for threads in (2, 3):
        for got, want in zip(run(threads), one, strict=True):
            np.testing.assert_array_equal(got, want)


def test_a_firm_number_beyond_kappa_is_refused() -> None:
    m = made(44)
    with pytest.raises(InputError, match="firms must hold whole numbers"):
        margins(m.markets, m.delta, m.alpha, m.firms, m.observed, kappa=np.eye(2))
    with pytest.raises(InputError, match="kappa must be"):
        margins(m.markets, m.delta, m.alpha, m.firms, m.observed, kappa=np.ones((2, 3)))
    with pytest.raises(InputError, match="rho of nest"):
        replace(m.markets, nests=m.firms, rho=np.array([0.1, 1.0, 0.3]))
