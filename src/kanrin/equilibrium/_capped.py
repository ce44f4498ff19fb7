"""Prices under caps: one price game, or several markets that share a plant (caps), (fb), (trq), (plant).

A cap binds through its shadow price, which is added to unit costs. Newton works on prices and shadow prices
together; where it does not get home, one cap is met by bisection and several are brought down in steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.equilibrium._capped_newton import System, brought_down, by_bisection, by_newton
from kanrin.equilibrium._caps import Cap, Rent, redundant
from kanrin.equilibrium._certificate import Certificate, certify_solution
from kanrin.equilibrium._firstorder import first_order
from kanrin.equilibrium._game import PriceGame
from kanrin.equilibrium._solve import PriceSolution, solve_prices

__all__ = ["CappedSolution", "certify_capped", "solve_capped"]

_MET = 1e-9  # complementarity of a solution
_SOLVED = 1e-10  # of max |p|, on |r p - c - B'lambda - zeta|
_ZERO = 1e-9  # of the largest price: a shadow price below, with room left, is none


@dataclass(frozen=True)
class CappedSolution:
    """Prices and shadow prices of N markets and K caps, and how well they were found.

    A cap of zero takes its products off the market: price NaN, share 0, and since some buyer of a logit
    demand pays any price, an infinite shadow price.
    """

    markets: tuple[PriceGame, ...]
    sizes: tuple[float, ...]  # potential buyers of each market
    caps: tuple[Cap, ...]
    price: tuple[Floats, ...]  # (J,) p each, money, pre-tax
    consumer_price: tuple[Floats, ...]  # (J,) p^c
    shares: tuple[Floats, ...]  # (J,) of potential buyers
    margin: tuple[Floats, ...]  # (J,) r p - c, money; the shadow price is not taken off
    shadow_price: Floats  # (K,) lambda, money
    counted: Floats  # (K,) A q, vehicles
    complementarity: float  # largest |lambda - clip(lambda - slack, 0, duty)|, both relative
    residual: float  # max |r p - c - B'lambda - zeta| / max |p|
    steps: int
    converged: bool
    advice: str

    def quantities(self, market: int = 0) -> Floats:
        """q (J,), vehicles."""
        out: Floats = self.sizes[market] * self.shares[market]
        return out

    def rent(self) -> Floats:
        """lambda' B q (K,), money a period, of the cars within the quota (rent)."""
        return np.asarray(self._paid()[0].sum(axis=1))

    def duty(self) -> Floats:
        """(K,) money a period paid on the cars beyond a tariff-rate quota (trq)."""
        return np.asarray(self._paid()[1].sum(axis=1))

    def profits(self) -> Floats:
        """(F,) money a period: margins at true costs less duties and the rent that makers do not hold (rent).

        Firms have the same numbers in every market.
        """
        firms = max(g.firm_count for g in self.markets)
        earned = np.zeros(firms)
        rent, duty = self._paid()
        at = 0
        taken = duty + rent * np.array([[cap.rent is not Rent.MAKER] for cap in self.caps], dtype=np.float64)
        for n, game in enumerate(self.markets):
            here = slice(at, at + game.product_count)
            q = self.quantities(n)
            money = np.where(q > 0.0, self.margin[n], 0.0) * q - taken[:, here].sum(axis=0)
            earned += np.bincount(game.firms, weights=money, minlength=firms)
            at = here.stop
        return earned

    def _paid(self) -> tuple[Floats, Floats]:
        """lambda_k B_kj q_j, (K, J) over all markets, within the quota and beyond it."""
        q = np.concatenate([self.quantities(n) for n in range(len(self.markets))])
        rows = np.array([np.concatenate(cap.shifts or ()) for cap in self.caps]).reshape(-1, q.size)
        shadow = np.where(np.isfinite(self.shadow_price), self.shadow_price, 0.0)
        paid = shadow[:, None] * rows * q
        limits = np.array([cap.limit for cap in self.caps])
        duties = np.array([cap.duty for cap in self.caps])
        with np.errstate(divide="ignore", invalid="ignore"):
            within = np.where(
                np.isfinite(duties) & (self.counted > limits), limits / self.counted, 1.0
            ).reshape(-1, 1)
        return within * paid, (1.0 - within) * paid


