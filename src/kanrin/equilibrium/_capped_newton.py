"""Newton on prices and shadow prices together, and the two ways round it (fb).

Unknowns (p, lambda); rows phi/s0 and the Fischer-Burmeister function of lambda over the largest price and of
the room left over the cap. Between zero and a duty the row is FB(x, -FB(u - x, -y)) (Billups 1995), zero
where x = 0 and y >= 0, or 0 <= x <= u and y = 0, or x = u and y <= 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kanrin.base import Bools, Floats
from kanrin.equilibrium._caps import Cap
from kanrin.equilibrium._firstorder import (
    FirstOrder,
    first_order,
    foc_jacobian,
    shares_by_consumer_price,
)
from kanrin.equilibrium._game import PriceGame
from kanrin.equilibrium._solve import PriceSolution, solve_prices

__all__ = ["Reached", "System", "brought_down", "by_bisection", "by_newton"]

_TOLERANCE = 1e-12
_FLOOR = 1e-10  # accepted once a step no longer halves it
_MAX_STEPS = 100
_HALVINGS = 40
_REACH = 0.5  # a price moves by at most this part of itself in a step
_ARMIJO = 1e-4
_STAGES = 20
_DOUBLINGS = 60
_BISECTIONS = 200


@dataclass(frozen=True)
class Reached:
    """Where a search ended: prices of all markets one after the other, shadow prices, and how near."""

    price: Floats
    shadow: Floats
    worst: float
    steps: int

    @property
    def solved(self) -> bool:
        """Whether it got home."""
        return self.worst <= _FLOOR


@dataclass(frozen=True)
class System:
    """N markets of products on sale, K caps that may bind."""

    games: tuple[PriceGame, ...]
    sizes: Floats
    on_sale: tuple[Bools, ...]
    a: tuple[Floats, ...]  # (K, J) each
    b: Floats  # (K,)
    shifts: tuple[Floats, ...]  # (K, J) each
    duties: Floats  # (K,)
    start: Floats  # prices without caps
    base: Floats  # shares there
    scale: float  # the largest price there

    @classmethod
    def of(
        cls, games: Sequence[PriceGame], sizes: Floats, caps: Sequence[Cap], loose: Sequence[PriceSolution]
    ) -> System:
        """The system of the products that somebody buys without caps."""
        on = tuple(found.shares > 0.0 for found in loose)

        def rows(which: str, n: int) -> Floats:
            picked = [getattr(cap, which)[n][on[n]] for cap in caps]
            return np.array(picked, dtype=np.float64).reshape(len(caps), int(on[n].sum()))

        price = np.concatenate([f.price[o] for f, o in zip(loose, on, strict=True)])
        return cls(
            tuple(g.subset(o) for g, o in zip(games, on, strict=True)), sizes, on,
            tuple(rows("covers", n) for n in range(len(games))), np.array([cap.limit for cap in caps]),
            tuple(rows("shifts", n) for n in range(len(games))), np.array([cap.duty for cap in caps]), price,
            np.concatenate([f.shares[o] for f, o in zip(loose, on, strict=True)]),
            float(np.abs(price).max(initial=1e-300)),
        )  # fmt: skip

    @property
    def count(self) -> int:
        """K."""
        return int(self.b.size)

    def pieces(self, values: Floats) -> list[Floats]:
        """Values of all products, by market."""
        ends = np.cumsum([g.product_count for g in self.games])[:-1]
        return np.split(values, ends)

    def unpacked(self, price: Floats) -> list[Floats]:
        """Prices by market over all products, NaN where not on sale."""
        out = []
        for on, values in zip(self.on_sale, self.pieces(price), strict=True):
            whole = np.full(on.shape, np.nan)
            whole[on] = values
            out.append(whole)
        return out

    def at(self, price: Floats, shadow: Floats) -> list[FirstOrder]:
        """First-order conditions at c + B'lambda, market by market."""
        return [
            first_order(replace(g, cost=g.cost + shadow @ w), p)
            for g, w, p in zip(self.games, self.shifts, self.pieces(price), strict=True)
        ]

    def room(self, here: Sequence[FirstOrder]) -> Floats:
        """(b - A q)/b (K,)."""
        sold = sum(m * (a @ f.shares) for a, f, m in zip(self.a, here, self.sizes, strict=True))
        out: Floats = (self.b - sold) / self.b
        return out

    def is_slack(self, price: Floats, shadow: Floats) -> bool:
        """Whether every cap leaves room."""
        return bool((self.room(self.at(price, shadow)) >= 0.0).all())

    def rows(self, here: Sequence[FirstOrder], shadow: Floats) -> tuple[Floats, float]:
        """The rows of (fb), and the largest relative residual of conditions and complementarity."""
        phi = np.concatenate([f.phi for f in here]) / self.base
        y, u = self.room(here), self.duties / self.scale
        x = shadow / self.scale
        fb, _, _ = _between(x, y, u)
        foc = np.concatenate([f.residual for f in here])
        natural = np.abs(x - np.clip(x - y, 0.0, u)).max(initial=0.0)
        worst = max(float(np.abs(foc).max()) / self.scale, float(natural))
        return np.concatenate([phi, fb]), worst if np.isfinite(worst) else np.inf

    def jacobian(self, here: Sequence[FirstOrder], shadow: Floats) -> Floats:
        """Blocks Phi, -(H o D) B', -A M diag D'(1 + v) over b, all as scaled in `rows`."""
        total, caps = self.start.size, self.count
        out = np.zeros((total + caps, total + caps))
        _, by_x, by_y = _between(shadow / self.scale, self.room(here), self.duties / self.scale)
        at = 0
        for game, f, a, w, size in zip(self.games, here, self.a, self.shifts, self.sizes, strict=True):
            mine = slice(at, at + game.product_count)
            shifted = replace(game, cost=game.cost + shadow @ w)
            slopes = shares_by_consumer_price(shifted, f)
            out[mine, mine] = foc_jacobian(shifted, f)
            out[mine, total:] = -(game.ownership() * slopes) @ w.T
            moved = size * (a @ slopes.T) * (1.0 + game.ad_valorem)  # dA q/dp (K, J)
            out[total:, mine] = -by_y[:, None] * moved / self.b[:, None]
            at = mine.stop
        out[:total] /= self.base[:, None]
        out[total:, total:] = np.diag(by_x / self.scale)
        return out


