"""Second-score auction under logit: closed form (Miller 2014).

The owner with the best offer wins and is paid what leaves the buyer at the best offer of the others. Mean
utilities are those at the price at which the seller breaks even, p^c = (1 + v) c/r + l.
"""

from __future__ import annotations

import numpy as np

from kanrin.base import Bools, Floats, InputError
from kanrin.simulation._equilibrium import Equilibrium
from kanrin.simulation._logit import Logit
from kanrin.simulation._market import Market, same_owner
from kanrin.simulation._policies import Wedges

__all__ = ["break_even", "buyer_surplus", "consumer_margin", "solve_second_score"]


def _logit(market: Market) -> Logit:
    if not isinstance(market.demand, Logit):
        raise InputError(f"{market.name}: a second-score auction is defined for Logit demand")
    if market.ownership is not None and not np.array_equal(market.ownership, same_owner(market.owners)):
        raise InputError(f"{market.name}: a second-score auction needs owners, not an ownership matrix")
    if market.caps:
        raise InputError(f"{market.name}: quotas are not defined in a second-score auction")
    return market.demand


def break_even(market: Market, wedge: Wedges) -> Floats:
    """(1 + v) c/r + l (J,): consumer prices at which sellers earn nothing, money."""
    cost = market.cost + wedge.cost
    result: Floats = (1.0 + wedge.ad_valorem) * cost / wedge.keep + wedge.levies
    return result


def consumer_margin(shares: Floats, owners: tuple[str, ...], alpha: float) -> Floats:
    """log(1 - S_f)/(alpha S_f) (J,): what the winner's price lies above break-even, money.

    Raises InputError when one owner has the whole market.
    """
    of_owner = same_owner(owners) @ shares
    if (of_owner >= 1.0 - 1e-14).any():
        raise InputError("one owner has the whole market: no second offer; give an outside share")
    result: Floats = np.log1p(-of_owner) / (alpha * of_owner)
    return result


def solve_second_score(market: Market, free: Bools) -> Equilibrium:
    """Expected prices of the winners (J,)."""
    if not free.all():
        raise InputError(f"{market.name}: bids follow from costs; prices cannot be held fixed")
    demand, wedge = _logit(market), market.wedges()
    floor = break_even(market, wedge)
    shares = demand.shares(floor)
    above = consumer_margin(shares, market.owners, demand.alpha)
    consumer = floor + above
    price = (consumer - wedge.levies) / (1.0 + wedge.ad_valorem)
    margin = wedge.keep * price - market.cost - wedge.cost
    return Equilibrium(
        market, price, consumer, demand.market_size * shares, margin, np.zeros(0), 0.0, 0, True,
        "closed form", free,
    )  # fmt: skip


def buyer_surplus(market: Market) -> float:
    """M (E best offer - expected margin of the winner) up to a constant, money: E second best offer."""
    demand, wedge = _logit(market), market.wedges()
    floor = break_even(market, wedge)
    shares = demand.shares(floor)
    above = consumer_margin(shares, market.owners, demand.alpha)
    return demand.market_size * float(demand.log_sum(floor) / -demand.alpha - shares @ above)
