"""From a car's sheet to the attributes of an estimate: one recipe, named columns.

The parameter names of an estimate choose the columns. Linear size or km per litre as they stand make a pickup
absurdly popular and an electric car immortal: hence logs, and litres per 100 km with electric cars at
energy-cost parity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from kanrin.base import Bools, Floats, InputError, UnknownName

__all__ = [
    "ATTRIBUTES",
    "OutOfRange",
    "Recipe",
    "Support",
    "attribute_matrix",
    "box_volume_m3",
    "electricity_from_equivalent",
    "litres_per_100km",
    "power_to_weight_ps_per_kg",
    "price_million_real",
    "support",
]

KW_PER_PS = 0.73549875  # metric horsepower, by definition
WH_PER_LITRE_EQUIVALENT = 33_705.0 / 3.785411784  # petrol-equivalent energy behind MPGe, Wh per litre


@dataclass(frozen=True)
class Recipe:
    """What turns today's sheets into the units of the estimate; every number is a key of the case.

    deflator: today's prices / prices of the estimate's base year. jc08_over_wltc_litres: consumption on the
    old cycle over that on the new one, in litres (1 when the sheet is already on the estimate's cycle).
    """

    deflator: float
    jc08_over_wltc_litres: float
    electricity_jpy_per_kwh: float
    petrol_jpy_per_litre: float

    def __post_init__(self) -> None:
        for name in (
            "deflator",
            "jc08_over_wltc_litres",
            "electricity_jpy_per_kwh",
            "petrol_jpy_per_litre",
        ):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"recipe: {name} is {value}; a positive number is expected")


@dataclass(frozen=True)
class OutOfRange:
    """An attribute of a candidate beyond every car of the market; `nearest` is the row of the market closest
    to it."""

    name: str
    value: float
    low: float
    high: float
    nearest: int


@dataclass(frozen=True)
class Support:
    """How far a candidate lies from the cars the demand was read from.

    `distance` is Mahalanobis, from the market's mean in the market's covariance; `largest` the largest of any
    car on sale; `nearest` the row of the market nearest in the same metric.
    """

    outside: tuple[OutOfRange, ...]
    distance: float
    largest: float
    nearest: int

    @property
    def is_extrapolation(self) -> bool:
        """True when an attribute is out of range or the car as a whole lies farther out than any on sale."""
        return bool(self.outside) or self.distance > self.largest


def _column(columns: Mapping[str, Floats], name: str, need: str) -> Floats:
    if name not in columns:
        raise InputError(
            f"{need} needs the column {name!r}; the columns given are {', '.join(sorted(columns))}"
        )
    return np.asarray(columns[name], dtype=np.float64)


def _refuse(bad: Bools, what: str) -> None:
    rows = np.flatnonzero(bad)
    if rows.size:
        more = f" and {rows.size - 5} more" if rows.size > 5 else ""
        raise InputError(f"{what} in rows {', '.join(map(str, rows[:5]))}{more} (counted from 0)")


def price_million_real(price_jpy: Floats, recipe: Recipe) -> Floats:
    """(J,) list price in million JPY of the estimate's base year, from JPY of today."""
    out: Floats = np.asarray(price_jpy, dtype=np.float64) / 1e6 / recipe.deflator
    return out


def electricity_from_equivalent(km_per_litre_equivalent: Floats) -> Floats:
    """(J,) Wh per km from km per litre of petrol equivalent, the metric form of MPGe (33.705 kWh per U.S.
    gallon)."""
    out: Floats = WH_PER_LITRE_EQUIVALENT / np.asarray(km_per_litre_equivalent, dtype=np.float64)
    return out


def litres_per_100km(columns: Mapping[str, Floats], recipe: Recipe) -> Floats:
    """(J,) litres per 100 km on the estimate's cycle.

    From `fuel_economy_km_per_l` (km per litre), or, where that is missing (nan), from
    `electricity_wh_per_km`: the litres that cost what the electricity costs. A car with both (plug-in hybrid)
    is taken by its fuel. The cycle factor applies to both, so that two cars of equal running cost have equal
    litres.
    """
    need = "litres_per_100km"
    km_per_litre = _column(columns, "fuel_economy_km_per_l", need)
    wh_per_km = (
        _column(columns, "electricity_wh_per_km", need)
        if "electricity_wh_per_km" in columns
        else np.full(km_per_litre.shape, np.nan)
    )
    burns = km_per_litre > 0
    _refuse(~burns & ~(wh_per_km > 0), "litres_per_100km: neither km per litre nor Wh per km is given")
    fuel = 100 / np.where(burns, km_per_litre, 1.0)
    parity = wh_per_km / 10 * recipe.electricity_jpy_per_kwh / recipe.petrol_jpy_per_litre
    out: Floats = recipe.jc08_over_wltc_litres * np.where(burns, fuel, parity)
    return out


def power_to_weight_ps_per_kg(columns: Mapping[str, Floats]) -> Floats:
    """(J,) metric horsepower per kg of kerb weight, from `power_kw` and `kerb_weight_kg`."""
    need = "log_power_to_weight"
    out: Floats = _column(columns, "power_kw", need) / KW_PER_PS / _column(columns, "kerb_weight_kg", need)
    return out


def box_volume_m3(columns: Mapping[str, Floats]) -> Floats:
    """(J,) length x width x height in m3, from the `_mm` columns."""
    sides = [_column(columns, f"{side}_mm", "log_size") for side in ("length", "width", "height")]
    out: Floats = sides[0] * sides[1] * sides[2] / 1e9
    return out


def _log(value: Floats, name: str) -> Floats:
    _refuse(~(value > 0), f"{name}: a value that is missing or not positive")
    return np.asarray(np.log(value))


_Build = Callable[[Mapping[str, Floats], Recipe], Floats]

_BUILD: Mapping[str, _Build] = MappingProxyType(
    {
        "constant": lambda c, r: np.ones_like(_column(c, "kerb_weight_kg", "constant")),
        "litres_per_100km": litres_per_100km,
        "log_power_to_weight": lambda c, r: _log(power_to_weight_ps_per_kg(c), "log_power_to_weight"),
        "log_size": lambda c, r: _log(box_volume_m3(c), "log_size"),
        "more_than_4_seats": lambda c, r: (_column(c, "seats", "more_than_4_seats") > 4).astype(np.float64),
        "kei": lambda c, r: (_column(c, "is_kei", "kei") > 0).astype(np.float64),
    }
)

ATTRIBUTES: tuple[str, ...] = tuple(_BUILD)
"""Attribute names an estimate may use, price apart."""


def attribute_matrix(names: Sequence[str], columns: Mapping[str, Floats], recipe: Recipe) -> Floats:
    """(J, K) attributes in the order of `names`, from a car sheet's columns (J,).

    Columns used: length_mm, width_mm, height_mm, kerb_weight_kg, power_kw, fuel_economy_km_per_l,
    electricity_wh_per_km, seats, is_kei; only those the names call for. Raises UnknownName (an InputError)
    for a name without a recipe, InputError for a missing column or a value that is missing or not positive,
    with its rows.
    """
    for name in names:
        if name not in _BUILD:
            raise UnknownName(
                "attribute",
                name,
                ATTRIBUTES,
                "the parameter names of an estimate choose attributes; known: " + ", ".join(ATTRIBUTES),
            )
    if not names:
        raise InputError("attribute_matrix: no attribute named; known: " + ", ".join(ATTRIBUTES))
    out = np.column_stack([_BUILD[name](columns, recipe) for name in names])
    _refuse(~np.isfinite(out.sum(axis=1)), "attributes: a value that is not finite")
    return out


def support(candidate: Floats, market: Floats, names: Sequence[str]) -> Support:
    """Whether a candidate (K,) lies among the cars of the market (J, K), attribute by attribute and as a
    whole."""
    candidate, market = np.asarray(candidate, dtype=np.float64), np.asarray(market, dtype=np.float64)
    if candidate.shape != (len(names),) or market.ndim != 2 or market.shape[1] != len(names):
        raise InputError(
            f"support: candidate {candidate.shape} and market {market.shape} do not fit {len(names)} names"
        )
    low, high = market.min(axis=0), market.max(axis=0)
    outside = tuple(
        OutOfRange(name, float(x), float(lo), float(hi), int(np.argmin(np.abs(market[:, k] - x))))
        for k, (name, x, lo, hi) in enumerate(zip(names, candidate, low, high, strict=True))
        if x < lo or x > hi
    )
    centred = market - market.mean(axis=0)
    # the pseudo-inverse leaves out attributes that do not vary in the market
    metric = np.linalg.pinv(np.atleast_2d(centred.T @ centred / max(1, market.shape[0] - 1)))

    def distance(difference: Floats) -> Floats:
        return np.asarray(np.sqrt(np.maximum(0.0, np.einsum("jk,kl,jl->j", difference, metric, difference))))

    own = float(distance((candidate - market.mean(axis=0))[None, :])[0])
    return Support(outside, own, float(distance(centred).max()), int(np.argmin(distance(market - candidate))))
