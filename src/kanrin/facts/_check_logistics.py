"""Times, capacities and regions that a schedule by month rests on."""

from __future__ import annotations

import math
from collections.abc import Iterator

from kanrin.facts._case import Case
from kanrin.facts._cells import case_figure
from kanrin.facts._places import record_place

__all__ = ["arrive_in_time", "capacities_positive", "regions_sum", "times_positive"]

HORIZON = "logistics.horizon_months"
CAPACITIES = (
    "logistics.calls_per_month",
    "logistics.ceu_floor_m2",
    "logistics.delivery_reference_km",
    "logistics.pdi_cars_per_month",
    "logistics.share_of_vessel_available",
    "logistics.stock_cars_per_outlet",
    "demand.dealer_outlets_initial",
    "ocean.vessel_ceu",
    "us.export_volume_share_of_plant_max",
    HORIZON,
)
_OFF = 0.005  # of a sum of shares that are rounded to a thousandth
_DAYS_PER_MONTH = 365.0 / 12.0


def times_positive(case: Case) -> Iterator[str]:
    """No assumption in days or months is below zero."""
    for name, assumed in case.assumptions.items():
        if assumed.unit in ("days", "months") and min(assumed.low, assumed.value) < 0:
            column = "value" if assumed.value < 0 else "low"
            yield (
                f"{record_place(case, 'assumptions', name, column)}: {name}: {column} is "
                f"{min(assumed.low, assumed.value):g} {assumed.unit}; a time is at least 0: correct it"
            )


def capacities_positive(case: Case) -> Iterator[str]:
    """No capacity of a schedule is zero, where the case names it."""
    for name in CAPACITIES:
        assumed = case.assumptions.get(name)
        if assumed is not None and assumed.value <= 0:
            yield (
                f"{record_place(case, 'assumptions', name, 'value')}: {name} is {assumed.value:g} "
                f"{assumed.unit}; no car could pass: give a number above 0"
            )


def regions_sum(case: Case) -> Iterator[str]:
    """Shares of the regions sum to one."""
    total = sum(region.share for region in case.regions.values())
    if abs(total - 1.0) > _OFF:
        place = case.place("regions", next(iter(case.regions)))
        yield (
            f"{place}: share: the shares of the regions sum to {total:.4g}; expected 1: correct them in "
            "regions.csv"
        )


def arrive_in_time(case: Case) -> Iterator[str]:
    """Every candidate can be certified and shipped within the months of a schedule."""
    horizon = case.assumptions.get(HORIZON)
    if horizon is None:
        return
    leads = [f.value for p in case.pathways.values() if (f := case_figure(case, p.lead_time_key)) is not None]
    lead = math.ceil(min(leads, default=0.0))
    for name, car in case.candidates.items():
        days = [r.transit_days for r in case.routes.values() if r.plant == car.plant]
        on_the_way = math.ceil(min(days, default=0.0) / _DAYS_PER_MONTH)
        if max(lead, on_the_way) >= horizon.value:
            yield (
                f"{case.place('candidates', name)}: {name} cannot be sold within {horizon.value:g} months: "
                f"the quickest pathway takes {lead} and the quickest route {on_the_way}; raise {HORIZON} in "
                "assumptions.toml"
            )
