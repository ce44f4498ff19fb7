"""Why not every buyer can be served, in one sentence that names the capacities and the demand in conflict."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from kanrin.base import Ints
from kanrin.logistics._formulate import formulate
from kanrin.logistics._highs import conflicting_rows, solve_whole
from kanrin.logistics._network import Network

__all__ = ["conflict", "span"]

CAPACITIES = ("slots", "inspections", "room", "plant")


def conflict(network: Network) -> str:
    """The contradiction between serving all demand and the capacities; empty when all can be served.

    `14 slots on ships from San Diego to Nagoya in 2026-09 against a demand of 15 cars in 2026-09`.
    """
    program = formulate(network, must_meet=True, least_calls=False)
    rows = conflicting_rows(program)
    if rows.size:
        return _sentence(network, [program.row_named(int(k)) for k in rows])
    if solve_whole(formulate(network, must_meet=True)).feasible:
        return ""
    wanted = float(network.demand.sum())
    when = span(network, np.flatnonzero(network.demand.sum(axis=0) > 0))
    return (
        f"A call of at least {_cars(network.least_call)} cars against a demand of {_cars(wanted)} cars in "
        f"{when} that no whole number of such calls meets"
    )


def _sentence(network: Network, rows: list[tuple[str, tuple[int, ...]]]) -> str:
    n = network
    spans: dict[tuple[str, int], list[int]] = defaultdict(list)
    wanted: dict[int, float] = defaultdict(float)
    cars: set[int] = set()
    for name, place in rows:
        if name in CAPACITIES:
            spans[(name, place[0])].append(place[1])
        elif name == "demand":
            j, g, t = place
            wanted[t] += float(n.demand[j, t] * n.region_share[g])
            cars.add(j)
    size = float(np.mean(n.size[sorted(cars)])) if cars else 1.0
    told = []
    for (name, k), months in sorted(spans.items()):
        when, count = span(n, np.array(sorted(months))), len(months)
        if name == "slots":
            told.append(f"{_cars(n.slots * n.calls * count / size)} slots from {n.pair_name(k)} in {when}")
        elif name == "inspections":
            told.append(f"{_cars(n.inspections[k] * count)} inspections in {n.imports[k]} in {when}")
        elif name == "room":
            told.append(f"room for {_cars(n.room[k])} cars at the dealers of {n.regions[k]} in {when}")
        else:
            told.append(f"{_cars(n.plant_most[k] * count)} cars from {n.plants[k]} in {when}")
    asked = np.array(sorted(t for t, q in wanted.items() if q > 0))
    against = f"a demand of {_cars(sum(wanted.values()))} cars in {span(n, asked)}"
    if not told:
        return f"No car can arrive in time against {against}"
    first = told[0][0].upper() + told[0][1:]
    return f"{' and '.join([first, *told[1:]])} against {against}"


def _cars(number: float) -> str:
    """Whole where it is whole, else to a tenth."""
    return f"{number:,.0f}" if abs(number - round(number)) < 0.05 else f"{number:,.1f}"


def span(network: Network, at: Ints) -> str:
    """Months in words: `2026-09`, `2026-09 to 2026-12`, or with gaps the first and last of them."""
    if not len(at):
        return "no month"
    first, last = network.months[at[0]], network.months[at[-1]]
    return first if first == last else f"{first} to {last}"
