"""The GMM objective of demand and supply at given nonlinear parameters, with its adjoint gradient (moments).

q = N g'Wg, PyBLP's scaling. The linear parameters are concentrated out (concentrate); by the envelope the
gradient is the adjoint's alone (adjoint), (adjoint-supply).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kanrin import kernels
from kanrin.base import Bools, Floats, SolveError
from kanrin.estimation._absorb import Absorber
from kanrin.estimation._market import Flat, invert, kernel_markets, margins
from kanrin.estimation._market_slopes import adjoint, forward
from kanrin.estimation._parameters import Theta

__all__ = ["Model", "Point", "evaluate", "gradient_at", "jacobian_rows", "moment_jacobian", "moment_rows"]


@dataclass(frozen=True)
class Model:
    """All that is fixed during a search. Rows are sorted by market; matrices are residuals of the effects."""

    flat: Flat
    theta: Theta
    features: Floats  # (A, F)
    x1: Floats  # (N, K1) concentrated
    x1_alpha: Floats  # (N, Ka) columns whose coefficients are searched, as they stand
    x1_alpha_slopes: Floats  # (N, Ka) their slopes in price
    zd: Floats  # (N, MD)
    demand_effects: Absorber
    x3: Floats  # (N, K3)
    zs: Floats  # (N, MS)
    supply_effects: Absorber
    receipts: Floats  # (N,) r p
    has_supply: bool
    is_log_cost: bool
    cost_bounds: tuple[float, float]
    row_names: Callable[[], tuple[str, ...]]  # told only when a row is at fault
    start: Floats  # (N,) delta of the logit

    def __repr__(self) -> str:
        return f"Model({self.rows:,} products, nonlinear {', '.join(self.theta.names) or 'none'})"

    @property
    def rows(self) -> int:
        """N."""
        return len(self.start)

    @cached_property
    def moments_by_linear(self) -> Floats:
        """Z'X (M, K1 + K3)."""
        parts = [self.zd.T @ self.x1]
        if self.has_supply:
            parts.append(self.zs.T @ self.x3)
        return _blocks(parts)

    def rho_of(self, theta: Floats) -> Floats:
        """(N,) rho by product."""
        if self.flat.nests is None:
            return np.zeros(self.rows)
        out: Floats = self.theta.rho(theta)[self.flat.nests]
        return out

    def slope_of(self, theta: Floats) -> Floats:
        """(N,) price slope that comes with X1 (supply)."""
        out: Floats = self.x1_alpha_slopes @ self.theta.alpha(theta)
        return out


@dataclass(frozen=True)
class Point:
    """The objective and all that was found on the way, at one theta."""

    theta: Floats
    value: float
    gradient: Floats  # (P,)
    delta: Floats  # (N,)
    eta: Floats  # (N,) zeros without supply
    costs: Floats  # (N,)
    clipped: Bools  # (N,) cost held at its bound
    xi: Floats  # (N,)
    omega: Floats  # (N,)
    linear: Floats  # (K1 + K3,)
    residual: float  # largest |log S - log s|
    bound: float  # largest (delta-bound)

    def __repr__(self) -> str:
        return f"Point(q {self.value:.6g} at {', '.join(f'{v:.6g}' for v in self.theta)})"


