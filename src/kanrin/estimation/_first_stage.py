"""Strength of the first stage, over-identification and endogeneity of two-stage least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, InputError, Ints
from kanrin.estimation._choices import Clustered, Errors, Robust, Unadjusted
from kanrin.estimation._table import Codes
from kanrin.estimation._tails import chi_squared_tail, f_tail

__all__ = [
    "WEAK_F",
    "FirstStage",
    "cluster_sums",
    "endogeneity",
    "first_stages",
    "overidentification",
    "score_covariance",
]

WEAK_F = 10.0  # Staiger & Stock 1997


@dataclass(frozen=True)
class FirstStage:
    """Strength of the excluded instruments for one endogenous variable.

    `F` is the homoskedastic F of the excluded instruments, `robust_F` its robust (or clustered) counterpart,
    `conditional_F` that of Sanderson & Windmeijer 2016 (equal to `F` with one endogenous variable),
    `effective_F` that of Montiel Olea & Pflueger 2013.
    """

    variable: str
    F: float
    robust_F: float
    conditional_F: float
    effective_F: float
    p: float
    partial_r2: float
    freedom: tuple[int, int]

    @property
    def is_weak(self) -> bool:
        """Below the rule of thumb of ten."""
        return min(self.conditional_F, self.effective_F) < WEAK_F


def score_covariance(
    x: Floats, residual: Floats, errors: Errors, cluster: Codes | None, parameters: int
) -> Floats:
    """Sum of x_j u_j u_k x_k' over the pairs that may hang together: the filling of the sandwich."""
    rows = len(residual)
    if isinstance(errors, Unadjusted):
        divisor = rows - parameters if errors.small_sample else rows
        out: Floats = x.T @ x * (float(residual @ residual) / divisor)
        return out
    scores = x * residual[:, None]
    factor = rows / (rows - parameters) if errors.small_sample else 1.0
    if cluster is not None:
        scores = cluster_sums(scores, cluster.codes)
        groups = len(scores)
        if groups < 2:
            raise InputError("clustered errors need at least two clusters")
        factor = groups / (groups - 1) * (rows - 1) / (rows - parameters) if errors.small_sample else 1.0
    filling: Floats = factor * (scores.T @ scores)
    return filling


def cluster_sums(values: Floats, codes: Ints) -> Floats:
    """(G, K) sums of rows by cluster."""
    out = np.zeros((int(codes.max()) + 1, values.shape[1]))
    np.add.at(out, codes, values)
    return out


def first_stages(
    x: Floats,
    z: Floats,
    endogenous: np.ndarray,
    labels: tuple[str, ...],
    errors: Errors,
    cluster: Codes | None,
    absorbed: int,
) -> tuple[tuple[FirstStage, ...], float | None]:
    """F statistics of the excluded instruments, each endogenous variable; and Cragg & Donald's eigenvalue."""
    count = int(endogenous.sum())
    if not count:
        return (), None
    rows, exogenous = len(x), x[:, ~endogenous]
    excluded = _part_out(z[:, exogenous.shape[1] :], exogenous)
    ends = _part_out(x[:, endogenous], exogenous)
    q = np.linalg.qr(excluded)[0]
    width = excluded.shape[1]
    below = rows - z.shape[1] - absorbed
    projected = q @ (q.T @ ends)
    leftover = ends - projected
    labels = tuple(label for label, e in zip(labels, endogenous, strict=True) if e)
    sigma = leftover.T @ leftover / below
    cragg = float(np.linalg.eigvals(np.linalg.solve(sigma, projected.T @ projected)).real.min()) / width
    stages = []
    parameters = z.shape[1] + absorbed
    for k, label in enumerate(labels):
        fit, u = projected[:, k], leftover[:, k]
        value = float(fit @ fit) / width / (float(u @ u) / below)
        filling = score_covariance(q, u, errors, cluster, parameters)
        slope = q.T @ ends[:, k]
        robust = float(slope @ np.linalg.solve(filling, slope)) / width
        effective = float(slope @ slope) / float(np.trace(filling))
        others = [m for m in range(count) if m != k]
        conditional, degrees = value, width
        if others:
            degrees = width - len(others)
            b = np.linalg.lstsq(projected[:, others], ends[:, k], rcond=None)[0]
            left = ends[:, k] - ends[:, others] @ b
            fitted = q @ (q.T @ left)
            rest = left - fitted
            conditional = float(fitted @ fitted) / max(degrees, 1) / (float(rest @ rest) / below)
        stages.append(
            FirstStage(
                label,
                value,
                robust,
                conditional,
                effective,
                f_tail(value, width, below),
                float(fit @ fit) / float(ends[:, k] @ ends[:, k]),
                (width, below),
            )
        )
    return tuple(stages), cragg


def _part_out(values: Floats, regressors: Floats) -> Floats:
    if not regressors.shape[1]:
        return values
    q = np.linalg.qr(regressors)[0]
    out: Floats = values - q @ (q.T @ values)
    return out


def overidentification(
    z: Floats, residual: Floats, endogenous: np.ndarray, errors: Errors, cluster: Codes | None, rows: int
) -> tuple[float, int, float] | None:
    """Sargan's statistic with classical errors, else the robust score form of the same restrictions."""
    degrees = z.shape[1] - len(endogenous)
    if not endogenous.any() or degrees < 1:
        return None
    q = np.linalg.qr(z)[0]
    slope = q.T @ residual
    if isinstance(errors, Unadjusted):
        value = float(slope @ slope) / (float(residual @ residual) / rows)
        return value, degrees, chi_squared_tail(value, degrees)
    plain = Clustered(errors.column, False) if isinstance(errors, Clustered) else Robust(False)
    filling = score_covariance(q, residual, plain, cluster, 0)
    value = float(slope @ np.linalg.solve(filling, slope))
    return value, degrees, chi_squared_tail(value, degrees)


def endogeneity(
    x: Floats, z: Floats, y: Floats, endogenous: np.ndarray, freedom: int
) -> tuple[float, int, float] | None:
    """Wu-Hausman: F of the first-stage residuals added to OLS."""
    count = int(endogenous.sum())
    if not count or freedom - count < 1:
        return None
    q = np.linalg.qr(z)[0]
    control = x[:, endogenous] - q @ (q.T @ x[:, endogenous])
    small = _part_out(y, x)
    big = _part_out(y, np.column_stack([x, control]))
    value = (float(small @ small) - float(big @ big)) / count / (float(big @ big) / (freedom - count))
    return value, count, f_tail(value, count, freedom - count)
