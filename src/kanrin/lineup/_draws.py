"""Draws of everything uncertain: parameters, xi of new models, the exchange rate, assumed numbers.

A Latin hypercube puts one draw in each of n equal slices of every input, so that a mean over n draws loses
the error of each input alone; the Monte Carlo error stated elsewhere ignores this and is an upper bound.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from kanrin.base import Floats, Kind, SolveError
from kanrin.demand import Estimate
from kanrin.lineup._market import DEMAND_SHEET
from kanrin.rules import FX, Book

__all__ = ["Draws", "draw_inputs", "fx_log_sd", "latin_hypercube", "normal_quantile", "triangular_quantile"]

_inverse_normal = np.vectorize(NormalDist().inv_cdf, otypes=[np.float64])


@dataclass(frozen=True)
class Draws:
    """D joint draws of the parameters, the candidates' xi and numbers of the case by key."""

    theta: Floats  # (D, P) in the order of the estimate
    normals: Floats  # (D, C) standard normal
    keys: Mapping[str, Floats] = field(repr=False)  # each (D,), in the key's unit

    @property
    def count(self) -> int:
        """D."""
        return len(self.theta)

    def first(self, count: int) -> Draws:
        """The first draws; all where there are fewer."""
        kept = {key: x[:count] for key, x in self.keys.items()}
        return Draws(self.theta[:count], self.normals[:count], kept)


def latin_hypercube(count: int, dimensions: int, rng: np.random.Generator) -> Floats:
    """(count, dimensions) uniforms, one in each of `count` slices of every dimension."""
    slices = (
        np.stack([rng.permutation(count) for _ in range(dimensions)], axis=1)
        if dimensions
        else np.zeros((count, 0))
    )
    out: Floats = (slices + rng.random((count, dimensions))) / count
    return np.clip(out, 1e-12, 1 - 1e-12)


def normal_quantile(u: Floats) -> Floats:
    """Standard normal quantiles of uniforms."""
    out: Floats = _inverse_normal(u) if u.size else np.zeros(u.shape)
    return out


def triangular_quantile(u: Floats, low: float, mode: float, high: float) -> Floats:
    """Quantiles of the triangular distribution on low..high with its peak at mode."""
    if high <= low:
        return np.full(u.shape, mode)
    cut = (mode - low) / (high - low)
    left = low + np.sqrt(u * (high - low) * (mode - low))
    right = high - np.sqrt((1 - u) * (high - low) * (high - mode))
    out: Floats = np.where(u < cut, left, right)
    return out


def uncertain_keys(book: Book, used: Iterable[str], *, choices: bool = False) -> list[str]:
    """The keys among `used` that are drawn: ranged assumptions not set by the user, and the exchange rate.

    A rate set by the user moves the centre and keeps the spread. Numbers of a car's sheet that feed demand
    as well as cost are held, since they would have to move both. With `choices`, also the ranged numbers
    that are shown at their ends but left to no chance.
    """
    found = []
    for key in dict.fromkeys(used):
        if key == FX:
            found.append(key)
            continue
        sheet = key.startswith("candidate.") and key.rpartition(".")[2] in DEMAND_SHEET
        if key in book.case.overrides or sheet:
            continue
        assumed = book.case.assumptions.get(key)
        if assumed is not None and not assumed.drawn and not choices:
            continue
        figure = book.figure(key)
        if figure.kind is not Kind.ASSUMPTION or figure.low is None or figure.high is None:
            continue
        if figure.low < figure.high and figure.unit != "1 yes, 0 no":
            found.append(key)
    return found


def draw_inputs(
    book: Book,
    estimate: Estimate,
    candidates: Sequence[str],
    used: Iterable[str],
    *,
    count: int,
    seed: int,
    stream: int,
    lead_months: float = 0.0,
) -> Draws:
    """`count` joint draws for the uncertain keys in `used`; `stream` keeps fresh draws apart from the first.

    Every input has a sequence of its own, named by its key or by the candidate's id: setting one number or
    leaving out one car leaves the draws of all others as they were. Assumed numbers follow a triangle on
    low..high with its peak at the value. The exchange rate is log-normal around today's with a random
    walk's spread over the lead time and the average of the programme's months. Raises SolveError when the
    estimate does not identify the price coefficient.
    """

    def column(name: str) -> Floats:
        rng = np.random.default_rng([seed, stream, zlib.crc32(name.encode())])
        return latin_hypercube(count, 1, rng)[:, 0]

    def columns(names: Iterable[str]) -> Floats:
        found = [column(name) for name in names]
        return np.stack(found, axis=1) if found else np.zeros((count, 0))

    theta = _theta(estimate, normal_quantile(columns(f"theta.{name}" for name in estimate.order)))
    normals = normal_quantile(columns(f"xi.{name}" for name in candidates))
    values: dict[str, Floats] = {}
    for key in uncertain_keys(book, used):
        if key == FX:
            spread = fx_log_sd(book, lead_months)
            values[key] = book.number(FX) * np.exp(spread * normal_quantile(column(key)))
        else:
            figure = book.figure(key)
            low, high = (figure.value if x is None else x for x in (figure.low, figure.high))
            values[key] = triangular_quantile(column(key), low, figure.value, high)
    return Draws(theta, normals, values)


def fx_log_sd(book: Book, lead_months: float) -> float:
    """Standard deviation of the log of the programme's mean exchange rate: sigma sqrt(lead + horizon / 3)."""
    months = 12.0 * book.number("plan.horizon_years")
    return book.number("fx.sigma_monthly") * float(np.sqrt(lead_months + months / 3.0))


def _theta(estimate: Estimate, z: Floats) -> Floats:
    """(bootstrap) parameters (D, P); a draw with alpha >= 0 is mirrored at the estimate."""
    values, vectors = np.linalg.eigh(estimate.covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    theta: Floats = estimate.values + z @ root.T
    at = estimate.order.index("alpha")
    bad = theta[:, at] >= 0
    if bad.mean() > 0.5:
        raise SolveError(
            f"{estimate.path}: more than half of the parameter draws have alpha >= 0; the estimate does not "
            "identify the price coefficient: use another estimate"
        )
    theta[bad] = 2 * estimate.values - theta[bad]
    return theta
