"""Competition in quantities: one good, plants with rising unit costs, any ownership of plants (Cournot 1838).

Plants that would sell at a loss stand still: the conditions hold with complementarity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from kanrin.base import Floats, InputError, SolveError, UnknownName
from kanrin.simulation._market import same_owner
from kanrin.simulation._policies import Policy, Wedges, wedges
from kanrin.simulation._system import vector

__all__ = [
    "CournotEquilibrium",
    "CournotMarket",
    "IsoelasticInverse",
    "LinearInverse",
    "recover_cournot",
    "solve_cournot",
]

_TOLERANCE = 1e-13
_FLOOR = 1e-10
_MAX_STEPS = 200


@dataclass(frozen=True)
class LinearInverse:
    """p^c = intercept - slope Q."""

    intercept: float  # money a unit
    slope: float  # money a unit, per unit; > 0

    def __post_init__(self) -> None:
        if not (self.slope > 0.0 and np.isfinite(self.slope) and np.isfinite(self.intercept)):
            raise InputError(
                f"slope is {self.slope:.6g}; expected a number above zero: p = intercept - slope Q"
            )

    def price(self, total: float) -> float:
        """p^c at total quantity Q."""
        return self.intercept - self.slope * total

    def derivatives(self, total: float) -> tuple[float, float]:
        """p' and p''."""
        return -self.slope, 0.0

    def surplus(self, total: float) -> float:
        """What buyers gain at Q, money."""
        return self.slope * total**2 / 2.0


@dataclass(frozen=True)
class IsoelasticInverse:
    """p^c = scale Q^(1/elasticity), elasticity < 0."""

    scale: float
    elasticity: float

    def __post_init__(self) -> None:
        if not (self.elasticity < 0.0 and self.scale > 0.0):
            raise InputError(
                f"elasticity is {self.elasticity:.6g}, scale {self.scale:.6g}; expected < 0 and > 0"
            )

    def price(self, total: float) -> float:
        """p^c at total quantity Q."""
        return float(self.scale * np.maximum(total, 1e-300) ** (1.0 / self.elasticity))

    def derivatives(self, total: float) -> tuple[float, float]:
        """p' and p''."""
        first = self.price(total) / (self.elasticity * total)
        return first, first * (1.0 / self.elasticity - 1.0) / total

    def surplus(self, total: float) -> float:
        """What buyers gain at Q, up to a constant, money."""
        power = 1.0 / self.elasticity + 1.0
        spent = self.price(total) * total
        area = self.scale * np.log(total) if abs(power) < 1e-12 else spent / power
        return float(area - spent)


@dataclass(frozen=True)
class CournotMarket:
    """Cost of plant i: factor_i (constant_i q + rise_i q^2/2); q^2/(2k) is rise = 1/k.

    Raises InputError for lists of unlike length, rises below zero or double names.
    """

    demand: LinearInverse | IsoelasticInverse
    plants: tuple[str, ...]  # (J,)
    owners: tuple[str, ...]  # (J,)
    constant: Floats = 0.0  # type: ignore[assignment]  # (J,) money a unit
    rise: Floats = 0.0  # type: ignore[assignment]  # (J,) money a unit, per unit
    factor: Floats = 1.0  # type: ignore[assignment]  # (J,) pure number
    policies: tuple[Policy, ...] = ()  # products are plants
    name: str = "market"

    def __post_init__(self) -> None:
        put = object.__setattr__
        for field in ("plants", "owners"):
            put(self, field, tuple(str(n) for n in getattr(self, field)))
        count = len(self.plants)
        if len(self.owners) != count or len(set(self.plants)) != count:
            raise InputError(f"{self.name}: expected plants of different names, one owner each")
        for field in ("constant", "rise"):
            put(self, field, vector(field, getattr(self, field), count))
        put(self, "factor", vector("factor", self.factor, count, positive=True))
        if (self.rise < 0.0).any():
            raise InputError(
                f"{self.name}: unit cost of {self.plants[int(np.argmin(self.rise))]} falls with output; "
                "expected rise >= 0"
            )
        self.wedges()

    def wedges(self) -> Wedges:
        """Wedges of the policies in force."""
        return wedges(self.policies, self.plants, np.ones(len(self.plants)))

    def marginal_cost(self, quantity: Floats) -> Floats:
        """c_i'(q) (J,), duties left out; money a unit."""
        result: Floats = self.factor * (self.constant + self.rise * quantity)
        return result

    def total_cost(self, quantity: Floats) -> Floats:
        """c_i(q) (J,), money a period."""
        result: Floats = self.factor * (self.constant * quantity + self.rise * quantity**2 / 2.0)
        return result

    def merged(self, owner_a: str, owner_b: str) -> CournotMarket:
        """With the plants of `owner_b` in the hands of `owner_a`."""
        for owner in (owner_a, owner_b):
            if owner not in self.owners:
                raise UnknownName("owner", owner, set(self.owners))
        return replace(self, owners=tuple(owner_a if n == owner_b else n for n in self.owners))

    def with_factor(self, plants: Sequence[str], factor: float) -> CournotMarket:
        """With the whole cost of these plants multiplied; a tariff of t on cost is the factor 1 + t."""
        for plant in plants:
            if plant not in self.plants:
                raise UnknownName("plant", plant, self.plants)
        hit = np.isin(np.array(self.plants), list(plants))
        return replace(self, factor=np.where(hit, self.factor * factor, self.factor))


