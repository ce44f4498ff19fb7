"""Agents of one's own: weights, nodes and demographics, the same everywhere or market by market."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import InputError, Ints
from kanrin.estimation._nodes import Drawn
from kanrin.estimation._table import Table, as_table
from kanrin.numerics import gauss_hermite

__all__ = ["OwnAgents", "lognormal_income"]

_SUM = 1e-10  # how far weights may be from one


@dataclass(frozen=True)
class OwnAgents:
    """Your own agents: a table with, if wanted, columns of market, weights, nodes and demographics.

    market: column of market names, None: the same agents in every market; weights: column, None: equal;
    nodes: columns of standard normals, one for each random coefficient with a spread, in the order of the
    formula. Weights must sum to one in each market; `rest_never_buys` allows less: they stand for part of the
    potential buyers, the rest never buys (importance sampling of likely buyers, BLP 1995).
    """

    data: object
    market: str | None = None
    weights: str | None = "weights"
    nodes: Sequence[str] = ()
    rest_never_buys: bool = False

    def draw(self, markets: Sequence[object], dimensions: int) -> Drawn:
        """The agents of all markets, in their order. Raises InputError for missing markets or bad weights."""
        table = as_table(self.data, "the agents")
        if dimensions > len(self.nodes):
            raise InputError(
                f"the agents have {len(self.nodes)} columns of nodes, {dimensions} random "
                "coefficients have a spread; "
                "name a column for each, nodes=[...], or set the others' sigma to zero"
            )
        rows, start = self._rows(table, markets)
        table = table.take(rows)
        weights = (
            table.numbers(self.weights, "the weights")
            if self.weights is not None
            else np.concatenate([np.full(n, 1.0 / n) for n in np.diff(start)])
        )
        if (weights < 0).any():
            i = int(np.argmin(weights))
            raise InputError(f"agent weights must not be negative; row {int(rows[i])} has {weights[i]:.4g}")
        total = np.add.reduceat(weights, start[:-1])
        off = np.abs(total - 1) > _SUM
        if self.rest_never_buys:
            off &= total > 1
        if off.any():
            t = int(np.argmax(off))
            raise InputError(
                f"weights of the agents of market {markets[t]} sum to {total[t]:.10g}, expected "
                "1; divide them by "
                "their sum, or say rest_never_buys=True if the others never buy"
            )
        nodes = [table.numbers(name, "the nodes") for name in list(self.nodes)[:dimensions]]
        return Drawn(
            start,
            weights / np.repeat(total, np.diff(start)),
            np.column_stack(nodes) if nodes else np.zeros((len(rows), 0)),
            total if self.rest_never_buys else np.ones(len(markets)),
            table,
        )

    def _rows(self, table: Table, markets: Sequence[object]) -> tuple[Ints, Ints]:
        if self.market is None:
            rows = np.tile(np.arange(table.rows), len(markets))
            return rows, np.arange(len(markets) + 1, dtype=np.int64) * table.rows
        names = np.array([str(v) for v in table.labels(self.market, "the agents' markets")])
        levels, codes = np.unique(names, return_inverse=True)
        groups = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
        by_name = {_plain(level): rows for level, rows in zip(levels.tolist(), groups, strict=True)}
        for market in markets:
            if _plain(str(market)) not in by_name:
                raise InputError(f"market {market} has no agents; add rows for it to the agents' table")
        found = [by_name[_plain(str(market))] for market in markets]
        start = np.cumsum([0, *(len(rows) for rows in found)])
        return np.concatenate(found).astype(np.int64), start.astype(np.int64)


def _plain(name: str) -> str:
    return name[:-2] if name.endswith(".0") else name


def lognormal_income(log_income_sd: float, nodes: int = 13, median: float = 1.0) -> OwnAgents:
    """Agents whose log income is normal, by Gauss-Hermite: columns `income` and `weights` (price-index)."""
    x, w = gauss_hermite(nodes)
    return OwnAgents({"income": median * np.exp(log_income_sd * x), "weights": w / w.sum()})
