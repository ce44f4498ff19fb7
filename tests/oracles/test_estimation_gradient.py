"""The GMM objective and its adjoint gradient against the formulas written out in complex numbers (G1).

The oracle below knows nothing of the room's market arithmetic: dense sums, complex Newton for the shares, the
complex step for slopes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kanrin.estimation import (
    Clustered,
    Continuous,
    LinearCost,
    LogCost,
    Lognormal,
    Model,
    OwnAgents,
    PriceOverIncome,
    Problem,
    Wedges,
    build_model,
    build_problem,
    estimate,
    evaluate,
)
from kanrin.estimation import _market_slopes as slopes_room
from kanrin.estimation._gmm import first_weights, moment_covariance
from kanrin.estimation._objective import gradient_at, moment_jacobian, moment_rows

VALUE = 1e-10  # of the objective, relative: two inversions, each to 1e-13
SLOPE = 1e-10  # of the gradient, relative to its largest element (MODEL section 10)
JACOBIAN = 1e-9  # of the moments' Jacobian, relative: forward solves, no envelope
DIFFERENCES = 1e-6  # central differences of the continuously updated objective
STEP = 1e-30

MARKETS, PRODUCTS, AGENTS, FIRMS, NESTS = 4, 9, 11, 3, 3


def data(seed: int = 1) -> tuple[dict[str, Any], dict[str, Any]]:
    rng = np.random.default_rng(seed)
    n = MARKETS * PRODUCTS
    market = np.repeat(np.arange(MARKETS), PRODUCTS)
    x = rng.uniform(0.5, 2.0, n)
    price = 2.0 + 0.5 * x + rng.uniform(0, 0.5, n)
    shares = rng.dirichlet(np.ones(PRODUCTS + 6) * 3, MARKETS)[:, :PRODUCTS].ravel()
    table = {
        "market": market, "x": x, "price": price, "share": shares, "maker": rng.integers(0, FIRMS, n),
        "group": np.tile(np.arange(PRODUCTS) % NESTS, MARKETS), "levy": rng.uniform(0.0, 0.2, n),
        "city": rng.integers(0, 3, n),
        **{f"z{k}": rng.standard_normal(n) for k in range(9)}, "w": rng.uniform(0.5, 1.5, n),
    }  # fmt: skip
    weights = rng.dirichlet(np.ones(AGENTS) * 4, MARKETS).ravel()
    agents = {
        "market": np.repeat(np.arange(MARKETS), AGENTS), "weights": weights,
        **{f"n{k}": rng.standard_normal(MARKETS * AGENTS) for k in range(3)},
        "income": np.exp(0.4 * rng.standard_normal(MARKETS * AGENTS)),
    }  # fmt: skip
    return table, agents


KAPPA = np.array([[1.0, 0.3, 0.0], [0.1, 1.0, 0.2], [0.0, 0.4, 1.0]])
Z = [f"z{k}" for k in range(9)]
NAMES = {"shares": "share", "market": "market", "price": "price", "instruments": Z}
SUPPLY = {"firms": "maker", "costs": "1 + w", "supply_instruments": ["z0", "z1", "z2"]}
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "linear": (
        "1 + price + x",
        {"random": "1 + x + price", "demographics": "0 + income"},
        {"sigma": [[0.7, 0, 0], [0.3, 0.5, 0], [0, -0.2, 0.4]], "pi": [[0.0], [0.3], [0.5]]},
    ),
    "effects": (
        "x + price | market + city",
        {"random": "0 + x + price"},
        {"sigma": [0.5, 0.3]},
    ),
    "nested": (
        "1 + price + x",
        {"random": "1 + x + price", "nest": "group"},
        {"sigma": [0.4, 0.5, 0.3], "rho": [0.3, 0.6, 0.45]},
    ),
    "one rho, supply": (
        "1 + price + x",
        {"random": "1 + x + price", "nest": "group", **SUPPLY, "cost_form": LinearCost(), "kappa": KAPPA},
        {"sigma": [0.4, 0.5, 0.3], "rho": 0.4, "alpha": -4.0},
    ),
    "supply, log cost, wedges": (
        "1 + price + x",
        {
            "random": "1 + x + price", "demographics": "0 + income", **SUPPLY,
            "cost_form": LogCost(), "kappa": KAPPA,
            "wedges": Wedges(ad_valorem=0.1, levies="levy", keep=0.85),
        },
        {"sigma": [0.4, 0.5, 0.3], "pi": [[0.0], [0.2], [0.3]], "alpha": -5.0},
    ),
    "lognormal": (
        "1 + x",
        {"random": "0 + x + price", "forms": {"price": Lognormal(-1)}, **SUPPLY, "cost_form": LogCost()},
        {"sigma": [[0.5, 0], [0.2, 0.3]], "mean": {"price": 1.3}},
    ),
    "price over income": (
        "1 + x | city",
        {"forms": {"price": PriceOverIncome("income")}, "nest": "group", **SUPPLY},
        {"sigma": [0.0], "alpha": -4.5, "rho": [0.2, 0.4, 0.3]},
    ),
    "price bends": (
        "1 + price + x + price:x",
        {"random": "0 + x + log(price)", **SUPPLY, "nest": "group"},
        {"sigma": [0.3, 0.4], "alpha": {"price": -5.0, "price:x": 0.2}, "rho": 0.3},
    ),
}  # fmt: skip


def made(case: str) -> tuple[Problem, Model]:
    table, agents = data()
    linear, more, starts = CASES[case]
    rule = OwnAgents(agents, market="market", nodes=["n0", "n1", "n2"])
    problem = build_problem(table, linear, agents=rule, **{**NAMES, **more})
    return problem, build_model(problem, **starts)


def oracle(model: Model, W: np.ndarray, theta: np.ndarray, delta: np.ndarray) -> tuple[complex, np.ndarray]:
    """q and the mean moments at zero linear parameters removed, all in complex numbers."""
    flat = model.flat
    C = np.zeros((model.theta.rows, model.theta.features), dtype=complex)
    alphas, rho_of = [], np.zeros(NESTS, dtype=complex)
    for value, p in zip(theta, model.theta.parameters, strict=True):
        if p.kind == "coefficient":
            C[p.row, p.feature] = value
        elif p.kind == "alpha":
            alphas.append(value)
        elif p.row < 0:
            rho_of[:] = value
        else:
            rho_of[p.row] = value
    B = model.features @ C.T
    for k, sign in enumerate(model.theta.signs):
        if sign:
            B[:, k] = sign * np.exp(B[:, k])
    alpha = np.array(alphas, dtype=complex)
    found, eta = delta.astype(complex), np.zeros(model.rows, dtype=complex)
    for t, j, i in flat.parts():
        w = flat.weights[i]
        group = flat.nests[j] if flat.nests is not None else np.arange(j.stop - j.start)
        rho = rho_of[group] if flat.nests is not None else np.zeros(len(group), dtype=complex)
        same = (group[:, None] == group).astype(float)
        mu = flat.x2[j] @ B[i].T

        def choose(d, mu=mu, rho=rho, same=same, group=group):
            x = np.exp((d[:, None] + mu) / (1 - rho[:, None]))
            D = same @ x
            first = np.unique(group, return_index=True)[1]
            top = D ** (1 - rho[:, None])
            s_g = top / (1 + top[first].sum(axis=0))
            return x / D, x / D * s_g

        def K(a, z, s, w=w, rho=rho, same=same):
            m = np.zeros((len(rho), len(rho)), dtype=complex)
            for n in range(len(w)):
                outer = np.diag(1 / (1 - rho)) - (rho / (1 - rho))[:, None] * same * z[:, n] - s[:, n]
                m += w[n] * (a[:, n] * s[:, n])[:, None] * outer
            return m

        one = np.ones(mu.shape)
        for _ in range(4):
            z, s = choose(found[j])
            R = np.log(flat.shares[j]) - np.log(s @ w)
            found[j] += np.linalg.solve(K(one, z, s), (s @ w) * R)
        z, s = choose(found[j])
        if model.has_supply:
            slope = (model.x1_alpha_slopes[j] @ alpha)[:, None] + flat.x2_by_price[j] @ B[i].T
            eta[j] = np.linalg.solve(-flat.ownership[t] * K(slope, z, s), flat.wedge[j])
    left = found - model.x1_alpha @ alpha
    y = [_absorb(model.demand_effects, left)]
    x, zz = [model.x1], [model.zd]
    if model.has_supply:
        c = model.receipts - eta
        y.append(_absorb(model.supply_effects, np.log(c) if model.is_log_cost else c))
        x, zz = [*x, model.x3], [*zz, model.zs]
    A = np.zeros((sum(m.shape[1] for m in zz), sum(m.shape[1] for m in x)))
    r = k = 0
    for a, b in zip(zz, x, strict=True):
        A[r : r + a.shape[1], k : k + b.shape[1]] = a.T @ b
        r, k = r + a.shape[1], k + b.shape[1]
    b = np.concatenate([a.T @ v for a, v in zip(zz, y, strict=True)])
    linear = np.linalg.solve(A.T @ W @ A, A.T @ W @ b)
    g = (b - A @ linear) / model.rows
    return model.rows * (g @ W @ g), b / model.rows


def _absorb(effects: Any, values: np.ndarray) -> np.ndarray:
    return effects.residuals(values.real.copy()) + 1j * effects.residuals(values.imag / STEP) * STEP


@pytest.mark.parametrize("case", CASES)
def test_gradient_is_the_complex_step(case: str) -> None:
    _, model = made(case)
    W, theta = first_weights(model), model.theta.start
    assert len(theta) >= 2
    point = evaluate(model, theta, W)
    value, _ = oracle(model, W, theta, point.delta)
    assert point.value == pytest.approx(value.real, rel=VALUE)
    slopes = np.empty(len(theta))
    jacobian = np.empty((len(W), len(theta)))
    for p in range(len(theta)):
        moved = theta.astype(complex)
        moved[p] += 1j * STEP
        q, moments = oracle(model, W, moved, point.delta)
        slopes[p], jacobian[:, p] = q.imag / STEP, moments.imag / STEP
    scale = np.abs(slopes).max()
    assert scale > 0 and (np.abs(slopes) > 1e-6 * scale).all()
    np.testing.assert_allclose(point.gradient, slopes, rtol=0, atol=SLOPE * scale)
    ours = moment_jacobian(model, point)[:, : len(theta)]
    np.testing.assert_allclose(ours, jacobian, rtol=0, atol=JACOBIAN * np.abs(jacobian).max())


def test_moves_of_delta_do_not_depend_on_how_many_markets_are_looked_at_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, model = made("linear")
    point = evaluate(model, model.theta.start, first_weights(model))
    whole = moment_jacobian(model, point)
    monkeypatch.setattr(slopes_room, "_MOST_MOVED", 1)
    np.testing.assert_allclose(moment_jacobian(model, point), whole, rtol=1e-11, atol=1e-13)
    monkeypatch.setattr(slopes_room, "kernel_markets", lambda *_: None)  # the formulas of the general case
    np.testing.assert_allclose(moment_jacobian(model, point), whole, rtol=1e-9, atol=1e-11)


def test_continuous_updating_is_stationary() -> None:
    """At the continuously updated estimate no small move of any parameter lowers g'S^-1 g."""
    table, agents = data()
    problem = build_problem(
        table,
        "1 + price + x",
        random="0 + x",
        agents=OwnAgents(agents, market="market", nodes=["n0"]),
        **NAMES,
    )
    results = estimate(problem, sigma=[0.5], weighting=Continuous())
    assert results.converged

    def q(values: np.ndarray) -> float:
        at = results.at(values)
        g = moment_rows(at.model, at.point).mean(axis=0)
        S = moment_covariance(at.model, at.point, at.errors_kind, None)
        return float(at.problem.rows * g @ np.linalg.solve(S, g))

    best = q(results.values)
    assert results.objective == pytest.approx(best, rel=1e-10)
    for k in range(len(results.values)):
        for step in (-1e-3, 1e-3):
            moved = results.values.copy()
            moved[k] += step
            assert q(moved) > best


