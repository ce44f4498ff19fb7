"""The price game: who sets which price, and what each keeps of it (pc), (keep), (profit)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from kanrin.base import Bools, Floats, InputError, Ints

__all__ = ["PriceGame"]


@dataclass(frozen=True)
class PriceGame:
    """Makers who set pre-tax retail prices of J products sold to I kinds of buyers.

    One unit of money throughout. A single number is accepted for keep, ad_valorem and levies, and means the
    same for every product.
    Raises InputError for wrong shapes, numbers that are not finite, a price slope that is not below zero,
    keep <= 0, ad_valorem <= -1, weights that do not sum to one, or a diagonal of kappa other than one.
    """

    delta: Floats  # (J,) utils, mean utility without the price effect
    alpha: Floats  # (I,) utils per unit of money, < 0
    weights: Floats  # (I,) sum one
    cost: Floats  # (J,) c, money per vehicle
    keep: Floats  # (J,) r, part of the pre-tax price that reaches the maker
    ad_valorem: Floats  # (J,) v, rate on the pre-tax price
    levies: Floats  # (J,) l, money per vehicle; a subsidy is negative
    firms: Ints  # (J,) who sets the price, 0..F-1
    kappa: Floats | None = None  # (F, F) weight of g's profit in f's objective; None: separate firms

    def __post_init__(self) -> None:
        put = object.__setattr__
        delta = np.array(self.delta, dtype=np.float64)
        if delta.ndim != 1:
            raise InputError(f"delta must be (J,), one number a product; got shape {delta.shape}")
        for name in ("cost", "keep", "ad_valorem", "levies"):
            value = np.array(getattr(self, name), dtype=np.float64)
            if value.ndim == 0:
                value = np.full(delta.shape, float(value))
            if value.shape != delta.shape:
                raise InputError(
                    f"{name} must be one number a product, {delta.shape}; got shape {value.shape}"
                )
            put(self, name, value)
        put(self, "delta", delta)
        for name in ("alpha", "weights"):
            put(self, name, np.array(getattr(self, name), dtype=np.float64))
        if self.alpha.ndim != 1 or self.alpha.size == 0 or self.alpha.shape != self.weights.shape:
            raise InputError(
                f"alpha and weights must both be (I,), I > 0; got {self.alpha.shape} and {self.weights.shape}"
            )
        firms = np.array(self.firms)
        if firms.shape != delta.shape or not np.issubdtype(firms.dtype, np.integer) or (firms < 0).any():
            raise InputError(
                f"firms must be one whole number >= 0 a product, {delta.shape}; got {firms.dtype} "
                f"{firms.shape}"
            )
        put(self, "firms", firms.astype(np.int64))
        if self.kappa is not None:
            put(self, "kappa", np.array(self.kappa, dtype=np.float64))
        self._check_numbers()
        for field in fields(self):
            array = getattr(self, field.name)
            if array is not None:
                array.setflags(write=False)

    def _check_numbers(self) -> None:
        for field in fields(self):
            array = getattr(self, field.name)
            if array is not None and not np.isfinite(array).all():
                raise InputError(
                    f"{field.name} holds a number that is not finite, at "
                    f"{np.argwhere(~np.isfinite(array))[0]}"
                )
        if not (self.alpha < 0.0).all():
            i = int(np.argmax(self.alpha))
            raise InputError(
                f"alpha of agent {i} is {self.alpha[i]:.4g}; expected every price slope below zero: "
                "otherwise profit grows without bound in price; use alpha * price / income, or a log-normal "
                "slope"
            )
        if (self.weights < 0.0).any() or abs(float(self.weights.sum()) - 1.0) > 1e-9:
            raise InputError(f"weights must be >= 0 and sum to one; they sum to {self.weights.sum():.12g}")
        if (self.keep <= 0.0).any():
            raise InputError(
                f"keep of product {int(np.argmin(self.keep))} is {self.keep.min():.4g}; expected > 0"
            )
        if (self.ad_valorem <= -1.0).any():
            raise InputError(
                f"ad_valorem of product {int(np.argmin(self.ad_valorem))} is {self.ad_valorem.min():.4g}; "
                f"expected > -1"
            )
        if self.kappa is not None:
            size = self.firm_count
            if self.kappa.ndim != 2 or self.kappa.shape[0] != self.kappa.shape[1] or len(self.kappa) < size:
                raise InputError(
                    f"kappa must be ({size}, {size}), a row and a column a firm; got {self.kappa.shape}"
                )
            if not np.array_equal(np.diag(self.kappa), np.ones(len(self.kappa))):
                raise InputError("the diagonal of kappa must be one: a firm counts its own profit fully")

    @property
    def product_count(self) -> int:
        """J."""
        return int(self.delta.size)

    @property
    def firm_count(self) -> int:
        """F: one more than the largest firm number, or the size of kappa."""
        largest = int(self.firms.max(initial=-1)) + 1
        return largest if self.kappa is None else max(largest, len(self.kappa))

    def consumer_price(self, price: Floats) -> Floats:
        """p^c = (1 + v) p + l (..., J), what the buyer pays (pc)."""
        return (1.0 + self.ad_valorem) * price + self.levies

    def margin(self, price: Floats) -> Floats:
        """m = r p - c (..., J), money per vehicle."""
        return self.keep * price - self.cost

    def ownership(self) -> Floats:
        """H_jk = kappa_f(j)f(k) (J, J); row = setter of price j."""
        if self.kappa is None:
            return np.equal.outer(self.firms, self.firms).astype(np.float64)
        return self.kappa[np.ix_(self.firms, self.firms)]

    def subset(self, offered: Bools) -> PriceGame:
        """The game with the offered products only, firms keep their numbers."""
        picked = np.asarray(offered, dtype=bool)
        size = self.firm_count
        kappa = None if self.kappa is None else self.kappa[:size, :size]
        return replace(
            self,
            kappa=kappa,
            **{
                n: getattr(self, n)[picked]
                for n in ("delta", "cost", "keep", "ad_valorem", "levies", "firms")
            },
        )
