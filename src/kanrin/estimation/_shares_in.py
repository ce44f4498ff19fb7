"""Observed shares: what is refused, the outside share, the share within the nest, Laplace's rule."""

from __future__ import annotations

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.estimation._table import Codes, as_table

__all__ = ["checked_shares", "laplace_shares", "outside_shares", "within_shares"]

_SHOWN = 5


def checked_shares(observed: Floats, markets: Codes, name: str) -> Floats:
    """Shares (N,) above zero, each market's sum below one. Raises InputError with market and rows."""
    bad = np.flatnonzero(~(observed > 0))
    if bad.size:
        row = int(bad[0])
        kind = "zero" if observed[row] == 0 else "below zero"
        more = f" ({bad.size} rows in all: {', '.join(map(str, bad[:_SHOWN]))})" if bad.size > 1 else ""
        raise InputError(
            f"share {name!r} is {kind} in row {row}, market "
            f"{markets.levels[markets.codes[row]]}{more}; log 0 has "
            "no answer: drop these rows (and report it), pool periods, or use laplace_shares(); "
            "a zero is never "
            "replaced silently"
        )
    if observed.max() >= 1:
        row = int(observed.argmax())
        raise InputError(
            f"share {name!r} is {observed[row]:.6g} in row {row}; expected below 1: shares are of potential "
            "buyers, neither percentages nor units"
        )
    total = np.bincount(markets.codes, weights=observed).astype(np.float64)
    if total.max() >= 1:
        t = int(total.argmax())
        raise InputError(
            f"market {markets.levels[t]}: shares sum to {total[t]:.6g}, so no one is left for "
            "the outside good; "
            "raise the number of potential buyers (shares are of buyers, not of cars sold)"
        )
    return observed


def outside_shares(observed: Floats, markets: Codes) -> Floats:
    """(N,) S_0 of each row's market."""
    out: Floats = (1.0 - np.bincount(markets.codes, weights=observed).astype(np.float64))[markets.codes]
    return out


def within_shares(observed: Floats, markets: Codes, nests: Codes) -> Floats:
    """(N,) S_{j|g}: share of the nest's sales in the market."""
    cells = markets.codes * nests.count + nests.codes
    total = np.bincount(cells, weights=observed).astype(np.float64)
    out: Floats = observed / total[cells]
    return out


def laplace_shares(data: object, *, units: str, potential: str, market: str) -> Floats:
    """(N,) shares (n_j + 1)/(N + J + 1): positive where nothing was sold (laplace) [D21].

    units: vehicles sold; potential: N, potential buyers of the market, the same on all its rows. Report
    results under this rule and without the rows: they can differ much (Gandhi, Lu & Shi 2023).
    """
    table = as_table(data)
    sold, size = table.numbers(units, "laplace_shares"), table.numbers(potential, "laplace_shares")
    codes = table.codes(market, use="laplace_shares").codes
    count = np.bincount(codes)[codes]
    if (sold < 0).any():
        raise InputError(f"units {units!r} are below zero in row {int(np.argmin(sold))}")
    out: Floats = (sold + 1) / (size + count + 1)
    return out
