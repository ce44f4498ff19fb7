"""Mixed model: what must hold whatever the data."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.base import InputError, SolveError
from kanrin.numerics import blup, fit_gls, fit_reml, one_way_moments, same_label

ROUNDING = 1e-9


def _data(n: int = 80, seed: int = 0):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 12, n), rng.integers(0, 5, n)
    X = np.column_stack([np.ones(n), rng.normal(size=n)])
    y = X @ [0.5, 1.0] + rng.normal(0, 1, 12)[a] + rng.normal(0, 0.6, 5)[b] + rng.normal(0, 0.7, n)
    return y, X, a, b


def test_relabelling_rows_changes_nothing() -> None:
    y, X, a, b = _data()
    order = np.random.default_rng(1).permutation(y.size)
    one = fit_reml(y, X, [same_label(a), same_label(b)])
    two = fit_reml(y[order], X[order], [same_label(a[order]), same_label(b[order])])
    np.testing.assert_allclose(one.components, two.components, rtol=1e-6)
    np.testing.assert_allclose(one.beta, two.beta, rtol=1e-6)


def test_scale_and_shift() -> None:
    y, X, a, b = _data()
    kernels = [same_label(a), same_label(b)]
    one, two = fit_reml(y, X, kernels), fit_reml(10 * y + 3, X, kernels)
    np.testing.assert_allclose(two.components, 100 * one.components, rtol=1e-5)
    np.testing.assert_allclose(two.beta, [10 * one.beta[0] + 3, 10 * one.beta[1]], rtol=1e-5)


def test_weights_are_the_mean_and_carry_other_data() -> None:
    y, X, a, b = _data()
    fit = fit_reml(y, X, [same_label(a), same_label(b)])
    k = fit.components[0] * (a == 3)[None, :].astype(float)
    found = blup(fit, np.array([[1.0, 0.2]]), k, np.array([[3.0]]))
    np.testing.assert_allclose(found.weights @ y, found.mean, rtol=ROUNDING)
    other = np.sin(y)
    again = blup(fit, np.array([[1.0, 0.2]]), k, np.array([[3.0]]), y=other)
    np.testing.assert_allclose(again.mean, found.weights @ other, rtol=ROUNDING)
    # unbiased: the weights reproduce x* b for any b
    np.testing.assert_allclose(found.weights @ X, [[1.0, 0.2]], atol=ROUNDING)


def test_predicting_a_row_of_the_data_returns_it_without_error() -> None:
    y, X, a, _ = _data()
    V = same_label(a) + np.eye(y.size)
    found = blup(fit_gls(y, X, V), X, V, V)
    np.testing.assert_allclose(found.mean, y, atol=ROUNDING)
    np.testing.assert_allclose(found.covariance, 0, atol=ROUNDING)


def test_running_out_of_steps_is_reported_not_hidden() -> None:
    y, X, a, b = _data()
    fit = fit_reml(y, X, [same_label(a), same_label(b)], max_steps=1)
    assert not fit.is_converged
    assert "1 steps" in fit.advice


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda y, X, k: (y, X[:-1], k), "one row for each of y"),
        (lambda y, X, k: (y, X, k[:-1, :-1]), "kernel 0"),
        (lambda y, X, k: (np.where(np.arange(y.size) == 4, np.nan, y), X, k), "not finite"),
        (lambda y, X, k: (y, np.column_stack([X, X[:, 0]]), k), "linearly dependent"),
        (lambda y, X, k: (np.zeros_like(y), X, k), "no variance"),
        (lambda y, X, k: (y[:2], X[:2], k[:2, :2]), "cannot carry"),
    ],
)
def test_bad_input_is_named(change, words: str) -> None:
    y, X, a, _ = _data()
    y, X, kernel = change(y, X, same_label(a))
    with pytest.raises(InputError, match=words):
        fit_reml(y, X, [kernel])


def test_start_that_is_no_covariance() -> None:
    y, X, a, _ = _data()
    with pytest.raises(SolveError, match="positive definite"):
        fit_reml(y, X, [same_label(a)], start=np.array([1.0, -5.0]))


def test_moments_need_repeats() -> None:
    with pytest.raises(InputError, match="two groups and one repeat"):
        one_way_moments(np.arange(4.0), np.arange(4.0))