def solve_capped(
    markets: PriceGame | Sequence[PriceGame],
    caps: Sequence[Cap],
    *,
    sizes: float | Sequence[float] = 1.0,
    start: Floats | Sequence[Floats] | None = None,
) -> CappedSolution:
    """phi(p; c + B'lambda) = 0 and 0 <= lambda _|_ b - A q >= 0 (caps), (fb); lambda <= duty (trq).

    `sizes`: potential buyers of each market, so that caps are vehicles; `start`: pre-tax prices near by. A
    deviating firm does not see that a capped rival cannot serve more. A slack cap leaves prices as they are
    without it; a cap of zero closes its products. A failure is a value: `converged` false, with the residual
    and advice. Raises InputError for shapes that do not match, sizes that are not above zero, caps as `Cap`
    and `redundant`.
    """
    games = (markets,) if isinstance(markets, PriceGame) else tuple(markets)
    size = np.broadcast_to(np.asarray(sizes, dtype=np.float64), (len(games),))
    if not games or not np.isfinite(size).all() or (size <= 0.0).any():
        raise InputError(f"sizes must be above zero, one a market, and one market at least; got {sizes!r}")
    for cap in caps:
        if [len(a) for a in cap.covers] != [g.product_count for g in games]:
            raise InputError(
                f"{cap.name}: expected one number a product for each market, "
                f"{[g.product_count for g in games]}; got {[len(a) for a in cap.covers]}"
            )
    begin = _starts(games, start)
    unused, closed = redundant(caps), [np.zeros(g.product_count, dtype=bool) for g in games]
    for cap in caps:
        for n, a in enumerate(cap.covers):
            closed[n] |= (a > 0.0) & cap.closes
    shadow = np.array([np.inf if cap.closes and not u else 0.0 for cap, u in zip(caps, unused, strict=True)])
    filled = np.array([cap.limit == 0.0 and not cap.closes for cap in caps], dtype=bool)
    shadow[filled] = [cap.duty for cap in caps if cap.limit == 0.0 and not cap.closes]
    active = np.array([cap.limit > 0.0 and not u for cap, u in zip(caps, unused, strict=True)], dtype=bool)

    shifted = [
        replace(g, cost=g.cost + _shift(caps, np.where(filled, shadow, 0.0), n)) for n, g in enumerate(games)
    ]
    loose = [
        solve_prices(g, offered=~shut, start=s) for g, shut, s in zip(shifted, closed, begin, strict=True)
    ]
    if not all(found.converged for found in loose):
        bad = next(n for n, found in enumerate(loose) if not found.converged)
        return _told(games, size, caps, loose, shadow, 0, f"market {bad} without caps: {loose[bad].advice}")
    system = System.of(shifted, size, [cap for cap, on in zip(caps, active, strict=True) if on], loose)
    if system.count == 0 or system.is_slack(system.start, np.zeros(system.count)):
        return _told(games, size, caps, loose, shadow, sum(f.steps for f in loose), "converged")
    found = by_newton(system, system.start, np.zeros(system.count))
    if not found.solved:
        slower = by_bisection(system) if system.count == 1 else brought_down(system)
        found = slower if slower.solved or slower.worst < found.worst else found
    price, lam = (
        system.unpacked(found.price),
        np.where(found.shadow > _ZERO * system.scale, found.shadow, 0.0),
    )
    shadow[active] = np.minimum(lam, system.duties)
    told = [_as_solution(g, p) for g, p in zip(games, price, strict=True)]
    advice = "converged" if found.solved else (
        f"caps not met in {found.steps} steps, largest relative residual {found.worst:.2e}; start nearer "
        "(start=), or bring the caps down in steps"
    )  # fmt: skip
    return _told(games, size, caps, told, shadow, found.steps, advice)


