"""Prices and the schedule agree: what a schedule costs a car enters its landed cost, and prices answer.

Inner steps hold the calls of ships and repeat schedule, cost, prices, volumes, half a step at a time where a
full one overshoots. Then the whole numbers are looked for anew; if they change the inner steps begin again.
Whole numbers may cycle: the best round is kept and its residual is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kanrin.base import Floats, SolveError
from kanrin.equilibrium import Games, solve_games
from kanrin.lineup import Plan
from kanrin.logistics._conflict import conflict
from kanrin.logistics._read_network import Programme
from kanrin.logistics._schedule import Schedule, solve_schedule

__all__ = ["Logistics", "settle"]

_TOLERANCE = 1e-6  # relative change of volumes
_INNER = 20
_ROUNDS = 3
_MILLION = 1e6
_UNSERVED = 1e-6  # of demand: rounding of the solver


@dataclass(frozen=True)
class Logistics:
    """The schedule at volumes that agree with its own costs. J chosen cars."""

    programme: Programme
    schedule: Schedule
    annual: Floats  # (J,) cars a year, mean, as the schedule's costs make them
    before: Floats  # (J,) cars a year of the plan, mean
    moving_before: Floats  # (J,) JPY a car that the landed cost counts for the same legs
    moving: Floats  # (J,) JPY a car of the schedule
    price_change: Floats  # (J,) JPY, list price before tax
    residual: float  # relative, of volumes
    iterations: int
    rounds: int  # searches for whole numbers
    settled: bool
    conflict: str  # why not every buyer is served; empty when all are


def settle(plan: Plan, programme: Programme) -> Logistics:
    """Iterate between prices and the schedule. Raises SolveError when HiGHS or the prices give no answer."""
    means = np.array([float(plan.valuation.units[:, 0, j].mean()) for j in plan.chosen])
    programme.leave_out(means)
    respond = _Response(plan, programme)
    ratio, price = np.ones(len(means)), respond.start
    best: tuple[float, Schedule, Floats, Floats, Floats] | None = None
    iterations, calls, gap, settled, rounds = 0, None, 0.0, False, 0
    while rounds < _ROUNDS:
        network = programme.network(means * ratio)
        fresh = solve_schedule(network)
        rounds += 1
        if calls is not None:
            kept = solve_schedule(network, calls=calls)
            if best is not None and fresh.objective >= kept.objective - fresh.gap * abs(kept.objective):
                settled = best[0] <= _TOLERANCE
                break
        calls, gap, step, last = fresh.calls, fresh.gap, 1.0, np.inf
        best = None  # of this round; older calls are not gone back to
        for _ in range(_INNER):
            schedule = solve_schedule(programme.network(means * ratio), calls=calls)
            moving = respond.moving(schedule)
            price, wanted = respond(schedule, price)
            iterations += 1
            residual = float(np.abs(wanted / ratio - 1.0).max())
            if best is None or residual < best[0]:
                best = (residual, schedule, ratio.copy(), moving, price)
            if residual <= _TOLERANCE:
                break
            step = step if residual < 0.7 * last else max(0.25, step / 2.0)
            last = residual
            ratio = ratio + step * (wanted - ratio)
        assert best is not None
        ratio = best[2]
    assert best is not None
    residual, schedule, ratio, moving, price = best
    unserved = float(schedule.lost.sum()) > _UNSERVED * float(schedule.network.demand.sum())
    at = respond.at
    return Logistics(
        programme=programme,
        schedule=replace(schedule, gap=gap),
        annual=means * ratio,
        before=means,
        moving_before=programme.moving(),
        moving=moving,
        price_change=(price[at] - plan.central.solution.price[at]) * _MILLION,
        residual=residual,
        iterations=iterations,
        rounds=rounds,
        settled=settled,
        conflict=conflict(schedule.network) if unserved else "",
    )


class _Response:
    """Prices and volumes, over those of the central case, that answer the cost of a schedule."""

    def __init__(self, plan: Plan, programme: Programme) -> None:
        self.central = plan.central
        self.at = len(plan.market.models) + np.array(plan.chosen, dtype=np.int64)
        self.start = plan.central.solution.price
        self.programme = programme
        self.games = Games.of(plan.central.game)
        read = programme.read
        # delivery is paid by the distributor, out of its margin (wedge-map)
        self.passed = np.array(
            [1.0 - float(read(e.shipment.distributor_margin_key)) for e in programme.entries]
        )
        self.usual = programme.moving()

    def moving(self, schedule: Schedule) -> Floats:
        """(J,) JPY a car; a car of which none is sold keeps the cost of its route."""
        total = np.sum(list(schedule.cost_per_car().values()), axis=0)
        out: Floats = np.where(np.isfinite(total), total, self.usual)
        return out

    def __call__(self, schedule: Schedule, start: Floats) -> tuple[Floats, Floats]:
        """(prices, volumes over the central ones)."""
        per_car = schedule.cost_per_car()
        delivery = np.where(np.isfinite(per_car["delivery"]), per_car["delivery"], self.programme.delivery)
        more = self.moving(schedule) - self.usual
        by_distributor = delivery - self.programme.delivery
        cost = self.central.game.cost.copy()
        cost[self.at] += (more - (1.0 - self.passed) * by_distributor) / _MILLION
        found = solve_games(self.games, self.central.offered[None], cost[None], np.nan_to_num(start)[None])
        if not found.converged[0]:
            raise SolveError(
                f"prices with the costs of the schedule were not found: residual {found.residual[0]:.1e}; "
                "see the certificate of the plan"
            )
        return found.price[0], found.shares[0, self.at] / self.central.solution.shares[self.at]
