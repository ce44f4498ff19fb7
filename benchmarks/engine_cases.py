"""What `engine.py` compares: the same problems for Kanrin and for PyBLP."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from kanrin.base import Bools, Floats
from kanrin.demand import invert_shares, own_agents
from kanrin.equilibrium import PriceGame, chord_at, pass_through, recover_costs, solve_prices
from kanrin.estimation import BFGS, OneStep, OwnAgents, Problem, build_problem, read_csv
from kanrin.estimation import estimate as kanrin_estimate
from kanrin.estimation._estimate import build_model
from kanrin.estimation._gmm import first_weights
from kanrin.estimation._objective import evaluate
from kanrin.kernels import price_rows

BLP_SIGMA, BLP_PI = [3.6, 0, 4.6, 1.8, 1.05, 2.05], [0, -43.5, 0, 0, 0, 0]
NEVO_SIGMA = [0.3302, 2.4526, 0.0163, 0.2441]
NEVO_PI = [
    [5.4819, 0, 0.2037, 0],
    [15.8935, -1.2, 0, 2.6342],
    [-0.2506, 0, 0.0511, 0],
    [1.265, 0, -0.8091, 0],
]
CLOSE = 1e-9  # a setting of PyBLP that finds another objective is not its best one
CHECKED, PLAIN, STACKED = (
    "one by one, with its default checks",
    "one by one, checks off",
    "as markets of one simulation, checks off",
)
PRICE_WAYS = (CHECKED, PLAIN, STACKED)
Answer = tuple[float, Floats]


@cache
def pyblp() -> Any:
    """The module, quiet."""
    import pyblp as module

    module.options.verbose = False
    module.options.weights_tol = np.inf  # the BLP agents stand for the likely buyers only
    return module


@dataclass(frozen=True)
class Objective:
    """One objective with its gradient at a point."""

    ours: Callable[[], Answer]
    theirs: Callable[[dict[str, Any]], Callable[[], Answer]]

    def fastest(self) -> tuple[str, Callable[[], Answer]]:
        """PyBLP's objective in the fastest of its settings that agrees with its default."""
        best: tuple[float, str, Callable[[], Answer]] | None = None
        reference: float | None = None
        for name, setting in settings().items():
            work = self.theirs(setting)
            value, _ = work()
            reference = value if reference is None else reference
            if abs(value / reference - 1.0) > CLOSE:
                continue
            took = []
            for _ in range(3):
                begin = time.perf_counter()
                work()
                took.append(time.perf_counter() - begin)
            if best is None or min(took) < best[0]:
                best = (min(took), name, work)
        assert best is not None
        return best[1], best[2]


def settings() -> dict[str, dict[str, Any]]:
    """Ways PyBLP can invert shares; the default first."""
    Iteration = pyblp().Iteration
    return {
        "SQUAREM 1e-14, safe": {"iteration": Iteration("squarem", {"atol": 1e-14}), "fp_type": "safe_linear"},
        "SQUAREM 1e-14, linear": {"iteration": Iteration("squarem", {"atol": 1e-14}), "fp_type": "linear"},
        "SQUAREM 1e-13, linear": {"iteration": Iteration("squarem", {"atol": 1e-13}), "fp_type": "linear"},
        "DF-SANE": {"iteration": Iteration("df-sane", {}), "fp_type": "linear"},
        "Levenberg-Marquardt": {"iteration": Iteration("lm", {"xtol": 1e-14}), "fp_type": "linear"},
    }


def held(problem: Any, sigma: Any, pi: Any, **options: Any) -> Callable[[], Answer]:
    """PyBLP's own objective function, taken out of its `solve`, to be called at the start again and again."""
    caught: list[Any] = []

    def look(initial: Any, _bounds: Any, objective: Any, _callback: Any, **_: Any) -> Any:
        caught[:] = [initial.copy(), objective]
        return initial, True

    problem.solve(
        sigma,
        pi,
        optimization=pyblp().Optimization(look),
        method="1s",
        check_optimality="gradient",
        **options,
    )
    theta, function = caught

    def work() -> Answer:
        out = function(theta)
        return float(np.ravel(out[0])[0]), np.ravel(out[1])

    return work


def kanrin_objective(problem: Problem, sigma: Any, pi: Any) -> Callable[[], Answer]:
    """Ours at the start, inverted from the logit's mean utilities each time."""
    model = build_model(problem, sigma=sigma, pi=pi)
    W, theta = first_weights(model), model.theta.start

    def work() -> Answer:
        point = evaluate(model, theta, W)
        return point.value, point.gradient

    return work


