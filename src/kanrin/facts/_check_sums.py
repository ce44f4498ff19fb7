"""What must add up: probabilities of an event, models within brand and market, no car twice."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from math import fsum

from kanrin.facts._case import Case

__all__ = ["brands_within_totals", "outcomes_sum_to_one", "rows_distinct", "units_within_market"]

PROBABILITY_TOLERANCE = 1e-9  # probabilities are typed with a few decimals; more than rounding is a slip
MARKET_SIZE = "demand.market_size"
BRAND_SCOPES = {"brand_registered_passenger": "registered", "brand_kei_passenger": "kei"}


def outcomes_sum_to_one(case: Case) -> Iterator[str]:
    """The probabilities of the outcomes of one event sum to 1."""
    for event in dict.fromkeys(outcome.event for outcome in case.events):
        outcomes = [outcome for outcome in case.events if outcome.event == event]
        total = fsum(outcome.probability for outcome in outcomes)
        if abs(total - 1) > PROBABILITY_TOLERANCE:
            listed = " + ".join(f"{outcome.probability:g}" for outcome in outcomes)
            yield (
                f"{case.place('events', outcomes[0].name)}: the probabilities of {event} sum to {total:g} "
                f"({listed}); "
                "expected 1: correct them, or add the outcome that is missing"
            )


def units_within_market(case: Case) -> Iterator[str]:
    """Shares do not sum past the market: fewer cars sold than there are potential buyers."""
    size = case.assumptions.get(MARKET_SIZE)
    sold = sum(model.units for model in case.market.values())
    if size is not None and sold > size.low:
        yield (
            f"{case.place('assumptions', MARKET_SIZE)}: {MARKET_SIZE}: shares sum past the market size: "
            f"market.csv has {sold:,} units, the lowest market size is {size.low:,.0f}; "
            "correct the units, or raise it"
        )


def brands_within_totals(case: Case) -> Iterator[str]:
    """The models of a brand do not sum past the total of the brand; below is left for models not listed."""
    totals = {
        (row.item, BRAND_SCOPES[row.scope]): row
        for row in case.market_totals
        if row.scope in BRAND_SCOPES and row.period.startswith(str(case.about.market_year))
    }
    for (brand, vehicle_class), total in totals.items():
        models = [m for m in case.market.values() if m.brand == brand and m.vehicle_class == vehicle_class]
        summed = sum(model.units for model in models)
        if summed > total.value:
            largest = max(models, key=lambda model: model.units)
            yield (
                f"{case.place('market', largest.id)}: {brand}, {vehicle_class}: the models sum to {summed:,} "
                f"units, past the total of {total.value:,.0f} ({case.place('market_totals', total.name)}); "
                "correct the units of a model, or the total"
            )


def rows_distinct(case: Case) -> Iterator[str]:
    """No car stands twice under two ids."""
    seen: dict[Hashable, str] = {}
    for table, cars in (
        ("market", {k: (m.brand, m.model) for k, m in case.market.items()}),
        ("candidates", {k: (c.brand, c.model, c.grade, c.powertrain) for k, c in case.candidates.items()}),
    ):
        for name, car in cars.items():
            first = seen.setdefault((table, car), name)
            if first != name:
                yield (
                    f"{case.place(table, name)}: duplicate row: {name} is the {' '.join(car)} of {first} "
                    f"(line {case.lines[(table, first)][1]}); remove one, or tell them apart"
                )
