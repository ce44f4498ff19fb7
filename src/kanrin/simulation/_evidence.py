"""What a solution can show for itself, for any demand system (certificate), (soc)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats
from kanrin.equilibrium import PriceSolution, certify_solution
from kanrin.simulation._aids import AIDS
from kanrin.simulation._conditions import conditions_at, foc_jacobian
from kanrin.simulation._equilibrium import Equilibrium
from kanrin.simulation._linear import Linear
from kanrin.simulation._market import Conduct
from kanrin.simulation._solve import as_price_game, goes_to_price_game, solve

__all__ = ["Evidence", "examine"]

_SCALES = (1.0, 1.05, 1.5, 3.0)  # starts at c/r times these, then random ones between 1 and 4
_AGREE = 1e-8  # relative to the largest price
_GRID = 24
_HIGHEST = 40.0  # of c/r
_LARGEST_SCAN = 250  # products; above it a scan of every own price takes minutes


@dataclass(frozen=True)
class Evidence:
    """Ratios are pure numbers; missing parts are None with the reason in `note`."""

    residual: float  # largest, relative to max p
    second_order_ok: bool | None
    largest_eigenvalue: (
        float | None
    )  # of the owners' blocks, own effects scaled to one; negative at a maximum
    starts: int
    starts_agreeing: int
    largest_deviation_gain: float | None  # of an owner's profit, own prices moved; <= 0: none gains
    outside_share: float | None
    note: str = ""


def examine(found: Equilibrium, *, starts: int = 6, seed: int = 0) -> Evidence:
    """Residual, second order, other starts and a scan of far own prices (certificate)."""
    market = found.market
    outside = _outside_share(found)
    if not found.converged:
        return Evidence(found.residual, None, None, 0, 0, None, outside, "not solved")
    if market.conduct is Conduct.SECOND_SCORE:
        return Evidence(0.0, None, None, 0, 0, None, outside, "closed form; sellers bid, they set no price")
    if goes_to_price_game(market) and found.free.all():
        inner = certify_solution(as_price_game(market), _price_solution(found), starts=starts, seed=seed)
        return Evidence(
            inner.max_foc_residual, inner.second_order_ok, inner.largest_eigenvalue, inner.starts,
            inner.starts_agreeing, inner.largest_deviation_gain, inner.outside_share,
        )  # fmt: skip
    top = _largest_eigenvalue(found)
    agreeing = 0
    beginnings = _starts(found, starts, seed)
    for begin in beginnings:
        again = solve(market, free=found.free, start=begin)
        gap = float(np.abs(again.price - found.price).max())
        agreeing += again.converged and gap <= _AGREE * float(np.abs(found.price).max())
    gain, note = None, ""
    if market.conduct is not Conduct.BERTRAND:
        note = "no scan of deviations: a small seller takes the market's aggregate as given"
    elif market.caps:
        note = "no scan of deviations: buyers turned away by a cap are not rationed"
    elif len(market.products) > _LARGEST_SCAN:
        note = f"no scan of deviations above {_LARGEST_SCAN} products"
    else:
        gain = _deviation_gain(found)
    return Evidence(found.residual, top < 0.0, top, len(beginnings), agreeing, gain, outside, note)


def _outside_share(found: Equilibrium) -> float | None:
    size = getattr(found.market.demand, "market_size", None)
    return None if size is None else float(1.0 - found.quantities.sum() / size)


def _price_solution(found: Equilibrium) -> PriceSolution:
    size = found.market.demand.market_size  # type: ignore[attr-defined]
    return PriceSolution(
        found.price, found.consumer_price, found.quantities / size,
        float(1.0 - found.quantities.sum() / size), found.margin, found.residual, found.steps, True, "",
    )  # fmt: skip


def _largest_eigenvalue(found: Equilibrium) -> float:
    """Largest eigenvalue of the blocks (1 + v_j) Phi_jl of each owner, scaled by own effects (soc)."""
    market, wedge = found.market, found.market.wedges()
    a, _ = market.caps_matrix()
    cost = market.cost + wedge.cost + found.shadow_price @ a
    at = conditions_at(market, wedge, found.price, cost)
    gross = 1.0 + wedge.ad_valorem
    phi = gross[:, None] * foc_jacobian(market, wedge, at)
    scale = 1.0 / np.sqrt(gross * np.abs(np.diag(at.slopes)))
    alone = market.conduct is Conduct.MONOPOLISTIC_COMPETITION
    owners = np.array(range(len(cost)) if alone else market.owners, dtype=object)
    top = -np.inf
    for owner in dict.fromkeys(owners):
        own = np.flatnonzero((owners == owner) & found.free)
        if own.size:
            block = scale[own, None] * phi[np.ix_(own, own)] * scale[own]
            top = max(top, float(np.linalg.eigvalsh((block + block.T) / 2.0)[-1]))
    return top


def _starts(found: Equilibrium, count: int, seed: int) -> list[Floats]:
    """Multiples of c/r; in demand without a bound on prices below, of the prices themselves."""
    rng = np.random.default_rng(seed)
    wedge = found.market.wedges()
    floor = (found.market.cost + wedge.cost) / wedge.keep
    floor = np.where(floor > 0.0, floor, np.abs(found.price) / 2.0)
    scales: list[Floats] = [np.full(floor.shape, s) for s in _SCALES[:count]]
    scales += [4.0 ** rng.random(floor.size) for _ in range(count - len(scales))]
    if isinstance(found.market.demand, AIDS | Linear):  # negative quantities far away
        return [found.price * (1.0 + 0.1 * (s / s.max() - 0.5)) for s in scales]
    return [np.where(found.free, floor * s, found.price) for s in scales]


def _deviation_gain(found: Equilibrium) -> float:
    """Largest relative gain of an objective, rivals fixed: one own price on a grid, or all own by a scale."""
    market, wedge = found.market, found.market.wedges()
    h, cost = market.h(), market.cost + wedge.cost
    now = h @ (found.margin * found.quantities)
    floor = np.maximum(cost / wedge.keep, 0.05 * np.abs(found.price))
    owners, best = np.array(market.owners, dtype=object), -np.inf
    singly = [(j, np.array([j])) for j in np.flatnonzero(found.free)]
    jointly = []
    for owner in market.owner_names():
        own = np.flatnonzero((owners == owner) & found.free)
        if own.size > 1:
            jointly.append((own[0], own))
    for j, moved in [*singly, *jointly]:
        top = _HIGHEST * float((floor[moved] / np.abs(found.price[moved])).max())
        for scale in np.geomspace(0.5, max(top, 1.0), _GRID):
            price = found.price.copy()
            price[moved] = found.price[moved] * scale
            with np.errstate(all="ignore"):
                sold = market.demand.quantities((1.0 + wedge.ad_valorem) * price + wedge.levies)
            if np.isfinite(sold).all() and (sold >= 0.0).all() and now[j] != 0.0:
                value = float(h[j] @ ((wedge.keep * price - cost) * sold))
                best = max(best, (value - now[j]) / abs(now[j]))
    return float(best)
