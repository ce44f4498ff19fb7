"""Milliseconds of `solve_lineups` and `invert_many`: 297 cars, 13 kinds of buyers, 128 line-ups, 200 draws.

Run with OPENBLAS_NUM_THREADS=1: the matrices are small, and threads inside the library cost more than they
save.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from kanrin.demand import invert_many, invert_shares, lognormal_income_agents
from kanrin.equilibrium import PriceGame, certify_solution, recover_costs, solve_lineups, solve_prices

J, K, DRAWS = 290, 7, 200


def milliseconds(work: Callable[[], object], repeat: int = 15) -> float:
    """Median of several runs."""
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return 1e3 * float(np.median(times))


def main() -> None:
    """Print one line a task."""
    rng = np.random.default_rng(0)
    agents = lognormal_income_agents(0.8, 13)
    alpha, weights = agents.alpha(-3.7), agents.weights
    price = np.exp(rng.normal(np.log(3.0), 0.7, J)).clip(1.0, 28.0)
    share = np.exp(rng.normal(-9.5, 1.5, J))
    share *= 0.065 / share.sum()
    firms = np.concatenate([np.arange(22), rng.integers(0, 22, J - 22)])
    delta = invert_shares(share, price, alpha, weights).delta
    pretax = price / 1.1
    cost = recover_costs(
        delta=delta, alpha=alpha, weights=weights, price=pretax, firms=firms, keep=0.87, ad_valorem=0.1
    ).cost
    twins = rng.choice(J, K, replace=False)
    game = PriceGame(
        np.append(delta, delta[twins] - 0.5), alpha, weights, np.append(cost, 1.1 * cost[twins]),
        0.87, 0.1, 0.0, np.append(firms, rng.integers(0, 22, K)),
    )  # fmt: skip
    offered = np.ones((128, J + K), dtype=bool)
    offered[:, J:] = (np.arange(128)[:, None] >> np.arange(K)) & 1
    costs = np.repeat(game.cost[None], 128, axis=0)
    costs[:, J:] *= rng.uniform(1.0, 1.05, (128, K))
    start = np.append(pretax, pretax[twins])
    draws = agents.alpha(rng.normal(-3.7, 0.5, DRAWS).clip(-6.0, -1.5))
    whole = solve_prices(game, start=start)
    tasks: dict[str, Callable[[], object]] = {
        "solve_lineups, 128 rows": lambda: solve_lineups(game, offered, costs, start=start),
        "solve_prices, cold": lambda: solve_prices(game),
        "invert_many, 200 draws": lambda: invert_many(share, price, draws, weights, start=delta),
        "certify_solution": lambda: certify_solution(game, whole),
    }
    for name, work in tasks.items():
        print(f"{name:26s}{milliseconds(work):8.1f} ms")


if __name__ == "__main__":
    main()
