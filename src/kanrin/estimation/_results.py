"""What an estimate holds: parameters with errors, residuals, costs, and every market ready for simulation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kanrin.base import Bools, Floats, InputError, Ints, SolveError, UnknownName
from kanrin.estimation._choices import Clustered, Errors, Weighting
from kanrin.estimation._estimate_file import write_estimate
from kanrin.estimation._first_stage import FirstStage, first_stages
from kanrin.estimation._linear import dependent_columns, errors_words
from kanrin.estimation._objective import Model, Point, evaluate, jacobian_rows
from kanrin.estimation._problem import Problem
from kanrin.estimation._run import at_bound
from kanrin.estimation._search import Found
from kanrin.estimation._substitution import MarketPoint, Substitution, market_costs, substitution_of
from kanrin.estimation._tables import CoefficientTable, number
from kanrin.estimation._tails import chi_squared_tail

__all__ = ["EstimationResults", "MarketFit"]

_ENOUGH_TRIES = 50


@dataclass(frozen=True)
class MarketFit:
    """One market at the estimate, for what comes after. Rows are the products, columns the agents."""

    name: str
    rows: Ints  # (J,) row of the data
    shares: Floats  # (J,) of potential buyers
    represented: float  # part of potential buyers the agents stand for; divide shares by it to compare
    prices: Floats  # (J,) what the buyer pays
    delta: Floats  # (J,) mean utility, X1 price effect included
    mu: Floats  # (J, I) deviation, price effect of X2 included
    alpha: Floats  # (J, I) dV_ij/dp^c_j at the observed price
    weights: Floats  # (I,) sum one
    nests: Ints | None  # (J,)
    rho: Floats  # (J,)
    firms: NDArray[Any] | None  # (J,)
    ownership: Floats | None  # (J, J)
    costs: Floats | None  # (J,)
    is_price_linear: bool  # alpha_ij the same for all products: prices can move far
    frames: str = "dict"  # kind of frame the data came in
    costs_fault: str = ""  # why costs are None though the firms are known

    def __repr__(self) -> str:
        return f"MarketFit({self.name}: {len(self.rows)} products, {len(self.weights)} agents)"

    @property
    def negative_weight(self) -> float:
        """Weight of agents with a price slope at or above zero for some product; must be 0 to price."""
        return float(self.weights[(self.alpha >= 0).any(axis=0)].sum())


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
        names, t = self.problem.market_names, self._place(name)
        flat = self.model.flat
        j = slice(int(flat.market_start[t]), int(flat.market_start[t + 1]))
        i = slice(int(flat.agent_start[t]), int(flat.agent_start[t + 1]))
        at = self._market_point(t)
        alpha, rho = at.alpha, at.rho
        costs, fault = (self.point.costs[j] if self.problem.has_supply else None), ""
        if costs is None and flat.ownership is not None:
            try:
                costs = market_costs(at, self.problem.receipts[j])
            except SolveError as error:  # demand stands without costs
                fault = str(error)
        firms = self.problem.firms
        return MarketFit(
            names[t], self.problem.order[j], self.problem.shares[j],
            float(self.problem.shares[j][0] / flat.shares[j][0]), self.problem.prices[j], self.point.delta[j],
            flat.x2[j] @ at.coefficients[i].T, alpha, flat.weights[i],
            None if flat.nests is None else flat.nests[j], rho[j],
            None if firms is None else firms.levels[firms.codes[j]],
            None if flat.ownership is None else flat.ownership[t], costs,
            bool(np.allclose(alpha, alpha[0])), self.problem.table.kind, fault,
        )  # fmt: skip

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

    def strength(self) -> tuple[FirstStage, ...]:
        """How well the demand instruments move what is to be told apart: F for the slope of xi in every
        nonlinear parameter and for every endogenous linear regressor (MODEL 2.10).

        A parameter whose slope has an F below ten has an unreliable interval.
        """
        problem, model = self.problem, self.model
        slopes = jacobian_rows(model, self.point)[0]
        x1 = problem.demand_effects.residuals(problem.x1.matrix) if problem.x1.labels else problem.x1.matrix
        ends = np.column_stack([x1[:, problem.endogenous], problem.demand_effects.residuals(slopes)])
        names = tuple(n for n, e in zip(problem.x1.labels, problem.endogenous, strict=True) if e)
        names += tuple(f"d xi / d {n}" for n in model.theta.names)
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
        count = len(self.model.theta.parameters)
        gamma = 0 if self.problem.x3 is None else len(self.problem.x3.labels)
        beta = len(self.values) - count - gamma
        groups = ("nonlinear",) * count + ("linear",) * beta + ("cost",) * gamma
        statistics = {
            "Observations": f"{self.problem.rows:,} in {len(self.problem.market_names)} markets",
            "Agents": f"{len(self.model.flat.weights) / len(self.problem.market_names):.0f} a market",
            "Objective": number(self.objective),
            "Weighting": type(self.weighting).__name__,
            "Errors": errors_words(self.errors_kind, linear=False),
            "Search": f"{self.search.evaluations} evaluations, largest slope {self.search.slope:.2g}",
            "Inversion": f"largest |log S - log s| {self.point.residual:.1e}, "
            f"delta within {self.point.bound:.1e}",
        }
        effects = self.problem.demand_effects
        if effects.codes:
            statistics["Absorbed"] = f"{' + '.join(effects.names)} ({effects.rank} parameters)"
        if self.is_weighted_optimally:
            J, degrees, p = self.overidentification()
            statistics["Over-identification"] = f"J({degrees}) {number(J)}, p {p:.3f}"
        return CoefficientTable(
            "Random coefficients logit" if self.problem.x2 is not None else "Logit, GMM",
            self.names, self.values, self.errors, statistics, self.notes(), groups, self.problem.table.kind,
        )  # fmt: skip

    def notes(self) -> tuple[str, ...]:
        """What a reader must know: search not finished, parameters on bounds, clipped costs,
        slopes above zero."""
        out = [] if self.search.converged or not self.search.advice else [self.search.advice]
        out += self.search.notes
        theta = self.model.theta
        is_on = at_bound(theta, self.point.theta)
        known = np.isfinite(self.errors[: len(is_on)])
        on = [n for n, at, k in zip(theta.names, is_on, known, strict=True) if at and not k]
        if on:
            out.append(f"on its bound, without a standard error: {', '.join(on)}")
        is_none = theta.spread_at_zero(self.model.flat.x2, self.point.theta) & ~is_on
        none = [n for n, at in zip(theta.names, is_none, strict=True) if at]
        if none:
            out.append(
                f"at zero, where no normal interval exists: {', '.join(none)}; report profile(), or leave "
                "the random coefficient out"
            )
        if self.point.clipped.any():
            out.append(f"{int(self.point.clipped.sum())} costs are held at a bound")
        if self.problem.has_supply and (self.point.costs <= 0).any():
            out.append(f"{int((self.point.costs <= 0).sum())} costs are at or below zero")
        if self.problem.has_supply and (self.point.costs > self.problem.receipts).any():
            above = int((self.point.costs > self.problem.receipts).sum())
            out.append(f"{above} costs are above what their makers receive: demand is too flat there")
        weight = self.positive_slope_weight
        if weight > 0:
            out.append(
                f"{100 * weight:.2g} % of agents have a price slope at or above zero: prices cannot be solved"
            )
        if len(self.ends) > 1:
            best = min(self.ends)
            near = sum(1 for end in self.ends if end - best <= 1e-4 * (1 + abs(best)))
            out.append(f"{near} of {len(self.ends)} starts end at the best objective")
        return tuple(out)

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

    def save(self, path: str | Path, **words: Any) -> None:
        """Write an estimate file (TOML); `load_estimate` reads it, whatever version wrote it.

        For a price over income, give market, period, log_income_sd, nodes and `rename` = {regressor:
        attribute of the demand room}: `kanrin.demand.read_estimate` then reads it too.
        """
        write_estimate(path, self, **words)
