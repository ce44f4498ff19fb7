"""Nash equilibrium in prices: plain (zeta), Anderson, then (newton-price); MODEL 3.6."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats, InputError
from kanrin.equilibrium._firstorder import FirstOrder, first_order, foc_jacobian
from kanrin.equilibrium._game import PriceGame

__all__ = ["PriceSolution", "default_start", "is_sellable", "settle", "solve_prices"]

_TOLERANCE = 1e-12  # of max |p|, on |r p - c - zeta|
_TO_NEWTON = 1e-2  # of max |p|
_MEMORY = 5
_MAX_STEPS = 400
_NO_SALES = -460.5  # log of 1e-200: a share below this is no offer (MODEL 3.4)
_HALVINGS = 40


@dataclass(frozen=True)
class PriceSolution:
    """Prices and how well they satisfy (foc). Products not offered: NaN price, zero share."""

    price: Floats  # (J,) p, money, pre-tax
    consumer_price: Floats  # (J,) p^c, money
    shares: Floats  # (J,) of potential buyers
    outside_share: float
    margin: Floats  # (J,) m, money
    residual: float  # max |r p - c - zeta| / max |p| over free products
    steps: int
    converged: bool
    advice: str


def default_start(game: PriceGame) -> Floats:
    """One margin of a single-product seller above c/r, at each product's own average slope (J,) money."""
    floor = game.cost / game.keep
    at = first_order(game, floor)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = at.shares / ((1.0 + game.ad_valorem) * -at.capital_lambda)
    typical = float(1.0 / np.abs(game.weights @ game.alpha))
    return floor + np.where(np.isfinite(step), step, typical)


def is_sellable(game: PriceGame) -> Bools:
    """(J,) whether anyone at all would buy product j at the price c/r, were it alone (MODEL 3.4)."""
    price = game.consumer_price(game.cost / game.keep)
    with np.errstate(divide="ignore"):
        best = (game.delta[:, None] + price[:, None] * game.alpha + np.log(game.weights)).max(axis=1)
    result: Bools = best > _NO_SALES
    return result


def solve_prices(
    game: PriceGame,
    *,
    offered: Bools | None = None,
    free: Bools | None = None,
    start: Floats | None = None,
) -> PriceSolution:
    """Prices at which no own price wants to move (zeta), (foc), (newton-price).

    offered: (J,) products on sale, None = all; free: (J,) prices that may move, None = all, the others keep
    `start`; start: (J,) money, None = `default_start`. A failure is a value: `converged` false with the best
    residual and advice.
    Raises InputError for masks or starts of the wrong shape, or fixed prices without a start.
    """
    shape = game.delta.shape
    on_sale = np.ones(shape, dtype=bool) if offered is None else np.array(offered, dtype=bool)
    moving = np.ones(shape, dtype=bool) if free is None else np.array(free, dtype=bool)
    if on_sale.shape != shape or moving.shape != shape:
        raise InputError(
            f"offered and free must be one flag a product, {shape}; got {on_sale.shape}, {moving.shape}"
        )
    if start is not None and np.shape(start) != shape:
        raise InputError(f"start must be one price a product, {shape}; got {np.shape(start)}")
    if start is None and not (moving | ~on_sale).all():
        raise InputError("fixed prices need a start that holds them; give start=")
    if start is not None and not np.isfinite(np.asarray(start)[on_sale]).all():
        raise InputError("start holds a price that is not finite for a product on sale")
    on_sale &= is_sellable(game)
    inner = game.subset(on_sale)
    begin = default_start(inner) if start is None else np.asarray(start, dtype=np.float64)[on_sale]
    at, steps, converged, advice = _iterate(inner, begin, moving[on_sale])
    price, consumer, shares, margin = (
        np.full(shape, np.nan),
        np.full(shape, np.nan),
        np.zeros(shape),
        np.full(shape, np.nan),
    )
    price[on_sale] = at.price
    consumer[on_sale] = inner.consumer_price(at.price)
    shares[on_sale] = at.shares
    margin[on_sale] = at.margin
    residual = _relative(at, moving[on_sale])
    outside = float(game.weights @ at.outside)
    return PriceSolution(price, consumer, shares, outside, margin, residual, steps, converged, advice)


def _worst(at: FirstOrder, free: Bools) -> float:
    """max |r p - c - zeta| over free products, money."""
    return float(np.abs(at.residual[free]).max(initial=0.0))


def _relative(at: FirstOrder, free: Bools) -> float:
    """max |r p - c - zeta| over free products, relative to max |p|."""
    largest = float(np.abs(at.price).max(initial=0.0))
    worst = _worst(at, free)
    out_of_sight = bool((at.capital_lambda[free] == 0.0).any())  # no buyers: no condition there
    if out_of_sight or not np.isfinite(worst):
        return np.inf
    return worst / largest if largest > 0.0 else worst


def settle(game: PriceGame, start: Floats, tolerance: float) -> tuple[FirstOrder, bool]:
    """All prices free, to a looser tolerance: the point reached, and whether it got there."""
    at, _, converged, _ = _iterate(game, start, np.ones(game.delta.shape, dtype=bool), tolerance)
    return at, converged


