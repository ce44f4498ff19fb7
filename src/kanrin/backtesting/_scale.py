"""The factor by which the spread of forecasts must be widened so that an 80 % interval holds 80 % of
outcomes.

For each forecast the least factor that lets the interval reach the outcome; the factor wanted is the quantile
of these (split-conformal: Vovk, Gammerman & Shafer 2005). It assumes no shape. Applied to forecasts made
later than those it is read from, its coverage is out of sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, erf, sqrt
from statistics import NormalDist

import numpy as np

from kanrin.base import Floats, InputError, Ints

__all__ = ["FEWEST", "TARGET", "Factor", "factor", "least_factors", "pit_at", "rolling_factors"]

TARGET = 0.8
FEWEST = 20  # forecasts scored before a factor is read from them
_MOST = 64.0  # of the search for a factor
_HALVINGS = 32
_erf = np.vectorize(erf, otypes=[np.float64])


@dataclass(frozen=True)
class Factor:
    """A factor with the interval that holds it nine times of ten, and how many forecasts it is read from."""

    value: float
    low: float
    high: float
    count: int


def pit_at(gap: Floats, sd: Floats, scale: float | Floats = 1.0) -> Floats:
    """(N,) where outcomes fell in their forecasts when the sd of xi is scaled.

    gap (N, D): by draw of the parameters, the xi that gives what sold less the forecast's mean; sd (N,).
    P(units below those sold) = mean over draws of Phi(gap / (scale sd)), since units rise with xi.
    """
    width = np.asarray(scale * np.asarray(sd))[..., None]
    out: Floats = (0.5 * (1.0 + _erf(gap / (width * sqrt(2.0))))).mean(axis=-1)
    return out


def least_factors(gap: Floats, sd: Floats, level: float = TARGET) -> Floats:
    """(N,) the least factor at which the central interval of `level` reaches each outcome; at most 64."""
    low, high = np.full(len(sd), 1e-6), np.full(len(sd), _MOST)
    for _ in range(_HALVINGS):
        middle = np.sqrt(low * high)
        inside = np.abs(pit_at(gap, sd, middle) - 0.5) <= level / 2
        low, high = np.where(inside, low, middle), np.where(inside, middle, high)
    return np.asarray(high)


def factor(least: Floats, level: float = TARGET) -> Factor:
    """The factor that covers `level` of outcomes like these: the ceil(level (N + 1))-th smallest.

    Its interval comes from the binomial spread of that rank. Raises InputError with no forecast.
    """
    x = np.sort(np.asarray(least))
    n = x.size
    if n == 0:
        raise InputError("scale factor: no forecast to read it from")

    def at(rank: float) -> float:
        return float(x[min(max(ceil(rank), 1), n) - 1])

    wide = NormalDist().inv_cdf(0.95) * sqrt(n * level * (1 - level))
    return Factor(at(level * (n + 1)), at(n * level - wide), at(n * level + wide + 1), n)


def rolling_factors(least: Floats, year: Ints, level: float = TARGET, fewest: int = FEWEST) -> Floats:
    """(N,) for each forecast the factor read from forecasts of earlier years only; nan where they are too
    few."""
    out: Floats = np.full(len(least), np.nan)
    for t in np.unique(year):
        before = np.asarray(least)[year < t]
        if before.size >= fewest:
            out[year == t] = factor(before, level).value
    return out
