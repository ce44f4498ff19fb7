"""A demand estimate as a plan uses it, and draws from its sampling distribution (bootstrap)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, InputError, SolveError

__all__ = ["MOST_NODES", "NODES", "PRICE_DEFINITIONS", "PRICE_FORMS", "Estimate"]

PRICE_FORMS = ("alpha * price / income",)
PRICE_DEFINITIONS = ("list", "consumer")
NODES = 13  # where the file names none
MOST_NODES = 99
_ENOUGH_TRIES = 50


@dataclass(frozen=True)
class Estimate:
    """A demand estimate: parameters with their sampling covariance. Money as `price_unit` says."""

    market: str
    period: str
    observations: int
    price_form: str  # one of PRICE_FORMS
    price_definition: str  # "list" or "consumer": which price the estimate used
    log_income_sd: float
    nodes: int  # Gauss-Hermite nodes of log income the estimate was made with
    parameters: Mapping[str, float]
    order: tuple[str, ...]  # (P,) names of the rows of `covariance`
    covariance: Floats  # (P, P)
    supply: Mapping[str, float]
    origin: str
    title: str
    path: str
    price_unit: str = ""  # as "million JPY of 2016"; empty: a file of the first format, which does not say
    left_to_xi: tuple[str, ...] = ()  # attributes it does without, knowingly: their effect stays in xi

    @property
    def alpha(self) -> float:
        """Price coefficient, < 0, utils per unit of money at median income."""
        return self.parameters["alpha"]

    @property
    def beta_names(self) -> tuple[str, ...]:
        """(K,) names of the taste parameters: `order` without alpha."""
        return tuple(name for name in self.order if name != "alpha")

    @property
    def beta(self) -> Floats:
        """(K,) taste parameters in the order of `beta_names`."""
        return np.array([self.parameters[name] for name in self.beta_names])

    @property
    def values(self) -> Floats:
        """(P,) all parameters in the order of `order`."""
        return np.array([self.parameters[name] for name in self.order])

    def draw(self, n: int, rng: np.random.Generator) -> Floats:
        """n draws (n, P), columns as `order`, from N(estimate, Var), redrawn where alpha >= 0 (bootstrap).

        Raises InputError for n < 1, SolveError when more than half of the draws are rejected.
        """
        if n < 1:
            raise InputError(f"{n} draws asked; expected at least 1")
        eigenvalues, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(eigenvalues, 0.0))
        column = self.order.index("alpha")
        centre = self.values

        def sample(size: int) -> Floats:
            drawn: Floats = centre + rng.standard_normal((size, len(centre))) @ root.T
            return drawn

        draws = sample(n)
        bad = np.flatnonzero(draws[:, column] >= 0.0)
        tried, rejected = n, bad.size
        while bad.size:
            if tried >= _ENOUGH_TRIES and 2 * rejected > tried:
                raise SolveError(
                    f"{self.path}: {rejected} of {tried} draws have alpha >= 0 (alpha {self.alpha:.4g}, "
                    f"standard error {math.sqrt(self.covariance[column, column]):.4g}); the price "
                    f"coefficient is not told "
                    "from zero: use an estimate with a sharper alpha"
                )
            draws[bad] = sample(bad.size)
            tried += bad.size
            bad = bad[draws[bad, column] >= 0.0]
            rejected += bad.size
        return draws
