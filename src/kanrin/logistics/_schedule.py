"""A schedule: cars by month and leg, calls, stock, what a car costs, and what one more place is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats
from kanrin.logistics._formulate import formulate
from kanrin.logistics._highs import Solved, solve_held, solve_whole
from kanrin.logistics._network import Network
from kanrin.logistics._program import Program
from kanrin.logistics._smaller import pooled

__all__ = ["COST_PARTS", "Schedule", "ShadowPrice", "solve_schedule"]

COST_PARTS = ("inland", "sea", "calls", "waiting", "inspection", "delivery")
_SEEN = 1.0  # yen a car: less is rounding of the solver


@dataclass(frozen=True)
class ShadowPrice:
    """What one more car of room would save over a span of months, JPY a car; or what a smaller call would."""

    kind: str  # slots, least, inspections, room, plant
    where: str
    months: tuple[str, ...]  # in which it binds
    most: float  # JPY a car in the dearest month
    mean: float  # over those months


@dataclass(frozen=True)
class Schedule:
    """J cars, A inland legs, U and P ports, Q port pairs, G regions, T months. Cars are means, not whole."""

    network: Network
    left: Floats  # (A, T) cars that leave the plant on a leg
    quay: Floats  # (J, U, T) at the end of the month
    loaded: Floats  # (J, Q, T)
    calls: Floats  # (Q, T) whole
    yard: Floats  # (J, P, T)
    delivered: Floats  # (J, P, G, T)
    dealers: Floats  # (J, G, T)
    sold: Floats  # (J, G, T)
    lost: Floats  # (J, G, T) buyers not served
    objective: float  # JPY, lost sales included
    gap: float  # relative, left by the tree of whole numbers
    duals: Mapping[str, Floats]  # of the program with the calls held, JPY per unit of the row's bound

    @property
    def sales(self) -> Floats:
        """(J,) cars sold."""
        out: Floats = self.sold.sum(axis=(1, 2))
        return out

    def costs(self) -> dict[str, Floats]:
        """(J,) JPY by part, summed over the months; a call is borne by the cars aboard, by their size."""
        n = self.network
        count = len(n.cars)
        inland = np.bincount(n.leg_car, weights=n.leg_cost * self.left.sum(axis=1), minlength=count)
        moved = self.loaded.sum(axis=2)
        sea = (np.where(moved > 0, n.sea_cost, 0.0) * moved).sum(axis=1)
        space = n.size[:, None, None] * self.loaded
        aboard = space.sum(axis=0)
        part = np.divide(space, aboard, out=np.zeros_like(space), where=aboard > 0)
        stock = self.quay.sum(axis=(1, 2)) + self.yard.sum(axis=(1, 2)) + self.dealers.sum(axis=(1, 2))
        return {
            "inland": inland,
            "sea": sea,
            "calls": (part * (n.call_cost * self.calls)[None]).sum(axis=(1, 2)),
            "waiting": n.waiting * stock,
            "inspection": n.inspect_cost * self.delivered.sum(axis=(1, 2, 3)),
            "delivery": (n.delivery_cost[None] * self.delivered.sum(axis=3)).sum(axis=(1, 2)),
        }

    def cost_per_car(self) -> dict[str, Floats]:
        """(J,) JPY a car sold, by part; NaN for a car of which none is sold."""
        sales = self.sales
        none = np.full(sales.shape, np.nan)
        return {
            name: np.divide(total, sales, out=none.copy(), where=sales > 0)
            for name, total in self.costs().items()
        }

    def demand_price(self) -> Floats:
        """(J, T) JPY: what serving one more buyer of the month would cost, or its loss where that is less."""
        weights = self.network.region_share
        out: Floats = np.einsum("jgt,g->jt", self.duals["demand"], weights)
        return out

    def shadow_prices(self) -> list[ShadowPrice]:
        """Every capacity that binds, dearest first; yen a car."""
        n, found = self.network, []
        aboard = self.loaded.sum(axis=2)
        total = aboard.sum(axis=1)
        mean_size = float((n.size * total).sum() / total.sum()) if total.sum() > 0 else 1.0
        for kind, names, sign in (
            ("slots", [n.pair_name(q) for q in range(len(n.pair_from))], -mean_size),
            ("least", [n.pair_name(q) for q in range(len(n.pair_from))], 1.0),
            ("inspections", n.imports, -1.0),
            ("room", n.regions, -1.0),
            ("plant", n.plants, -1.0),
        ):
            price = sign * self.duals[kind]
            if kind in ("slots", "least"):
                price = np.where(self.calls > 0, price, 0.0)  # only room on a ship that calls
            for k, name in enumerate(names):
                binds = np.flatnonzero(price[k] > _SEEN)
                if binds.size:
                    months = tuple(n.months[t] for t in binds)
                    found.append(
                        ShadowPrice(kind, name, months, float(price[k].max()), float(price[k][binds].mean()))
                    )
        return sorted(found, key=lambda s: (-s.most, s.kind, s.where))


def solve_schedule(network: Network, *, calls: Floats | None = None) -> Schedule:
    """The cheapest schedule of a network; with `calls` (Q, T) held, no tree is searched and the gap is 0.

    Shadow prices are those of the program with the calls held. Raises SolveError when HiGHS gives no answer.
    """
    program = formulate(network)
    gap = 0.0
    held = np.zeros(program.column_count)
    if calls is None:
        tree = formulate(pooled(network))
        whole = solve_whole(tree)
        calls, gap = np.round(whole.x[tree.blocks["calls"]]), whole.gap
    held[program.blocks["calls"]] = calls
    return _told(network, program, solve_held(program, held), gap)


def _told(network: Network, program: Program, solved: Solved, gap: float) -> Schedule:
    x = np.where(np.abs(solved.x) < 1e-9, 0.0, solved.x)  # of a car: dust of the simplex
    return Schedule(
        network=network,
        **{name: x[at] for name, at in program.blocks.items()},
        objective=solved.objective,
        gap=gap,
        duals={name: solved.row_dual[at] for name, at in program.row_blocks.items()},
    )
