"""The schedule as a program: who leaves when, on which leg, with what stock, so that cost is least.

    min  legs + sea + calls + inspection + delivery + waiting + sales lost
    port of export   I_t = I_{t-1} + arrivals - loaded
    port of import   K_t = K_{t-1} + landed - delivered
    dealers          D_t = D_{t-1} + delivered - sold
    demand           sold + lost = demand; a buyer who is not served in the month is lost
    ship             size x loaded <= slots x calls,   loaded >= least x calls,   calls whole

All stocks end at zero, so that what left is what was sold. Cars are not whole: they are means.
"""

from __future__ import annotations

import numpy as np

from kanrin.base import Ints
from kanrin.logistics._network import Network
from kanrin.logistics._program import ABSENT, Program

__all__ = ["formulate"]


def formulate(network: Network, *, must_meet: bool = False, least_calls: bool = True) -> Program:
    """The program of a network; blocks are named as in `Schedule`.

    `must_meet` forbids lost sales; `least_calls` false leaves the smallest call out.
    """
    n = network
    count, ways, months = len(n.cars), len(n.leg_car), len(n.months)
    pairs, ports, regions = len(n.pair_from), len(n.imports), len(n.regions)
    at = np.arange(months)
    program = Program()

    in_time = at[None, :] + n.leg_months[:, None] < months
    left = program.columns(
        "left", (ways, months), cost=n.leg_cost[:, None], upper=np.where(in_time, np.inf, 0)
    )
    ends = np.where(at == months - 1, 0.0, np.inf)  # nothing is left over
    waiting = n.waiting[:, None, None]
    quay = program.columns("quay", (count, len(n.exports), months), cost=waiting, upper=ends)
    open_sea = np.isfinite(n.sea_cost)
    lands = at[None, None, :] + n.sea_months[:, :, None] < months
    sea = np.where(open_sea, n.sea_cost, 0.0)[:, :, None]
    loaded = program.columns(
        "loaded", (count, pairs, months), cost=sea, upper=np.where(open_sea[:, :, None] & lands, np.inf, 0.0)
    )
    calls = program.columns("calls", (pairs, months), cost=n.call_cost, upper=n.calls, whole=True)
    yard = program.columns("yard", (count, ports, months), cost=waiting, upper=ends)
    handed = n.inspect_cost[:, None, None, None] + n.delivery_cost[None, :, :, None]
    delivered = program.columns("delivered", (count, ports, regions, months), cost=handed)
    dealers = program.columns("dealers", (count, regions, months), cost=waiting, upper=ends)
    shape = (count, regions, months)
    sold = program.columns("sold", shape)
    lost = program.columns("lost", shape, cost=n.lost[:, None, None], upper=0.0 if must_meet else np.inf)

    mine = (n.leg_car[None, None, :] == np.arange(count)[:, None, None]) & (
        n.leg_port[None, None, :] == np.arange(len(n.exports))[None, :, None]
    )  # (J, U, A)
    came = _shifted(left, n.leg_months)  # (A, T)
    came = np.where(mine[..., None], came[None, None], ABSENT).swapaxes(2, 3)  # (J, U, T, A)
    leaves = n.pair_from[None, :] == np.arange(len(n.exports))[:, None]  # (U, Q)
    goes = np.where(leaves[None, :, :, None], loaded[:, None], ABSENT).swapaxes(2, 3)  # (J, U, T, Q)
    program.rows(
        "quay", quay.shape, [(quay, -1.0), (_before(quay), 1.0), (came, 1.0), (goes, -1.0)], lower=0, upper=0
    )

    arrives = n.pair_to[None, :] == np.arange(ports)[:, None]  # (P, Q)
    landed = _shifted(loaded.reshape(count * pairs, months), n.sea_months.ravel()).reshape(loaded.shape)
    landed = np.where(arrives[None, :, :, None], landed[:, None], ABSENT).swapaxes(2, 3)  # (J, P, T, Q)
    out = delivered.swapaxes(2, 3)  # (J, P, T, G)
    program.rows(
        "yard", yard.shape, [(yard, -1.0), (_before(yard), 1.0), (landed, 1.0), (out, -1.0)], lower=0, upper=0
    )

    into = delivered.transpose(0, 2, 3, 1)  # (J, G, T, P)
    program.rows(
        "dealers",
        shape,
        [(dealers, -1.0), (_before(dealers), 1.0), (into, 1.0), (sold, -1.0)],
        lower=0,
        upper=0,
    )
    wanted = n.demand[:, None, :] * n.region_share[None, :, None]
    program.rows("demand", shape, [(sold, 1.0), (lost, 1.0)], lower=wanted, upper=wanted)

    aboard = loaded.transpose(1, 2, 0)  # (Q, T, J)
    program.rows("slots", calls.shape, [(aboard, n.size), (calls, -n.slots)], upper=0)
    if least_calls:
        program.rows("least", calls.shape, [(aboard, 1.0), (calls, -n.least_call)], lower=0)
    inspected = delivered.transpose(1, 3, 0, 2).reshape(ports, months, count * regions)
    program.rows("inspections", (ports, months), [(inspected, 1.0)], upper=n.inspections[:, None])
    program.rows("room", (regions, months), [(dealers.transpose(1, 2, 0), 1.0)], upper=n.room[:, None])
    made = n.plant_of[n.leg_car][None, :] == np.arange(len(n.plants))[:, None]  # (plants, A)
    from_plant = np.where(made[:, :, None], left[None], ABSENT).swapaxes(1, 2)
    program.rows("plant", (len(n.plants), months), [(from_plant, 1.0)], upper=n.plant_most[:, None])
    return program


def _before(columns: Ints) -> Ints:
    """The same columns a month earlier along the last axis."""
    none = np.full((*columns.shape[:-1], 1), ABSENT)
    return np.concatenate([none, columns[..., :-1]], axis=-1)


def _shifted(columns: Ints, months: Ints) -> Ints:
    """(N, T) columns that arrive in month t: those of t - months[k]."""
    index = np.arange(columns.shape[1])[None, :] - months[:, None]
    found = np.take_along_axis(columns, np.maximum(index, 0), axis=1)
    return np.where(index >= 0, found, ABSENT)
