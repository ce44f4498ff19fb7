"""How good forecasts were: coverage with its own error, the place of the outcome (PIT), CRPS, skill.

A forecast is a set of draws; the outcome is one number. Source: (backtest), (crps); Gneiting & Raftery
(2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np

from kanrin.base import Floats, InputError, Ints

__all__ = ["LEVELS", "Coverage", "coverage", "crps_sample", "pit_histogram", "pit_sample", "skill", "wilson"]

LEVELS: tuple[float, ...] = (0.5, 0.8, 0.9)
"""Levels of the central intervals scored."""


@dataclass(frozen=True)
class Coverage:
    """How often the central interval of a level held the outcome, with a Wilson interval of 95 %."""

    level: float
    hits: int
    count: int

    @property
    def share(self) -> float:
        """Hits of count."""
        return self.hits / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of the share."""
        return wilson(self.hits, self.count)


def wilson(hits: int, count: int, level: float = 0.95) -> tuple[float, float]:
    """The Wilson interval of a share, `hits` of `count`, at `level`. Raises InputError for impossible
    counts."""
    if not (count > 0 and 0 <= hits <= count):
        raise InputError(f"wilson: {hits} of {count}; expected a count above zero and hits from 0 to it")
    z2 = NormalDist().inv_cdf(0.5 + level / 2) ** 2
    share, n = hits / count, float(count)
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def coverage(pit: Floats, levels: Sequence[float] = LEVELS) -> tuple[Coverage, ...]:
    """Hits of the central intervals: `pit` (N,) is where each outcome fell in its forecast, 0 to 1."""
    if pit.size == 0:
        raise InputError("coverage: no forecast to score")
    away = np.abs(np.asarray(pit) - 0.5)
    return tuple(Coverage(level, int((away <= level / 2 + 1e-12).sum()), pit.size) for level in levels)


def pit_sample(draws: Floats, outcome: Floats) -> Floats:
    """(N,) where outcomes (N,) fall among draws (N, D): (draws below + half of the ties + 1/2) / (D + 1)."""
    y = np.asarray(outcome)[..., None]
    below = (draws < y).sum(axis=-1) + 0.5 * (draws == y).sum(axis=-1)
    return np.asarray((below + 0.5) / (draws.shape[-1] + 1))


def pit_histogram(pit: Floats, bins: int = 10) -> Ints:
    """(bins,) outcomes by tenth of their forecast; flat where forecasts are right."""
    return np.bincount(np.minimum((np.asarray(pit) * bins).astype(np.int64), bins - 1), minlength=bins)


def crps_sample(draws: Floats, outcome: Floats) -> Floats:
    """(N,) CRPS of draws (N, D) at outcomes (N,), in the outcome's unit, the fair sample form (crps).

    Raises InputError with fewer than two draws.
    """
    x = np.sort(np.asarray(draws, dtype=np.float64), axis=-1)
    m = x.shape[-1]
    if m < 2:
        raise InputError(f"crps: {m} draw; expected two or more")
    miss = np.abs(x - np.asarray(outcome)[..., None]).mean(axis=-1)
    order = 2.0 * np.arange(1, m + 1) - m - 1
    out: Floats = miss - x @ order / (m * (m - 1))
    return out


def skill(crps: float, reference: float) -> float:
    """1 - crps / reference: the part of the reference's CRPS that is saved; below zero when it is worse."""
    return 1.0 - crps / reference