def evaluate(
    model: Model,
    theta: Floats,
    W: Floats,
    *,
    start: Floats | None = None,
    gradient: bool = True,
    linear: Floats | None = None,
) -> Point:
    """q(theta), its gradient, residuals and linear parameters.

    W (M, M); start: a delta near by; linear: beta and gamma when they are not to be concentrated out.
    Raises SolveError naming the market that could not be inverted, or the products whose cost has no
    logarithm.
    """
    coefficients = model.theta.coefficients(theta, model.features)
    rho = model.rho_of(theta)
    if rho.min() < 0 or rho.max() >= 1:
        raise SolveError(f"rho is {rho.min():.4g} to {rho.max():.4g}; it must lie in [0, 1): bound it there")
    markets = kernel_markets(model.flat, coefficients, rho)
    begin = model.start if start is None else start
    found = invert(model.flat, coefficients, rho, begin, markets=markets, keep=gradient or model.has_supply)
    if not found.converged.all():
        t = int(np.argmin(found.converged))
        raise SolveError(
            f"market {model.flat.market_names[t]}: shares not inverted, largest |log S - log s| is "
            f"{found.residual[t]:.2e}; usual causes are a start far off, a regressor on an odd "
            "scale or too few "
            "agents: scale the columns near one, or start with smaller sigma and pi"
        )
    eta = np.zeros(model.rows)
    costs, clipped, cost_y, cost_slope = eta, np.zeros(model.rows, dtype=bool), eta, eta
    if model.has_supply:
        slope = model.slope_of(theta)
        eta = margins(model.flat, coefficients, rho, found.delta, slope, markets=markets, kept=found.kept)
        costs = model.receipts - eta
        low, high = model.cost_bounds
        clipped = (costs < low) | (costs > high)
        costs = np.clip(costs, low, high)
        cost_y, cost_slope = _cost_function(model, costs)
        cost_slope = np.where(clipped, 0.0, cost_slope)
    y = [model.demand_effects.residuals(_less_alpha(model, found.delta, theta))]
    if model.has_supply:
        y.append(model.supply_effects.residuals(cost_y))
    values, residuals = _concentrate(model, y, W, linear)
    xi = residuals[0]
    omega = residuals[1] if model.has_supply else np.zeros(model.rows)
    g = _mean_moments(model, xi, omega)
    Wg = W @ g
    value = float(model.rows * g @ Wg)
    slopes = np.zeros(len(theta))
    if gradient:
        v, v_omega = right_sides(model, Wg)
        slopes = _gradient(
            model,
            theta,
            coefficients,
            rho,
            found.delta,
            eta,
            v,
            v_omega * cost_slope,
            markets,
            found.kept,
        )
    return Point(
        theta, value, slopes, found.delta, eta, costs, clipped, xi, omega, values,
        float(found.residual.max()), float(found.bound.max()),
    )  # fmt: skip


def _less_alpha(model: Model, delta: Floats, theta: Floats) -> Floats:
    """delta less the columns whose coefficients are searched (N,)."""
    if not model.x1_alpha.shape[1]:
        return delta
    out: Floats = delta - model.x1_alpha @ model.theta.alpha(theta)
    return out


def right_sides(
    model: Model, Wg: Floats, weights: tuple[Floats, Floats] | None = None
) -> tuple[Floats, Floats]:
    """dq/dxi and dq/domega: 2 Z W g, times `weights`, effects taken out again (adjoint)."""
    md = model.zd.shape[1]
    v, v_omega = model.zd @ (2.0 * Wg[:md]), model.zs @ (2.0 * Wg[md:])
    if weights is not None:
        v = model.demand_effects.residuals(v * weights[0])
        v_omega = model.supply_effects.residuals(v_omega * weights[1]) if model.has_supply else v_omega
    return v, v_omega