def _fb(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """x + y - sqrt(x^2 + y^2) and its derivatives; at the corner those of the diagonal."""
    norm = np.hypot(x, y)
    corner = norm < 1e-14
    safe = np.where(corner, 1.0, norm)
    half = 1.0 - np.sqrt(0.5)
    return x + y - norm, np.where(corner, half, 1.0 - x / safe), np.where(corner, half, 1.0 - y / safe)


def _between(x: Floats, y: Floats, u: Floats) -> tuple[Floats, Floats, Floats]:
    """The row between 0 and u with its derivatives by x and y (fb), (trq)."""
    bounded = np.isfinite(u)
    upper, by_left, by_right = _fb(np.where(bounded, u, 1.0) - x, -y)
    inner = np.where(bounded, -upper, y)
    inner_x, inner_y = np.where(bounded, by_left, 0.0), np.where(bounded, by_right, 1.0)
    value, by_x, by_inner = _fb(x, inner)
    return value, by_x + by_inner * inner_x, by_inner * inner_y


def by_newton(system: System, price: Floats, shadow: Floats) -> Reached:
    """Newton with Armijo's rule on the sum of squares; ends where no step helps."""
    here = system.at(price, shadow)
    rows, worst = system.rows(here, shadow)
    steps, before = 0, np.inf
    while steps < _MAX_STEPS and worst > _TOLERANCE and not (worst < _FLOOR and worst > 0.5 * before):
        before, steps = worst, steps + 1
        move = _solved(system.jacobian(here, shadow), rows)
        if move is None:
            break
        dp, dl = move[: price.size], move[price.size :]
        scale = min(1.0, _REACH / max(float((np.abs(dp) / np.abs(price)).max()), 1e-300))
        for _ in range(_HALVINGS):
            p, lam = price + scale * dp, shadow + scale * dl
            with np.errstate(all="ignore"):
                trial = system.at(p, lam)
                reached, size = system.rows(trial, lam)
            if np.isfinite(size) and reached @ reached <= (1.0 - 2.0 * _ARMIJO * scale) * (rows @ rows):
                price, shadow, here, rows, worst = p, lam, trial, reached, size
                break
            scale /= 2.0
        else:
            break
    return Reached(price, np.maximum(shadow, 0.0), worst, steps)


def _solved(jacobian: Floats, rows: Floats) -> Floats | None:
    if not (np.isfinite(jacobian).all() and np.isfinite(rows).all()):
        return None
    try:
        move: Floats = np.asarray(np.linalg.solve(jacobian, -rows), dtype=np.float64)
    except np.linalg.LinAlgError:  # two caps bind on the same cars: their shadow prices are not told apart
        move = np.asarray(np.linalg.lstsq(jacobian, -rows, rcond=None)[0], dtype=np.float64)
    return move if np.isfinite(move).all() else None


def by_bisection(system: System) -> Reached:
    """One cap: bisection on its shadow price with the prices solved at each (zeta)."""
    price, low, high, steps = system.start, 0.0, min(float(system.duties[0]), system.scale), 0

    def solved(lam: float, near: Floats) -> tuple[Floats, float, float]:
        shadow = np.array([lam])
        parts = [
            solve_prices(replace(g, cost=g.cost + shadow @ w), start=p)
            for g, w, p in zip(system.games, system.shifts, system.pieces(near), strict=True)
        ]
        found = np.concatenate([f.price for f in parts])
        here = system.at(found, shadow)
        return found, float(system.room(here)[0]), system.rows(here, shadow)[1]

    for _ in range(_DOUBLINGS):
        price, room, worst = solved(high, price)
        if room >= 0.0 or high >= system.duties[0] or not np.isfinite(price).all():
            break
        low, high = high, min(2.0 * high, float(system.duties[0]))
    best = Reached(price, np.array([high]), worst, steps)
    while steps < _BISECTIONS and best.worst > _TOLERANCE and high - low > 1e-16 * system.scale:
        steps += 1
        middle = 0.5 * (low + high)
        price, room, worst = solved(middle, price)
        low, high = (middle, high) if room < 0.0 else (low, middle)
        if worst < best.worst:
            best = Reached(price, np.array([middle]), worst, steps)
    return replace(best, steps=steps)


def brought_down(system: System) -> Reached:
    """Caps brought down in steps from what is sold without them, each begun at the one before."""
    price, shadow, steps = system.start, np.zeros(system.count), 0
    sold = system.b * (1.0 - system.room(system.at(price, shadow)))
    found = Reached(price, shadow, np.inf, 0)
    for part in np.linspace(0.0, 1.0, _STAGES + 1)[1:]:
        level = np.where(sold > system.b, sold + part * (system.b - sold), system.b)
        found = by_newton(replace(system, b=level), price, shadow)
        steps += found.steps
        if not found.solved:
            return replace(found, worst=np.inf if part < 1.0 else found.worst, steps=steps)
        price, shadow = found.price, found.shadow
    return replace(found, steps=steps)
