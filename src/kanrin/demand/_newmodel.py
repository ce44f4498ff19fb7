"""xi of a car not sold yet: brand, body and powertrain effects, side of the wheel and place of build, shrunk.

    xi_j = constant + left-hand drive + built abroad + brand_b + body_s + powertrain_e + residual_j
    (xi-model)

The constant and the two flags are fixed effects, the three labels random ones, with components by REML; a
candidate's xi is (blup), a *linear* map of the market's xi. Three kinds of news about the candidate itself
narrow it: what its nameplate did when it was sold here, its nameplate's other version on sale today, and cars
the user names as alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from kanrin.base import Bools, Floats, InputError, UnknownName
from kanrin.numerics import MixedFit, blup, deletion_residuals, fit_gls, fit_reml

__all__ = [
    "FLAGS",
    "PARTS",
    "RANDOM",
    "Candidate",
    "CarLabels",
    "EffectPrior",
    "LeaveOneOut",
    "NameplateHistory",
    "Nameplates",
    "XiForecast",
    "XiModel",
    "fit_xi_model",
    "forecast",
    "leave_one_out",
    "level_effects",
    "selection_shifts",
]

RANDOM: tuple[str, ...] = ("brand", "body", "powertrain")
FLAGS: tuple[str, ...] = ("left_hand_drive", "foreign_built")
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
class CarLabels:
    """What the effects of the cars on sale go by; J entries each."""

    brand: tuple[str, ...]
    body: tuple[str, ...]
    powertrain: tuple[str, ...]
    is_left: Bools  # (J,) steering wheel on the left
    is_foreign: Bools  # (J,) built outside the market's country

    def __post_init__(self) -> None:
        n = len(self.brand)
        for name in ("body", "powertrain", "is_left", "is_foreign"):
            if len(getattr(self, name)) != n:
                raise InputError(f"labels: {name} has {len(getattr(self, name))} entries, brand has {n}")

    def __len__(self) -> int:
        return len(self.brand)


@dataclass(frozen=True)
class EffectPrior:
    """A named belief N(mean, sd^2), in utils, about an effect the market cannot show."""

    mean: float
    sd: float


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
class XiModel:
    """(xi-model) fitted on one market; `components` in the order brand, body, powertrain, residual."""

    xi: Floats  # (J,)
    labels: CarLabels
    fixed: tuple[str, ...]  # names of the fixed effects, the constant first
    priors: Mapping[str, EffectPrior]
    fit: MixedFit

    @property
    def components(self) -> dict[str, float]:
        """Variance by name, in squared utils."""
        return dict(zip((*RANDOM, "residual"), map(float, self.fit.components), strict=True))

    @property
    def fixed_effects(self) -> dict[str, tuple[float, float]]:
        """Estimate and standard error of each fixed effect, in utils."""
        se = np.sqrt(np.diagonal(self.fit.beta_cov))
        return {name: (float(b), float(s)) for name, b, s in zip(self.fixed, self.fit.beta, se, strict=True)}


@dataclass(frozen=True)
class XiForecast:
    """xi of C candidates: `mean = weights @ xi + offset`, with the covariance of the errors and the parts.

    `parts` (C, len(PARTS)) add up to the mean. Weights and covariance hold the components fixed: apply the
    weights to every parameter draw's xi.
    """

    mean: Floats  # (C,)
    covariance: Floats  # (C, C)
    weights: Floats  # (C, J)
    offset: Floats  # (C,)
    parts: Floats  # (C, len(PARTS))

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


@dataclass(frozen=True)
class LeaveOneOut:
    """Errors of predicting each car from the others: raw (J,), their sd as the model states it (J,), the
    spread (standard deviation) of the raw errors, and the share of errors inside the stated intervals by
    level."""

    error: Floats
    sd: Floats
    spread: float
    coverage: Mapping[float, float]


def _flag(labels: CarLabels, name: str) -> Floats:
    values = labels.is_left if name == "left_hand_drive" else labels.is_foreign
    return np.asarray(values, dtype=np.float64)


def _same(a: Sequence[str], b: Sequence[str]) -> Floats:
    out: Floats = (np.asarray(a, dtype=str)[:, None] == np.asarray(b, dtype=str)[None, :]).astype(np.float64)
    return out


def _prior_mean(labels: CarLabels, priors: Mapping[str, EffectPrior]) -> Floats:
    out: Floats = np.zeros(len(labels))
    for name, prior in priors.items():
        out += prior.mean * _flag(labels, name)
    return out


def fit_xi_model(
    xi: Floats, labels: CarLabels, *, priors: Mapping[str, EffectPrior] | None = None
) -> XiModel:
    """Fit (xi-model) on a market: xi (J,) in utils, labels of J cars.

    An effect named in `priors` ("left_hand_drive", "foreign_built") is not estimated freely but enters with
    that belief. Raises InputError for shapes that differ, and for a flag that does not vary in the market and
    has no prior.
    """
    xi = np.asarray(xi, dtype=np.float64)
    priors = dict(priors or {})
    if xi.shape != (len(labels),):
        raise InputError(f"xi model: xi has shape {xi.shape}, labels are of {len(labels)} cars")
    for name in priors:
        if name not in FLAGS:
            raise UnknownName("effect with a prior", name, FLAGS)
    fixed = ("constant", *(name for name in FLAGS if name not in priors))
    for name in fixed[1:]:
        if np.ptp(_flag(labels, name)) == 0:
            raise InputError(
                f"xi model: {name} is the same for every car on sale, so its effect cannot be estimated; "
                f"give a prior for it: priors={{'{name}': EffectPrior(mean, sd)}}"
            )
    kernels = [_same(getattr(labels, name), getattr(labels, name)) for name in RANDOM]
    fit = fit_reml(
        xi - _prior_mean(labels, priors),
        _design(labels, fixed),
        kernels,
        known_covariance=_prior_covariance(labels, labels, priors),
    )
    return XiModel(xi, labels, fixed, priors, fit)


def _design(labels: CarLabels, fixed: tuple[str, ...]) -> Floats:
    return np.column_stack([np.ones(len(labels)), *(_flag(labels, name) for name in fixed[1:])])


def _prior_covariance(a: CarLabels, b: CarLabels, priors: Mapping[str, EffectPrior]) -> Floats:
    out: Floats = np.zeros((len(a), len(b)))
    for name, prior in priors.items():
        out += prior.sd**2 * np.outer(_flag(a, name), _flag(b, name))
    return out


def _shared(model: XiModel, a: CarLabels, b: CarLabels) -> dict[str, Floats]:
    """Covariance between cars a and b, by the effect they share; the residual apart."""
    out = {name: model.components[name] * _same(getattr(a, name), getattr(b, name)) for name in RANDOM}
    for name, prior in model.priors.items():
        out[name] = _prior_covariance(a, b, {name: prior})
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
) -> XiForecast:
    """xi of the candidates, jointly: two of the same brand, body, powertrain or nameplate share that error.

    `comparable_share` in [0, 1) is the share of the residual variance a candidate has in common with the cars
    it names as comparables; a car named in several distinct sets divides it among them. It is taken before
    the nameplate's share. Source: (newmodel), (xi-model), (blup), at fixed components. Raises InputError for
    a row outside the market or a share outside [0, 1).
    """
    if not candidates:
        raise InputError("forecast: no candidate given")
    if not 0 <= comparable_share < 1:
        raise InputError(f"forecast: comparable_share is {comparable_share}; expected a share in [0, 1)")
    nameplates = nameplates or Nameplates(0.0, 0.0, 0.0)
    cars = len(model.labels)
    asked = {c.nameplate for c in candidates}
    histories = sorted(name for name in nameplates.histories if name in asked)
    known = cars + len(histories)
    new = _of_candidates(candidates)
    residuals = _residuals(model, candidates, nameplates, histories, comparable_share)
    off_diagonal = residuals.nameplate + residuals.comparables

    V = np.diag(residuals.variance[:known]) + off_diagonal[:known, :known]
    V[:cars, :cars] += sum(_shared(model, model.labels, model.labels).values())
    design: Floats = np.zeros((known, len(model.fixed)))
    design[:cars] = _design(model.labels, model.fixed)
    seen = np.array([nameplates.histories[name].residual for name in histories], dtype=np.float64)
    prior_market, prior_new = _prior_mean(model.labels, model.priors), _prior_mean(new, model.priors)
    fit = fit_gls(np.concatenate([model.xi - prior_market, seen]), design, V)

    shared = _shared(model, new, model.labels)
    cov_new = off_diagonal[known:, :known].copy()
    cov_new[:, :cars] += sum(shared.values())
    var_new = np.diag(residuals.variance[known:]) + off_diagonal[known:, known:]
    var_new += sum(_shared(model, new, new).values())
    prediction = blup(fit, _design(new, model.fixed), cov_new, var_new)

    weights = prediction.weights[:, :cars]
    offset = prior_new - weights @ prior_market + prediction.weights[:, cars:] @ seen
    parts: Floats = np.zeros((len(candidates), len(PARTS)))
    pull = fit.inverse @ fit.residual  # V^-1 (y - X b)
    for name, effect in zip(model.fixed, fit.beta, strict=True):
        parts[:, PARTS.index(name)] = effect * (1.0 if name == "constant" else _flag(new, name))
    for name, covariance in shared.items():
        parts[:, PARTS.index(name)] += covariance @ pull[:cars]
    for name, prior in model.priors.items():
        parts[:, PARTS.index(name)] += prior.mean * _flag(new, name)
    named = residuals.nameplate[known:, :known]
    parts[:, PARTS.index("nameplate_history")] = named[:, cars:] @ pull[cars:]
    parts[:, PARTS.index("nameplate_on_sale")] = named[:, :cars] @ pull[:cars]
    parts[:, PARTS.index("comparables")] = residuals.comparables[known:, :known] @ pull
    return XiForecast(weights @ model.xi + offset, prediction.covariance, weights, offset, parts)


def level_effects(model: XiModel, effect: str) -> dict[str, tuple[float, float]]:
    """Shrunk effect of each level of "brand", "body" or "powertrain": value and posterior sd, in utils.
    (shrink)"""
    if effect not in RANDOM:
        raise UnknownName("random effect", effect, RANDOM)
    labels = getattr(model.labels, effect)
    levels = tuple(sorted(set(labels)))
    tau2 = model.components[effect]
    cov_new = tau2 * _same(levels, labels)
    none: Floats = np.zeros((len(levels), len(model.fixed)))
    found = blup(model.fit, none, cov_new, tau2 * np.eye(len(levels)))
    return {
        level: (float(m), float(s))
        for level, m, s in zip(levels, found.mean, np.sqrt(np.maximum(0, found.sd**2)), strict=True)
    }


def leave_one_out(model: XiModel, levels: Sequence[float] = (0.5, 0.8, 0.9)) -> LeaveOneOut:
    """Predict every car on sale from the others, in closed form, components held fixed.

    A car alone with its fixed effects cannot be predicted: its error is nan and counts nowhere.
    """
    error, sd = deletion_residuals(model.fit)
    good = np.isfinite(error)
    z = np.abs(error[good] / sd[good])
    coverage = {level: float(np.mean(z <= NormalDist().inv_cdf(0.5 + level / 2))) for level in levels}
    return LeaveOneOut(error, sd, float(np.std(error[good])), coverage)


def selection_shifts(found: XiForecast, multiples: Sequence[float]) -> Floats:
    """(S, C) means of xi shifted by each multiple of the candidate's sd, e.g. 0, -0.5, -1. Source:
    (selection): cars on sale had a xi worth launching; the shift is an assumption, not an estimate."""
    out: Floats = found.mean + np.asarray(multiples, dtype=np.float64)[:, None] * found.sd
    return out
