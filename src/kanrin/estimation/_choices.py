"""Choices as named objects: which errors, which weighting of moments, which cost function, which search."""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.base import InputError

__all__ = [
    "BFGS",
    "LBFGSB",
    "Clustered",
    "Continuous",
    "CostForm",
    "Errors",
    "Iterated",
    "LinearCost",
    "LogCost",
    "Lognormal",
    "OneStep",
    "PriceOverIncome",
    "Robust",
    "Search",
    "TwoStep",
    "Unadjusted",
    "Weighting",
    "weighting_words",
]


@dataclass(frozen=True)
class Unadjusted:
    """Errors that are alike and independent. `small_sample` divides by N - K (linear models)."""

    small_sample: bool = True


@dataclass(frozen=True)
class Robust:
    """Heteroskedastic errors. `small_sample` multiplies by N / (N - K), HC1, in linear models;
    without it HC0."""

    small_sample: bool = True


@dataclass(frozen=True)
class Clustered:
    """Errors that hang together within a column's levels. `small_sample`: G/(G-1) (N-1)/(N-K),
    linear models."""

    column: str
    small_sample: bool = True


Errors = Unadjusted | Robust | Clustered


@dataclass(frozen=True)
class OneStep:
    """GMM with W = (Z'Z/N)^-1: no updating."""


@dataclass(frozen=True)
class TwoStep:
    """GMM with W updated once, to S^-1 at the first estimate; `from_start`: at the starts as well."""

    from_start: bool = False


@dataclass(frozen=True)
class Iterated:
    """GMM with W updated until the parameters move by less than `tolerance`, relatively."""

    most: int = 20
    tolerance: float = 1e-6
    from_start: bool = False

    def __post_init__(self) -> None:
        if self.most < 1 or not self.tolerance > 0:
            raise InputError(
                f"Iterated: most is {self.most}, tolerance {self.tolerance:g}; "
                "expected at least 1, and above 0"
            )


@dataclass(frozen=True)
class Continuous:
    """Continuously updated GMM: W = S(theta)^-1 in the objective itself (Hansen, Heaton & Yaron 1996)."""


Weighting = OneStep | TwoStep | Iterated | Continuous


def weighting_words(weighting: Weighting) -> str:
    """The weighting in words."""
    match weighting:
        case OneStep():
            return "one-step"
        case TwoStep():
            return "two-step"
        case Iterated():
            return "iterated"
        case Continuous():
            return "continuously updated"


@dataclass(frozen=True)
class LinearCost:
    """c = X3 gamma + omega."""


@dataclass(frozen=True)
class LogCost:
    """log c = X3 gamma + omega."""


CostForm = LinearCost | LogCost


@dataclass(frozen=True)
class Lognormal:
    """A coefficient of fixed sign: sign x exp(mean + sigma nu + pi d); its column does not stand among X1."""

    sign: int = 1

    def __post_init__(self) -> None:
        if self.sign not in (-1, 1):
            raise InputError(f"Lognormal: sign is {self.sign}; expected 1 or -1 (-1 for a price)")


@dataclass(frozen=True)
class PriceOverIncome:
    """alpha x price / income, `income` a column of the agents; alpha < 0 is estimated (price-index)."""

    income: str = "income"


@dataclass(frozen=True)
class BFGS:
    """Quasi-Newton search without bounds; stops at a largest slope of `slope`."""

    slope: float = 1e-5
    most: int = 1_000

    def __post_init__(self) -> None:
        _refuse_search(self.slope, self.most)


@dataclass(frozen=True)
class LBFGSB:
    """Quasi-Newton search that holds to bounds; stops at a largest projected slope of `slope`."""

    slope: float = 1e-6
    most: int = 2_000

    def __post_init__(self) -> None:
        _refuse_search(self.slope, self.most)


Search = BFGS | LBFGSB


def _refuse_search(slope: float, most: int) -> None:
    if not slope >= 0 or most < 1:
        raise InputError(f"slope is {slope:g}, most {most}; expected at least 0, and at least 1 step")
