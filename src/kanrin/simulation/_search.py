"""Newton on the first-order conditions, with complementarity for caps: (newton-price), (caps), (fb)."""

from __future__ import annotations

import numpy as np

from kanrin.base import Bools, Floats, SolveError
from kanrin.simulation._conditions import Conditions, conditions_at, foc_jacobian, implied_margin
from kanrin.simulation._equilibrium import Equilibrium
from kanrin.simulation._market import Market
from kanrin.simulation._policies import Wedges

__all__ = ["Search", "tighten_caps"]

_TOLERANCE = 1e-12  # of max |p|
_FLOOR = 1e-10  # accepted once the residual no longer halves: rounding of far prices
_MAX_STEPS = 300
_HALVINGS = 30
_REACH = 0.5  # a price moves by at most this part of itself in a step
_TO_NEWTON = 1e-2  # of max |p|, on the patient way
_PATIENCE = 3000
_RUNAWAY = 1e6  # times the largest price of the start: a price without a bound
_STAGES = 20  # of caps brought down from the quantities sold without them


class Search:
    """Newton on [phi/own slope; FB(lambda/p, (b - Aq)/b)] over free prices and shadow prices."""

    def __init__(self, market: Market, wedge: Wedges, free: Bools) -> None:
        self.market, self.wedge, self.free = market, wedge, free
        self.a, self.b = market.caps_matrix()
        self.cost = market.cost + wedge.cost

    def at(self, price: Floats, shadow: Floats) -> tuple[Conditions, Floats, float]:
        """The conditions, the complementarity rows, and the largest of all relative to max p."""
        with np.errstate(all="ignore"):
            here = conditions_at(self.market, self.wedge, price, self.cost + shadow @ self.a)
            scale = float(np.abs(here.consumer_price).max())
            x, y = shadow / scale, (self.b - self.a @ here.quantities) / self.b
            rows = x + y - np.hypot(x, y)
            size = max(
                float(np.abs(here.residual[self.free]).max(initial=0.0)) / scale,
                float(np.abs(rows).max(initial=0.0)),
            )
        return here, rows, size if np.isfinite(size) else np.inf

    def step(self, here: Conditions, shadow: Floats) -> tuple[Floats, Floats]:
        """Newton's move of prices (J,) and shadow prices (G,)."""
        moving, caps = np.flatnonzero(self.free), len(self.b)
        own = np.diag(here.slopes)
        phi = foc_jacobian(self.market, self.wedge, here)[np.ix_(moving, moving)] / own[moving, None]
        right = here.residual[moving]
        if caps:
            scale = float(np.abs(here.consumer_price).max())
            x, y = shadow / scale, (self.b - self.a @ here.quantities) / self.b
            norm = np.hypot(x, y)
            at_corner = norm < 1e-14
            safe = np.where(at_corner, 1.0, norm)
            by_x = np.where(at_corner, 1.0 - np.sqrt(0.5), 1.0 - x / safe)
            by_y = np.where(at_corner, 1.0 - np.sqrt(0.5), 1.0 - y / safe)
            sold = self.a @ self.market.demand.by_price(here.consumer_price).T * (1.0 + self.wedge.ad_valorem)
            top = -(here.slopes @ self.a.T)[moving] / own[moving, None]
            low = -by_y[:, None] * sold[:, moving] / self.b[:, None]
            phi = np.block([[phi, top], [low, np.diag(by_x / scale)]])
            right = np.concatenate([right, x + y - norm])
        move = np.zeros(len(own))
        solved = np.asarray(-np.linalg.solve(phi, right), dtype=np.float64)
        move[moving] = solved[: len(moving)]
        return move, solved[len(moving) :]

    def run(self, price: Floats, shadow: Floats | None = None) -> Equilibrium:
        """From a start to a solution, or to the best point found."""
        multipliers = np.zeros(len(self.b)) if shadow is None else shadow
        here, _, size = self.at(price, multipliers)
        steps, best, ceiling = 0, np.inf, _RUNAWAY * float(np.abs(price).max())
        while steps < _MAX_STEPS and size > _TOLERANCE and not (size < _FLOOR and size > 0.5 * best):
            best = min(best, size)
            steps += 1
            trial = self._newton(here, multipliers, size)
            if trial is None:
                trial = self._markup(here, multipliers, size)
            if trial is None:
                break
            here, multipliers, size = trial
            if float(np.abs(here.price).max()) > ceiling:
                break
        return self._told(here, multipliers, size, steps, price)

    def _newton(
        self, here: Conditions, shadow: Floats, size: float
    ) -> tuple[Conditions, Floats, float] | None:
        try:
            with np.errstate(all="ignore"):
                move, lift = self.step(here, shadow)
        except np.linalg.LinAlgError:
            return None
        if not (np.isfinite(move).all() and np.isfinite(lift).all()):
            return None
        scale = min(1.0, _REACH / max(float((np.abs(move) / np.abs(here.price)).max(initial=0.0)), 1e-300))
        for _ in range(_HALVINGS if size > 1e-9 else 3):
            there, _, reached = self.at(here.price + scale * move, shadow + scale * lift)
            if reached < (1.0 - 1e-4 * scale) * size:
                return there, shadow + scale * lift, reached
            scale /= 2.0
        return None

    def patiently(self, price: Floats) -> Equilibrium:
        """(zeta) until near, Newton only where it halves the residual: for demand that bends sharply."""
        multipliers = np.zeros(len(self.b))
        here, _, size = self.at(price, multipliers)
        best, where, steps = size, here, 0
        newton_below = _TO_NEWTON
        while steps < _PATIENCE and size > _TOLERANCE:
            steps += 1
            trial = None
            if size < newton_below:
                trial = self._newton(here, multipliers, size)
                if trial is None or not trial[2] < 0.5 * size:
                    trial, newton_below = None, 0.1 * size
            if trial is None:
                trial = self._zeta(here, multipliers)
            if trial is None:
                break
            here, _, size = trial
            if size < best:
                best, where = size, here
            if size < _FLOOR and size > 0.5 * best:
                break
        return self._told(where, multipliers, best, steps, price)

    def _zeta(self, here: Conditions, shadow: Floats) -> tuple[Conditions, Floats, float] | None:
        """p <- (c + zeta)/r = p - phi/(Lambda r), (zeta); a price at most doubles or halves."""
        effect = self.market.demand.own_effect(here.consumer_price)
        with np.errstate(all="ignore"):
            move = np.where(self.free, -here.phi / (effect * self.wedge.keep), 0.0)
        if not np.isfinite(move).all():
            return None
        move = np.clip(move, -_REACH * np.abs(here.price), np.abs(here.price))
        there, _, reached = self.at(here.price + move, shadow)
        return (there, shadow, reached) if np.isfinite(reached) else None

    def _markup(
        self, here: Conditions, shadow: Floats, size: float
    ) -> tuple[Conditions, Floats, float] | None:
        """p <- (c + implied margin)/r, damped: far from the solution, where Newton has no descent."""
        if size < 1e-9:
            return None
        try:
            margin = implied_margin(here, self.wedge, self.market.name)
        except SolveError:
            return None
        target = (self.cost + shadow @ self.a + margin) / self.wedge.keep
        move = np.where(self.free, target - here.price, 0.0)
        scale = min(1.0, _REACH / max(float((np.abs(move) / np.abs(here.price)).max()), 1e-300))
        there, _, reached = self.at(here.price + scale * move, shadow)
        return (there, shadow, reached) if np.isfinite(reached) else None

    def _told(self, here: Conditions, shadow: Floats, size: float, steps: int, start: Floats) -> Equilibrium:
        market = self.market
        converged, advice = size <= _FLOOR, "converged"
        empty = ~(here.quantities > 0.0)
        if empty.any():
            converged = False
            advice = (
                f"{market.name}: {market.products[int(np.argmax(empty))]} would sell nothing at these "
                "prices; take it off the market with Exit and solve again"
            )
        elif not converged and float(np.abs(here.price).max()) > _RUNAWAY * float(np.abs(start).max()):
            advice = (
                f"{market.name}: the price of {market.products[int(np.argmax(np.abs(here.price)))]} has no "
                "bound: its owner earns more without it, or there is nothing else to turn to (a cap without "
                "an outside good); take it off the market with Exit, or give an outside good"
            )
        elif not converged:
            advice = (
                f"{market.name}: no equilibrium found (steps: {steps}), largest relative residual "
                f"{size:.2e}; start nearer (start=), make the change smaller, or look at the "
                "second-order conditions: demand may be too convex for a maximum to exist"
            )
        margin = self.wedge.keep * here.price - self.cost
        return Equilibrium(
            market, here.price, here.consumer_price, here.quantities, margin, np.maximum(shadow, 0.0), size,
            steps, converged, advice, self.free,
        )  # fmt: skip


def tighten_caps(market: Market, wedge: Wedges, loose: Equilibrium, failed: Equilibrium) -> Equilibrium:
    """Caps brought down in steps from the quantities sold without them, `loose`; else `failed`."""
    free = loose.free
    if not loose.converged:
        return failed
    a, target = market.caps_matrix()
    sold = a @ loose.quantities
    price, shadow = loose.price, np.zeros(len(target))
    found = failed
    for part in np.linspace(0.0, 1.0, _STAGES + 1)[1:]:
        level = np.where(sold > target, sold + part * (target - sold), target)
        caps = tuple((n, p, float(u), r) for (n, p, _, r), u in zip(market.caps, level, strict=True))
        found = Search(market.with_(caps=caps), wedge, free).run(price, shadow)
        if not found.converged:
            break
        price, shadow = found.price, found.shadow_price
    return Equilibrium(market, *(getattr(found, n) for n in (
        "price", "consumer_price", "quantities", "margin", "shadow_price", "residual", "steps", "converged",
        "advice", "free",
    )))  # fmt: skip