def gradient_at(
    model: Model, point: Point, Wg: Floats, weights: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Slopes in theta and in the linear parameters when W moves with them: `weights` on the right sides."""
    v, v_omega = right_sides(model, Wg, weights)
    slope = 1.0 / point.costs if model.is_log_cost and model.has_supply else np.ones(model.rows)
    theta = point.theta
    by_theta = _gradient(
        model, theta, model.theta.coefficients(theta, model.features), model.rho_of(theta), point.delta,
        point.eta, v, v_omega * np.where(point.clipped, 0.0, slope),
    )  # fmt: skip
    return by_theta, -np.concatenate([model.x1.T @ v, model.x3.T @ v_omega])


def _gradient(
    model: Model,
    theta: Floats,
    coefficients: Floats,
    rho: Floats,
    delta: Floats,
    eta: Floats,
    v: Floats,
    v_costs: Floats,
    markets: kernels.Markets | None = None,
    kept: kernels.Kept | None = None,
) -> Floats:
    """dq/dtheta from dq/dxi and dq/dc, by the adjoint."""
    found = adjoint(
        model.flat, coefficients, rho, delta, v,
        v_omega=v_costs if model.has_supply else None,
        eta=eta if model.has_supply else None,
        slope=model.slope_of(theta) if model.has_supply else None,
        markets=markets,
        kept=kept,
    )  # fmt: skip
    by_raw = found.by_coefficient.copy()
    for k, sign in enumerate(model.theta.signs):
        if sign:
            by_raw[:, k] *= coefficients[:, k]
    by_matrix = by_raw.T @ model.features
    by_alpha = found.by_slope @ model.x1_alpha_slopes - v @ model.x1_alpha
    out = np.zeros(len(theta))
    at = 0
    for p, parameter in enumerate(model.theta.parameters):
        if parameter.kind == "coefficient":
            out[p] = by_matrix[parameter.row, parameter.feature]
        elif parameter.kind == "rho":
            out[p] = found.by_rho.sum() if parameter.row < 0 else found.by_rho[parameter.row]
        else:
            out[p] = by_alpha[at]
            at += 1
    return out


def _cost_function(model: Model, costs: Floats) -> tuple[Floats, Floats]:
    """f(c) and f'(c)."""
    if not model.is_log_cost:
        return costs, np.ones_like(costs)
    bad = np.flatnonzero(costs <= 0)
    if bad.size:
        names = model.row_names()
        shown = ", ".join(names[j] for j in bad[:5])
        raise SolveError(
            f"{bad.size} costs are at or below zero and have no logarithm "
            f"({shown}{', ..' if bad.size > 5 else ''}); "
            "start from a larger price coefficient, use LinearCost(), or set cost_bounds"
        )
    return np.log(costs), 1.0 / costs


def _mean_moments(model: Model, xi: Floats, omega: Floats) -> Floats:
    """g (M,)."""
    parts = [model.zd.T @ xi]
    if model.has_supply:
        parts.append(model.zs.T @ omega)
    out: Floats = np.concatenate(parts) / model.rows
    return out


def _concentrate(
    model: Model, y: list[Floats], W: Floats, linear: Floats | None
) -> tuple[Floats, list[Floats]]:
    """(beta, gamma) and the residuals (concentrate)."""
    x, z = [model.x1], [model.zd]
    if model.has_supply:
        x.append(model.x3)
        z.append(model.zs)
    if linear is None:
        a = model.moments_by_linear
        b = np.concatenate([zk.T @ yk for zk, yk in zip(z, y, strict=True)])
        linear = np.linalg.solve(a.T @ W @ a, a.T @ (W @ b)) if a.shape[1] else np.zeros(0)
    out, at = [], 0
    for xk, yk in zip(x, y, strict=True):
        out.append(yk - xk @ linear[at : at + xk.shape[1]])
        at += xk.shape[1]
    return linear, out


def _blocks(parts: list[Floats]) -> Floats:
    rows, columns = sum(p.shape[0] for p in parts), sum(p.shape[1] for p in parts)
    out = np.zeros((rows, columns))
    r = c = 0
    for part in parts:
        out[r : r + part.shape[0], c : c + part.shape[1]] = part
        r, c = r + part.shape[0], c + part.shape[1]
    return out


def moment_rows(model: Model, point: Point) -> Floats:
    """g_j (N, M): xi_j Z_Dj and omega_j Z_Sj."""
    parts = [point.xi[:, None] * model.zd]
    if model.has_supply:
        parts.append(point.omega[:, None] * model.zs)
    return np.hstack(parts)


def moment_jacobian(model: Model, point: Point) -> Floats:
    """G (M, P + K1 + K3): slopes of the mean moments in theta, beta and gamma (se)."""
    d_xi, d_omega = jacobian_rows(model, point)
    if len(point.theta):
        d_xi = model.demand_effects.residuals(d_xi)
    top = [model.zd.T @ d_xi]
    linear = [-model.zd.T @ model.x1]
    if model.has_supply:
        if len(point.theta):
            d_omega = model.supply_effects.residuals(d_omega)
        top.append(model.zs.T @ d_omega)
        linear.append(-model.zs.T @ model.x3)
    out: Floats = np.hstack([np.vstack(top), _blocks(linear)]) / model.rows
    return out


def jacobian_rows(model: Model, point: Point) -> tuple[Floats, Floats]:
    """d xi/d theta' and d omega/d theta' (N, P), effects not taken out; the second is zero without supply."""
    theta = point.theta
    coefficients, rho = model.theta.coefficients(theta, model.features), model.rho_of(theta)
    count = len(theta)
    d_coefficients = np.zeros((count, *coefficients.shape))
    d_rho, d_slope = np.zeros((count, model.rows)), np.zeros((count, model.rows))
    shift = np.zeros((model.rows, count))
    at = 0
    for p, parameter in enumerate(model.theta.parameters):
        if parameter.kind == "coefficient":
            k = parameter.row
            raw = model.features[:, parameter.feature]
            d_coefficients[p, :, k] = raw * coefficients[:, k] if model.theta.signs[k] else raw
        elif parameter.kind == "rho":
            d_rho[p] = 1.0 if parameter.row < 0 else model.flat.nests == parameter.row
        else:
            d_slope[p], shift[:, p] = model.x1_alpha_slopes[:, at], model.x1_alpha[:, at]
            at += 1
    by_delta, by_eta = forward(
        model.flat, coefficients, rho, point.delta, d_coefficients, d_rho, d_slope,
        eta=point.eta if model.has_supply else None,
        slope=model.slope_of(theta) if model.has_supply else None,
    )  # fmt: skip
    slope = np.zeros(model.rows)
    if model.has_supply:
        slope = np.where(point.clipped, 0.0, 1.0 / point.costs if model.is_log_cost else 1.0)
    return by_delta - shift, -by_eta * slope[:, None]
