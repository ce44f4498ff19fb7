"""xi of a car not sold yet: brand, body and powertrain effects, side of the wheel and place of build, shrunk.

    (xi-model)  xi_j = constant + left-hand drive + built abroad + brand + body + powertrain + residual

The constant and the two flags are fixed effects, the three labels random ones, with components by REML.
`_forecast.py` carries the model to a candidate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from kanrin.base import Bools, Floats, InputError, UnknownName
from kanrin.numerics import MixedFit, blup, deletion_residuals, fit_reml

__all__ = [
    "FLAGS",
    "RANDOM",
    "CarLabels",
    "EffectPrior",
    "LeaveOneOut",
    "XiModel",
    "fit_xi_model",
    "leave_one_out",
    "level_effects",
]

RANDOM: tuple[str, ...] = ("brand", "body", "powertrain")
FLAGS: tuple[str, ...] = ("left_hand_drive", "foreign_built")


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
class LeaveOneOut:
    """Errors of predicting each car from the others: raw (J,), their sd as the model states it (J,), the
    spread (standard deviation) of the raw errors, and the share of errors inside the stated intervals by
    level."""

    error: Floats
    sd: Floats
    spread: float
    coverage: Mapping[float, float]


def flag(labels: CarLabels, name: str) -> Floats:
    """(J,) 0/1 values of a flag of FLAGS."""
    values = labels.is_left if name == "left_hand_drive" else labels.is_foreign
    return np.asarray(values, dtype=np.float64)


def _same(a: Sequence[str], b: Sequence[str]) -> Floats:
    out: Floats = (np.asarray(a, dtype=str)[:, None] == np.asarray(b, dtype=str)[None, :]).astype(np.float64)
    return out


def prior_mean(labels: CarLabels, priors: Mapping[str, EffectPrior]) -> Floats:
    """(J,) what the priors on effects say of each car."""
    out: Floats = np.zeros(len(labels))
    for name, prior in priors.items():
        out += prior.mean * flag(labels, name)
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
        if np.ptp(flag(labels, name)) == 0:
            raise InputError(
                f"xi model: {name} is the same for every car on sale, so its effect cannot be estimated; "
                f"give a prior for it: priors={{'{name}': EffectPrior(mean, sd)}}"
            )
    kernels = [_same(getattr(labels, name), getattr(labels, name)) for name in RANDOM]
    fit = fit_reml(
        xi - prior_mean(labels, priors),
        design_matrix(labels, fixed),
        kernels,
        known_covariance=_prior_covariance(labels, labels, priors),
    )
    return XiModel(xi, labels, fixed, priors, fit)


def design_matrix(labels: CarLabels, fixed: tuple[str, ...]) -> Floats:
    """(J, P) fixed-effect design: ones, then the flags named."""
    return np.column_stack([np.ones(len(labels)), *(flag(labels, name) for name in fixed[1:])])


def _prior_covariance(a: CarLabels, b: CarLabels, priors: Mapping[str, EffectPrior]) -> Floats:
    out: Floats = np.zeros((len(a), len(b)))
    for name, prior in priors.items():
        out += prior.sd**2 * np.outer(flag(a, name), flag(b, name))
    return out


def shared_covariance(model: XiModel, a: CarLabels, b: CarLabels) -> dict[str, Floats]:
    """Covariance between cars a and b, by the effect they share; the residual apart."""
    out = {name: model.components[name] * _same(getattr(a, name), getattr(b, name)) for name in RANDOM}
    for name, prior in model.priors.items():
        out[name] = _prior_covariance(a, b, {name: prior})
    return out


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
