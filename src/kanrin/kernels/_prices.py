"""Door: equilibrium prices of many rows (scenarios x line-ups x draws) of one market (zeta-mf)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from kanrin.base import Bools, Floats, InputError, Ints
from kanrin.kernels._boundary import flags, numbers, whole
from kanrin.kernels._native import library, thread_count
from kanrin.kernels._twin_prices import PriceRow, lone_start, twin_price_row

__all__ = ["Nearby", "PriceRows", "price_rows"]

_T = TypeVar("_T", bound=np.generic)
_WHOLE = 1e-6  # weights of a start sum to one within this


@dataclass(frozen=True)
class PriceRows:
    """Equilibria of B rows; products not offered: NaN price, zero share. A failed row keeps its best
    point.
    """

    price: Floats  # (B, J) p, money, pre-tax
    shares: Floats  # (B, J) of potential buyers
    profit: Floats  # (B, F) money per potential buyer, each firm's own products
    residual: Floats  # (B,) max |r p - c - zeta| / max |p| over free products
    steps: Ints  # (B,)
    converged: Bools  # (B,)


@dataclass(frozen=True)
class Nearby:
    """Where the R rows of a market begin: weighted sums of the prices of rows before them.

    Row r begins at sum_k weight_k p_row_k over k in start[r]..start[r+1], costs passed on; a product for
    which the weights of the rows that offer it do not sum to one begins where the market does.
    """

    start: Ints  # (R+1,)
    row: Ints  # (K,) each below its own row
    weight: Floats  # (K,)


def price_rows(
    delta: Floats,
    alpha: Floats,
    weights: Floats,
    cost: Floats,
    keep: Floats,
    ad_valorem: Floats,
    levies: Floats,
    firms: Ints,
    *,
    kappa: Floats | None = None,
    mu: Floats | None = None,
    offered: Bools | None = None,
    free: Bools | None = None,
    start: Floats | None = None,
    inverse: Floats | None = None,
    tolerance: float = 1e-12,
    max_steps: int = 200,
    rows: int = 1,
    nearby: Nearby | None = None,
    threads: int = 0,
) -> PriceRows:
    """Prices at which |r p - c - zeta| <= tolerance * max |p|, row by row (zeta-mf), MODEL 3.6.

    cost: (B, J), which says how many rows there are; delta, keep, ad_valorem, levies, offered, free, start:
    (J,) for every row, or (B, J); alpha: (I,) or (B, I), every slope < 0; weights: (I,) sum one; firms: (J,)
    ids from 0; kappa: (F, F) or None = separate firms; mu: (J, I) utility beyond delta + alpha p^c, the same
    in all rows; offered: None = all; free: prices that may move, the others keep `start`; start: None = cost
    over keep and one over the mean slope; inverse: (J, J) with move = -(residual @ inverse), (Lambda^-1
    Phi)^-T of a market near by (its `Chord`, in the order of the products): the same fixed point, fewer
    steps.
    rows: R rows a market, B = M R, the rows of a market together; delta, alpha, keep, ad_valorem, levies,
    start are then (M, ...), offered and free (R, J), the same in every market; nearby: rows begin at rows
    before.
    A row that fails is marked and keeps its best point. Raises InputError for arrays of another kind, slopes
    not below zero, keep <= 0, ad_valorem <= -1, a fixed price without a start.
    """
    numbers("cost", cost, ("B", "J"))
    b, j = cost.shape
    if not (isinstance(rows, int) and rows >= 1 and b % rows == 0):
        raise InputError(f"rows is {rows!r}; expected a whole number that divides the {b} rows of cost")
    m, patterns = b // rows, rows if rows > 1 else b
    for name, array in (("delta", delta), ("keep", keep), ("ad_valorem", ad_valorem), ("levies", levies)):
        numbers(name, array, (j,), (m, j))
    numbers("weights", weights, ("I",))
    i = weights.size
    numbers("alpha", alpha, (i,), (m, i))
    whole("firms", firms, (j,), below=None if kappa is None else len(kappa))
    _check_signs(alpha, weights, keep, ad_valorem)
    for name, mask in (("offered", offered), ("free", free)):
        if mask is not None:
            flags(name, mask, (j,), (patterns, j))
    if kappa is not None:
        numbers("kappa", kappa, (len(kappa), len(kappa)))
    if mu is not None:
        numbers("mu", mu, (j, i))
    if inverse is not None:
        numbers("inverse", inverse, (j, j))
    if start is not None:
        numbers("start", start, (j,), (m, j), finite=False)
        if not (np.isfinite(start).all() or _holds_all(start, offered, rows)):
            raise InputError("start holds a price that is not finite for a product on sale; fill it in")
    elif free is not None and not free.all():
        raise InputError("fixed prices need a start that holds them; give start=")
    if not (np.isfinite(tolerance) and tolerance > 0.0):
        raise InputError(f"tolerance is {tolerance}; expected a number above zero, of the largest price")
    if not 0 <= max_steps <= 1_000_000:
        raise InputError(f"max_steps is {max_steps}; expected from 0 to 1000000")
    if nearby is not None:
        _check_nearby(nearby, rows)
    near = (None,) * 3 if nearby is None else (nearby.start, nearby.row, nearby.weight)
    team, core = thread_count(threads), library()
    count = (int(firms.max(initial=-1)) + 1) if kappa is None else len(kappa)
    out = PriceRows(
        np.empty((b, j)), np.empty((b, j)), np.zeros((b, count)), np.empty(b), np.empty(b, dtype=np.int64),
        np.empty(b, dtype=bool),
    )  # fmt: skip
    reached = np.empty(b, dtype=np.int64)
    if core is not None:
        core.prices(
            delta, mu, alpha, weights, cost, keep, ad_valorem, levies, firms, kappa, offered, free, start,
            inverse, tolerance, max_steps, out.price, out.shares, out.profit, out.residual, out.steps,
            reached, rows, *near, team,
        )  # fmt: skip
    else:
        for k in range(b):
            of, which = k // rows, k % rows if rows > 1 else k
            row = PriceRow(
                _row(delta, of), mu, _row(alpha, of), weights, cost[k], _row(keep, of), _row(ad_valorem, of),
                _row(levies, of), firms, kappa,
                np.ones(j, dtype=bool) if offered is None else _row(offered, which),
                np.ones(j, dtype=bool) if free is None else _row(free, which),
            )  # fmt: skip
            begin = None if start is None else _row(start, of)
            if nearby is not None:
                begin = _begin(row, begin, nearby, which, out.price[of * rows :], cost[of * rows :])
            out.price[k], out.shares[k], out.residual[k], out.steps[k], reached[k] = twin_price_row(
                row, begin, inverse, tolerance, max_steps
            )
            sold = out.shares[k] > 0.0
            money = (
                np.where(sold, row.keep * np.where(sold, out.price[k], 0.0) - row.cost, 0.0) * out.shares[k]
            )
            out.profit[k] = np.bincount(firms, money, minlength=count)
    out.converged[:] = reached != 0
    return out


def _begin(
    row: PriceRow, start: Floats | None, nearby: Nearby, which: int, price: Floats, cost: Floats
) -> Floats:
    """(J,) where a row begins, by the rows before it."""
    mine = slice(nearby.start[which], nearby.start[which + 1])
    known = price[nearby.row[mine]] + (row.cost - cost[nearby.row[mine]]) / row.keep
    weight = np.where(np.isfinite(known), nearby.weight[mine][:, None], 0.0)
    summed = (weight * np.where(np.isfinite(known), known, 0.0)).sum(axis=0)
    other = lone_start(row) if start is None else start
    return np.where(np.abs(weight.sum(axis=0) - 1.0) < _WHOLE, summed, other)


def _holds_all(start: Floats, offered: Bools | None, rows: int) -> bool:
    """Whether every product on sale has a finite start."""
    if offered is None:
        return False
    on_sale = offered.any(axis=0) if rows > 1 and offered.ndim == 2 else offered
    return bool((np.isfinite(start) | ~on_sale).all())


def _check_nearby(nearby: Nearby, rows: int) -> None:
    whole("nearby.row", nearby.row, ("K",))
    numbers("nearby.weight", nearby.weight, (nearby.row.size,))
    whole("nearby.start", nearby.start, (rows + 1,))
    counts = np.diff(nearby.start)
    if nearby.start[0] != 0 or nearby.start[-1] != nearby.row.size or (counts < 0).any():
        raise InputError(
            f"nearby.start must begin with 0, never fall, and end with {nearby.row.size}, the size of row"
        )
    of = np.repeat(np.arange(rows), counts)
    if not (nearby.row < of).all():
        k = int(np.argmax(nearby.row >= of))
        raise InputError(
            f"nearby: row {of[k]} begins at row {nearby.row[k]}; expected a row before it: sort the rows"
        )


def _row(array: NDArray[_T], k: int) -> NDArray[_T]:
    return array if array.ndim == 1 else array[k]


def _check_signs(alpha: Floats, weights: Floats, keep: Floats, ad_valorem: Floats) -> None:
    if not (alpha < 0.0).all() or alpha.shape[-1] == 0:
        raise InputError(
            "alpha must hold at least one slope, and every one below zero: with a slope at or above zero "
            "profit grows without bound in price"
        )
    if (weights < 0.0).any() or abs(float(weights.sum()) - 1.0) > 1e-8:
        raise InputError(f"weights must be >= 0 and sum to one; they sum to {weights.sum():.12g}")
    if (keep <= 0.0).any():
        raise InputError(
            f"keep goes down to {keep.min():.4g}; expected above 0, the part of price the maker gets"
        )
    if (ad_valorem <= -1.0).any():
        raise InputError(f"ad_valorem goes down to {ad_valorem.min():.4g}; expected above -1")
