"""Linear mixed model: variance components by restricted likelihood (REML), generalised least squares, and
best linear unbiased prediction of rows not seen.

    y = X b + sum_k u_k + e,  cov(u_k) = theta_k G_k,  cov(e) = theta_e G_e (+ a known covariance)

with the kernels G_k given: `same_label(labels)` for a random effect of a grouping, any positive semi-definite
matrix otherwise. Steps are Newton steps on the average information (Gilmour, Thompson & Cullis 1995), with
components kept at or above zero and an EM step (always uphill) where Newton does not raise the likelihood.
Prediction: Robinson (1991).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats, InputError, SolveError

__all__ = [
    "MixedFit",
    "Moments",
    "Prediction",
    "blup",
    "deletion_residuals",
    "fit_gls",
    "fit_reml",
    "one_way_moments",
    "restricted_likelihood",
    "same_label",
]


@dataclass(frozen=True)
class MixedFit:
    """A mixed model with its components fixed at `components`; all arrays over the N rows used.

    `score` is the slope of the restricted likelihood in each component: about zero where a component is
    positive, at most zero where it is held at zero.
    """

    y: Floats  # (N,)
    X: Floats  # (N, P)
    components: Floats  # (K+1,) variances, the residual last
    score: Floats  # (K+1,)
    information: Floats  # (K+1, K+1) average information of the components
    inverse: Floats  # (N, N) V^-1
    beta: Floats  # (P,) GLS coefficients
    beta_cov: Floats  # (P, P) (X'V^-1 X)^-1
    log_likelihood: float  # restricted, up to a constant
    steps: int
    is_converged: bool
    advice: str

    @property
    def components_se(self) -> Floats:
        """(K+1,) standard errors of the components, those held at zero taken as known: nan there."""
        out: Floats = np.full(self.components.shape, np.nan)
        free = np.flatnonzero(self.components > 0)
        out[free] = np.sqrt(np.diagonal(np.linalg.inv(self.information[np.ix_(free, free)])))
        return out

    @property
    def residual(self) -> Floats:
        """(N,) y - X b."""
        out: Floats = self.y - self.X @ self.beta
        return out


@dataclass(frozen=True)
class Prediction:
    """(blup) of M new rows: `mean = weights @ y`, `covariance` of the prediction errors."""

    mean: Floats  # (M,)
    covariance: Floats  # (M, M)
    weights: Floats  # (M, N)

    @property
    def sd(self) -> Floats:
        """(M,) standard deviation of the prediction error."""
        out: Floats = np.sqrt(np.diagonal(self.covariance))
        return out


@dataclass(frozen=True)
class Moments:
    """One-way components by the method of moments: between groups, within groups, and the mean group size
    n0."""

    between: float
    within: float
    n0: float


@dataclass(frozen=True)
class _State:
    inverse: Floats
    projection: Floats  # P = V^-1 - V^-1 X (X'V^-1X)^-1 X'V^-1
    beta: Floats
    beta_cov: Floats
    log_likelihood: float


_Evaluate = Callable[[Floats], "_State | None"]


def same_label(labels: Sequence[str] | Floats) -> Floats:
    """(N, N) kernel of a random effect: 1 where two rows bear the same label, else 0."""
    codes = np.unique(np.asarray(labels), return_inverse=True)[1]
    out: Floats = (codes[:, None] == codes[None, :]).astype(np.float64)
    return out


def _state(y: Floats, X: Floats, V: Floats) -> _State | None:
    """The restricted likelihood and what it is made of; None where V is not positive definite."""
    try:
        root = np.linalg.cholesky(V)
    except np.linalg.LinAlgError:
        return None
    inverse = np.linalg.inv(V)
    inverse = (inverse + inverse.T) / 2
    viX = inverse @ X
    information = X.T @ viX
    sign, log_det_information = np.linalg.slogdet(information)
    if sign <= 0:
        return None
    beta_cov: Floats = np.asarray(np.linalg.inv(information), dtype=np.float64)
    beta: Floats = np.asarray(beta_cov @ (viX.T @ y), dtype=np.float64)
    projection = inverse - viX @ beta_cov @ viX.T
    quadratic = float(y @ projection @ y)
    log_likelihood = -0.5 * (
        2 * float(np.log(np.diagonal(root)).sum()) + float(log_det_information) + quadratic
    )
    return _State(inverse, projection, beta, beta_cov, log_likelihood)


def _check(y: Floats, X: Floats, kernels: Sequence[Floats]) -> None:
    n = y.shape[0]
    if X.ndim != 2 or X.shape[0] != n:
        raise InputError(f"mixed model: X has shape {X.shape}, expected ({n}, P), one row for each of y")
    for k, kernel in enumerate(kernels):
        if kernel.shape != (n, n):
            raise InputError(f"mixed model: kernel {k} has shape {kernel.shape}, expected ({n}, {n})")
    if not (np.isfinite(y).all() and np.isfinite(X).all()):
        raise InputError(
            "mixed model: y or X holds a value that is not finite; drop or fill these rows first"
        )
    if n <= X.shape[1]:
        raise InputError(f"mixed model: {n} rows cannot carry {X.shape[1]} fixed effects; drop fixed effects")
    if X.shape[1] and np.linalg.matrix_rank(X) < X.shape[1]:
        raise InputError("mixed model: the columns of X are linearly dependent; drop one or give it a prior")


def restricted_likelihood(y: Floats, X: Floats, V: Floats) -> float:
    """Restricted log likelihood, up to a constant: -(log|V| + log|X'V^-1X| + y'Py)/2; -inf where V is not
    positive definite."""
    state = _state(y, X, V)
    return -np.inf if state is None else state.log_likelihood


def fit_gls(y: Floats, X: Floats, V: Floats) -> MixedFit:
    """Generalised least squares at a known covariance V (N, N): the mixed model without components to find.

    Raises InputError when shapes differ, X is short of rank, or V is not positive definite.
    """
    _check(y, X, (V,))
    state = _state(y, X, V)
    if state is None:
        raise InputError("generalised least squares: the covariance is not positive definite")
    none: Floats = np.zeros(0)
    return MixedFit(
        y,
        X,
        none,
        none,
        np.zeros((0, 0)),
        state.inverse,
        state.beta,
        state.beta_cov,
        state.log_likelihood,
        0,
        True,
        "",
    )


def fit_reml(
    y: Floats,
    X: Floats,
    kernels: Sequence[Floats],
    *,
    residual_kernel: Floats | None = None,
    known_covariance: Floats | None = None,
    start: Floats | None = None,
    max_steps: int = 100,
    tolerance: float = 1e-8,
) -> MixedFit:
    """Variance components by REML: average-information Newton steps, floored at zero, EM where they fail.

    y (N,), X (N, P), kernels K of (N, N); `residual_kernel` is the identity when not given;
    `known_covariance` is added as it stands. Stops when each component's share of the slope, max(theta_k,
    1e-6 var y) |score_k|, is below `tolerance`. Source: (xi-model). Raises InputError for bad shapes,
    SolveError when no start is positive definite. A fit that ran out of steps comes back with `is_converged`
    false and an advice.
    """
    y, X = np.asarray(y, dtype=np.float64), np.asarray(X, dtype=np.float64)
    n = y.shape[0]
    all_kernels = [*kernels, np.eye(n) if residual_kernel is None else residual_kernel]
    _check(y, X, all_kernels)
    base: Floats = np.zeros((n, n)) if known_covariance is None else known_covariance
    ols_residual = y - X @ np.linalg.lstsq(X, y, rcond=None)[0] if X.shape[1] else y
    scale = float(ols_residual @ ols_residual) / (n - X.shape[1])
    if not scale > 0:
        raise InputError("mixed model: y is fitted exactly by X; there is no variance to split")
    count = len(all_kernels)
    theta: Floats = np.full(count, scale / count) if start is None else np.asarray(start, dtype=np.float64)

    def at(values: Floats) -> _State | None:
        V = base.copy()
        for value, kernel in zip(values, all_kernels, strict=True):
            if value:
                V += value * kernel
        return _state(y, X, V)

    state = at(theta)
    if state is None:
        raise SolveError(
            "mixed model: the covariance at the start is not positive definite; "
            "give `start` with a positive residual variance, or check the kernels"
        )
    advice = f"not converged in {max_steps} steps; give a start, more steps, or merge groups with few rows"
    converged = False
    step = 0
    score: Floats = np.zeros(count)
    information: Floats = np.zeros((count, count))
    floor = 1e-6 * scale
    for step in range(1, max_steps + 1):  # noqa: B007 - the count is reported
        Py = state.projection @ y
        GPy = np.stack([kernel @ Py for kernel in all_kernels], axis=1)  # (N, K+1)
        trace = np.array([float(np.sum(state.projection * kernel)) for kernel in all_kernels])
        score = -0.5 * (trace - GPy.T @ Py)
        information = 0.5 * GPy.T @ state.projection @ GPy
        free = (theta > 0) | (score > 0)
        if np.max(np.abs(score[free]) * np.maximum(theta[free], floor), initial=0.0) < tolerance:
            converged, advice = True, ""
            break
        moved = _newton(at, theta, score, information, free, state.log_likelihood, floor)
        if moved is None:
            moved = _em(at, theta, score, n, state.log_likelihood)
        if moved is None:  # no move raises the likelihood beyond rounding: as far as floating point goes
            slope = np.max(np.abs(score[free]) * np.maximum(theta[free], floor), initial=0.0)
            converged = bool(slope < 1e3 * tolerance)
            advice = "" if converged else "the likelihood is flat or not smooth here; try another start"
            break
        theta, state = moved
    return MixedFit(
        y,
        X,
        theta,
        score,
        information,
        state.inverse,
        state.beta,
        state.beta_cov,
        state.log_likelihood,
        step,
        converged,
        advice,
    )


def _newton(
    at: _Evaluate,
    theta: Floats,
    score: Floats,
    information: Floats,
    free: Bools,
    value: float,
    floor: float,
) -> tuple[Floats, _State] | None:
    """A damped, projected Newton step that raises the likelihood, or None."""
    index = np.flatnonzero(free)
    block = information[np.ix_(index, index)]
    try:
        direction = np.linalg.solve(block + 1e-12 * np.trace(block) * np.eye(index.size), score[index])
    except np.linalg.LinAlgError:
        return None
    damping = 1.0
    for _ in range(8):
        trial = theta.copy()
        trial[index] = theta[index] + damping * direction
        trial[trial < floor * 1e-3] = 0.0
        state = at(trial)
        if state is not None and state.log_likelihood > value:
            return trial, state
        damping /= 2
    return None


def _em(at: _Evaluate, theta: Floats, score: Floats, n: int, value: float) -> tuple[Floats, _State] | None:
    """One EM step, theta_k + 2 theta_k^2 score_k / N: uphill for kernels of unit diagonal; None if it is
    not."""
    trial = np.maximum(theta + 2 * theta**2 * score / n, 0.0)
    state = at(trial)
    return (trial, state) if state is not None and state.log_likelihood > value else None


def blup(
    fit: MixedFit, X_new: Floats, cov_new: Floats, var_new: Floats, y: Floats | None = None
) -> Prediction:
    """Best linear unbiased prediction of M new rows, components held fixed. Source: (blup).

    X_new (M, P); cov_new (M, N) = cov(new, y); var_new (M, M) = cov(new, new). `y` replaces the fitted y, for
    another draw of the data: the weights are the same.

        weights = k'V^-1 + (x* - k'V^-1 X)(X'V^-1X)^-1 X'V^-1
        covariance = c** - k'V^-1 k + (x* - k'V^-1 X)(X'V^-1X)^-1(...)'
    """
    n, p = fit.X.shape
    m = X_new.shape[0]
    if X_new.shape != (m, p) or cov_new.shape != (m, n) or var_new.shape != (m, m):
        raise InputError(
            f"blup: got X_new {X_new.shape}, cov_new {cov_new.shape}, var_new {var_new.shape}; "
            f"expected (M, {p}), (M, {n}), (M, M)"
        )
    kvi = cov_new @ fit.inverse
    gap = X_new - kvi @ fit.X
    weights = kvi + gap @ fit.beta_cov @ fit.X.T @ fit.inverse
    covariance = var_new - kvi @ cov_new.T + gap @ fit.beta_cov @ gap.T
    data = fit.y if y is None else y
    return Prediction(weights @ data, (covariance + covariance.T) / 2, weights)


def deletion_residuals(fit: MixedFit) -> tuple[Floats, Floats]:
    """Error of predicting each row from all others, and its standard deviation, components held fixed: (N,),
    (N,).

    With P = V^-1 - V^-1 X (X'V^-1X)^-1 X'V^-1:  y_j - prediction_(-j) = (Py)_j / P_jj,  variance 1 / P_jj.
    A row whose fixed effects no other row carries has P_jj = 0: its error is nan and its sd infinite.
    """
    viX = fit.inverse @ fit.X
    projection = fit.inverse - viX @ fit.beta_cov @ viX.T
    diagonal = np.diagonal(projection)
    alone = diagonal <= 1e-12 * np.diagonal(fit.inverse)
    safe = np.where(alone, 1.0, diagonal)
    error = np.where(alone, np.nan, projection @ fit.y / safe)
    return error, np.where(alone, np.inf, 1 / np.sqrt(safe))


def one_way_moments(y: Floats, labels: Sequence[str] | Floats) -> Moments:
    """One-way unbalanced components: tau2 = (MSB - MSE)/n0 floored at 0, n0 = (N - sum n_b^2/N)/(G - 1).

    Source: (xi-model). Raises InputError with fewer than two groups or no group of two.
    """
    codes, counts = np.unique(np.asarray(labels), return_inverse=True, return_counts=True)[1:]
    n, groups = y.shape[0], counts.size
    if groups < 2 or n <= groups:
        raise InputError(
            f"method of moments: {n} rows in {groups} groups; two groups and one repeat are needed"
        )
    means = np.bincount(codes, weights=y) / counts
    between = float(counts @ (means - y.mean()) ** 2) / (groups - 1)
    within = float(np.sum((y - means[codes]) ** 2)) / (n - groups)
    n0 = (n - float(counts @ counts) / n) / (groups - 1)
    return Moments(max(0.0, (between - within) / n0), within, n0)