def test_continuous_gradient_with_clusters_effects_and_supply() -> None:
    """The slopes of g'S(theta)^-1 g, S clustered and ridged, against central differences."""
    from_case = CASES["supply, log cost, wedges"]
    table, agents = data()
    rule = OwnAgents(agents, market="market", nodes=["n0", "n1", "n2"])
    problem = build_problem(table, "price + x | city", agents=rule, **{**NAMES, **from_case[1]})
    model = build_model(problem, **from_case[2])
    clusters, count = np.arange(model.rows) // 2, len(model.theta.start)
    ridge = 1e-3 * np.eye(len(first_weights(model)))  # more moments than clusters

    def look(x: np.ndarray) -> tuple[Any, np.ndarray, np.ndarray, float]:
        point = evaluate(model, x[:count], 0 * ridge, gradient=False, linear=x[count:])
        rows = moment_rows(model, point)
        S = moment_covariance(model, point, Clustered("market"), clusters) + ridge
        Wg = np.linalg.solve(S, rows.mean(axis=0))
        return point, rows, Wg, float(model.rows * rows.mean(axis=0) @ Wg)

    begin = evaluate(model, model.theta.start, first_weights(model))
    x = np.concatenate([begin.theta, begin.linear])
    point, rows, Wg, _ = look(x)
    own = np.bincount(clusters, weights=(rows - rows.mean(axis=0)) @ Wg)[clusters]
    ours = np.concatenate(gradient_at(model, point, Wg, (1 - own, 1 - own)))
    numbers = np.empty(len(x))
    for k in range(len(x)):
        step = 1e-5 * max(1.0, abs(x[k])) * np.eye(len(x))[k]
        numbers[k] = (look(x + step)[3] - look(x - step)[3]) / (2 * step[k])
    np.testing.assert_allclose(ours, numbers, rtol=0, atol=DIFFERENCES * np.abs(ours).max())
