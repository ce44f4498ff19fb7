"""From a saved estimate to the demand of a plan: alpha, tastes by attribute, their covariance; or why not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kanrin.base import CaseError, Floats
from kanrin.demand._attributes import ATTRIBUTES
from kanrin.demand._estimate import NODES, PRICE_FORMS, Estimate
from kanrin.demand._estimate_covariance import unsound
from kanrin.demand._saved_estimate import COST, INTERCEPT, PlanWords, PriceWords, SavedEstimate

__all__ = ["planned_estimate"]

Place = Callable[[str, str], str]  # (key, table) -> "file:line"
RHO = "rho"
_SPREAD = ("sigma[", "pi[", "mean[", "rho[")


def planned_estimate(saved: SavedEstimate, place: Place | None = None) -> Estimate:
    """The estimate as the demand of a plan: utility delta + alpha price / income, log-normal income.

    Raises CaseError listing everything a plan needs and the estimate lacks: price over income, its money,
    log-normal incomes relative to the median, an attribute for every taste, a finite covariance.
    """
    faults = _Faults(place or (lambda key, table: saved.path or "the estimate"))
    price, words = saved.price or PriceWords("not told"), saved.plan or PlanWords()
    if price.form not in PRICE_FORMS:
        faults.add(
            "form", "price", f"the price enters as {price.form!r}; a plan needs {PRICE_FORMS[0]!r}: estimate "
            "with price_form = 'over-income' (PriceOverIncome) and agents of log-normal income",
        )  # fmt: skip
        raise CaseError(faults.found)
    if not price.unit:
        faults.add(
            "unit", "price", "unit is missing, so the money of the price is not known; give [save] "
            "price_unit in the specification, for example 'million JPY of 2016'",
        )  # fmt: skip
    if price.log_income_sd is None:
        faults.add(
            "log_income_sd", "price", "log_income_sd is missing: the buyers are not log-normal incomes "
            "relative to the median household; estimate with [agents] rule = 'lognormal-income' and median 1",
        )  # fmt: skip
    _check_alpha(saved, words, faults)
    _check_tastes(saved, words, faults)
    kept = [words.alpha, *words.attributes.values()]
    index = [saved.names.index(n) for n in kept if n in saved.names]
    order = ("alpha", *words.attributes)
    covariance: Floats = saved.covariance[np.ix_(index, index)]
    lost = [saved.names[k] for k in index if not np.isfinite(saved.covariance[k, k])]
    if lost:
        faults.add(
            "covariance", "estimate", f"the covariance of {', '.join(lost)} is not a number (a parameter on "
            "its bound has none); a plan draws from it: widen [bounds] and estimate again",
        )  # fmt: skip
    elif not np.isfinite(covariance).all():
        faults.add("covariance", "estimate", "the covariance holds something that is not a finite number")
    elif not faults.found and (fault := unsound(covariance, order)):
        faults.add("covariance", "estimate", f"covariance {fault}")
    if faults.found:
        raise CaseError(faults.found)
    return Estimate(
        saved.market, saved.period, saved.observations, price.form, price.definition,
        float(price.log_income_sd or 0.0), price.nodes or NODES,
        dict(zip(order, map(float, saved.values[index]), strict=True)), order,
        (covariance + covariance.T) / 2.0,
        {n[len(COST):]: saved[n] for n in saved.names if n.startswith(COST)},
        saved.origin, saved.title, saved.path, price.unit,
        tuple(n for n in words.left_to_xi if n in ATTRIBUTES),
    )  # fmt: skip


class _Faults:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.found: list[str] = []

    def add(self, key: str, table: str, what: str) -> None:
        self.found.append(f"{self.place(key, table)}: {what}")


def _check_alpha(saved: SavedEstimate, words: PlanWords, faults: _Faults) -> None:
    if not words.alpha:
        faults.add("alpha", "plan", "alpha is missing; name the parameter of price over income")
    elif words.alpha in saved.names and not saved[words.alpha] < 0.0:
        faults.add(
            "values", "estimate", f"alpha ({words.alpha}) is {saved[words.alpha]:.6g}; expected a number "
            "below zero: with alpha >= 0 buyers like high prices and profit has no bound",
        )  # fmt: skip


def _check_tastes(saved: SavedEstimate, words: PlanWords, faults: _Faults) -> None:
    """Every demand parameter is alpha, an attribute, the intercept or left to xi; tastes are common."""
    known, read = ", ".join(saved.names), (words.alpha, *words.attributes.values())
    for attribute, name in (("alpha", words.alpha), *words.attributes.items()):
        if name and name not in saved.names:
            table = "plan" if attribute == "alpha" else "plan.attributes"
            faults.add(
                attribute, table, f"{attribute}: parameter {name!r} is not among those of [estimate]: {known}"
            )
    for name in words.left_to_xi:
        if name in (*words.attributes, *read):
            faults.add("left_to_xi", "plan", f"{name} is both read and left to xi; remove it from one")
        elif name not in saved.names and name not in ATTRIBUTES:
            faults.add(
                "left_to_xi", "plan", f"left_to_xi: {name!r} is neither a parameter ({known}) nor an "
                f"attribute ({', '.join(ATTRIBUTES)})",
            )  # fmt: skip
    rest = [n for n in saved.names if n not in (*read, INTERCEPT) and not n.startswith(COST)]
    spread = [n for n in rest if n == RHO or n.startswith(_SPREAD)]
    if spread:
        faults.add(
            "names", "estimate", f"the estimate has {', '.join(spread)}; in a plan buyers differ by income "
            "alone and there are no nests: estimate without them",
        )  # fmt: skip
    linear = [n for n in rest if n not in (*spread, *words.left_to_xi)]
    if linear:
        faults.add(
            "attributes", "plan", f"no attribute is named for {', '.join(linear)}; name it in [save] rename "
            f"(known: {', '.join(ATTRIBUTES)}), or list it in [save] left_to_xi: its effect then stays in xi",
        )  # fmt: skip
