"""The forecast of xi for cars not sold yet, joint over candidates and linear in the xi of the market.

To brand, body, powertrain and the two flags (`_newmodel.py`) three kinds of news about a candidate itself are
added: what its nameplate did when it was sold here, another version of the nameplate on sale today, and cars
on sale that the user names as alike. All enter one Gaussian; the answer is (blup) at fixed components.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.demand._newmodel import (
    FLAGS,
    RANDOM,
    CarLabels,
    XiModel,
    design_matrix,
    flag,
    prior_mean,
    shared_covariance,
)
from kanrin.numerics import blup, fit_gls

__all__ = [
    "PARTS",
    "Candidate",
    "NameplateHistory",
    "Nameplates",
    "XiForecast",
    "forecast",
    "selection_shifts",
]

PARTS: tuple[str, ...] = (
    "constant",
    *FLAGS,
    *RANDOM,
    "nameplate_history",
    "nameplate_on_sale",
    "comparables",
)
"""The parts of a forecast mean, in the order of `XiForecast.parts`."""


@dataclass(frozen=True)
class Candidate:
    """A car not sold yet. `nameplate` is the key under which `Nameplates` knows its history, "" for none;
    `comparables` are rows of the market it is said to be like."""

    brand: str
    body: str
    powertrain: str
    is_left: bool
    is_foreign: bool
    nameplate: str = ""
    comparables: tuple[int, ...] = ()


@dataclass(frozen=True)
class NameplateHistory:
    """What a nameplate did here: `residual` in utils beyond what the effects would have said then, the
    variance of the error in that residual, and the years between the last year seen and the day of the
    forecast."""

    residual: float
    variance: float
    years_ago: float


@dataclass(frozen=True)
class Nameplates:
    """The nameplate process cov(t, t') = mu2 phi^|t-t'|, yearly noise of variance noise2, and what is known.

    `version2` is the part of mu2 that another version of the nameplate (built elsewhere, another generation)
    does not share. `histories` by nameplate; `on_sale` gives, by nameplate, rows of today's market that bear
    it (a version built elsewhere), which then serve as a history of gap 0.
    """

    mu2: float
    phi: float
    noise2: float
    version2: float = 0.0
    histories: Mapping[str, NameplateHistory] = field(default_factory=dict)
    on_sale: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (0 <= self.version2 <= self.mu2 and self.noise2 >= 0 and 0 <= self.phi <= 1):
            raise InputError(
                f"nameplates: mu2 {self.mu2}, phi {self.phi}, noise2 {self.noise2}, "
                f"version2 {self.version2}; "
                "expected phi in [0, 1], noise2 of at least 0, and version2 between 0 and mu2"
            )
        for name, history in self.histories.items():
            if not (history.variance > 0 and history.years_ago >= 0):
                raise InputError(
                    f"nameplates: {name} has variance {history.variance} and years_ago {history.years_ago}; "
                    "expected a positive variance and years of at least 0"
                )


@dataclass(frozen=True)
class XiForecast:
    """xi of C candidates: `mean = weights @ xi + offset`, with the covariance of the errors and the parts.

    `parts` (C, len(PARTS)) add up to the mean; a label of `new_levels` adds nothing to it, but its whole
    variance. Weights and covariance hold the components fixed: apply the weights to every parameter draw's
    xi.
    """

    mean: Floats  # (C,)
    covariance: Floats  # (C, C)
    weights: Floats  # (C, J)
    offset: Floats  # (C,)
    parts: Floats  # (C, len(PARTS))
    new_levels: tuple[tuple[str, ...], ...]  # per candidate, the effects whose label no car on sale bears

    @property
    def variance(self) -> Floats:
        """(C,) variance of the forecast error."""
        out: Floats = np.diagonal(self.covariance).copy()
        return out

    @property
    def sd(self) -> Floats:
        """(C,) standard deviation of the forecast error, utils."""
        out: Floats = np.sqrt(self.variance)
        return out

    def named_parts(self, candidate: int) -> dict[str, float]:
        """Parts of one candidate's mean by name."""
        return dict(zip(PARTS, map(float, self.parts[candidate]), strict=True))

    def draws(self, xi: Floats, normals: Floats) -> Floats:
        """(D, C) draws of the candidates' xi: xi (D, J) or (J,) of the market, normals (D, C) standard
        normal."""
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        out: Floats = xi @ self.weights.T + self.offset + normals @ root.T
        return out


def _of_candidates(candidates: Sequence[Candidate]) -> CarLabels:
    return CarLabels(
        tuple(c.brand for c in candidates),
        tuple(c.body for c in candidates),
        tuple(c.powertrain for c in candidates),
        np.array([c.is_left for c in candidates], dtype=bool),
        np.array([c.is_foreign for c in candidates], dtype=bool),
    )


@dataclass(frozen=True)
class _Residuals:
    """Residual covariance over market, histories and candidates, in this order, and its two off-diagonal
    kinds."""

    variance: Floats  # (N,)
    nameplate: Floats  # (N, N) zero diagonal
    comparables: Floats  # (N, N) zero diagonal


def _check_rows(rows: Sequence[int], cars: int, what: str) -> None:
    for row in rows:
        if not 0 <= row < cars:
            raise InputError(f"{what}: row {row} is not in the market, which has rows 0 to {cars - 1}")


def _residuals(
    model: XiModel,
    candidates: Sequence[Candidate],
    nameplates: Nameplates,
    histories: Sequence[str],
    comparable_share: float,
) -> _Residuals:
    """A car's residual, of variance sigma2, is split in three independent parts: a share of each comparables
    set it belongs to (`comparable_share` of sigma2 in all), the nameplate's (mu2, or what is left of sigma2),
    the rest."""
    cars, seen, n = len(model.labels), len(histories), len(candidates)
    total = cars + seen + n
    sigma2 = model.components["residual"]
    sets = sorted({tuple(sorted(set(c.comparables))) for c in candidates if c.comparables})
    member: Floats = np.zeros((total, len(sets)))
    for s, rows in enumerate(sets):
        _check_rows(rows, cars, "comparables")
        member[list(rows), s] = 1.0
    for c, candidate in enumerate(candidates):
        if candidate.comparables:
            member[cars + seen + c, sets.index(tuple(sorted(set(candidate.comparables))))] = 1.0
    count = member.sum(axis=1)
    alike = member * np.sqrt(comparable_share * sigma2 / np.maximum(count, 1.0))[:, None]
    comparables = alike @ alike.T

    left = sigma2 * np.where(count > 0, 1.0 - comparable_share, 1.0)
    common = nameplates.mu2 - nameplates.version2  # what all versions of a nameplate share
    own = nameplates.noise2 + nameplates.version2
    load = np.sqrt(np.minimum(common, np.maximum(left - own, 0.0)))
    load[cars : cars + seen] = np.sqrt(common)
    when: Floats = np.zeros(total)
    variance: Floats = np.full(total, sigma2)
    for h, name in enumerate(histories):
        history = nameplates.histories[name]
        when[cars + h] = -history.years_ago
        variance[cars + h] = nameplates.mu2 + history.variance
    nameplate: Floats = np.zeros((total, total))
    for name in sorted({c.nameplate for c in candidates if c.nameplate}):
        on_sale = nameplates.on_sale.get(name, ())
        _check_rows(on_sale, cars, f"nameplate {name} on sale")
        members = sorted(set(on_sale))
        members += [cars + h for h, known in enumerate(histories) if known == name]
        members += [cars + seen + c for c, candidate in enumerate(candidates) if candidate.nameplate == name]
        decay = nameplates.phi ** np.abs(when[members][:, None] - when[members][None, :])
        nameplate[np.ix_(members, members)] += np.outer(load[members], load[members]) * decay
    np.fill_diagonal(comparables, 0.0)
    np.fill_diagonal(nameplate, 0.0)
    return _Residuals(variance, nameplate, comparables)


def forecast(
    model: XiModel,
    candidates: Sequence[Candidate],
    *,
    nameplates: Nameplates | None = None,
    comparable_share: float = 0.0,
    sd_scale: float = 1.0,
) -> XiForecast:
    """xi of the candidates, jointly: two of the same brand, body, powertrain or nameplate share that error.

    `comparable_share` in [0, 1) is the share of the residual variance a candidate has in common with the cars
    it names as comparables; a car named in several distinct sets divides it among them. It is taken before
    the nameplate's share. `sd_scale` multiplies every standard deviation, as a backtest finds it must.
    Source: (newmodel), (xi-model), (blup), (backtest), at fixed components. Raises InputError for a row
    outside the market, a share outside [0, 1), or a scale not above zero.
    """
    if not candidates:
        raise InputError("forecast: no candidate given")
    if not 0 <= comparable_share < 1:
        raise InputError(f"forecast: comparable_share is {comparable_share}; expected a share in [0, 1)")
    if not 0 < sd_scale < np.inf:
        raise InputError(f"forecast: sd_scale is {sd_scale}; expected a number above zero")
    nameplates = nameplates or Nameplates(0.0, 0.0, 0.0)
    cars = len(model.labels)
    asked = {c.nameplate for c in candidates}
    histories = sorted(name for name in nameplates.histories if name in asked)
    known = cars + len(histories)
    new = _of_candidates(candidates)
    residuals = _residuals(model, candidates, nameplates, histories, comparable_share)
    off_diagonal = residuals.nameplate + residuals.comparables

    V = np.diag(residuals.variance[:known]) + off_diagonal[:known, :known]
    V[:cars, :cars] += sum(shared_covariance(model, model.labels, model.labels).values())
    design: Floats = np.zeros((known, len(model.fixed)))
    design[:cars] = design_matrix(model.labels, model.fixed)
    seen = np.array([nameplates.histories[name].residual for name in histories], dtype=np.float64)
    prior_market, prior_new = prior_mean(model.labels, model.priors), prior_mean(new, model.priors)
    fit = fit_gls(np.concatenate([model.xi - prior_market, seen]), design, V)

    shared = shared_covariance(model, new, model.labels)
    cov_new = off_diagonal[known:, :known].copy()
    cov_new[:, :cars] += sum(shared.values())
    var_new = np.diag(residuals.variance[known:]) + off_diagonal[known:, known:]
    var_new += sum(shared_covariance(model, new, new).values())
    prediction = blup(fit, design_matrix(new, model.fixed), cov_new, var_new)

    weights = prediction.weights[:, :cars]
    offset = prior_new - weights @ prior_market + prediction.weights[:, cars:] @ seen
    parts: Floats = np.zeros((len(candidates), len(PARTS)))
    pull = fit.inverse @ fit.residual  # V^-1 (y - X b)
    for name, effect in zip(model.fixed, fit.beta, strict=True):
        parts[:, PARTS.index(name)] = effect * (1.0 if name == "constant" else flag(new, name))
    for name, covariance in shared.items():
        parts[:, PARTS.index(name)] += covariance @ pull[:cars]
    for name, prior in model.priors.items():
        parts[:, PARTS.index(name)] += prior.mean * flag(new, name)
    named = residuals.nameplate[known:, :known]
    from_history = prediction.weights[:, cars:] @ seen
    parts[:, PARTS.index("nameplate_history")] = from_history
    parts[:, PARTS.index("nameplate_on_sale")] = named @ pull - from_history
    parts[:, PARTS.index("comparables")] = residuals.comparables[known:, :known] @ pull
    new_levels = tuple(
        tuple(name for name in RANDOM if getattr(c, name) not in getattr(model.labels, name))
        for c in candidates
    )
    covariance = prediction.covariance * sd_scale**2
    return XiForecast(weights @ model.xi + offset, covariance, weights, offset, parts, new_levels)


def selection_shifts(found: XiForecast, multiples: Sequence[float]) -> Floats:
    """(S, C) means of xi shifted by each multiple of the candidate's sd, e.g. 0, -0.5, -1. Source:
    (selection): cars on sale had a xi worth launching; the shift is an assumption, not an estimate."""
    out: Floats = found.mean + np.asarray(multiples, dtype=np.float64)[:, None] * found.sd
    return out
