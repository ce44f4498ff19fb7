"""Numerics: mathematics without a domain: quadrature, linear mixed models.

Nothing here knows of cars, money or law. A solver reports value, residual and steps, and never prints.
"""

from kanrin.numerics._mixed import (
    MixedFit,
    Moments,
    Prediction,
    blup,
    deletion_residuals,
    fit_gls,
    fit_reml,
    one_way_moments,
    restricted_likelihood,
    same_label,
)
from kanrin.numerics._quadrature import gauss_hermite

__all__ = [
    "MixedFit",
    "Moments",
    "Prediction",
    "blup",
    "deletion_residuals",
    "fit_gls",
    "fit_reml",
    "gauss_hermite",
    "one_way_moments",
    "restricted_likelihood",
    "same_label",
]
