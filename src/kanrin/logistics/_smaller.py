"""A network made smaller before its whole numbers are looked for: ways never worth taking, regions as one.

A port pair is left out when another is no dearer and no slower for every car and can carry twice the peak of
all demand: whatever the first carries may go by the second, on no more calls. Regions pool exactly while one
port of import is left and dealers have room; with several ports each serves all regions alike here, and the
program with the calls held splits them anew.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kanrin.base import Bools, Floats, Ints
from kanrin.logistics._network import Network

__all__ = ["pooled", "without_dominated"]

_AMPLE = 2.0  # times the peak month


def without_dominated(network: Network) -> Network:
    """The network without legs and port pairs that another beats for every car."""
    n = _legs_kept(network)
    cost, months = _whole_way(n)
    ample = n.slots * n.calls >= _AMPLE * float((n.size @ n.demand).max())
    ample = ample and bool((n.inspections >= _AMPLE * n.demand.sum(axis=0).max()).all())
    if not ample:
        return n
    keep = np.ones(cost.shape[1], dtype=bool)
    for q in np.argsort(-cost.min(axis=0), kind="stable"):
        others = [k for k in np.flatnonzero(keep) if k != q]
        keep[q] = not any(
            (cost[:, k] <= cost[:, q]).all() and (months[:, k] <= months[:, q]).all() for k in others
        )
    return _with_pairs(n, keep)


def pooled(network: Network) -> Network:
    """All regions as one, at the mean cost of delivery from each port."""
    n = network
    return replace(
        n,
        regions=("all regions",),
        region_share=np.ones(1),
        delivery_cost=(n.delivery_cost @ n.region_share)[:, None],
        room=np.array([n.room.sum()]),
    )


def _legs_kept(n: Network) -> Network:
    keep: Bools = np.ones(len(n.leg_car), dtype=bool)
    for a in range(len(keep)):
        same = (n.leg_car == n.leg_car[a]) & (n.leg_port == n.leg_port[a]) & keep
        same[a] = False
        better = same & (n.leg_cost <= n.leg_cost[a]) & (n.leg_months <= n.leg_months[a])
        keep[a] = not better.any()
    return _with_legs(n, keep)


def _with_legs(n: Network, keep: Bools) -> Network:
    return replace(
        n,
        leg_car=n.leg_car[keep],
        leg_port=n.leg_port[keep],
        leg_mode=tuple(m for m, k in zip(n.leg_mode, keep, strict=True) if k),
        leg_cost=n.leg_cost[keep],
        leg_months=n.leg_months[keep],
    )


def _whole_way(n: Network) -> tuple[Floats, Ints]:
    """(J, Q) cost and months from the plant to the dealers by the cheapest leg."""
    mean_delivery = n.delivery_cost @ n.region_share
    cost = np.full(n.sea_cost.shape, np.inf)
    months = np.full(n.sea_cost.shape, len(n.months))
    for a in range(len(n.leg_car)):
        j = n.leg_car[a]
        for q in np.flatnonzero(n.pair_from == n.leg_port[a]):
            total = n.leg_cost[a] + n.sea_cost[j, q] + mean_delivery[n.pair_to[q]]
            if total < cost[j, q]:
                cost[j, q], months[j, q] = total, n.leg_months[a] + n.sea_months[j, q]
    return cost, months


def _with_pairs(n: Network, keep: Bools) -> Network:
    """Only these pairs, and the ports they touch."""
    exports, imports = np.unique(n.pair_from[keep]), np.unique(n.pair_to[keep])
    n = _with_legs(n, np.isin(n.leg_port, exports))
    return replace(
        n,
        exports=tuple(n.exports[u] for u in exports),
        imports=tuple(n.imports[p] for p in imports),
        leg_port=np.searchsorted(exports, n.leg_port),
        pair_from=np.searchsorted(exports, n.pair_from[keep]),
        pair_to=np.searchsorted(imports, n.pair_to[keep]),
        sea_cost=n.sea_cost[:, keep],
        sea_months=n.sea_months[:, keep],
        inspections=n.inspections[imports],
        delivery_cost=n.delivery_cost[imports],
    )