def blp(*, supply: bool) -> Objective:
    """Cars 1971 to 1990."""
    import pandas

    data = pyblp().data
    table, agents = read_csv(data.BLP_PRODUCTS_LOCATION), read_csv(data.BLP_AGENTS_LOCATION)
    x1, x2 = "1 + hpwt + air + mpd + space", "1 + prices + hpwt + air + mpd + space"
    x3 = "1 + log(hpwt) + air + log(mpg) + log(space) + trend"
    more: dict[str, Any] = {}
    if supply:
        more = {
            "supply_instruments": [n for n in table.columns if n.startswith("supply_instruments")],
            "firms": "firm_ids", "costs": x3, "cost_bounds": (0.001, None),
        }  # fmt: skip
    ours = build_problem(
        table, x1, random=x2, shares="shares", market="market_ids", price="prices",
        instruments=[n for n in table.columns if n.startswith("demand_instruments")],
        agents=OwnAgents(
            agents, market="market_ids", nodes=[f"nodes{k}" for k in range(5)], rest_never_buys=True
        ),
        demographics="0 + I(1 / income)", **more,
    )  # fmt: skip
    F = pyblp().Formulation
    formulas = (F(x1), F(x2), F(x3)) if supply else (F(x1), F(x2))
    theirs = pyblp().Problem(
        formulas, pandas.read_csv(data.BLP_PRODUCTS_LOCATION), F("0 + I(1 / income)"),
        pandas.read_csv(data.BLP_AGENTS_LOCATION), costs_type="log" if supply else "linear",
    )  # fmt: skip
    options: dict[str, Any] = {"costs_bounds": (0.001, None)} if supply else {}
    pi = np.array(BLP_PI, dtype=float)[:, None]
    return Objective(
        kanrin_objective(ours, BLP_SIGMA, BLP_PI),
        lambda setting: held(theirs, np.diag(BLP_SIGMA), pi, **options, **setting),
    )


@cache
def _nevo_problems() -> tuple[Problem, Any]:
    import pandas

    data = pyblp().data
    table, agents = read_csv(data.NEVO_PRODUCTS_LOCATION), read_csv(data.NEVO_AGENTS_LOCATION)
    x2, d = "1 + prices + sugar + mushy", "0 + income + income_squared + age + child"
    ours = build_problem(
        table, "0 + prices | product_ids", random=x2, shares="shares", market="market_ids", price="prices",
        instruments=[n for n in table.columns if n.startswith("demand_instruments")],
        agents=OwnAgents(agents, market="market_ids", nodes=[f"nodes{k}" for k in range(4)]), demographics=d,
    )  # fmt: skip
    F = pyblp().Formulation
    theirs = pyblp().Problem(
        (F("0 + prices", absorb="C(product_ids)"), F(x2)), pandas.read_csv(data.NEVO_PRODUCTS_LOCATION), F(d),
        pandas.read_csv(data.NEVO_AGENTS_LOCATION),
    )  # fmt: skip
    return ours, theirs


def nevo() -> Objective:
    """Cereals."""
    ours, theirs = _nevo_problems()
    return Objective(
        kanrin_objective(ours, NEVO_SIGMA, NEVO_PI),
        lambda setting: held(theirs, np.diag(NEVO_SIGMA), np.array(NEVO_PI), **setting),
    )


def nevo_estimate() -> Any:
    """Search and errors."""
    return kanrin_estimate(
        _nevo_problems()[0], sigma=NEVO_SIGMA, pi=NEVO_PI, weighting=OneStep(), search=BFGS(slope=1e-5)
    )


def nevo_estimate_fastest() -> tuple[str, Callable[[], Any]]:
    """PyBLP's search in the faster of its usual ways, each to the same slope."""
    problem = _nevo_problems()[1]
    best: tuple[float, str, Callable[[], Any]] | None = None
    for method in ("bfgs", "l-bfgs-b"):
        for name in ("SQUAREM 1e-14, linear",):
            for start in ("first", "last"):

                def work(m: str = method, s: str = name, d: str = start) -> Any:
                    return problem.solve(
                        np.diag(NEVO_SIGMA), np.array(NEVO_PI), method="1s", delta_behavior=d,
                        optimization=pyblp().Optimization(m, {"gtol": 1e-5}), **settings()[s],
                    )  # fmt: skip

                begin = time.perf_counter()
                found = work()
                took = time.perf_counter() - begin
                if found.converged and (best is None or took < best[0]):
                    best = (took, f"{method}, {name}, starts from the {start} delta", work)
    assert best is not None
    return best[1], best[2]