@dataclass(frozen=True)
class CournotEquilibrium:
    """Quantities at which no owner wants to change output."""

    market: CournotMarket
    quantities: Floats  # (J,) units
    consumer_price: float  # p^c, money; one for all plants
    markup: Floats  # (J,) (received - marginal cost - duties) over what is received
    profit: Floats  # (J,) money a period
    treasury: float  # money a period
    residual: float  # relative to the price
    second_order: float  # largest second derivative of an owner's profit by one plant; negative at a maximum
    converged: bool
    advice: str

    def buyer_surplus(self) -> float:
        """Money, up to a constant."""
        return self.market.demand.surplus(float(self.quantities.sum()))


def _received(market: CournotMarket) -> tuple[Floats, Floats]:
    """What a plant receives of p^c is share p^c - deduction, duties taken off: (J,), (J,)."""
    wedge = market.wedges()
    share = wedge.keep / (1.0 + wedge.ad_valorem)
    return share, share * wedge.levies + wedge.cost


def solve_cournot(market: CournotMarket, start: Floats | None = None) -> CournotEquilibrium:
    """share p + p' sum_own share_k q_k - deduction - c' <= 0, q >= 0, one of them with equality.

    start: (J,) units. A failure is a value: `converged` false with advice.
    """
    share, deduction = _received(market)
    h = same_owner(market.owners)
    count = len(share)
    q = _first_guess(market, share, deduction) if start is None else np.asarray(start, dtype=np.float64)
    unit_q, size = float(np.abs(q).max()), np.inf
    steps = 0
    f, jac = _conditions(market, q, share, deduction, h)
    unit_p = max(
        abs(market.demand.price(float(q.sum()))), float(np.abs(market.marginal_cost(q)).max()), 1e-300
    )
    rows, slope = _complementary(q / unit_q, -f / unit_p, np.eye(count) / unit_q, -jac / unit_p)
    size = float(np.abs(rows).max())
    while size > _TOLERANCE and steps < _MAX_STEPS:
        steps += 1
        try:
            move = -np.linalg.solve(slope, rows)
        except np.linalg.LinAlgError:
            break
        scale, taken = 1.0, False
        for _ in range(40):
            there = q + scale * move
            if there.sum() > 0.0:
                f, jac = _conditions(market, there, share, deduction, h)
                new, bend = _complementary(there / unit_q, -f / unit_p, np.eye(count) / unit_q, -jac / unit_p)
                reached = float(np.abs(new).max())
                if reached < (1.0 - 1e-4 * scale) * size:
                    q, rows, slope, size, taken = there, new, bend, reached, True
                    break
            scale /= 2.0
        if not taken:
            break
    return _told(market, np.maximum(q, 0.0), size, steps, share, deduction, h)


