"""A forecast with another side of the wheel on the same random numbers, so that only the side differs.

A plan's forecast turns standard normals z into R z with R R' = C. For the covariance C* of the other side

    R* = C*^(1/2) C^(-1/2) R,   R* R*' = C*,

with symmetric roots: where the two covariances are alike so are their draws.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from kanrin.base import Floats
from kanrin.demand import XiForecast

__all__ = ["aligned"]


@dataclass(frozen=True)
class _Aligned(XiForecast):
    root: Floats | None = None  # (C, C)

    def draws(self, xi: Floats, normals: Floats) -> Floats:
        """(D, C) draws of the candidates' xi, as of `XiForecast`, by this root."""
        out: Floats = xi @ self.weights.T + self.offset + normals @ np.asarray(self.root).T
        return out


def aligned(other: XiForecast, base: XiForecast) -> XiForecast:
    """`other`, drawing as `base` does wherever they agree."""
    values, vectors = np.linalg.eigh(base.covariance)
    values = np.maximum(values, 0.0)
    root = vectors * np.sqrt(values)
    small = values <= 1e-12 * values.max(initial=0.0)
    inverse = np.where(small, 0.0, 1.0 / np.sqrt(np.where(small, 1.0, values)))
    new, turned = np.linalg.eigh(other.covariance)
    symmetric = (turned * np.sqrt(np.maximum(new, 0.0))) @ turned.T
    found: Floats = symmetric @ (vectors * inverse) @ vectors.T @ root
    return _Aligned(**{f.name: getattr(other, f.name) for f in fields(XiForecast)}, root=found)
