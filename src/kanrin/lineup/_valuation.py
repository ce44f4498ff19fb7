"""What is asked of the market and what comes back: rows, their worth, the market's side (delta-pi)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kanrin.base import Bools, Floats

__all__ = ["Detail", "Row", "Valuation"]


@dataclass(frozen=True)
class Row:
    """One question: a line-up under one set of money terms."""

    offered: tuple[bool, ...]  # (C,)
    terms: int = 0  # which Terms


@dataclass(frozen=True)
class Detail:
    """What the market does under one row, on each draw."""

    share_change: Floats  # (D, J) of potential buyers, cars on sale
    price_change: Floats  # (D, J) million JPY pre-tax
    firm_gain: Floats  # (D, F) million JPY a year
    surplus: Floats  # (D,) million JPY a year, compensating variation of buyers
    surplus_by_agent: Floats  # (D, I) million JPY per buyer


@dataclass(frozen=True)
class Valuation:
    """Answers to R rows on D draws."""

    rows: tuple[Row, ...]
    gain: Floats  # (D, R) million JPY a year: the maker's profit change in the destination
    forgone: Floats  # (D, R) million JPY a year: home margin lost where a plant is full
    value: Floats  # (D, R) million JPY over the programme, fixed costs taken off
    units: Floats  # (D, R, C) vehicles a year
    price: Floats  # (D, R, C) million JPY pre-tax, NaN when not offered
    shadow: Floats  # (D, R, C) shadow price of a cap, million JPY per car
    residual: float  # largest relative residual of any equilibrium
    failures: int  # equilibria that did not converge
    detail: Detail | None = field(default=None, repr=False)
    stepped: Bools | None = field(default=None, repr=False)  # (D, R, C) second way added, where cars have one
    group_shadow: Floats = field(default_factory=lambda: np.zeros((0, 0, 0)), repr=False)  # (D, R, K) money