def _iterate(
    game: PriceGame, start: Floats, free: Bools, tolerance: float = _TOLERANCE
) -> tuple[FirstOrder, int, bool, str]:
    at = best = _in_sight(game, start, free)
    size = smallest = _relative(at, free)
    history = _Anderson(_MEMORY)
    ownership: Floats | None = None
    newton_below = _TO_NEWTON
    for step in range(_MAX_STEPS):
        if size <= tolerance:
            return at, step, True, "converged"
        trial = None
        if size < newton_below:
            ownership = game.ownership() if ownership is None else ownership
            trial = _try(game, at, _newton(game, at, free, ownership), free)
            if not _relative(trial, free) < 0.5 * size:  # no gain: go on by Anderson until well below
                trial, newton_below = None, 0.1 * size
        if trial is None:
            move = np.where(free, -at.residual / game.keep, 0.0)
            trial = _try(game, at, history.step(at.price, move, size), free)
        at, size = trial, _relative(trial, free)
        if size < smallest:
            best, smallest = at, size
        elif not np.isfinite(size):
            at, size = best, smallest
            history.clear()
    advice = (
        f"no equilibrium found in {_MAX_STEPS} steps, best relative residual {smallest:.2e}; try a start "
        "near observed prices, or look for a firm whose demand is too convex (few rich buyers carry it)"
    )
    return best, _MAX_STEPS, False, advice


def _in_sight(game: PriceGame, price: Floats, free: Bools) -> FirstOrder:
    """The start, with free prices too high for any buyer brought half-way to c/r until somebody buys."""
    at = first_order(game, price)
    for _ in range(_HALVINGS):
        lost = free & (at.capital_lambda == 0.0)
        if not lost.any():
            break
        at = first_order(game, np.where(lost, (at.price + game.cost / game.keep) / 2.0, at.price))
    return at


def _try(game: PriceGame, at: FirstOrder, step: Floats, free: Bools) -> FirstOrder:
    """The point after `step`, cut so that no price more than doubles and no margin above zero is lost.

    Halved while some product is priced out of sight or the residual grows tenfold. Below cost everybody buys,
    and Newton would run away there.
    """
    reach = np.abs(at.price) + np.abs(at.margin) + at.shares / np.maximum(np.abs(at.capital_lambda), 1e-300)
    down = np.where((at.margin > 0.0) & (step < 0.0), 0.9 * at.margin / game.keep, np.inf)
    reach = np.minimum(np.maximum(reach, 1e-300), down)
    scale = 1.0 / max(1.0, float((np.abs(step) / reach).max(initial=0.0)))
    trial = first_order(game, at.price + scale * step)
    for _ in range(_HALVINGS):
        grown = _worst(trial, free) > 10.0 * _worst(at, free)
        if np.isfinite(_relative(trial, free)) and not grown:
            break
        scale /= 2.0
        trial = first_order(game, at.price + scale * step)
    return trial


def _newton(game: PriceGame, at: FirstOrder, free: Bools, ownership: Floats) -> Floats:
    """-Phi^-1 phi on free rows, rows divided by Lambda (newton-price)."""
    jacobian = foc_jacobian(game, at, ownership=ownership)
    moving = free & (at.capital_lambda != 0.0)
    step = np.zeros(len(free))
    inner = jacobian if moving.all() else jacobian[np.ix_(moving, moving)]
    try:
        step[moving] = -np.linalg.solve(inner / at.capital_lambda[moving, None], at.residual[moving])
    except np.linalg.LinAlgError:
        step[moving] = -at.residual[moving] / game.keep[moving]
    return step


class _Anderson:
    """Anderson mixing of p <- p + move(p), restarted when the residual doubles (MODEL 3.6)."""

    def __init__(self, memory: int) -> None:
        self.memory = memory
        self.clear()

    def clear(self) -> None:
        self.points: list[Floats] = []
        self.moves: list[Floats] = []
        self.last = np.inf
        self.seen = 0
        self.stretch = 1.0

    def step(self, point: Floats, move: Floats, size: float) -> Floats:
        """The displacement to take from `point`."""
        if size > 2.0 * self.last:
            self.clear()
        self.last = size
        self.points.append(point)
        self.moves.append(move)
        self.seen += 1
        if len(self.points) > self.memory + 1:
            del self.points[0], self.moves[0]
        if self.seen < 3:  # two plain steps first
            return move
        by_point = np.diff(np.array(self.points), axis=0)
        by_move = np.diff(np.array(self.moves), axis=0)
        mix = np.linalg.lstsq(by_move.T, move, rcond=1e-12)[0]
        result: Floats = move - mix @ (by_point + by_move)
        if result @ move > 0.0:
            self.stretch = 1.0
            return result
        self.stretch *= (
            2.0  # the secant points backwards: the residual hardly moves, so walk on with longer steps
        )
        return self.stretch * move
