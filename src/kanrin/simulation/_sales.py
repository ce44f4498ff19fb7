"""What is observed of a market: prices, quantities, owners, and what is known of its substitution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.estimation import as_table
from kanrin.simulation._market import Conduct
from kanrin.simulation._policies import Policy
from kanrin.simulation._system import vector
from kanrin.simulation._table import frame_kind

__all__ = [
    "CrossElasticity",
    "DiversionRatio",
    "MarketElasticity",
    "Markup",
    "OwnElasticity",
    "Sales",
    "Target",
    "markups",
]


@dataclass(frozen=True)
class Sales:
    """Products with consumer prices and quantities above zero, under the policies then in force.

    Raises InputError for lists of unlike length, prices or quantities that are missing, zero or negative.
    """

    products: tuple[str, ...]  # (J,)
    owners: tuple[str, ...]  # (J,)
    price: Floats  # (J,) p^c, money
    quantity: Floats  # (J,) units a period
    policies: tuple[Policy, ...] = ()
    keep: Floats = 1.0  # type: ignore[assignment]
    ownership: Floats | None = None  # (J, J) H; None: owners keep apart
    conduct: Conduct = Conduct.BERTRAND
    name: str = "market"
    frames: str = "pandas"  # kind of frame that came in, and that tables give

    def __post_init__(self) -> None:
        put = object.__setattr__
        for field in ("products", "owners"):
            put(self, field, tuple(str(n) for n in getattr(self, field)))
        count = len(self.products)
        if count == 0 or len(self.owners) != count:
            raise InputError(
                f"{self.name}: expected one owner a product; got {count} products, {len(self.owners)} owners"
            )
        put(self, "price", vector("price", self.price, count, positive=True, names=self.products))
        put(self, "quantity", vector("quantity", self.quantity, count, positive=True, names=self.products))
        put(self, "keep", vector("keep", self.keep, count, positive=True))

    @classmethod
    def from_table(
        cls, table: object, *, product: str = "product", owner: str = "owner",
        price: str = "price", quantity: str = "quantity", **more: Any,
    ) -> Sales:  # fmt: skip
        """From a pandas, polars or pyarrow frame or a dict of columns; `more`: fields of `Sales`.

        Raises UnknownName for a missing column, InputError for a missing value.
        """
        data = as_table(table, "the products")
        return cls(
            tuple(data.labels(product)), tuple(data.labels(owner)), data.numbers(price),
            data.numbers(quantity), **{"frames": frame_kind(data.kind), **more},
        )  # fmt: skip


@dataclass(frozen=True)
class Markup:
    """Margin over what the maker receives of the price, m/(r p)."""

    product: str
    value: float


@dataclass(frozen=True)
class OwnElasticity:
    """Of quantity by own consumer price, < 0."""

    product: str
    value: float


@dataclass(frozen=True)
class CrossElasticity:
    """Of the quantity of one product by the consumer price of another."""

    quantity_of: str
    price_of: str
    value: float


@dataclass(frozen=True)
class DiversionRatio:
    """Share of the buyers that `leaving` loses by a small price rise who take `to`; None: nothing here."""

    leaving: str
    to: str | None
    value: float


@dataclass(frozen=True)
class MarketElasticity:
    """Of total quantity when all consumer prices rise together, < 0."""

    value: float


Target = Markup | OwnElasticity | CrossElasticity | DiversionRatio | MarketElasticity


def markups(products: Sequence[str], values: Sequence[float] | Floats) -> tuple[Markup, ...]:
    """A target for each product with a markup; NaN where it is not known."""
    if len(products) != len(values):
        raise InputError(f"{len(products)} products but {len(values)} markups")
    return tuple(Markup(n, float(v)) for n, v in zip(products, values, strict=True) if np.isfinite(v))
