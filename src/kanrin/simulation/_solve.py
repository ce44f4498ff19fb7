"""Equilibrium prices under taxes, fixed prices and quotas: which solver for which market (MODEL 3.6, 4).

Random coefficients without caps or own tastes go to `kanrin.equilibrium`, whose sums by firm scale; auctions
have a closed form; every other market goes to Newton.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from kanrin.base import Bools, Floats, InputError
from kanrin.equilibrium import PriceGame, solve_prices
from kanrin.simulation._aids import AIDS
from kanrin.simulation._equilibrium import Equilibrium
from kanrin.simulation._linear import Linear
from kanrin.simulation._logit import Logit
from kanrin.simulation._market import Conduct, Market
from kanrin.simulation._nested_logit import NestedLogit
from kanrin.simulation._policies import Wedges
from kanrin.simulation._random_coefficients import RandomCoefficients
from kanrin.simulation._search import Search, tighten_caps
from kanrin.simulation._second_score import solve_second_score

__all__ = ["as_price_game", "default_start", "goes_to_price_game", "solve"]


def goes_to_price_game(market: Market) -> bool:
    """Whether `kanrin.equilibrium` solves it: random coefficients on price alone, Bertrand, no caps."""
    demand = market.demand
    plain = isinstance(demand, RandomCoefficients) and demand.mu is None
    return plain and not market.caps and market.conduct is Conduct.BERTRAND


def as_price_game(market: Market) -> PriceGame:
    """The market as a game of `kanrin.equilibrium`; random coefficients without own tastes only."""
    demand = market.demand
    if not isinstance(demand, RandomCoefficients) or demand.mu is not None:
        raise InputError(f"{market.name}: only random coefficients on price alone make a PriceGame")
    wedge, count = market.wedges(), len(market.products)
    names = {name: f for f, name in enumerate(market.owner_names())}
    separate = market.ownership is None
    return PriceGame(
        delta=demand.delta, alpha=demand.alpha, weights=demand.weights, cost=market.cost + wedge.cost,
        keep=wedge.keep, ad_valorem=wedge.ad_valorem, levies=wedge.levies,
        firms=np.array([names[n] for n in market.owners]) if separate else np.arange(count),
        kappa=market.ownership,
    )  # fmt: skip


def default_start(market: Market, wedge: Wedges) -> Floats:
    """Pre-tax prices to start from: those seen, else a fifth above c/r; money."""
    cost = market.cost + wedge.cost
    scale = np.abs(cost / wedge.keep)
    known = np.full(cost.shape, np.nan) if market.consumer_price is None else market.consumer_price
    seen = (known - wedge.levies) / (1.0 + wedge.ad_valorem)
    slope = getattr(market.demand, "alpha", None)
    typical = float(np.nanmean(known)) if np.isfinite(known).any() else float(scale.mean())
    room = (
        typical * 0.2 if slope is None else 1.0 / (float(np.abs(np.mean(slope))) * (1.0 + wedge.ad_valorem))
    )
    fresh = cost / wedge.keep + room
    result: Floats = np.where(np.isfinite(seen), seen, fresh)
    return np.where(result > 0.0, result, np.maximum(fresh, 1e-3 * typical))


def solve(market: Market, *, free: ArrayLike | None = None, start: Floats | None = None) -> Equilibrium:
    """Prices at which no seller wants to move his own (foc), caps kept (caps), (fb).

    free: (J,) prices that may move, None = all; the others keep `start`, or the prices seen. start: (J,)
    pre-tax, money. A failure is a value: `converged` false, with the residual and advice.
    Raises InputError for masks of the wrong shape or fixed prices that are not known.
    """
    count = len(market.products)
    moving = np.ones(count, dtype=bool) if free is None else np.array(free, dtype=bool)
    if moving.shape != (count,):
        raise InputError(f"{market.name}: free must be one flag a product, ({count},); got {moving.shape}")
    wedge = market.wedges()
    if start is not None and (np.shape(start) != (count,) or not np.isfinite(start).all()):
        raise InputError(f"{market.name}: start must be {count} finite prices; got shape {np.shape(start)}")
    if not moving.all() and start is None:
        known = market.consumer_price
        if known is None or not np.isfinite(known[~moving]).all():
            raise InputError(f"{market.name}: fixed prices need a start that holds them; give start=")
    begin = default_start(market, wedge) if start is None else np.asarray(start, dtype=np.float64)
    if market.conduct is Conduct.SECOND_SCORE:
        return solve_second_score(market, moving)
    if goes_to_price_game(market):
        return _by_game(market, moving, begin)
    _refuse_impossible_caps(market)
    found = Search(market, wedge, moving).run(begin)
    if not found.converged and not market.caps and not isinstance(market.demand, AIDS | Linear):
        slower = Search(market, wedge, moving).patiently(begin)
        found = slower if slower.converged else found
    if market.caps and not found.converged:
        loose = solve(market.with_(caps=()), free=moving, start=begin)
        found = tighten_caps(market, wedge, loose, found)
    return found


def _refuse_impossible_caps(market: Market) -> None:
    """Without an outside good the total cannot fall: caps that cover all products must leave room for it."""
    demand = market.demand
    if not market.caps or not isinstance(demand, Logit | NestedLogit) or demand.has_outside:
        return
    a, units = market.caps_matrix()
    if (a.sum(axis=0) > 0.0).all() and units.sum() < demand.market_size:
        raise InputError(
            f"{market.name}: the quotas allow {units.sum():.6g} units in all, but without an outside good "
            f"{demand.market_size:.6g} are bought at any price; give an outside share"
        )


def _by_game(market: Market, free: Bools, start: Floats) -> Equilibrium:
    found = solve_prices(as_price_game(market), free=free, start=start)
    size = market.demand.market_size if isinstance(market.demand, RandomCoefficients) else 1.0
    advice = found.advice if found.converged else f"{market.name}: {found.advice}"
    return Equilibrium(
        market, found.price, found.consumer_price, size * found.shares, found.margin, np.zeros(0),
        found.residual, found.steps, found.converged, advice, free,
    )  # fmt: skip
