"""What knowing more is worth: all of it, one input, or a study that halves the spread of one (evpi).

The worth of every line-up is fitted on the input over the draws with the other inputs beside it, so that
what is left of them does not blur the curve:

    E[worth | z] ~ mean + sum_n c_n h_n(z),    z the input's normal score, h_n Hermite polynomials.

Under a signal y that leaves half the standard deviation of z, E[h_n(z) | y] = r^n h_n(y), r^2 = 3/4. Knowing
is worth E max - max E over the same curves, so it is never less than nothing. A coefficient is kept in so far
as it stands out of its error, lest choosing the best of many fits look like knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats
from kanrin.lineup._draws import normal_quantile
from kanrin.lineup._outcome import Sampled

__all__ = [
    "Curves",
    "Information",
    "Known",
    "conditional",
    "hermite",
    "normal_scores",
    "perfect_information",
    "worth_of_curves",
]

DEGREE = 3
GROUPS = 10  # of draws left out in turn (jackknife)
_GRID = 801  # points of the standard normal, each of equal weight
_STANDS_OUT = 2.0  # standard errors a coefficient must exceed; beyond, it is kept in part
_SPREAD_LEFT = 0.5  # of the standard deviation, after a study
_SIGNAL = float(np.sqrt(1.0 - _SPREAD_LEFT**2))  # correlation of a study's signal with the input


@dataclass(frozen=True)
class Known:
    """What knowing one input before the choice is worth, million JPY over the programme."""

    input: str  # a key of the case, or a name of the engine's own: see `kind`
    kind: str  # "appeal" (xi of a car, `input` its id), "demand" or "key"
    perfect: Sampled
    study: Sampled  # that leaves half its standard deviation
    turns: float  # share of its values at which another line-up is the best


@dataclass(frozen=True)
class Information:
    """Value of information on the draws that chose the line-up, million JPY over the programme."""

    perfect: Sampled  # everything known: also the least expected regret
    lineups: int  # over which it is taken
    inputs: tuple[Known, ...]  # most valuable first


@dataclass(frozen=True)
class Curves:
    """Conditional means of S line-ups: `mean` (S,), `slope` (P, S) on P centred columns, their errors."""

    mean: Floats
    slope: Floats
    error: Floats

    def kept(self) -> Floats:
        """(P, S) slopes in so far as they stand out of their errors."""
        with np.errstate(divide="ignore", invalid="ignore"):
            part = 1.0 - (_STANDS_OUT * self.error / self.slope) ** 2
        out: Floats = self.slope * np.where(np.isfinite(part), np.maximum(part, 0.0), 0.0)
        return out


def normal_scores(x: Floats) -> Floats:
    """(D,) standard normal scores of the ranks of x (D,)."""
    rank = np.argsort(np.argsort(x, kind="stable"), kind="stable")
    return normal_quantile((rank + 0.5) / len(x))


def hermite(z: Floats, degree: int = DEGREE) -> Floats:
    """(N, degree) Hermite polynomials of z (N,), orthonormal under the standard normal, from the first on."""
    columns = [np.ones_like(z), z]
    for n in range(1, degree):
        columns.append((z * columns[n] - np.sqrt(n) * columns[n - 1]) / np.sqrt(n + 1))
    return np.stack(columns[1 : degree + 1], axis=1)


def conditional(worth: Floats, own: Floats, beside: Floats) -> Curves:
    """E[worth | own] by least squares: worth (D, S), own (D, P), beside (D, Q) independent of own.

    `beside` only takes noise away.
    """
    return _solved(_sums(worth, own, beside), own.shape[1])


def perfect_information(worth: Floats) -> Sampled:
    """E max over line-ups less max E, worth (D, S), and its error: the least expected regret (evpi)."""
    regret = worth.max(axis=1) - worth[:, int(np.argmax(worth.mean(axis=0)))]
    return Sampled(float(regret.mean()), float(regret.std(ddof=1) / np.sqrt(len(regret))))


def worth_of_curves(mean: Floats, slope: Floats) -> tuple[float, float, float]:
    """Knowing z, a study of z, and how often z turns the choice; curves mean (S,) + h(z) slope (P, S)."""
    z = normal_quantile((np.arange(_GRID) + 0.5) / _GRID)
    basis = hermite(z, len(slope))
    basis = basis - basis.mean(axis=0)
    curves = mean + basis @ slope
    told = mean + basis @ (slope * _SIGNAL ** np.arange(1, len(slope) + 1)[:, None])
    best = float(mean.max())
    perfect = max(0.0, float(curves.max(axis=1).mean()) - best)
    study = min(perfect, max(0.0, float(told.max(axis=1).mean()) - best))
    turns = float((curves.argmax(axis=1) != int(np.argmax(mean))).mean())
    return perfect, study, turns


def known(input_: str, kind: str, worth: Floats, score: Floats, beside: Floats, most: float) -> Known:
    """The value of knowing an input with normal score (D,), at most `most`, and errors by the jackknife."""
    own = hermite(score)
    groups = np.arange(len(worth)) % GROUPS
    parts = [_sums(worth[groups == g], own[groups == g], beside[groups == g]) for g in range(GROUPS)]
    whole = _added(parts)
    curves = _solved(whole, DEGREE)
    perfect, study, turns = worth_of_curves(curves.mean, curves.kept())
    again = []
    for part in parts:
        left = _solved(tuple(a - b for a, b in zip(whole, part, strict=True)), DEGREE)  # type: ignore[arg-type]
        again.append(worth_of_curves(left.mean, left.kept())[:2])
    error = np.sqrt((GROUPS - 1) * np.var(np.array(again), axis=0))
    perfect = min(perfect, most)
    return Known(
        input_, kind, Sampled(perfect, float(error[0])), Sampled(min(study, perfect), float(error[1])), turns
    )


_Sums = tuple[Floats, Floats, Floats]  # X'X, X'Y, Y'Y by column, X beginning with ones


def _sums(worth: Floats, own: Floats, beside: Floats) -> _Sums:
    x = np.concatenate([np.ones((len(worth), 1)), own, beside], axis=1)
    return x.T @ x, x.T @ worth, (worth**2).sum(axis=0)


def _added(parts: list[_Sums]) -> _Sums:
    first, second, third = (sum(p[k] for p in parts) for k in range(3))
    return np.asarray(first), np.asarray(second), np.asarray(third)


def _solved(sums: _Sums, own: int) -> Curves:
    """Least squares with centred columns, so that the curve's mean is the mean."""
    xx, xy, yy = sums
    count, mean_x, mean_y = xx[0, 0], xx[0, 1:] / xx[0, 0], xy[0] / xx[0, 0]
    gram = xx[1:, 1:] - count * np.outer(mean_x, mean_x)
    cross = xy[1:] - count * np.outer(mean_x, mean_y)
    inverse = np.linalg.pinv(gram, rcond=1e-10, hermitian=True)
    slope = inverse @ cross
    left = np.maximum(0.0, yy - count * mean_y**2 - (slope * cross).sum(axis=0))
    variance = left / max(1.0, count - 1.0 - len(gram))
    error = np.sqrt(np.maximum(0.0, np.diagonal(inverse))[:own, None] * variance[None, :])
    return Curves(mean_y, slope[:own], error)
