"""Door: shares and choice probabilities of several markets (rc-shares), (rcnl-shares)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, Ints
from kanrin.kernels._boundary import numbers
from kanrin.kernels._markets import Markets
from kanrin.kernels._native import library, thread_count
from kanrin.kernels._twin_choice import twin_choices, twin_shares

__all__ = ["Choices", "choices", "market_arrays", "shares"]


@dataclass(frozen=True)
class Choices:
    """Probabilities of every agent of every market."""

    shares: Floats  # (N,) of potential buyers
    outside: Floats  # (A,) s_i0
    cells: Floats  # flat: the (J, I) block s_ij of each market, one after another
    cell_start: Ints  # (T+1,)
    markets: Markets

    def of(self, market: int) -> Floats:
        """s_ij of one market (J, I), a view."""
        m = self.markets
        j = int(m.market_start[market + 1] - m.market_start[market])
        return self.cells[self.cell_start[market] : self.cell_start[market + 1]].reshape(j, -1)


def market_arrays(
    m: Markets,
) -> tuple[Ints, Floats, Ints, Floats, Floats, Ints | None, Floats | None]:
    """The arrays of the markets in the order of the native kernels."""
    return m.market_start, m.x2, m.agent_start, m.weights, m.coefficients, m.nests, m.rho


def shares(markets: Markets, delta: Floats, *, threads: int = 0) -> Floats:
    """s_j = sum_i w_i s_ij (N,) at mean utilities delta (N,). Raises InputError for a delta of another
    kind.
    """
    numbers("delta", delta, (markets.product_count,))
    team, core = thread_count(threads), library()
    if core is None:
        return twin_shares(markets, delta)
    out = np.empty_like(delta)
    core.shares(*market_arrays(markets), delta, out, None, None, None, team)
    return out


def choices(markets: Markets, delta: Floats, *, threads: int = 0) -> Choices:
    """`shares`, with the probability of every agent for every product and for none."""
    numbers("delta", delta, (markets.product_count,))
    team, core = thread_count(threads), library()
    sizes = np.diff(markets.market_start) * np.diff(markets.agent_start)
    cell_start = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes, dtype=np.int64)])
    if core is None:
        return Choices(*twin_choices(markets, delta), cell_start, markets)
    out, outside, cells = np.empty_like(delta), np.empty_like(markets.weights), np.empty(int(cell_start[-1]))
    core.shares(*market_arrays(markets), delta, out, outside, cells, cell_start, team)
    return Choices(out, outside, cells, cell_start, markets)
