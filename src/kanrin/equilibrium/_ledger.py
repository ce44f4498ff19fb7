"""Where the buyers' money goes (ledger)."""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.base import Floats
from kanrin.equilibrium._game import PriceGame

__all__ = ["Ledger", "ledger"]


@dataclass(frozen=True)
class Ledger:
    """Money of a period by product, each (J,): spending = margin + cost + dealer + taxes (ledger)."""

    spending: Floats  # p^c q
    margin: Floats  # (r p - c) q, the maker's
    cost: Floats  # c q
    dealer: Floats  # (1 - r) p q, dealers and distributors (with a duty on the price, when r holds it)
    taxes: Floats  # (v p + l) q; a subsidy is negative


def ledger(game: PriceGame, price: Floats, quantity: Floats) -> Ledger:
    """Split of buyers' spending. price: (J,) p, money, pre-tax; quantity: (J,) vehicles a period."""
    return Ledger(
        spending=game.consumer_price(price) * quantity,
        margin=game.margin(price) * quantity,
        cost=game.cost * quantity,
        dealer=(1.0 - game.keep) * price * quantity,
        taxes=(game.ad_valorem * price + game.levies) * quantity,
    )
