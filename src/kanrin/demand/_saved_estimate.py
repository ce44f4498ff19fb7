"""An estimate as its file holds it: every parameter, how the price enters, and which of them a plan reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from kanrin.base import Floats, UnknownName

__all__ = ["COST", "INTERCEPT", "PlanWords", "PriceWords", "SavedEstimate"]

COST = "cost: "  # how names of cost parameters begin
INTERCEPT = "1"


@dataclass(frozen=True)
class PriceWords:
    """`[price]`: how the price enters utility and in which money.

    form: "alpha * price / income", "linear" or another. log_income_sd, nodes: of log-normal incomes relative
    to the median household by Gauss-Hermite; None where the buyers are others.
    """

    form: str
    definition: str = "list"
    unit: str = ""  # as "million JPY of 2016"
    log_income_sd: float | None = None
    nodes: int | None = None


@dataclass(frozen=True)
class PlanWords:
    """`[plan]` and `[plan.attributes]`: which parameter a plan reads as what.

    alpha: the parameter of price over income, "" without. attributes: parameter by attribute of a car sheet.
    left_to_xi: parameters and attributes knowingly left out: their effect stays in xi.
    """

    alpha: str = ""
    attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    left_to_xi: tuple[str, ...] = ()


@dataclass(frozen=True)
class SavedEstimate:
    """An estimate read from a file: names, values, covariance (nan where a parameter stood on a bound)."""

    names: tuple[str, ...]
    values: Floats  # (P,)
    covariance: Floats  # (P, P)
    observations: int
    objective: float
    made: Mapping[str, str]  # formulas, weighting, errors
    market: str = ""
    period: str = ""
    title: str = ""
    origin: str = ""
    note: str = ""
    price: PriceWords | None = None  # None: a file of the first format, which may not say
    plan: PlanWords | None = None
    path: str = ""

    def __getitem__(self, name: str) -> float:
        if name not in self.names:
            raise UnknownName("parameter", name, self.names)
        return float(self.values[self.names.index(name)])

    @property
    def errors(self) -> Floats:
        """Standard errors."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.sqrt(np.diagonal(self.covariance)))
