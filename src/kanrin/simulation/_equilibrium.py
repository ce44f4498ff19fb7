"""An equilibrium: prices, quantities, margins, shadow prices, and how well they were found."""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.base import Bools, Floats
from kanrin.simulation._market import Market

__all__ = ["Equilibrium"]


@dataclass(frozen=True)
class Equilibrium:
    """Prices, and how well they satisfy the conditions."""

    market: Market
    price: Floats  # (J,) p, money, pre-tax
    consumer_price: Floats  # (J,) p^c, money
    quantities: Floats  # (J,) units a period
    margin: Floats  # (J,) r p - c - duties, money; a shadow price is not taken off
    shadow_price: Floats  # (G,) lambda, money a unit
    residual: float  # largest of the conditions' residuals, relative to max p
    steps: int
    converged: bool
    advice: str
    free: Bools  # (J,) prices that could move
