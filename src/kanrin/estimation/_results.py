"""What an estimate holds: parameters with errors, residuals, costs, and every market ready for simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from kanrin.base import Bools, Floats, InputError, KanrinError, SolveError, UnknownName
from kanrin.demand import Estimate, SavedEstimate, planned_estimate
from kanrin.estimation._choices import Clustered, Errors, Weighting
from kanrin.estimation._estimate_file import write_estimate
from kanrin.estimation._estimate_words import saved_estimate
from kanrin.estimation._first_stage import FirstStage, first_stages
from kanrin.estimation._linear import dependent_columns
from kanrin.estimation._market_fit import MarketFit, market_fit
from kanrin.estimation._objective import Model, Point, evaluate, jacobian_rows
from kanrin.estimation._problem import Problem
from kanrin.estimation._results_table import results_notes, results_table
from kanrin.estimation._search import Found
from kanrin.estimation._substitution import MarketPoint, Substitution, substitution_of
from kanrin.estimation._tables import CoefficientTable, number
from kanrin.estimation._tails import chi_squared_tail

__all__ = ["EstimationResults"]

_ENOUGH_TRIES = 50


@dataclass(frozen=True)
class EstimationResults:
    """A GMM estimate. Arrays over products have the order of the data that came in."""

    problem: Problem
    model: Model
    point: Point
    W: Floats
    S: Floats
    covariance: Floats  # (P + K1 + K3,) squared; nan for parameters on a bound
    jacobian: Floats
    weighting: Weighting
    errors_kind: Errors
    search: Found
    steps: int
    ends: tuple[float, ...]  # objective at the end of every start
    is_weighted_optimally: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Nonlinear parameters, then beta by label, then gamma, its labels after `cost`."""
        searched = self.model.theta.of_kind("alpha")
        taken = {n for n, a in zip(self.model.theta.names, searched, strict=True) if a}
        beta = tuple(n for n in self.problem.x1.labels if n not in taken)
        gamma = tuple(f"cost: {n}" for n in self.problem.x3.labels) if self.problem.x3 is not None else ()
        return self.model.theta.names + beta + gamma

    @property
    def values(self) -> Floats:
        """(P + K1 + K3,) in the order of `names`."""
        return np.concatenate([self.point.theta, self.point.linear])

    @property
    def errors(self) -> Floats:
        """Standard errors; nan for parameters on a bound."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.sqrt(np.diagonal(self.covariance)))

    def __getitem__(self, name: str) -> float:
        return float(self.values[self._index(name)])

    def error(self, name: str) -> float:
        """Standard error of a parameter."""
        return float(self.errors[self._index(name)])

    def _index(self, name: str) -> int:
        if name not in self.names:
            raise UnknownName("parameter", name, self.names)
        return self.names.index(name)

    @property
    def objective(self) -> float:
        """q = N g'Wg."""
        return self.point.value

    @property
    def converged(self) -> bool:
        """Whether the search reached its slope."""
        return self.search.converged

    def _back(self, values: Floats) -> Floats:
        out = np.empty_like(values)
        out[self.problem.order] = values
        return out

    @property
    def delta(self) -> Floats:
        """(N,) mean utilities."""
        return self._back(self.point.delta)

    @property
    def xi(self) -> Floats:
        """(N,) unobserved demand (less the absorbed effects)."""
        return self._back(self.point.xi)

    @property
    def omega(self) -> Floats:
        """(N,) unobserved cost (less the absorbed effects); zeros without supply."""
        return self._back(self.point.omega)

    @property
    def costs(self) -> Floats:
        """(N,) unit costs from the first-order conditions; of a demand-only model as well when
        firms are known."""
        if self.problem.has_supply:
            return self._back(self.point.costs)
        found = [self.market(name) for name in self.problem.market_names]
        out = np.empty(self.problem.rows)
        for fit in found:
            if fit.costs is None and fit.costs_fault:
                raise SolveError(fit.costs_fault)
            if fit.costs is None:
                raise InputError(
                    "costs need to know who sets prices: name the firms in build_problem(firms='...')"
                )
            out[fit.rows] = fit.costs
        return out

    @property
    def clipped(self) -> Bools:
        """(N,) costs held at a bound."""
        out = np.zeros(self.problem.rows, dtype=bool)
        out[self.problem.order] = self.point.clipped
        return out

    def slope_by_linear(self) -> Floats:
        """(N,) price slope that comes with X1, sorted by market."""
        by_name = dict(zip(self.names, self.values, strict=True))
        weights = np.array([by_name[label] for label in self.problem.x1.labels])
        out: Floats = self.problem.x1_slopes @ weights
        return out

    def market(self, name: object) -> MarketFit:
        """One market at the estimate. Raises UnknownName."""
        return market_fit(self.problem, self.point, self._market_point(self._place(name)))

    def _place(self, name: object) -> int:
        names = self.problem.market_names
        if str(name) not in names:
            raise UnknownName("market", str(name), names)
        return names.index(str(name))

    @cached_property
    def _everywhere(self) -> MarketPoint:
        model, theta = self.model, self.point.theta
        return MarketPoint(
            model.flat, model.theta.coefficients(theta, model.features), model.rho_of(theta),
            self.point.delta, self.slope_by_linear(), 0,
        )  # fmt: skip

    def _market_point(self, t: int) -> MarketPoint:
        return replace(self._everywhere, t=t)

    def substitution(self, market: object) -> Substitution:
        """Elasticities and diversion of one market, demand alone. Raises UnknownName."""
        t = self._place(market)
        at = self._market_point(t)
        j = at.products
        return substitution_of(
            at, self.problem.market_names[t], self.problem.order[j], self.problem.prices[j]
        )

    def elasticities(self, market: object) -> Floats:
        """(J, J) of one market: row = share, column = price moved, in the order of the data."""
        return self.substitution(market).elasticities

    @property
    def own_elasticities(self) -> Floats:
        """(N,) own-price elasticities; they need no firms and no margins."""
        out = np.empty(self.problem.rows)
        for name in self.problem.market_names:
            found = self.substitution(name)
            out[found.rows] = found.own
        return out

    @property
    def aggregate_elasticities(self) -> dict[str, float]:
        """By market: per cent change of all shares together when all prices rise by one per cent."""
        return {name: self.substitution(name).aggregate for name in self.problem.market_names}

    @property
    def positive_slope_weight(self) -> float:
        """Mean over markets of the weight of agents with a price slope at or above zero."""
        return float(np.mean([self.market(name).negative_weight for name in self.problem.market_names]))

    @cached_property
    def weak(self) -> tuple[str, ...]:
        """What the instruments do not move enough (F below ten)."""
        try:
            return tuple(stage.variable for stage in self.strength() if stage.is_weak)
        except KanrinError:  # a table without first stages; the estimate itself stands
            return ()

    def strength(self) -> tuple[FirstStage, ...]:
        """How well the demand instruments move what is to be told apart: F for the slope of xi in every
        nonlinear parameter and for every endogenous linear regressor (MODEL 2.10).

        A parameter whose slope has an F below ten has an unreliable interval.
        """
        problem, model = self.problem, self.model
        told = ~model.theta.spread_at_zero(model.flat.x2, self.point.theta)  # at zero there is no slope
        slopes = jacobian_rows(model, self.point)[0][:, told]
        x1 = problem.demand_effects.residuals(problem.x1.matrix) if problem.x1.labels else problem.x1.matrix
        ends = np.column_stack([x1[:, problem.endogenous], problem.demand_effects.residuals(slopes)])
        names = tuple(n for n, e in zip(problem.x1.labels, problem.endogenous, strict=True) if e)
        names += tuple(f"d xi / d {n}" for n, t in zip(model.theta.names, told, strict=True) if t)
        kept = [k for k in range(ends.shape[1]) if k not in dependent_columns(ends)]
        exogenous = x1[:, ~problem.endogenous]
        x = np.column_stack([exogenous, ends[:, kept]])
        flags = np.arange(x.shape[1]) >= exogenous.shape[1]
        labels = (*("" for _ in range(exogenous.shape[1])), *(names[k] for k in kept))
        errors = self.errors_kind
        cluster = problem.table.codes(errors.column) if isinstance(errors, Clustered) else None
        return first_stages(x, problem.zd, flags, labels, errors, cluster, problem.demand_effects.rank)[0]

    def overidentification(self) -> tuple[float, int, float]:
        """J, degrees of freedom and p (J-stat). Raises InputError after one step, whose W is not optimal."""
        if not self.is_weighted_optimally:
            raise InputError(
                "the J statistic needs an optimal W: estimate with TwoStep(), Iterated() or Continuous()"
            )
        degrees = len(self.S) - len(self.values)
        return self.objective, degrees, chi_squared_tail(self.objective, degrees) if degrees > 0 else 1.0

    def wald(
        self, restrictions: Callable[[dict[str, float]], Sequence[float] | float]
    ) -> tuple[float, int, float]:
        """Wald test that functions of the parameters are zero: statistic, degrees, p.

        restrictions: takes {name: value}, gives one number or several; differentiated by central differences.
        """

        def look(values: Floats) -> Floats:
            return np.atleast_1d(
                np.asarray(restrictions(dict(zip(self.names, map(float, values), strict=True))))
            )

        at = look(self.values)
        slopes = np.empty((len(at), len(self.values)))
        for k, value in enumerate(self.values):
            step = 1e-6 * max(1.0, abs(value))
            up, down = self.values.copy(), self.values.copy()
            up[k] += step
            down[k] -= step
            slopes[:, k] = (look(up) - look(down)) / (2 * step)
        used = np.abs(slopes).max(axis=0) > 0
        middle = slopes[:, used] @ self.covariance[np.ix_(used, used)] @ slopes[:, used].T
        if not np.isfinite(middle).all():
            raise InputError("the restriction uses a parameter on its bound, which has no standard error")
        value = float(at @ np.linalg.solve(middle, at))
        return value, len(at), chi_squared_tail(value, len(at))

    def distance(self, restricted: EstimationResults) -> tuple[float, int, float]:
        """Distance test of a restricted estimate made with this one's W: statistic, degrees, p.

        Estimate the restricted problem, then pass it: its objective is taken again at this W.
        """
        if restricted.W.shape != self.W.shape:
            raise InputError(
                "the two estimates have other moments; a distance test needs the same instruments"
            )
        again = evaluate(restricted.model, restricted.point.theta, self.W, gradient=False)
        degrees = len(self.values) - len(restricted.values)
        value = again.value - self.objective
        return value, degrees, chi_squared_tail(max(value, 0.0), max(degrees, 1))

    def at(self, values: Floats) -> EstimationResults:
        """The same problem at other parameters (order of `names`): shares inverted again, costs
        recovered again."""
        count = len(self.point.theta)
        point = evaluate(
            self.model, np.asarray(values[:count]), self.W, start=self.point.delta, gradient=False,
            linear=np.asarray(values[count:]),
        )  # fmt: skip
        return replace(self, point=point)

    def draw(self, n: int, rng: np.random.Generator) -> Floats:
        """n parameter draws (n, P + K) from N(estimate, Var), redrawn outside bounds (bootstrap); fixed
        ones stay.

        Raises SolveError when more than half of the draws fall outside.
        """
        known = np.isfinite(np.diagonal(self.covariance))
        values, vectors = np.linalg.eigh(self.covariance[np.ix_(known, known)])
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        low = np.concatenate([self.model.theta.low, np.full(len(self.point.linear), -np.inf)])
        high = np.concatenate([self.model.theta.high, np.full(len(self.point.linear), np.inf)])
        out = np.empty((n, len(known)))
        made = tried = 0
        while made < n:
            one = self.values.copy()
            one[known] += root @ rng.standard_normal(int(known.sum()))
            tried += 1
            if (one >= low).all() and (one <= high).all():
                out[made] = one
                made += 1
            elif tried >= _ENOUGH_TRIES and tried > 2 * (made + 1):
                raise SolveError(
                    "more than half of the parameter draws fall outside the bounds; report a profile"
                )
        return out

    def bootstrap(
        self, outcome: Callable[[EstimationResults], Any], n: int = 200, seed: int = 0
    ) -> tuple[Floats, int]:
        """Draws (m, ..) of any outcome of the estimate (bootstrap, `reinvert`), and how many draws failed."""
        made, failed = [], 0
        for values in self.draw(n, np.random.default_rng(seed)):
            try:
                made.append(np.asarray(outcome(self.at(values)), dtype=np.float64))
            except SolveError:
                failed += 1
        if not made:
            raise SolveError(
                f"none of {n} draws could be solved; the estimate is too uncertain for a bootstrap"
            )
        return np.array(made), failed

    @property
    def table(self) -> CoefficientTable:
        """The estimates as a table."""
        return results_table(self)

    def notes(self) -> tuple[str, ...]:
        """What a reader must know: search not finished, parameters on bounds, clipped costs,
        slopes above zero."""
        return results_notes(self)

    def summary(self) -> str:
        """The table as text."""
        return self.table.to_text()

    def to_frame(self) -> Any:
        """The table as a frame of the kind that came in."""
        return self.table.to_frame()

    def to_markdown(self) -> str:
        """The table in Markdown."""
        return self.table.to_markdown()

    def to_latex(self) -> str:
        """The table in LaTeX."""
        return self.table.to_latex()

    def __repr__(self) -> str:
        state = "converged" if self.converged else "not converged"
        return (
            f"EstimationResults({self.problem.rows:,} products in {len(self.problem.market_names)} markets, "
            f"{len(self.names)} parameters, objective {number(self.objective)}, {state})"
        )

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return self.table.to_html()

    def to_saved(self, **words: Any) -> SavedEstimate:
        """What `save` writes, as `load_estimate` reads it; the same words."""
        return saved_estimate(self, **words)

    def to_estimate(self, **words: Any) -> Estimate:
        """The demand of a plan, for `kanrin.plan(..., estimate=)`; the words of `save`, price_unit needed.

        Raises CaseError listing what a plan needs and the estimate lacks.
        """
        return planned_estimate(self.to_saved(**words))

    def save(
        self,
        path: str | Path,
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
    ) -> None:
        """Write an estimate file (TOML) that Python (`load_estimate`), `kanrin simulate` and, for price over
        log-normal income, `kanrin plan --estimate` read.

        A plan needs price_unit, the money of the price as "million JPY of 2016", and an attribute for every
        linear parameter: one that bears the name of an attribute of `kanrin.demand.ATTRIBUTES` is it; for
        others `rename` = {parameter: attribute}. left_to_xi: parameters, and attributes without one, whose
        effect is to stay in xi. log_income_sd and nodes are read off the agents; told otherwise they are
        refused. Raises InputError, UnknownName.
        """
        words = saved_estimate(
            self, market=market, period=period, title=title, origin=origin, note=note, price_unit=price_unit,
            price_definition=price_definition, log_income_sd=log_income_sd, nodes=nodes, rename=rename,
            left_to_xi=left_to_xi,
        )  # fmt: skip
        write_estimate(path, words)