def _first_guess(market: CournotMarket, share: Floats, deduction: Floats) -> Floats:
    """A total output at which the price covers unit costs, in equal parts."""
    total = 1.0
    if isinstance(market.demand, LinearInverse):
        total = 0.5 * market.demand.intercept / market.demand.slope
    for _ in range(200):
        q = np.full(len(share), total / len(share))
        gap = share * market.demand.price(total) - deduction - market.marginal_cost(q)
        if (gap > 0.0).any():
            return q
        total /= 2.0
    raise SolveError(f"{market.name}: no plant covers its unit cost at any price buyers would pay")


def _conditions(
    market: CournotMarket, q: Floats, share: Floats, deduction: Floats, h: Floats
) -> tuple[Floats, Floats]:
    """Marginal profit of each plant (J,) and its derivatives (J, J)."""
    total = float(q.sum())
    price = market.demand.price(total)
    first, second = market.demand.derivatives(total)
    own = h @ (share * q)
    marginal = share * price + first * own - deduction - market.marginal_cost(q)
    jac = (share * first + second * own)[:, None] + first * h * share
    jac[np.diag_indices_from(jac)] -= market.factor * market.rise
    return marginal, jac


def _complementary(x: Floats, y: Floats, by_x: Floats, by_y: Floats) -> tuple[Floats, Floats]:
    """FB(x, y) = x + y - sqrt(x^2 + y^2) and its derivatives (fb)."""
    norm = np.hypot(x, y)
    safe = np.where(norm > 0.0, norm, 1.0)
    corner = 1.0 - np.sqrt(0.5)
    a = np.where(norm > 0.0, 1.0 - x / safe, corner)
    b = np.where(norm > 0.0, 1.0 - y / safe, corner)
    return x + y - norm, a[:, None] * by_x + b[:, None] * by_y


def _told(
    market: CournotMarket, q: Floats, size: float, steps: int, share: Floats, deduction: Floats, h: Floats
) -> CournotEquilibrium:
    price = market.demand.price(float(q.sum()))
    received = share * price
    with np.errstate(divide="ignore", invalid="ignore"):
        markup = np.where(q > 0.0, (received - deduction - market.marginal_cost(q)) / received, np.nan)
    profit = (received - deduction) * q - market.total_cost(q)
    treasury = float(((1.0 - share) * price + deduction) @ q)
    running = q > 1e-9 * float(q.max(initial=1.0))
    bend = float(_own_second(market, q, share, h)[running].max(initial=-np.inf))
    converged = size <= _FLOOR
    advice = (
        "converged"
        if converged
        else f"{market.name}: no Cournot equilibrium found in {steps} steps, residual {size:.2e}; give start="
    )
    return CournotEquilibrium(market, q, price, markup, profit, treasury, size, bend, converged, advice)


def _own_second(market: CournotMarket, q: Floats, share: Floats, h: Floats) -> Floats:
    """d2 profit/dq_i2 (J,) of the plant's owner."""
    first, second = market.demand.derivatives(float(q.sum()))
    result: Floats = 2.0 * share * first + second * (h @ (share * q)) - market.factor * market.rise
    return result


def recover_cournot(
    demand: LinearInverse | IsoelasticInverse,
    quantity: ArrayLike,
    plants: Sequence[str],
    owners: Sequence[str],
    *,
    policies: Sequence[Policy] = (),
    rising: bool = True,
    name: str = "market",
) -> CournotMarket:
    """The market whose equilibrium is the quantities seen.

    rising: unit cost c'(q) = rise q; False: constant, and then an owner's plants must have different costs,
    or its output has no one split between them. Raises InputError when a unit cost would not be above
    zero: the demand is too inelastic for the largest owner.
    """
    q = vector("quantity", quantity, len(plants), positive=True)
    blank = CournotMarket(demand, tuple(plants), tuple(owners), policies=tuple(policies), name=name)
    share, deduction = _received(blank)
    marginal, _ = _conditions(blank, q, share, deduction, same_owner(blank.owners))
    if (marginal <= 0.0).any():
        worst = blank.plants[int(np.argmin(marginal))]
        raise InputError(
            f"{name}: marginal cost of {worst} would be {marginal.min():.6g}; its owner would sell less: "
            "demand is too inelastic for its share"
        )
    return replace(blank, rise=marginal / q) if rising else replace(blank, constant=marginal)
