"""From a problem to all that is fixed in a search: features, agents, parameters and their starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.estimation._absorb import build_absorber
from kanrin.estimation._choices import LogCost, Lognormal, PriceOverIncome
from kanrin.estimation._design import build_design
from kanrin.estimation._market import Flat
from kanrin.estimation._nodes import AgentRule, Drawn, GaussHermite, Halton
from kanrin.estimation._objective import Model
from kanrin.estimation._own_agents import OwnAgents
from kanrin.estimation._parameters import build_theta
from kanrin.estimation._problem import Problem
from kanrin.estimation._starts import alpha_starts, mean_starts, price_start, rho_start, spread_starts

__all__ = ["build_model"]

_PRODUCT_RULE_MOST = 4  # dimensions up to which product Gauss-Hermite is the default (MODEL 2.1)


def build_model(
    problem: Problem,
    *,
    sigma: Any = None,
    pi: Any = None,
    mean: Mapping[str, float] | None = None,
    alpha: float | Mapping[str, float] | None = None,
    rho: Any = None,
) -> Model:
    """All that is fixed in a search, and the nonlinear parameters with their starts."""
    x2 = problem.x2
    labels = x2.labels if x2 is not None else ()
    over = next((form for form in problem.forms.values() if isinstance(form, PriceOverIncome)), None)
    demographics: list[str] = []
    if problem.demographics is not None:
        if not isinstance(problem.agents, OwnAgents):
            raise InputError("demographics need agents of your own: agents=OwnAgents(table, ...)")
        demographics = _demographic_labels(problem, problem.agents)
    over_place = None
    if over is not None:
        start = alpha if isinstance(alpha, int | float) else (alpha or {}).get(problem.price, None)
        start = -abs(price_start(problem)) if start is None else float(start)
        if start >= 0:
            raise InputError(f"alpha starts at {start:g}; price over income needs a start below zero")
        name = f"{problem.price}/{over.income}"
        over_place = (labels.index(problem.price), len(demographics), name, start)
    columns = [*demographics, *([f"1/{over.income}"] if over is not None else [])]
    has_price = np.abs(problem.x1_slopes).max(axis=0, initial=0.0) > 0
    searched = has_price if problem.has_supply else np.zeros_like(has_price)
    alpha_labels = [n for n, s in zip(problem.x1.labels, searched, strict=True) if s]
    theta = build_theta(
        x2_labels=labels,
        x2=x2.matrix if x2 is not None else np.zeros((problem.rows, 0)),
        demographic_labels=columns,
        lognormal={
            labels.index(name): form.sign
            for name, form in problem.forms.items()
            if isinstance(form, Lognormal)
        },
        over_income=over_place,
        alpha_labels=alpha_labels,
        alpha_start=alpha_starts(problem, alpha, alpha_labels),
        nest_labels=[str(level) for level in problem.nests.levels] if problem.nests is not None else [],
        sigma=_sigma(problem, sigma, over is not None),
        pi=pi,
        mean={**mean_starts(problem), **(mean or {})},
        rho=rho_start(problem) if rho is None and problem.nests is not None else rho,
    )
    drawn = _agents(problem, len(theta.spread))
    features = [drawn.nodes]
    if problem.demographics is not None and drawn.table is not None:
        features.append(
            build_design(problem.demographics, drawn.table, role="demographic", check=False).matrix
        )
    if over is not None:
        if drawn.table is None:
            raise InputError(
                "price over income needs agents with incomes: agents=lognormal_income(...) or OwnAgents"
            )
        income = drawn.table.numbers(over.income, "price over income")
        if (income <= 0).any():
            raise InputError(
                f"income {over.income!r} must be above zero; agent {int(np.argmin(income))} is not"
            )
        features.append(1.0 / income[:, None])
    features.append(np.ones((len(drawn.weights), 1)))
    represented = drawn.represented[problem.markets.codes]
    inside = np.bincount(problem.markets.codes, weights=problem.shares) / drawn.represented
    if inside.max() >= 1:
        t = int(inside.argmax())
        raise InputError(
            f"market {problem.market_names[t]}: the agents stand for {drawn.represented[t]:.4g} "
            "of potential buyers, "
            "fewer than those who bought; their weights must sum to more"
        )
    flat = Flat(
        problem.market_start, drawn.agent_start, drawn.weights,
        x2.matrix if x2 is not None else np.zeros((problem.rows, 0)), problem.x2_slopes,
        problem.shares / represented, problem.wedge / represented,
        problem.nests.codes if problem.nests is not None else None, problem.ownership, problem.market_names,
        problem.firms.codes if problem.firms is not None else None, problem.kappa,
    )  # fmt: skip
    fixed = problem.x1.matrix[:, ~searched]
    none = np.zeros((problem.rows, 0))
    supply = problem.supply_effects or build_absorber((), ())
    return Model(
        flat, theta, np.hstack(features), problem.demand_effects.residuals(fixed) if fixed.shape[1] else none,
        problem.x1.matrix[:, searched], problem.x1_slopes[:, searched], problem.zd, problem.demand_effects,
        supply.residuals(problem.x3.matrix) if problem.x3 is not None and problem.x3.labels else none,
        problem.zs, supply, problem.receipts, problem.has_supply, isinstance(problem.cost_form, LogCost),
        problem.cost_bounds, problem.row_names, _logit_start(problem, represented),
    )  # fmt: skip


def _logit_start(problem: Problem, represented: Floats) -> Floats:
    """log S - log S_0 of those the agents stand for."""
    shares = problem.shares / represented
    inside = np.bincount(problem.markets.codes, weights=shares)[problem.markets.codes]
    out: Floats = np.log(shares) - np.log1p(-inside)
    return out


def _demographic_labels(problem: Problem, agents: OwnAgents) -> list[str]:
    drawn = agents.draw(list(problem.market_names), 0)
    assert drawn.table is not None and problem.demographics is not None
    return list(build_design(problem.demographics, drawn.table, role="demographic", check=False).labels)


def _agents(problem: Problem, dimensions: int) -> Drawn:
    rule: AgentRule | OwnAgents | None = problem.agents
    if rule is None:
        rule = GaussHermite() if dimensions <= _PRODUCT_RULE_MOST else Halton(1_000, seed=0)
    return rule.draw(list(problem.market_names), dimensions)


def _sigma(problem: Problem, sigma: Any, is_over_income: bool) -> Any:
    """The starts as given; without any those of the linear approximation, none for a price over
    income alone."""
    if sigma is not None or problem.x2 is None:
        return sigma
    free = [label for label in problem.x2.labels if not (is_over_income and label == problem.price)]
    if not free:
        return np.zeros(len(problem.x2.labels))
    return {k: v for k, v in spread_starts(problem).items() if k in free}
