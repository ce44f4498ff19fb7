"""Door: mean utilities that reproduce observed shares, several markets at once (inversion)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Bools, Floats, InputError, Ints
from kanrin.kernels._boundary import numbers
from kanrin.kernels._kept import Kept
from kanrin.kernels._markets import Markets
from kanrin.kernels._native import library, thread_count
from kanrin.kernels._shares import market_arrays
from kanrin.kernels._twin_inversion import twin_invert

__all__ = ["Inverted", "invert", "logit_start"]


@dataclass(frozen=True)
class Inverted:
    """Mean utilities and how well each market was found; a failed market keeps its best point, marked."""

    delta: Floats  # (N,) utils
    residual: Floats  # (T,) |log S - log s(delta)|, largest
    bound: Floats  # (T,) |delta - delta*| at most (delta-bound)
    steps: Ints  # (T,)
    converged: Bools  # (T,)
    kept: Kept | None = None  # for the kernels that look at delta next


def logit_start(markets: Markets, observed: Floats) -> Floats:
    """log S - log S_0 - rho log S_{j|g} (N,): exact without random coefficients (MODEL 2.5)."""
    out = np.log(observed)
    for products, _ in markets.slices():
        out[products] -= np.log1p(-observed[products].sum())
        if markets.nests is not None and markets.rho is not None:
            ids, group = np.unique(markets.nests[products], return_inverse=True)
            total = np.bincount(group, observed[products])[group]
            out[products] -= markets.rho[ids][group] * np.log(observed[products] / total)
    return out


def invert(
    markets: Markets, observed: Floats, *, start: Floats | None = None, keep: bool = False, threads: int = 0
) -> Inverted:
    """delta with s(delta) = S, stop rule of MODEL 2.5.

    Compiled: the contraction mixed by Anderson(5); a market that this does not carry home, and every market
    of the twin: (squarem), then (newton).

    observed: S (N,) of potential buyers; start: (N,) a delta near by, None = `logit_start`; keep: leave the
    exponentials for `margins` and the adjoints at this delta (`Kept`; none when a market failed). A market
    that does not get there is marked, not hidden. Raises InputError for shares that are not above zero or sum
    to one or more in a market, with its number.
    """
    numbers("observed", observed, (markets.product_count,))
    _check_shares(markets, observed)
    if start is not None:
        numbers("start", start, (markets.product_count,))
    team, core = thread_count(threads), library()
    begin = logit_start(markets, observed) if start is None else start
    if core is None:
        delta, residual, bound, steps, converged = twin_invert(markets, observed, begin)
        return Inverted(delta, residual, bound, steps, converged.astype(bool))
    count = markets.market_count
    delta, residual, bound = np.empty_like(observed), np.empty(count), np.empty(count)
    steps, converged = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    room = core.Kept() if keep else None
    core.invert(
        *market_arrays(markets), observed, begin, delta, residual, bound, steps, converged, room, team
    )
    kept = Kept(markets, delta, room) if keep and converged.all() else None
    return Inverted(delta, residual, bound, steps, converged.astype(bool), kept)


def _check_shares(markets: Markets, observed: Floats) -> None:
    if (observed <= 0.0).any():
        j = int(np.argmin(observed))
        t = int(np.searchsorted(markets.market_start, j, side="right")) - 1
        raise InputError(
            f"share of product {j} (market {t}) is {observed[j]:.3g}; expected above zero: drop the product, "
            "pool periods, or ask for Laplace shares; a zero is never replaced silently"
        )
    if markets.market_count:
        inside = np.add.reduceat(observed, markets.market_start[:-1])
        if not (inside < 1.0).all():
            t = int(np.argmax(inside))
            raise InputError(
                f"shares of market {t} sum to {inside[t]:.6g}, expected less than 1; raise the number of "
                "potential buyers or check the units sold"
            )