def certify_capped(found: CappedSolution, *, starts: int = 8, seed: int = 0) -> tuple[Certificate, ...]:
    """The evidence for each market at its shadow prices: what a firm gains that sees c + B'lambda
    (certificate).
    """
    out = []
    for n, game in enumerate(found.markets):
        offered = found.shares[n] > 0.0
        inner = replace(game, cost=game.cost + _shift(found.caps, found.shadow_price, n))
        at = _as_solution(inner, found.price[n])
        out.append(certify_solution(inner, at, offered=offered, starts=starts, seed=seed))
    return tuple(out)


def _shift(caps: Sequence[Cap], shadow: Floats, n: int) -> Floats:
    """B'lambda in market n (J,) or 0, of the shadow prices that are finite."""
    total: Floats = np.zeros(1)
    for cap, lam in zip(caps, shadow, strict=True):
        if np.isfinite(lam):
            total = total + lam * np.asarray(cap.shifts[n] if cap.shifts is not None else cap.covers[n])
    return total


def _starts(games: Sequence[PriceGame], start: Floats | Sequence[Floats] | None) -> list[Floats | None]:
    if start is None:
        return [None] * len(games)
    given = [start] if len(games) == 1 and np.ndim(start) == 1 else list(start)
    if len(given) != len(games):
        raise InputError(f"start must be one list of prices a market, {len(games)}; got {len(given)}")
    return [np.asarray(s, dtype=np.float64) for s in given]


def _as_solution(game: PriceGame, price: Floats) -> PriceSolution:
    """Prices as a solution of their own, NaN where a product is not on sale."""
    on = np.isfinite(price)
    inner = game.subset(on)
    at = first_order(inner, price[on])
    shape = game.delta.shape
    consumer, shares, margin = np.full(shape, np.nan), np.zeros(shape), np.full(shape, np.nan)
    consumer[on], shares[on], margin[on] = inner.consumer_price(at.price), at.shares, at.margin
    return PriceSolution(
        price, consumer, shares, float(game.weights @ at.outside), margin, np.nan, 0, True, "converged"
    )


def _told(
    games: tuple[PriceGame, ...],
    size: Floats,
    caps: Sequence[Cap],
    found: Sequence[PriceSolution],
    shadow: Floats,
    steps: int,
    advice: str,
) -> CappedSolution:
    """The solution with its residuals taken anew from prices and shadow prices."""
    counted = np.array(
        [
            sum(float(a @ f.shares) * m for a, f, m in zip(cap.covers, found, size, strict=True))
            for cap in caps
        ]
    ).reshape(-1)
    highest = max(float(np.nanmax(np.abs(f.price), initial=1e-300)) for f in found)
    worst = gap = 0.0
    for k, cap in enumerate(caps):
        if cap.limit > 0.0:
            x, slack = shadow[k] / highest, (cap.limit - counted[k]) / cap.limit
            gap = max(gap, abs(x - float(np.clip(x - slack, 0.0, cap.duty / highest))))
    partial = CappedSolution(
        games, tuple(map(float, size)), tuple(caps), tuple(f.price for f in found),
        tuple(f.consumer_price for f in found), tuple(f.shares for f in found),
        tuple(g.margin(f.price) for g, f in zip(games, found, strict=True)), shadow, counted, gap, np.inf,
        steps, False, advice,
    )  # fmt: skip
    for n, (game, f) in enumerate(zip(games, found, strict=True)):
        on = np.isfinite(f.price)
        inner = replace(game, cost=game.cost + _shift(caps, shadow, n)).subset(on)
        left = np.abs(first_order(inner, f.price[on]).residual).max(initial=0.0)
        worst = max(worst, float(left) / highest)
    good = advice == "converged" and gap <= _MET and worst <= _SOLVED
    if advice == "converged" and not good:
        advice = f"residual {worst:.1e}, complementarity {gap:.1e}; start nearer (start=)"
    return replace(partial, residual=worst, converged=good, advice=advice)
