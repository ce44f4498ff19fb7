"""Estimate a problem by GMM: starts, search, weighting, errors (moments), (se)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from kanrin.base import Bools, Floats, InputError, Ints, SolveError
from kanrin.estimation._absorb import build_absorber
from kanrin.estimation._choices import (
    LBFGSB,
    Clustered,
    Continuous,
    Errors,
    Iterated,
    LogCost,
    Lognormal,
    OneStep,
    PriceOverIncome,
    Robust,
    Search,
    TwoStep,
    Unadjusted,
    Weighting,
)
from kanrin.estimation._design import build_design
from kanrin.estimation._gmm import first_weights, moment_covariance, parameter_covariance, symmetric_inverse
from kanrin.estimation._market import Flat
from kanrin.estimation._nodes import AgentRule, Drawn, GaussHermite, Halton, OwnAgents
from kanrin.estimation._objective import Model, Point, evaluate, gradient_at, moment_jacobian, moment_rows
from kanrin.estimation._parameters import Theta, build_theta
from kanrin.estimation._problem import Problem
from kanrin.estimation._results import EstimationResults
from kanrin.estimation._search import Found, minimise
from kanrin.estimation._starts import alpha_starts, price_start, spread_starts

__all__ = ["build_model", "estimate"]

_PRODUCT_RULE_MOST = 4  # dimensions up to which product Gauss-Hermite is the default (MODEL 2.1)
_JITTER = 0.5  # log-normal spread of further starts
_ON_BOUND = 1e-8
_POLISH = 10  # Gauss-Newton steps after a search that stopped short
_NEAR = 1e-2  # largest slope, relative to q, at which such steps are tried
_Bounds = Mapping[str, tuple[float | None, float | None]]


def estimate(
    problem: Problem,
    *,
    sigma: Any = None,
    pi: Any = None,
    mean: Mapping[str, float] | None = None,
    alpha: float | Mapping[str, float] | None = None,
    rho: Any = None,
    weighting: Weighting | None = None,
    errors: Errors | None = None,
    bounds: _Bounds | None = None,
    search: Search | None = None,
    starts: int = 1,
    seed: int = 0,
    at_start: bool = False,
) -> EstimationResults:
    """GMM estimate of a problem.

    sigma: starts of the taste root, a number, K2 numbers (diagonal), a lower-triangular K2 x K2 matrix, or a
    dict by label; zeros stay zero. pi: K2 x D, or a dict by (label, demographic); zeros stay zero. mean:
    starts of lognormal coefficients' means. alpha: starts of price coefficients that are searched (with
    costs, or price over income). rho: one start, or one for each nest. bounds: by parameter name, LBFGSB
    only. starts: how many starts, the first as given, the others spread about it by `seed`; the best end
    counts. at_start: take the starts as the answer, without search. Defaults: TwoStep(), Robust(), LBFGSB().
    Raises InputError for what cannot be estimated, SolveError when the start itself fails.
    """
    with threadpool_limits(limits=1, user_api="blas"):  # many small solves: more threads only wait
        return _estimate(
            problem, {"sigma": sigma, "pi": pi, "mean": mean, "alpha": alpha, "rho": rho},
            weighting or TwoStep(), errors or Robust(), bounds, search or LBFGSB(), starts, seed, at_start,
        )  # fmt: skip


def _estimate(
    problem: Problem,
    begin: dict[str, Any],
    weighting: Weighting,
    errors: Errors,
    bounds: _Bounds | None,
    search: Search,
    starts: int,
    seed: int,
    at_start: bool,
) -> EstimationResults:
    if isinstance(weighting, Continuous) and isinstance(errors, Unadjusted):
        raise InputError("Continuous() weighting needs Robust() or Clustered() errors")
    model = build_model(problem, **begin)
    if bounds:
        model = replace(model, theta=model.theta.bounded(bounds))
    clusters = None
    if isinstance(errors, Clustered):
        clusters = problem.table.codes(errors.column, use="the clusters").codes
    _refuse_too_few(model)
    run = _Run(model, errors, clusters, search, at_start)
    W = first_weights(model)
    if isinstance(weighting, TwoStep | Iterated) and weighting.from_start:
        W = run.updated(evaluate(model, model.theta.start, W, gradient=False))
    point, found, ends = _first_step(run, W, starts, seed)
    steps = 1
    if isinstance(weighting, TwoStep | Iterated):
        most = 1 if isinstance(weighting, TwoStep) else weighting.most
        for _ in range(most):
            before = np.concatenate([point.theta, point.linear])
            W = run.updated(point)
            point, found = run.search(point.theta, W, point.delta)
            steps += 1
            after = np.concatenate([point.theta, point.linear])
            if (
                isinstance(weighting, Iterated)
                and (
                    np.abs(after - before) <= weighting.tolerance * (np.abs(after) + weighting.tolerance)
                ).all()
            ):
                break
    elif isinstance(weighting, Continuous):
        W = run.updated(point)
        point, found = run.search(point.theta, W, point.delta)
        point, found, W = run.search_continuous(point)
        steps += 2
    S = moment_covariance(model, point, errors, clusters)
    free = ~_on_bound(model.theta, point.theta)
    covariance, jacobian = parameter_covariance(model, point, W, S, free)
    return EstimationResults(
        problem, model, point, W, S, covariance, jacobian, weighting, errors, found, steps, ends,
        not isinstance(weighting, OneStep),
    )  # fmt: skip


def _first_step(run: _Run, W: Floats, starts: int, seed: int) -> tuple[Point, Found, tuple[float, ...]]:
    """The best end over the starts, and every end's objective."""
    theta = run.model.theta
    rng = np.random.default_rng(seed)
    best: tuple[Point, Found] | None = None
    ends: list[float] = []
    for k in range(max(starts, 1)):
        start = theta.start
        if k:
            start = np.clip(start * np.exp(_JITTER * rng.standard_normal(len(start))), theta.low, theta.high)
        try:
            point, found = run.search(start, W, None)
        except SolveError:
            if starts <= 1 or (k == starts - 1 and best is None):
                raise
            continue
        ends.append(point.value)
        if best is None or point.value < best[0].value:
            best = point, found
    assert best is not None
    return best[0], best[1], tuple(ends)


