"""Weighting matrices, covariances of moments and of parameters (moments), (se)."""

from __future__ import annotations

import numpy as np

from kanrin.base import Bools, Floats, InputError, Ints
from kanrin.estimation._choices import Clustered, Errors, Unadjusted
from kanrin.estimation._first_stage import cluster_sums
from kanrin.estimation._objective import Model, Point, moment_jacobian, moment_rows

__all__ = [
    "first_weights",
    "is_near_singular",
    "moment_covariance",
    "parameter_covariance",
    "symmetric_inverse",
]

_SINGULAR = 1e-14  # of a scaled matrix: below, the inverse is noise
_TOO_CLOSE = 1e-12  # four digits of an objective are left
_DROP = "instruments are nearly collinear: drop some"


def symmetric_inverse(matrix: Floats, what: str, way_out: str = _DROP) -> Floats:
    """Inverse of a symmetric positive definite matrix, scaled first. Raises InputError when it is
    singular."""
    scale = 1.0 / np.sqrt(np.maximum(np.diagonal(matrix), 1e-300))
    scaled = scale[:, None] * matrix * scale
    values, vectors = np.linalg.eigh((scaled + scaled.T) / 2)
    if values.min(initial=1.0) <= _SINGULAR * max(values.max(initial=1.0), 1.0):
        raise InputError(
            f"{what} is singular (smallest eigenvalue {values.min():.2g} after scaling); {way_out}"
        )
    out: Floats = scale[:, None] * ((vectors / values) @ vectors.T) * scale
    return (out + out.T) / 2


def is_near_singular(W: Floats) -> bool:
    """Whether an objective with this W is told by rounding where moments are far from zero."""
    scale = 1.0 / np.sqrt(np.maximum(np.diagonal(W), 1e-300))
    values = np.linalg.eigvalsh(scale[:, None] * W * scale)
    return bool(values.min(initial=1.0) <= _TOO_CLOSE * values.max(initial=1.0))


def first_weights(model: Model) -> Floats:
    """W = blockdiag(Z_D'Z_D / N, Z_S'Z_S / N)^-1."""
    blocks = [symmetric_inverse(model.zd.T @ model.zd / model.rows, "Z'Z of the demand instruments")]
    if model.has_supply:
        blocks.append(symmetric_inverse(model.zs.T @ model.zs / model.rows, "Z'Z of the supply instruments"))
    size = sum(len(b) for b in blocks)
    out = np.zeros((size, size))
    at = 0
    for block in blocks:
        out[at : at + len(block), at : at + len(block)] = block
        at += len(block)
    return out


def moment_covariance(model: Model, point: Point, errors: Errors, clusters: Ints | None) -> Floats:
    """S (M, M), moments centred; with unadjusted errors S_ab = cov(e_a, e_b) Z_a'Z_b / N."""
    if isinstance(errors, Unadjusted):
        parts = [(point.xi, model.zd)]
        if model.has_supply:
            parts.append((point.omega, model.zs))
        rows = [
            np.hstack([float(np.mean((u - u.mean()) * (e - e.mean()))) * (z.T @ x) for e, x in parts])
            for u, z in parts
        ]
        out: Floats = np.vstack(rows) / model.rows
        return (out + out.T) / 2
    g = moment_rows(model, point)
    g = g - g.mean(axis=0)
    if isinstance(errors, Clustered) and clusters is not None:
        g = cluster_sums(g, clusters)
    found: Floats = g.T @ g / model.rows
    return found


def parameter_covariance(
    model: Model, point: Point, W: Floats, S: Floats, free: Bools
) -> tuple[Floats, Floats]:
    """Covariance (P + K, P + K) of theta, beta, gamma and the Jacobian G (se). `free` (P,) False: on a bound.

    Rows and columns of parameters that are not free are not numbers (nan).
    """
    jacobian = moment_jacobian(model, point)
    width = jacobian.shape[1]
    index = np.concatenate([np.flatnonzero(free), np.arange(len(free), width)])
    G = jacobian[:, index]
    scale = 1.0 / np.maximum(np.sqrt(np.einsum("mp,mn,np->p", G, W, G)), 1e-300)
    bread = (G * scale).T @ W @ (G * scale)
    inverse = symmetric_inverse(
        bread,
        "G'WG",
        f"the moments do not tell {_unclear(bread, model, index)} apart: add instruments that move with one "
        "of them, or hold one (a zero start, or bounds)",
    )
    core = inverse * scale[:, None] * scale
    middle = G.T @ W @ S @ W @ G
    covariance = core @ middle @ core / model.rows
    out = np.full((width, width), np.nan)
    out[np.ix_(index, index)] = (covariance + covariance.T) / 2
    return out, jacobian


def _unclear(bread: Floats, model: Model, index: Ints) -> str:
    """The parameters that weigh most in the direction that the moments do not see."""
    weakest = np.abs(np.linalg.eigh((bread + bread.T) / 2)[1][:, 0])
    count = len(model.theta.parameters)
    names = [
        model.theta.names[k] if k < count else f"linear parameter {k - count + 1}" for k in index.tolist()
    ]
    return ", ".join(names[k] for k in np.argsort(-weakest)[:3].tolist() if weakest[k] > 0.1)
