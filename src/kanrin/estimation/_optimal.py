"""Optimal instruments at an estimate (iv-optimal): expected slopes of xi and omega in the parameters.

Sources: BLP 1999; Reynaert & Verboven 2014. Taken at xi = omega = 0, at prices that solve (zeta) with the
costs expected there [P13, P14].
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kanrin.base import Floats, InputError, SolveError
from kanrin.estimation._design import build_design, price_slopes
from kanrin.estimation._instruments import Instruments
from kanrin.estimation._market import Flat, invert, margin_step
from kanrin.estimation._objective import Model, Point, jacobian_rows
from kanrin.estimation._results import EstimationResults

__all__ = ["OptimalInstruments", "optimal_instruments"]

_PRICES = 1e-11  # of the largest price: where (zeta) has settled
_MOST = 2_000


@dataclass(frozen=True)
class OptimalInstruments:
    """Instruments for both sides, rows as the data; `prices` (N,) are the expected ones. Pass the two on to
    `build_problem` as instruments= and supply_instruments= in place of the old ones."""

    demand: Instruments
    supply: Instruments | None
    prices: Floats


def optimal_instruments(
    results: EstimationResults, expected_prices: Floats | None = None
) -> OptimalInstruments:
    """(Z_D, Z_S)_j = Omega^-1 E[d(xi_j, omega_j)'/d theta] at an estimate (iv-optimal).

    expected_prices: (N,) in the order of the data; without them the cost side decides them, and a model
    without costs takes a linear projection of prices on its instruments. Raises SolveError when prices do
    not settle.
    """
    problem, model = results.problem, results.model
    at = _Expected(results)
    if expected_prices is not None:
        prices = np.asarray(expected_prices, dtype=np.float64)
        if prices.shape != problem.prices.shape or not np.isfinite(prices).all():
            raise InputError(
                f"expected prices must be {problem.rows} finite numbers, in the order of the data"
            )
        prices = prices[problem.order]
    else:
        prices = at.solve() if problem.has_supply else _projected(results)
    moved, point = at.state(prices)
    d_xi, d_omega = jacobian_rows(moved, point)
    names = [f"optimal {name}" for name in model.theta.names]
    if not problem.has_supply:
        has_price = np.abs(problem.x1_slopes).max(axis=0, initial=0.0) > 0
        expected = at.linear(prices)[:, has_price]
        d_xi = np.column_stack([d_xi, -expected])
        names += [f"expected {n}" for n, h in zip(problem.x1.labels, has_price, strict=True) if h]
        return OptimalInstruments(_varying(_back(results, d_xi), names), None, _back(results, prices))
    both = np.stack([results.point.xi, results.point.omega])
    weights = np.linalg.inv(np.cov(both))
    demand = weights[0, 0] * d_xi + weights[0, 1] * d_omega
    supply = weights[1, 0] * d_xi + weights[1, 1] * d_omega
    return OptimalInstruments(
        _varying(_back(results, demand), names),
        _varying(_back(results, supply), names),
        _back(results, prices),
    )


def _back(results: EstimationResults, values: Floats) -> Floats:
    out = np.empty_like(values)
    out[results.problem.order] = values
    return out


def _varying(matrix: Floats, names: list[str]) -> Instruments:
    keep = [k for k in range(matrix.shape[1]) if np.abs(matrix[:, k]).max() > 0]
    return Instruments(matrix[:, keep], tuple(names[k] for k in keep))


def _projected(results: EstimationResults) -> Floats:
    """Prices as far as the instruments (and the absorbed effects) explain them."""
    problem = results.problem
    left = problem.demand_effects.residuals(problem.prices)
    basis = np.linalg.qr(problem.zd)[0]
    out: Floats = problem.prices - left + basis @ (basis.T @ left)
    return out


class _Expected:
    """The model at xi = omega = 0 and any prices."""

    def __init__(self, results: EstimationResults) -> None:
        self.results, self.problem, self.model = results, results.problem, results.model
        by_name = dict(zip(results.names, results.values, strict=True))
        self.beta = np.array([by_name[label] for label in self.problem.x1.labels])
        self.coefficients = self.model.theta.coefficients(results.point.theta, self.model.features)
        self.rho = self.model.rho_of(results.point.theta)
        self.effects = results.point.delta - results.point.xi - self.problem.x1.matrix @ self.beta
        costs = results.point.costs
        if self.model.has_supply:
            omega = results.point.omega
            self.costs = np.exp(np.log(costs) - omega) if self.model.is_log_cost else costs - omega
        self.keep = self.problem.wedge / self.problem.shares  # r / (1 + v)

    def linear(self, prices: Floats) -> Floats:
        """X1 at these prices."""
        table = self.problem.table.join({self.problem.price: prices})
        return build_design(self.problem.x1.formula, table, check=False).matrix

    def flat(self, prices: Floats) -> tuple[Flat, Floats, Floats]:
        """Markets, mean utilities and slopes of X1 at these prices; shares are still the observed ones."""
        table = self.problem.table.join({self.problem.price: prices})
        flat = self.model.flat
        if self.problem.x2 is not None:
            formula = self.problem.x2.formula
            flat = replace(
                flat,
                x2=build_design(formula, table, check=False).matrix,
                x2_by_price=price_slopes(formula, table, self.problem.price),
            )
        delta = self.linear(prices) @ self.beta + self.effects
        slope = price_slopes(self.problem.x1.formula, table, self.problem.price) @ self.beta
        return flat, delta, slope

    def solve(self) -> Floats:
        """Prices at which r p - c = zeta (zeta), from the observed ones."""
        prices = self.problem.prices.copy()
        receipts = self.problem.receipts.copy()
        size = float(np.abs(prices).max())
        for _ in range(_MOST):
            flat, delta, slope = self.flat(prices)
            margin = margin_step(
                flat, self.coefficients, self.rho, delta, slope, receipts - self.costs, self.keep
            )
            new = self.costs + margin
            step = (new - receipts) / self.keep
            prices, receipts = prices + step, new
            if float(np.abs(step).max()) <= _PRICES * size:
                return prices
        raise SolveError(
            f"expected prices did not settle in {_MOST} steps of (zeta), the last moved them by "
            f"{float(np.abs(step).max()):.2e}; give expected_prices, or look at agents whose "
            "price slope is near zero"
        )

    def state(self, prices: Floats) -> tuple[Model, Point]:
        """The model and a point at which its shares are those expected."""
        flat, delta, slope = self.flat(prices)
        shares = margin_step(flat, self.coefficients, self.rho, delta, slope, None, self.keep)
        flat = replace(flat, shares=shares, wedge=self.keep * shares)
        table = self.problem.table.join({self.problem.price: prices})
        searched = self.model.x1_alpha.shape[1] > 0
        x1_alpha, x1_slopes = self.model.x1_alpha, self.model.x1_alpha_slopes
        if searched:
            has_price = np.abs(self.problem.x1_slopes).max(axis=0, initial=0.0) > 0
            x1_alpha = self.linear(prices)[:, has_price]
            x1_slopes = price_slopes(self.problem.x1.formula, table, self.problem.price)[:, has_price]
        receipts = self.problem.receipts + self.keep * (prices - self.problem.prices)
        model = replace(
            self.model, flat=flat, x1_alpha=x1_alpha, x1_alpha_slopes=x1_slopes, receipts=receipts
        )
        found = invert(flat, self.coefficients, self.rho, delta)
        costs = self.costs if self.model.has_supply else self.results.point.costs
        eta = receipts - costs if self.model.has_supply else self.results.point.eta
        nothing = np.zeros(self.model.rows)
        return model, replace(
            self.results.point, delta=found.delta, eta=eta, costs=costs, xi=nothing, omega=nothing,
            clipped=np.zeros(self.model.rows, dtype=bool),
        )  # fmt: skip
