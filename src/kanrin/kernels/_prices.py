"""Door: equilibrium prices of many rows (scenarios x line-ups x draws) of one market (zeta-mf)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from kanrin.base import Bools, Floats, InputError, Ints
from kanrin.kernels._boundary import flags, numbers, whole
from kanrin.kernels._native import library, thread_count
from kanrin.kernels._twin_prices import PriceRow, twin_price_row

__all__ = ["PriceRows", "price_rows"]

_T = TypeVar("_T", bound=np.generic)


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
    A row that fails is marked and keeps its best point. Raises InputError for arrays of another kind, slopes
    not below zero, keep <= 0, ad_valorem <= -1, a fixed price without a start.
    """
    numbers("cost", cost, ("B", "J"))
    b, j = cost.shape
    for name, array in (("delta", delta), ("keep", keep), ("ad_valorem", ad_valorem), ("levies", levies)):
        numbers(name, array, (j,), (b, j))
    numbers("weights", weights, ("I",))
    i = weights.size
    numbers("alpha", alpha, (i,), (b, i))
    whole("firms", firms, (j,), below=None if kappa is None else len(kappa))
    _check_signs(alpha, weights, keep, ad_valorem)
    for name, mask in (("offered", offered), ("free", free)):
        if mask is not None:
            flags(name, mask, (j,), (b, j))
    if kappa is not None:
        numbers("kappa", kappa, (len(kappa), len(kappa)))
    if mu is not None:
        numbers("mu", mu, (j, i))
    if inverse is not None:
        numbers("inverse", inverse, (j, j))
    if start is not None:
        numbers("start", start, (j,), (b, j), finite=False)
        on = np.isfinite(start)
        if not (on if offered is None else (on | ~offered)).all():
            raise InputError("start holds a price that is not finite for a product on sale; fill it in")
    elif free is not None and not free.all():
        raise InputError("fixed prices need a start that holds them; give start=")
    if not (np.isfinite(tolerance) and tolerance > 0.0):
        raise InputError(f"tolerance is {tolerance}; expected a number above zero, of the largest price")
    if not 0 <= max_steps <= 1_000_000:
        raise InputError(f"max_steps is {max_steps}; expected from 0 to 1000000")
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
            reached, team,
        )  # fmt: skip
    else:
        for k in range(b):
            row = PriceRow(
                _row(delta, k), mu, _row(alpha, k), weights, cost[k], _row(keep, k), _row(ad_valorem, k),
                _row(levies, k), firms, kappa,
                np.ones(j, dtype=bool) if offered is None else _row(offered, k),
                np.ones(j, dtype=bool) if free is None else _row(free, k),
            )  # fmt: skip
            begin = None if start is None else _row(start, k)
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
