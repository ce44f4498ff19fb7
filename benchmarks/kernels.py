"""Native kernels against their NumPy twins and against `solve_lineups`: milliseconds and ratios.

Run with OPENBLAS_NUM_THREADS=1. Each number is the median of at least five runs (one for the slowest twins);
the kernels use every processor. Made-up markets of the sizes of BLP 1995 (20 x 111 products, 200 agents) and
Nevo 2000 (94 x 24, 20 agents), and price rows of 297 cars and 13 kinds of buyers, 169 cars and 200.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from kanrin.base import Floats
from kanrin.demand import invert_shares, lognormal_income_agents, own_agents
from kanrin.equilibrium import PriceGame, chord_at, pass_through, recover_costs, solve_lineups, solve_prices
from kanrin.kernels import (
    Markets,
    PriceRows,
    _native,
    about,
    adjoint,
    adjoint_supply,
    invert,
    margins,
    price_rows,
    shares,
)

ROWS = 1_000
TWIN_ROWS = 20


def seconds(work: Callable[[], object], repeat: int = 5) -> float:
    """Median of several runs."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


@contextmanager
def twins() -> Iterator[None]:
    """NumPy answers inside."""
    before = os.environ.get("KANRIN_NATIVE")
    os.environ["KANRIN_NATIVE"] = "0"
    _native.library.cache_clear()
    yield
    if before is None:
        del os.environ["KANRIN_NATIVE"]
    _native.library.cache_clear()


def line(name: str, native: float, other: float, against: str) -> None:
    """One row of the table."""
    print(f"{name:44s}{1e3 * native:10.3f} ms{1e3 * other:11.2f} ms {against:14s}{other / native:8.1f} x")


def demand(name: str, market_count: int, products: int, agents: int, tastes: int, level: float) -> None:
    """Inversion and gradients of a made-up panel."""
    rng = np.random.default_rng(0)
    n, a = market_count * products, market_count * agents
    x2 = np.column_stack([rng.uniform(0.5, 3.0, n), rng.normal(size=(n, tastes - 1))])
    coefficients = 0.6 * rng.normal(size=(a, tastes))
    alpha = -np.exp(rng.normal(0.0, 0.4, a))
    coefficients[:, 0] = alpha
    m = Markets(
        np.arange(0, n + 1, products), x2, np.arange(0, a + 1, agents), np.full(a, 1.0 / agents), coefficients
    )
    delta, v, firms = rng.normal(level, 1.0, n), rng.normal(size=n), rng.integers(0, 20, n)
    observed = shares(m, delta)
    eta = margins(m, delta, alpha, firms, observed)
    tasks: dict[str, Callable[[], object]] = {
        "inversion, cold": lambda: invert(m, observed),
        "gradient, demand": lambda: adjoint(m, delta, v),
        "inversion and gradient, demand": lambda: adjoint(m, invert(m, observed).delta, v),
        "margins": lambda: margins(m, delta, alpha, firms, observed),
        "gradient, demand and supply": lambda: adjoint_supply(m, delta, v, v, alpha, firms, eta),
    }
    for task, work in tasks.items():
        fast = seconds(work, 15)
        with twins():
            slow = seconds(work, 1)
        line(f"{name}: {task}", fast, slow, "NumPy twin")


def price_game(products: int, agents: int) -> tuple[PriceGame, Floats]:
    """Costs recovered at made-up prices, and the prices."""
    rng = np.random.default_rng(0)
    buyers = (
        lognormal_income_agents(0.8, agents)
        if agents < 50
        else own_agents(np.exp(0.5 * rng.normal(size=agents)), np.full(agents, 1.0 / agents))
    )
    alpha = buyers.alpha(-3.7 if agents < 50 else -2.0)
    price = np.exp(rng.normal(np.log(3.0), 0.5, products)).clip(1.0, 10.0)
    share = np.exp(rng.normal(-9.5, 1.5, products))
    share *= 0.065 / share.sum()
    firms = np.concatenate([np.arange(22), rng.integers(0, 22, products - 22)])
    delta = invert_shares(share, price, alpha, buyers.weights).delta
    cost = recover_costs(
        delta=delta,
        alpha=alpha,
        weights=buyers.weights,
        price=price / 1.1,
        firms=firms,
        keep=0.87,
        ad_valorem=0.1,
    ).cost
    return PriceGame(delta, alpha, buyers.weights, np.abs(cost), 0.87, 0.1, 0.0, firms), price / 1.1


def prices(products: int, agents: int) -> None:
    """A tariff of 0 to 25 % on a third of the cars, the same line-up or twelve cars that come and go."""
    game, start = price_game(products, agents)
    rng = np.random.default_rng(1)
    base = solve_prices(game, start=start)
    chord = chord_at(game, base.price)
    inverse = np.empty_like(chord.inverse)
    inverse[np.ix_(chord.order, chord.order)] = chord.inverse
    by_cost = pass_through(game, base.price).cost
    cost = np.repeat(game.cost[None], ROWS, axis=0)
    cost[:, : products // 3] *= 1.0 + rng.uniform(0.0, 0.25, (ROWS, 1))
    offered = np.ones((ROWS, products), dtype=bool)
    some = offered.copy()
    some[:, -12:] = rng.random((ROWS, 12)) < 0.5

    def rows(on: np.ndarray, count: int = ROWS) -> PriceRows:
        near = base.price + (cost[:count] - game.cost) @ by_cost.T
        return price_rows(
            game.delta, game.alpha, game.weights, cost[:count], game.keep, game.ad_valorem, game.levies,
            game.firms, offered=on[:count], start=near, inverse=inverse if agents > 50 else None,
        )  # fmt: skip

    for name, on in (("tariffs", offered), ("line-ups", some)):
        found, other = rows(on), solve_lineups(game, on, cost, start=base.price)
        assert found.converged.all()
        gap = float(np.nanmax(np.abs(found.price / other.price - 1.0)))
        fast = seconds(lambda on=on: rows(on))
        slow = seconds(lambda on=on: solve_lineups(game, on, cost, start=base.price), 3)
        with twins():
            twin = seconds(lambda on=on: rows(on, TWIN_ROWS), 1)
        title = f"{products} x {agents}, {name}: one row"
        line(title, fast / ROWS, slow / ROWS, "solve_lineups")
        line(title, fast / ROWS, twin / TWIN_ROWS, "NumPy twin")
        print(
            f"{'':8s}steps {found.steps.mean():.1f}, prices differ from solve_lineups by {gap:.0e} relative"
        )


def main() -> None:
    """Print the table."""
    told = about()
    print(f"{platform.machine()}, {told['threads']} processors, kernels {told['kernels']} ({told['isa']})")
    demand("BLP 1995 size", 20, 111, 200, 5, -5.0)
    demand("Nevo size", 94, 24, 20, 4, -3.0)
    prices(297, 13)
    prices(169, 200)


if __name__ == "__main__":
    main()
