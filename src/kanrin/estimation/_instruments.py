"""Instruments made from rivals: BLP sums and differentiation instruments (iv-blp), (iv-diff).

Sources: BLP 1995; Gandhi & Houde 2020. All are sums over the products of the same market (and the same nest
when one is named), the firm's own other products and the rivals' apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kanrin.base import Floats, InputError, Ints
from kanrin.estimation._design import build_design
from kanrin.estimation._table import as_table

__all__ = ["Instruments", "blp_instruments", "differentiation_instruments"]

KINDS = ("local", "quadratic")


@dataclass(frozen=True)
class Instruments:
    """Excluded instruments with labels: matrix (N, L), rows as the data they were made from."""

    matrix: Floats
    labels: tuple[str, ...]

    def __add__(self, other: Instruments) -> Instruments:
        """Both side by side."""
        if self.matrix.shape[0] != other.matrix.shape[0]:
            raise InputError(
                f"instruments of {self.matrix.shape[0]} and {other.matrix.shape[0]} rows cannot "
                "stand side by side"
            )
        return Instruments(np.hstack([self.matrix, other.matrix]), self.labels + other.labels)

    def columns(self) -> dict[str, NDArray[np.float64]]:
        """By label, to be put beside the data."""
        return {label: self.matrix[:, k] for k, label in enumerate(self.labels)}

    def keep(self, *words: str) -> Instruments:
        """Those whose label holds one of the words."""
        index = [k for k, label in enumerate(self.labels) if any(word in label for word in words)]
        if not index:
            raise InputError(
                f"no instrument label holds {' or '.join(words)}; labels: {', '.join(self.labels)}"
            )
        return Instruments(self.matrix[:, index], tuple(self.labels[k] for k in index))

    @property
    def is_varying(self) -> NDArray[np.bool_]:
        """(L,) whether a column varies at all."""
        return np.asarray(np.ptp(self.matrix, axis=0) > 0)


def blp_instruments(
    data: object, formula: str, *, market: str, firm: str, nest: str | None = None, count: bool = False
) -> Instruments:
    """Sums over the firm's other products and over rivals' products in the market (iv-blp) [P12].

    `formula` names the characteristics (no constant: counts come with `count=True`); with `nest`, sums run
    within market and nest. Labels: `own sum(x)`, `rival sum(x)`, `own count`, `rival count`, with ` in nest`.
    """
    x, labels, groups, firms = _prepare(data, formula, market, firm, nest, count)
    own, rival = np.empty_like(x), np.empty_like(x)
    for rows in groups:
        same = firms[rows][:, None] == firms[rows]
        block = x[rows]
        own[rows] = same.astype(np.float64) @ block - block
        rival[rows] = (~same).astype(np.float64) @ block
    suffix = " in nest" if nest else ""
    names = [f"sum({label})" if label != "1" else "count" for label in labels]
    return Instruments(
        np.hstack([own, rival]),
        tuple(f"own {name}{suffix}" for name in names) + tuple(f"rival {name}{suffix}" for name in names),
    )


def differentiation_instruments(
    data: object,
    formula: str,
    *,
    market: str,
    firm: str,
    kind: str = "quadratic",
    nest: str | None = None,
    interactions: bool = False,
) -> Instruments:
    """Gandhi-Houde instruments, d_jk = x_k - x_j (iv-diff) [P10, P11].

    `kind`: "quadratic", sum_k d_jk^2; "local", the count of k with |d_jk| below the sd of d over all pairs of
    a market. `interactions` adds sum_k d_jk d'_jk (quadratic) or sum_k 1{|d_jk| < sd} d'_jk (local).
    """
    if kind not in KINDS:
        raise InputError(f"differentiation instruments: unknown kind {kind!r}; known: {', '.join(KINDS)}")
    x, labels, groups, firms = _prepare(data, formula, market, firm, nest, False)
    spread = _pair_spread(x, groups)
    width = x.shape[1]
    pairs = [(k, k) for k in range(width)]
    if interactions:
        pairs = [(k, m) for k in range(width) for m in range(k if kind == "quadratic" else 0, width)]
    term: Callable[[Floats, int, int], Floats] = (
        _quadratic if kind == "quadratic" else _local(spread, interactions)
    )
    own, rival = np.zeros((len(x), len(pairs))), np.zeros((len(x), len(pairs)))
    for rows in groups:
        same = (firms[rows][:, None] == firms[rows]).astype(np.float64)
        others = 1.0 - np.eye(len(rows))
        block = x[rows]
        distance = block[None, :, :] - block[:, None, :]
        for p, (k, m) in enumerate(pairs):
            values = term(distance, k, m) * others
            own[rows, p] = (values * same).sum(axis=1)
            rival[rows, p] = (values * (1.0 - same)).sum(axis=1)
    suffix = " in nest" if nest else ""
    names = [f"{kind}({labels[k]})" if k == m else f"{kind}({labels[k]}, {labels[m]})" for k, m in pairs]
    return Instruments(
        np.hstack([own, rival]),
        tuple(f"own {name}{suffix}" for name in names) + tuple(f"rival {name}{suffix}" for name in names),
    )


def _quadratic(distance: Floats, k: int, m: int) -> Floats:
    out: Floats = distance[:, :, k] * distance[:, :, m]
    return out


def _local(spread: Floats, interactions: bool) -> Callable[[Floats, int, int], Floats]:
    def term(distance: Floats, k: int, m: int) -> Floats:
        close: Floats = (np.abs(distance[:, :, k]) < spread[k]).astype(np.float64)
        return close * distance[:, :, m] if interactions else close

    return term


def _pair_spread(x: Floats, groups: list[Ints]) -> Floats:
    """(K,) sd of x_k - x_j over all pairs of unlike products of a market."""
    pairs = sum(len(rows) * (len(rows) - 1) for rows in groups)
    if pairs == 0:
        raise InputError("differentiation instruments: no market (or nest) has two products")
    squares = sum(
        2 * len(rows) * ((x[rows] - x[rows].mean(axis=0)) ** 2).sum(axis=0) for rows in groups
    )  # sum over pairs of d^2; the sum of d itself is zero
    return np.asarray(np.sqrt(squares / pairs))


def _prepare(
    data: object, formula: str, market: str, firm: str, nest: str | None, count: bool
) -> tuple[Floats, tuple[str, ...], list[Ints], Ints]:
    table = as_table(data)
    text = formula if count else f"0 + {formula}"
    design = build_design(text if not count else f"1 + {formula}", table, role="instrument", check=False)
    if design.absorbed:
        raise InputError("instruments: absorbed effects (after '|') have no meaning here; leave them out")
    groups = table.codes(*([market, nest] if nest else [market]), use="the instruments")
    order = np.argsort(groups.codes, kind="stable")
    cuts = np.flatnonzero(np.diff(groups.codes[order])) + 1
    rows = [np.asarray(part, dtype=np.int64) for part in np.split(order, cuts)]
    matrix, labels = design.matrix, design.labels
    if not count and design.formula.intercept:
        matrix, labels = matrix[:, 1:], labels[1:]
    return matrix, labels, rows, table.codes(firm, use="the instruments").codes
