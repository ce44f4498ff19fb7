"""Estimate a problem by GMM: starts, search, weighting, errors (moments), (se)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from kanrin.base import Floats, InputError, SolveError
from kanrin.estimation._choices import (
    LBFGSB,
    Clustered,
    Continuous,
    Errors,
    Iterated,
    OneStep,
    Robust,
    Search,
    TwoStep,
    Unadjusted,
    Weighting,
)
from kanrin.estimation._continuous import search_continuous
from kanrin.estimation._first_step import first_step
from kanrin.estimation._gmm import first_weights, is_near_singular, moment_covariance, parameter_covariance
from kanrin.estimation._model import build_model
from kanrin.estimation._objective import Model, Point, evaluate
from kanrin.estimation._problem import Problem
from kanrin.estimation._progress import Progress, Reporter, fingerprint
from kanrin.estimation._results import EstimationResults
from kanrin.estimation._run import Run, at_bound
from kanrin.estimation._search import Found

__all__ = ["estimate"]

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
    progress: Callable[[Progress], None] | None = None,
    resume: Progress | None = None,
) -> EstimationResults:
    """GMM estimate of a problem.

    sigma: starts of the taste root, a number, K2 numbers (diagonal), a lower-triangular K2 x K2 matrix, or a
    dict by label; zeros stay zero. pi: K2 x D, or a dict by (label, demographic); zeros stay zero. mean:
    starts of lognormal coefficients' means. alpha: starts of price coefficients that are searched (with
    costs, or price over income). rho: one start, or one for each nest. bounds: by parameter name, LBFGSB
    only. starts: how many starts, the first as given, the others spread about it by `seed`; the best end
    counts. at_start: take the starts as the answer, without search. progress: called after every evaluation;
    resume: go on from what it was last told. Defaults: TwoStep(), Robust(), LBFGSB(). A trial point that
    cannot be solved is stepped back from, and counted in the notes; where no start can be solved, starts
    nearer to the plain logit are tried. Raises InputError for what cannot be estimated, SolveError naming the
    market when no start works.
    """
    if starts < 1:
        raise InputError(f"starts is {starts}; expected at least 1")
    begin = {"sigma": sigma, "pi": pi, "mean": mean, "alpha": alpha, "rho": rho}
    how = _Settings(
        weighting or TwoStep(),
        errors or Robust(),
        search or LBFGSB(),
        starts,
        seed,
        at_start,
        progress,
        resume,
    )
    with threadpool_limits(limits=1, user_api="blas"):  # many small solves: more threads only wait
        return _estimate(problem, begin, bounds, how)


@dataclass(frozen=True)
class _Settings:
    """How to estimate."""

    weighting: Weighting
    errors: Errors
    search: Search
    starts: int
    seed: int
    at_start: bool
    progress: Callable[[Progress], None] | None
    resume: Progress | None


def _estimate(
    problem: Problem, begin: dict[str, Any], bounds: _Bounds | None, how: _Settings
) -> EstimationResults:
    weighting, errors = how.weighting, how.errors
    if isinstance(weighting, Continuous) and isinstance(errors, Unadjusted):
        raise InputError("Continuous() weighting needs Robust() or Clustered() errors")
    model = build_model(problem, **begin)
    if bounds:
        model = replace(model, theta=model.theta.bounded(bounds))
    clusters = None
    if isinstance(errors, Clustered):
        clusters = problem.table.codes(errors.column, use="the clusters").codes
    _refuse_too_few(model)
    mark = fingerprint(model, weighting, errors, how.starts, how.seed)
    _refuse_other(how.resume, mark)
    run = Run(model, errors, clusters, how.search, how.at_start, Reporter(how.progress, how.starts, mark))
    W = first_weights(model)
    if isinstance(weighting, TwoStep | Iterated) and weighting.from_start:
        W = run.updated(evaluate(model, model.theta.start, W, gradient=False))
    ended = _steps(run, W, how)
    S = moment_covariance(model, ended.point, errors, clusters)
    if is_near_singular(ended.W):
        run.notes.append("the weighting matrix is nearly singular: the objective and its tests lose digits")
    theta = ended.point.theta
    free = ~at_bound(model.theta, theta) & ~model.theta.spread_at_zero(model.flat.x2, theta)
    try:
        covariance, jacobian = parameter_covariance(model, ended.point, ended.W, S, free)
    except (InputError, SolveError) as error:
        if ended.found.converged:
            raise
        run.notes.append(f"no standard errors where the search stopped: {error}")
        width = len(theta) + len(ended.point.linear)
        covariance, jacobian = np.full((width, width), np.nan), np.full((len(S), width), np.nan)
    return EstimationResults(
        problem, model, ended.point, ended.W, S, covariance, jacobian, weighting, errors,
        replace(ended.found, notes=run.told()), ended.steps, ended.ends,
        not isinstance(weighting, OneStep),
    )  # fmt: skip


@dataclass(frozen=True)
class _Ended:
    """Where all steps ended."""

    point: Point
    found: Found
    W: Floats
    steps: int
    ends: tuple[float, ...]


def _steps(run: Run, W: Floats, how: _Settings) -> _Ended:
    """One search at the first W, then those at the weights that follow; from where a search was left."""
    weighting, reporter, at = how.weighting, run.reporter, how.resume
    if at is None or at.step == 1:
        point, found, ends = first_step(run, W, how.starts, how.seed, at)
        step, left = 1, None
    else:
        point, found = _before(run, at, W), None
        ends, step, left = tuple(value for value, _ in at.ends), at.step - 1, np.asarray(at.theta)
        reporter.ends, reporter.start = at.ends, at.start
    most = {Continuous: 2, TwoStep: 2, OneStep: 1}.get(type(weighting), 0)
    most = weighting.most + 1 if isinstance(weighting, Iterated) else most
    while step < most:
        before = np.concatenate([point.theta, point.linear])
        W = run.updated(point)
        step += 1
        reporter.step, reporter.before = step, tuple(map(float, before))
        point, found = run.search(point.theta if left is None else left, W, point.delta)
        left = None
        after = np.concatenate([point.theta, point.linear])
        if isinstance(weighting, Iterated) and _stands(before, after, weighting.tolerance):
            break
    if isinstance(weighting, Continuous):
        step = 3
        reporter.step, reporter.before = step, (*map(float, point.theta), *map(float, point.linear))
        point, found, W = search_continuous(run, point, left)
    assert found is not None
    return _Ended(point, found, W, step, ends)


def _before(run: Run, at: Progress, W: Floats) -> Point:
    """The point at the end of the step before the one that was left."""
    count = len(run.model.theta.parameters)
    values = np.asarray(at.before)
    return evaluate(run.model, values[:count], W, gradient=False, linear=values[count:])


def _stands(before: Floats, after: Floats, tolerance: float) -> bool:
    return bool((np.abs(after - before) <= tolerance * (np.abs(after) + tolerance)).all())


def _refuse_other(resume: Progress | None, mark: str) -> None:
    if resume is not None and resume.fingerprint != mark:
        raise InputError(
            "the unfinished search is one of other data, formulas, starts or settings; estimate anew without "
            "it, or restore what it was begun with"
        )


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
