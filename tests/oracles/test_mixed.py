"""Mixed models by another road: joint Gaussian, closed forms, an optimiser, brute-force deletion."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from kanrin.numerics import (
    blup,
    deletion_residuals,
    fit_gls,
    fit_reml,
    one_way_moments,
    restricted_likelihood,
    same_label,
)

FLAT_PRIOR_VARIANCE = 1e5
FLAT_PRIOR_TOLERANCE = 1e-5  # a prior of finite variance stands in for a flat one, large numbers cancel
EXACT = 1e-10  # closed forms, differing by rounding only
OPTIMISER_TOLERANCE = 1e-3  # relative, set by Nelder-Mead's own stopping rule
MOMENTS_TOLERANCE = 0.02  # 4,000 simulations


def _market(seed: int, n: int = 60):
    rng = np.random.default_rng(seed)
    brand, body = rng.integers(0, 9, n), rng.integers(0, 4, n)
    X = np.column_stack([np.ones(n), rng.integers(0, 2, n)])
    y = X @ [1.0, -0.7] + rng.normal(0, 0.9, 9)[brand] + rng.normal(0, 0.5, 4)[body] + rng.normal(0, 0.8, n)
    return y, X, brand, body


@pytest.mark.parametrize("case", ["known brand", "returning model", "new brand"])
def test_blup_is_the_conditional_of_the_joint_gaussian_under_a_flat_prior(case: str) -> None:
    """[N1]"""
    y, X, brand, body = _market(1)
    n = y.size
    V = 0.8 * same_label(brand) + 0.3 * same_label(body) + 0.6 * np.eye(n)
    x_new = np.array([[1.0, 1.0]])
    k = np.zeros((1, n)) if case == "new brand" else 0.8 * (brand == brand[0])[None, :].astype(float)
    k = k + 0.3 * (body == body[0])[None, :]
    if case == "returning model":
        k[0, 0] += 0.4
    c = np.array([[1.7]])
    found = blup(fit_gls(y, X, V), x_new, k, c)

    flat_yy = V + FLAT_PRIOR_VARIANCE * X @ X.T
    flat_ky = k + FLAT_PRIOR_VARIANCE * x_new @ X.T
    flat_kk = c + FLAT_PRIOR_VARIANCE * x_new @ x_new.T
    solved = np.linalg.solve(flat_yy, np.column_stack([y, flat_ky.T]))
    assert found.mean[0] == pytest.approx((flat_ky @ solved[:, 0])[0], abs=FLAT_PRIOR_TOLERANCE)
    expected = (flat_kk - flat_ky @ solved[:, 1:])[0, 0]
    assert found.covariance[0, 0] == pytest.approx(expected, abs=FLAT_PRIOR_TOLERANCE)


def test_one_way_weight_and_posterior_variance() -> None:
    """(shrink) [N2]: known mean, n rows of one brand."""
    n, tau2, sigma2 = 7, 0.9, 1.6
    y = np.random.default_rng(2).normal(0.4, 1, n)
    fit = fit_gls(y, np.zeros((n, 0)), tau2 * np.ones((n, n)) + sigma2 * np.eye(n))
    found = blup(fit, np.zeros((1, 0)), np.full((1, n), tau2), np.array([[tau2]]))
    weight = n * tau2 / (n * tau2 + sigma2)
    assert found.mean[0] == pytest.approx(weight * y.mean(), abs=EXACT)
    assert found.covariance[0, 0] == pytest.approx(tau2 * (1 - weight), abs=EXACT)


def test_method_of_moments_is_right_on_average() -> None:
    """[N3], unbalanced groups; components far from the floor so that flooring does not bias."""
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(30), rng.integers(1, 9, 30))
    found = [
        one_way_moments(rng.normal(0, 1.5, 30)[labels] + rng.normal(0, 0.8, labels.size), labels)
        for _ in range(4000)
    ]
    assert np.mean([f.between for f in found]) == pytest.approx(1.5**2, rel=MOMENTS_TOLERANCE)
    assert np.mean([f.within for f in found]) == pytest.approx(0.8**2, rel=MOMENTS_TOLERANCE)


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_reml_is_where_a_general_optimiser_ends(seed: int) -> None:
    y, X, brand, body = _market(seed, 120)
    kernels = [same_label(brand), same_label(body)]
    fit = fit_reml(y, X, kernels)
    assert fit.is_converged

    def minus(log_theta: np.ndarray) -> float:
        a, b, e = np.exp(log_theta)
        return -restricted_likelihood(y, X, a * kernels[0] + b * kernels[1] + e * np.eye(y.size))

    best = minimize(
        minus, np.log([0.5, 0.5, 0.5]), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-10}
    )
    assert fit.log_likelihood >= -best.fun - 1e-8
    np.testing.assert_allclose(fit.components, np.exp(best.x), rtol=OPTIMISER_TOLERANCE, atol=1e-3)


def test_balanced_one_way_reml_is_the_analysis_of_variance() -> None:
    rng = np.random.default_rng(7)
    labels = np.repeat(np.arange(12), 6)
    y = 2 + rng.normal(0, 1.2, 12)[labels] + rng.normal(0, 0.7, 72)
    fit = fit_reml(y, np.ones((72, 1)), [same_label(labels)])
    moments = one_way_moments(y, labels)
    assert moments.between > 0
    np.testing.assert_allclose(fit.components, [moments.between, moments.within], rtol=1e-5)


def test_component_without_evidence_is_held_at_zero_with_a_slope_that_points_down() -> None:
    labels = np.tile(np.arange(6), 8)
    y = np.repeat(np.linspace(-1, 1, 8), 6)  # all group means equal: less spread between than chance gives
    y = y + 0.01 * np.random.default_rng(8).normal(size=48)
    fit = fit_reml(y, np.ones((48, 1)), [same_label(labels)])
    assert fit.is_converged
    assert fit.components[0] == 0
    assert fit.score[0] < 0


def test_deletion_residuals_are_those_of_fitting_without_the_row() -> None:
    y, X, brand, body = _market(9, 25)
    V = 0.8 * same_label(brand) + 0.3 * same_label(body) + 0.6 * np.eye(25)
    error, sd = deletion_residuals(fit_gls(y, X, V))
    for j in range(25):
        rest = np.arange(25) != j
        found = blup(
            fit_gls(y[rest], X[rest], V[np.ix_(rest, rest)]), X[[j]], V[[j]][:, rest], V[[j]][:, [j]]
        )
        assert error[j] == pytest.approx(y[j] - found.mean[0], abs=EXACT)
        assert sd[j] == pytest.approx(found.sd[0], abs=EXACT)