class PriceBatch:
    """A made-up market of 169 models and 200 agents, with 1,000 tariffs on a third of the models."""

    def __init__(self, rows: int = 1_000) -> None:
        rng = np.random.default_rng(0)
        self.rows, products, agents = rows, 169, 200
        buyers = own_agents(np.exp(0.5 * rng.normal(size=agents)), np.full(agents, 1.0 / agents))
        alpha = buyers.alpha(-2.0)
        price = np.exp(rng.normal(np.log(3.0), 0.5, products)).clip(1.0, 10.0)
        share = np.exp(rng.normal(-9.5, 1.5, products))
        share *= 0.065 / share.sum()
        firms = np.concatenate([np.arange(22), rng.integers(0, 22, products - 22)])
        delta = invert_shares(share, price, alpha, buyers.weights).delta
        cost = recover_costs(delta=delta, alpha=alpha, weights=buyers.weights, price=price, firms=firms).cost
        one, none = np.asarray(1.0), np.asarray(0.0)
        self.game = PriceGame(delta, alpha, buyers.weights, np.abs(cost), one, none, none, firms)
        self.base = solve_prices(self.game, start=price).price
        self.cost = np.repeat(self.game.cost[None], rows, axis=0)
        self.cost[:, : products // 3] *= 1.0 + rng.uniform(0.0, 0.25, (rows, 1))
        self.offered = np.ones((rows, products), dtype=bool)
        self.offered[:, -12:] = rng.random((rows, 12)) < 0.5
        self.by_cost = pass_through(self.game, self.base).cost
        self.chord = chord_at(self.game, self.base).natural

    def start(self) -> Floats:
        """(B, J) prices of the base, costs passed through."""
        near: Floats = self.base + (self.cost - self.game.cost) @ self.by_cost.T
        return near

    def ours(self, line_ups: bool) -> Floats:
        """(B, J) prices, NaN where not offered."""
        g = self.game
        found = price_rows(
            g.delta, g.alpha, g.weights, self.cost, g.keep, g.ad_valorem, g.levies, g.firms,
            offered=self.offered if line_ups else None, start=self.start(), inverse=self.chord,
        )  # fmt: skip
        assert found.converged.all()
        return found.price

    def theirs(self, line_ups: bool, way: str) -> tuple[list[float], Floats, Any]:
        """Seconds a row of at least five runs, prices and their rows."""
        took, found = [], np.full(self.cost.shape, np.nan)
        on = self.offered if line_ups else np.ones_like(self.offered)
        if way == STACKED:
            rows = np.arange(100)
            for _ in range(5):
                simulation = self._simulation(rows, on)  # made once for all runs of a user: not timed
                begin = time.perf_counter()
                solved = self._solved(simulation, rows, on, checked=False)
                took.append((time.perf_counter() - begin) / len(rows))
            for row, values in zip(rows, np.split(solved, np.cumsum(on[rows].sum(axis=1))[:-1]), strict=True):
                found[row, on[row]] = values
            return took, found[rows], rows
        rows = np.arange(20)
        simulation = self._simulation(rows[:1], on)
        for row in rows:
            begin = time.perf_counter()
            if line_ups:
                simulation = self._simulation(np.array([row]), on)
            solved = self._solved(simulation, np.array([row]), on, checked=way == CHECKED)
            took.append(time.perf_counter() - begin)
            found[row, on[row]] = solved
        return took, found[rows], rows

    def _simulation(self, rows: Any, on: Bools) -> Any:
        F, g = pyblp().Formulation, self.game
        market = np.repeat(rows, on[rows].sum(axis=1))
        picked = [np.flatnonzero(on[row]) for row in rows]
        return pyblp().Simulation(
            (F("1"), F("0 + prices")),
            {"market_ids": market, "firm_ids": np.concatenate([g.firms[p] for p in picked])},
            beta=[0.0], sigma=[[0.0]], pi=[[1.0]], xi=np.concatenate([g.delta[p] for p in picked]),
            agent_formulation=F("0 + slope"),
            agent_data={
                "market_ids": np.repeat(rows, g.alpha.size), "weights": np.tile(g.weights, len(rows)),
                "slope": np.tile(g.alpha, len(rows)), "nodes": np.zeros(g.alpha.size * len(rows)),
            },
        )  # fmt: skip

    def _solved(self, simulation: Any, rows: Any, on: Bools, *, checked: bool) -> Floats:
        picked = [on[row] for row in rows]
        costs = np.concatenate([self.cost[row, p] for row, p in zip(rows, picked, strict=True)])
        start = np.concatenate([self.start_rows[row, p] for row, p in zip(rows, picked, strict=True)])
        found = simulation.replace_endogenous(
            costs, prices=start, iteration=pyblp().Iteration("simple", {"atol": 1e-12}),
            compute_gradients=checked, compute_hessians=checked,
        )  # fmt: skip
        prices: Floats = found.product_data.prices.ravel()
        return prices

    @property
    def start_rows(self) -> Floats:
        """The start, made once."""
        if not hasattr(self, "_start_rows"):
            self._start_rows = self.start()
        return self._start_rows


def many_equilibria(rows: int) -> None:
    """Many rows with another line-up each, a thousand at a time; prints the process's own peak memory, MB."""
    batch = PriceBatch()
    for _ in range(rows // batch.rows):
        batch.ours(line_ups=True)
    status = Path("/proc/self/status")  # ru_maxrss would count what the parent held when it made this process
    if status.exists():
        peak = next(t for t in status.read_text().splitlines() if t.startswith("VmHWM")).split()[1]
        print(float(peak) / 1024)
    else:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2)
