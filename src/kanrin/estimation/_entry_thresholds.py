"""How many buyers a market needs for one more seller: ordered probit of counts (Bresnahan & Reiss 1991).

The N-th seller in a market of size S earns S (a_1 - a_2 - ... - a_N) - gamma + e, e standard normal, and is
there when that is not below zero; so Pr(N) is a difference of two normal probabilities. The threshold
S_N = gamma / (a_1 - ... - a_N) is the size at which the N-th just breaks even.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from kanrin.base import Floats, InputError, Ints, SolveError

__all__ = ["EntryThresholds", "entry_thresholds"]

_LEAST = 1e-300  # of a probability
_STEP = 1e-5  # of a parameter, for the Hessian


@dataclass(frozen=True)
class EntryThresholds:
    """Maximum-likelihood answer. K = the count from which on markets are pooled."""

    a: Floats  # (K,) a_1, and what each further seller takes off, per unit of size
    gamma: float  # fixed cost, in standard deviations of profit
    a_error: Floats  # (K,) standard errors; NaN at the boundary, where a parameter is nil
    gamma_error: float
    log_likelihood: float
    markets: int
    unit: float = 1.0  # people a unit of size
    covariance: Floats = field(repr=False, default_factory=lambda: np.zeros((0, 0)))  # (K+1, K+1)

    @property
    def thresholds(self) -> Ints:
        """(K,) people a market needs for N sellers, cut to a whole number."""
        return np.floor(self._sizes() * self.unit).astype(np.int64)

    @property
    def threshold_errors(self) -> Floats:
        """(K,) standard errors of the thresholds in people, by the delta method."""
        steps = _signs(self.a.size)
        profit = steps @ self.a
        slopes = np.concatenate([-(self.gamma / profit**2)[:, None] * steps, (1.0 / profit)[:, None]], axis=1)
        used = np.isfinite(np.diag(self.covariance))
        inner = self.covariance[np.ix_(used, used)]
        variance = np.einsum("nk,kl,nl->n", slopes[:, used], inner, slopes[:, used])
        out: Floats = np.sqrt(np.maximum(variance, 0.0)) * self.unit
        return out

    def _sizes(self) -> Floats:
        out: Floats = self.gamma / (_signs(self.a.size) @ self.a)
        return out


def entry_thresholds(
    counts: ArrayLike, size: ArrayLike, top: int = 6, *, unit: float = 1.0
) -> EntryThresholds:
    """Estimate entry thresholds from the number of sellers (T,) and the size (T,) of T markets.

    Counts above `top` are set to it; parameters are not negative; `unit` is how many people one unit of size
    is, for thresholds in people. Needs SciPy, the extra `estimation`. Raises InputError for counts that are
    no whole numbers, sizes not above zero, or a count up to `top` that no market has; SolveError when the
    search does not end.
    """
    n, s = _checked(counts, size, top)
    minimize = _scipy("scipy.optimize").minimize
    start = np.concatenate([[2.0 / float(s.mean())], np.full(top - 1, 0.1 / float(s.mean())), [1.0]])
    scale = np.concatenate([np.full(top, 1.0 / float(s.mean())), [1.0]])

    def loss(x: Floats) -> tuple[float, Floats]:
        value, slope = _log_likelihood(x * scale, n, s)
        return -value / n.size, -slope * scale / n.size

    found = minimize(
        loss, start / scale, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * (top + 1),
        options={"maxiter": 5000, "maxfun": 20000, "ftol": 1e-15, "gtol": 1e-9},
    )  # fmt: skip
    x = np.asarray(found.x) * scale
    value, _ = _log_likelihood(x, n, s)
    if not np.isfinite(value) or _worst(found.x, loss) > 1e-4:
        raise SolveError(f"entry thresholds not found: {found.message}; try a lower top than {top}")
    covariance = _covariance(x, n, s)
    errors = np.sqrt(np.diag(covariance))
    return EntryThresholds(
        x[:top], float(x[top]), errors[:top], float(errors[top]), value, int(n.size), unit, covariance
    )


def _scipy(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        raise InputError(
            "entry thresholds need SciPy; install it with pip install 'kanrin[estimation]'"
        ) from None


def _signs(top: int) -> Floats:
    """(K, K) row N: +1 for a_1, -1 for a_2..a_N."""
    out = -np.tri(top)
    out[:, 0] = 1.0
    return out


def _checked(counts: ArrayLike, size: ArrayLike, top: int) -> tuple[Ints, Floats]:
    n, s = np.asarray(counts, dtype=np.float64), np.asarray(size, dtype=np.float64)
    if n.ndim != 1 or n.shape != s.shape or n.size == 0:
        raise InputError(f"counts and size must both be (T,), T > 0; got {n.shape} and {s.shape}")
    if not (np.isfinite(n).all() and (n >= 0).all() and (n == np.floor(n)).all()):
        raise InputError("counts must be whole numbers of at least 0; drop the markets without one")
    if not (np.isfinite(s).all() and (s > 0).all()):
        raise InputError("size must be above zero in every market; drop the markets without one")
    if not isinstance(top, int) or top < 1:
        raise InputError(f"top is {top!r}; expected a whole number of at least 1")
    cut = np.minimum(n, top).astype(np.int64)
    missing = [k for k in range(top + 1) if not (cut == k).any()]
    if missing:
        raise InputError(
            f"no market has {missing[0]} sellers, so its threshold is not identified; take a top below "
            f"{max(missing[0], 1)}, or join counts"
        )
    return cut, s


def _log_likelihood(x: Floats, n: Ints, s: Floats) -> tuple[float, Floats]:
    """Sum over the markets and its gradient."""
    ndtr = _scipy("scipy.special").ndtr
    top = x.size - 1
    signs = _signs(top)
    index = s[:, None] * (signs @ x[:top])[None, :] - x[top]  # (T, K) of the N-th seller
    rows = np.arange(n.size)
    has, full = n > 0, n == top
    here = np.where(has, index[rows, np.maximum(n - 1, 0)], np.inf)
    more = np.where(full, -np.inf, index[rows, np.minimum(n, top - 1)])
    chance = np.where(here > 0.0, ndtr(-more) - ndtr(-here), ndtr(here) - ndtr(more))
    chance = np.maximum(chance, _LEAST)
    by_here = np.where(has, _density(here), 0.0) / chance
    by_more = -np.where(full, 0.0, _density(more)) / chance
    slope = np.zeros(top + 1)
    slope[:top] = (by_here * s * has) @ signs[np.maximum(n - 1, 0)]
    slope[:top] += (by_more * s * ~full) @ signs[np.minimum(n, top - 1)]
    slope[top] = -(by_here.sum() + by_more.sum())
    return float(np.log(chance).sum()), slope


def _density(z: Floats) -> Floats:
    out: Floats = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi)
    return out


def _worst(x: Floats, loss: Callable[[Floats], tuple[float, Floats]]) -> float:
    """Largest slope that a step within the bounds could follow."""
    _, slope = loss(x)
    return float(np.abs(np.where((x <= 0.0) & (slope > 0.0), 0.0, slope)).max())


def _covariance(x: Floats, n: Ints, s: Floats) -> Floats:
    """Inverse of minus the Hessian over the parameters above zero; NaN for those at it."""
    free = np.flatnonzero(x > 0.0)
    hessian = np.empty((free.size, free.size))
    for k, j in enumerate(free):
        step = _STEP * x[j]
        up, down = x.copy(), x.copy()
        up[j] += step
        down[j] -= step
        hessian[k] = (_log_likelihood(up, n, s)[1] - _log_likelihood(down, n, s)[1])[free] / (2.0 * step)
    out = np.full((x.size, x.size), np.nan)
    out[np.ix_(free, free)] = np.linalg.inv(-(hessian + hessian.T) / 2.0)
    return out
