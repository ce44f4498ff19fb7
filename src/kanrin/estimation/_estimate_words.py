"""From results to what an estimate file holds, with the words by which a plan reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from kanrin.base import Floats, InputError, UnknownName
from kanrin.base._version import __version__
from kanrin.demand import (
    ATTRIBUTES,
    PRICE_DEFINITIONS,
    PRICE_FORMS,
    PlanWords,
    PriceWords,
    SavedEstimate,
)
from kanrin.estimation._choices import Lognormal, PriceOverIncome
from kanrin.estimation._own_agents import OwnAgents
from kanrin.estimation._problem import Problem
from kanrin.estimation._table import as_table
from kanrin.numerics import gauss_hermite

if TYPE_CHECKING:
    from kanrin.estimation._results import EstimationResults

__all__ = ["check_words", "saved_estimate"]

_SAME = 1e-9  # relative; incomes and weights that are those of a Gauss-Hermite rule


def check_words(
    problem: Problem,
    *,
    price_definition: str = "list",
    rename: Mapping[str, str] | None = None,
    left_to_xi: Sequence[str] = (),
    log_income_sd: float | None = None,
    nodes: int | None = None,
) -> None:
    """Raise InputError for words of an estimate file that do not fit the problem, before the search."""
    _income_rule(problem, log_income_sd, nodes)
    if price_definition not in PRICE_DEFINITIONS:
        raise InputError(f"price_definition is {price_definition!r}; expected 'list' or 'consumer'")
    alpha = _alpha_name(problem)
    names = problem.x1.labels + ((alpha,) if alpha else ())
    for name, attribute in (rename or {}).items():
        if name not in names:
            raise UnknownName("parameter", name, names, "rename goes by the names of the parameters")
        if attribute not in (*ATTRIBUTES, "alpha"):
            raise UnknownName("attribute", attribute, ATTRIBUTES, "rename gives attributes of a car sheet")
    read = [(rename or {}).get(name, name) for name in problem.x1.labels if name not in left_to_xi]
    for attribute in read:
        if read.count(attribute) > 1:
            raise InputError(
                f"{attribute!r} is two parameters (rename and the names as they are); an attribute is one: "
                "correct rename, or list the other in left_to_xi"
            )
    for name in left_to_xi:
        if name not in (*names, *ATTRIBUTES):
            raise UnknownName("parameter or attribute", name, (*names, *ATTRIBUTES))


def saved_estimate(
    results: EstimationResults,
    *,
    market: str = "",
    period: str = "",
    title: str = "",
    origin: str = "",
    note: str = "",
    price_unit: str = "",
    price_definition: str = "list",
    log_income_sd: float | None = None,
    nodes: int | None = None,
    rename: Mapping[str, str] | None = None,
    left_to_xi: Sequence[str] = (),
) -> SavedEstimate:
    """What `EstimationResults.save` writes; see there."""
    problem = results.problem
    check_words(
        problem, price_definition=price_definition, rename=rename, left_to_xi=left_to_xi,
        log_income_sd=log_income_sd, nodes=nodes,
    )  # fmt: skip
    formulas = {"linear": problem.x1, "random": problem.x2, "costs": problem.x3}
    made = {key: "" if design is None else design.formula.text for key, design in formulas.items()}
    made |= {
        "price": problem.price,
        "weighting": type(results.weighting).__name__,
        "errors": type(results.errors_kind).__name__,
        "objective": repr(float(results.objective)),
        "kanrin": __version__,
    }
    found = _income_rule(problem, log_income_sd, nodes)
    form = problem.forms.get(problem.price)
    price = PriceWords(
        PRICE_FORMS[0] if isinstance(form, PriceOverIncome)
        else "lognormal" if isinstance(form, Lognormal) else "linear",
        price_definition, price_unit, *found,
    )  # fmt: skip
    return SavedEstimate(
        results.names, np.array(results.values), np.array(results.covariance), problem.rows,
        float(results.objective), made, market, period, title, origin, note, price,
        _plan_words(problem, rename or {}, left_to_xi),
    )  # fmt: skip


def _alpha_name(problem: Problem) -> str:
    """The name of alpha of price over income; empty where the price enters otherwise."""
    form = problem.forms.get(problem.price)
    return f"{problem.price}/{form.income}" if isinstance(form, PriceOverIncome) else ""


def _plan_words(problem: Problem, rename: Mapping[str, str], left_to_xi: Sequence[str]) -> PlanWords:
    """alpha, and the parameters that are attributes: by `rename`, or by bearing an attribute's name."""
    attributes = {}
    for name in problem.x1.labels:
        attribute = rename.get(name, name)
        if attribute in ATTRIBUTES and name not in left_to_xi:
            attributes[attribute] = name
    return PlanWords(_alpha_name(problem), attributes, tuple(dict.fromkeys(left_to_xi)))


def _income_rule(
    problem: Problem, log_income_sd: float | None, nodes: int | None
) -> tuple[float | None, int | None]:
    """Spread and nodes of log-normal incomes relative to the median, read off the agents; None for others.

    Raises InputError when they are told otherwise.
    """
    found = _log_normal(problem)
    told = (log_income_sd, nodes)
    if found is None:
        if told != (None, None):
            raise InputError(
                "log_income_sd and nodes are given, but the agents are not log-normal incomes of median 1 by "
                "Gauss-Hermite; leave them out, or estimate with such agents"
            )
        return None, None
    sd, count = found
    if log_income_sd is not None and abs(log_income_sd - sd) > _SAME * sd:
        raise InputError(f"log_income_sd is {log_income_sd}; the agents were made with {sd:.12g}")
    if nodes is not None and nodes != count:
        raise InputError(f"nodes is {nodes}; the agents were made with {count}")
    return (float(f"{sd:.12g}") if log_income_sd is None else log_income_sd), count


def _log_normal(problem: Problem) -> tuple[float, int] | None:
    form, agents = problem.forms.get(problem.price), problem.agents
    if not isinstance(form, PriceOverIncome) or not isinstance(agents, OwnAgents):
        return None
    if agents.market is not None or agents.rest_never_buys:
        return None
    table = as_table(agents.data, "the agents")
    income = table.numbers(form.income, "the incomes")
    if len(income) < 2 or not (income > 0).all():
        return None
    weights: Floats = np.full(len(income), 1.0 / len(income))
    if agents.weights is not None:
        weights = table.numbers(agents.weights, "the weights")
    x, w = gauss_hermite(len(income))
    sd = float(np.log(income[-1]) / x[-1])
    is_rule = np.allclose(np.log(income), sd * x, rtol=0, atol=_SAME * abs(sd * x[-1]))
    return (sd, len(income)) if sd > 0 and is_rule and np.allclose(weights, w / w.sum(), rtol=_SAME) else None
