"""What a schedule is made over: cars, ports, regions and months, as plain numbers; no case, no law.

Legs: plant to port of export (rail or truck), ship to a port of import, inspection there, truck to the
dealers of a region. Times are whole months: the days of a chain are added and rounded up.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from kanrin.base import Floats, InputError, Ints

__all__ = ["Network"]


@dataclass(frozen=True)
class Network:
    """J cars, A inland legs, U ports of export, Q port pairs, P ports of import, G regions, T months.

    Money is JPY a car unless said otherwise. Infinite money means that there is no such way. Raises
    InputError for a capacity that is not above zero, a negative time, demand or cost, or a car that cannot
    arrive in the months.
    """

    cars: tuple[str, ...]
    exports: tuple[str, ...]  # ports
    imports: tuple[str, ...]
    regions: tuple[str, ...]
    months: tuple[str, ...]  # YYYY-MM
    plants: tuple[str, ...]
    plant_of: Ints  # (J,)
    size: Floats  # (J,) CEU a car
    demand: Floats  # (J, T) cars, all regions
    region_share: Floats  # (G,) sum 1
    lost: Floats  # (J,) what a sale that is not served would have brought, moving not taken off
    leg_car: Ints  # (A,)
    leg_port: Ints  # (A,)
    leg_mode: tuple[str, ...]  # (A,)
    leg_cost: Floats  # (A,) with the capital on the way
    leg_months: Ints  # (A,)
    pair_from: Ints  # (Q,)
    pair_to: Ints  # (Q,)
    sea_cost: Floats  # (J, Q) with the capital on the way
    sea_months: Ints  # (J, Q)
    inspect_cost: Floats  # (J,) port, clearance and inspection in the country of sale
    delivery_cost: Floats  # (P, G)
    waiting: Floats  # (J,) a car that waits a month
    slots: float  # CEU a call
    calls: int  # most a month for a port pair
    least_call: float  # cars a call at least
    call_cost: float  # JPY a call
    inspections: Floats  # (P,) cars a month
    room: Floats  # (G,) cars that dealers can keep
    plant_most: Floats  # (plants,) cars a month

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
        for name, what in (
            ("slots", "slots on a call"),
            ("calls", "calls a month"),
            ("inspections", "inspections a month"),
            ("room", "room at the dealers of a region"),
            ("plant_most", "cars a month from a plant"),
        ):
            if not (np.asarray(getattr(self, name)) > 0).all():
                raise InputError(
                    f"{what}: expected more than 0, got {np.min(getattr(self, name)):g}; no car could pass"
                )
        for name, what in (
            ("leg_months", "months to the port of export"),
            ("sea_months", "months at sea"),
            ("demand", "a demand"),
            ("least_call", "the smallest call"),
            ("call_cost", "the cost of a call"),
            ("waiting", "the cost of waiting"),
        ):
            if (np.asarray(getattr(self, name)) < 0).any():
                raise InputError(f"{what}: expected at least 0, got {np.min(getattr(self, name)):g}")
        for j, car in enumerate(self.cars):
            if self.first_arrival(j) >= len(self.months):
                raise InputError(
                    f"{car} cannot arrive within the {len(self.months)} months asked: the fastest way takes "
                    f"{self.first_arrival(j)}; ask for more with --months"
                )

    def first_arrival(self, j: int) -> int:
        """The first month, from 0, in which a car that left the plant in month 0 can be sold."""
        found = len(self.months)
        for a in np.flatnonzero(self.leg_car == j):
            for q in np.flatnonzero((self.pair_from == self.leg_port[a]) & np.isfinite(self.sea_cost[j])):
                found = min(found, int(self.leg_months[a] + self.sea_months[j, q]))
        return found

    def pair_name(self, q: int) -> str:
        """`San Diego to Nagoya`."""
        return f"{self.exports[self.pair_from[q]]} to {self.imports[self.pair_to[q]]}"