class _Run:
    """One model under search: keeps the latest mean utilities as the next start."""

    def __init__(
        self, model: Model, errors: Errors, clusters: Ints | None, search: Search, at_start: bool
    ) -> None:
        self.model, self.errors, self.clusters, self.how, self.at_start = (
            model,
            errors,
            clusters,
            search,
            at_start,
        )

    def updated(self, point: Point) -> Floats:
        """W = S^-1 at a point."""
        S = moment_covariance(self.model, point, self.errors, self.clusters)
        return symmetric_inverse(S, "the covariance of the moments")

    def search(self, start: Floats, W: Floats, delta: Floats | None) -> tuple[Point, Found]:
        """The smallest q at a given W."""
        latest = [self.model.start if delta is None else delta]

        def function(theta: Floats) -> tuple[float, Floats]:
            point = evaluate(self.model, theta, W, start=latest[0])
            latest[0] = point.delta
            return point.value, point.gradient

        if not len(start) or self.at_start:
            point = evaluate(self.model, start, W, start=latest[0])
            slope = float(np.abs(point.gradient).max(initial=0.0))
            advice = "" if not len(start) else "the starts are taken as they are, without search"
            return point, Found(start, point.value, point.gradient, slope, 1, 0, not len(start), advice)
        theta = self.model.theta
        found = minimise(function, start, theta.low, theta.high, self.how)
        point = evaluate(self.model, found.x, W, start=latest[0])
        return (point, found) if found.converged else self.polished(point, found, W)

    def polished(self, point: Point, found: Found, W: Floats) -> tuple[Point, Found]:
        """Gauss-Newton steps where a search stopped because q no longer moves in its last digits.

        Near the end the slope can still be halved many times after q stands still; a step counts only when it
        makes the largest slope smaller.
        """
        slope = found.slope
        for _ in range(_POLISH):
            free = ~_on_bound(self.model.theta, point.theta)
            if slope <= self.how.slope or slope > _NEAR * (1.0 + point.value) or not free.any():
                break
            G = moment_jacobian(self.model, point)
            index = np.concatenate([np.flatnonzero(free), np.arange(len(free), G.shape[1])])
            right = np.concatenate([point.gradient[free], np.zeros(len(index) - int(free.sum()))])
            curvature = 2.0 * self.model.rows * (G[:, index].T @ W @ G[:, index])
            step = np.linalg.lstsq(curvature, right, rcond=None)[0][: int(free.sum())]
            theta = point.theta.copy()
            theta[free] = np.clip(theta[free] - step, self.model.theta.low[free], self.model.theta.high[free])
            try:
                new = evaluate(self.model, theta, W, start=point.delta)
            except SolveError:
                break
            moved = np.clip(theta - new.gradient, self.model.theta.low, self.model.theta.high) - theta
            if float(np.abs(moved).max()) >= slope:
                break
            point, slope = new, float(np.abs(moved).max())
        converged = slope <= self.how.slope
        return point, replace(
            found,
            x=point.theta,
            value=point.value,
            gradient=point.gradient,
            slope=slope,
            converged=converged,
            advice="" if converged else found.advice,
        )

    def search_continuous(self, begin: Point) -> tuple[Point, Found, Floats]:
        """The smallest q with W = S^-1 at the same point; theta, beta and gamma are searched together."""
        model, count = self.model, len(begin.theta)
        latest = [begin.delta]
        size = model.zd.shape[1] + (model.zs.shape[1] if model.has_supply else 0)
        none = np.zeros((size, size))

        def look(x: Floats) -> tuple[Point, Floats]:
            point = evaluate(model, x[:count], none, start=latest[0], gradient=False, linear=x[count:])
            latest[0] = point.delta
            return point, self.updated(point)

        def function(x: Floats) -> tuple[float, Floats]:
            point, W = look(x)
            rows = moment_rows(model, point)
            mean = rows.mean(axis=0)
            Wg = W @ mean
            own = (rows - mean) @ Wg  # a'(g_j - g)
            if self.clusters is not None:
                own = np.bincount(self.clusters, weights=own)[self.clusters]
            by_theta, by_linear = gradient_at(model, point, Wg, (1.0 - own, 1.0 - own))
            return float(model.rows * mean @ Wg), np.concatenate([by_theta, by_linear])

        start = np.concatenate([begin.theta, begin.linear])
        scale = 1.0 / np.maximum(np.abs(start), 1e-3)
        wide = np.full(len(begin.linear), np.inf)

        def scaled(x: Floats) -> tuple[float, Floats]:
            q, slope = function(x / scale)
            return q, slope / scale

        low, high = np.append(model.theta.low, -wide) * scale, np.append(model.theta.high, wide) * scale
        found = minimise(scaled, start * scale, low, high, self.how)
        point, W = look(found.x / scale)
        q = float(
            model.rows * moment_rows(model, point).mean(axis=0) @ W @ moment_rows(model, point).mean(axis=0)
        )
        return replace(point, value=q), found, W


def _on_bound(theta: Theta, values: Floats) -> Bools:
    size = _ON_BOUND * (1.0 + np.abs(values))
    return np.asarray((values <= theta.low + size) | (values >= theta.high - size))


def _refuse_too_few(model: Model) -> None:
    moments = model.zd.shape[1] + (model.zs.shape[1] if model.has_supply else 0)
    linear = model.x1.shape[1] + (model.x3.shape[1] if model.has_supply else 0)
    wanted = len(model.theta.parameters) + linear
    if moments < wanted:
        raise InputError(
            f"{moments} moments cannot carry {wanted} parameters ({len(model.theta.parameters)} "
            f"nonlinear, {linear} "
            "linear); add instruments, for example differentiation_instruments(), or set sigma and pi to zero"
        )


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
        mean=mean,
        rho=rho,
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
        problem.cost_bounds, problem.row_names(), _logit_start(problem, represented),
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
