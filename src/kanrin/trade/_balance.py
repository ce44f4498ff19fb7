"""What a plan does to the bilateral balance, partial reading (bal-us), (bal-jp), (third), (va-balance).

Held fixed: wages, the exchange rate's level, every other sector, and U.S. demand for other cars. U.S.
statistics count exports at FAS and imports at customs value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats
from kanrin.cost import landed
from kanrin.lineup import Plan
from kanrin.rules import FX, Tracker, array_reader

__all__ = ["Balance", "balance", "held_fixed"]

DEFICIT = "trade.us_goods_deficit_with_japan_usd"
_PARTS = "trade.parts_in_displaced_jp_car_usd"
_BACKFILL = "trade.backfill_share"
_MILLION = 1e6


@dataclass(frozen=True)
class Balance:
    """Changes a year on D draws; USD unless named otherwise. Positive improves the U.S. balance."""

    exports: Floats  # (D,) own cars exported, FAS
    displaced_us_built: Floats  # (D,) rivals' and own U.S.-built cars no longer sold there, FAS (negative)
    parts_lost: Floats  # (D,) U.S. parts no longer shipped into displaced home-built cars (negative)
    backfill: Floats  # (D,) imports that fill sales lost at home (negative)
    foreign_parts: Floats  # (D,) destination's parts inside the exported cars (negative)
    total: Floats  # (D,)
    imports_cif_jpy: Floats  # (D,) change in the destination's imports from the origin, CIF
    third_imports_jpy: Floats  # (D,) change in its imports from other countries, CIF
    units_by_origin: Mapping[str, float]  # mean change of cars sold by country of build
    outside_units: float  # mean change of households that buy no car
    content: Mapping[str, float]  # value shares of the exported cars by country
    deficit: float  # USD a year, as cited
    keys: tuple[str, ...]

    @property
    def share_of_deficit(self) -> float:
        """Mean change over the cited deficit."""
        return float(self.total.mean() / self.deficit)


def balance(plan: Plan) -> Balance:
    """The balance of a plan on its fresh draws. Raises InputError when the case cites no deficit."""
    draws, market, detail = plan.draws, plan.market, plan.valuation.detail
    assert detail is not None
    read = Tracker(array_reader(plan.book, draws.keys))
    count = draws.count
    rate = np.broadcast_to(np.asarray(read(FX), dtype=np.float64), (count,))
    units = plan.valuation.units[:, 0]  # (D, C)
    exports, foreign, cif = np.zeros(count), np.zeros(count), np.zeros(count)
    content = {"US": 0.0, "JP": 0.0, "MX": 0.0}
    weight = 0.0
    for j in plan.chosen:
        entry = plan.entries.entries[j]
        name = entry.candidate.id
        lines = landed(read, entry.shipment)
        fas = np.broadcast_to(np.asarray(lines.fas_usd, dtype=np.float64), (count,))
        exports += units[:, j] * fas
        japanese = np.asarray(read(f"candidate.{name}.japan_content_percent"), dtype=np.float64) / 100.0
        foreign -= units[:, j] * japanese * np.asarray(lines.transfer_usd, dtype=np.float64)
        cif += units[:, j] * np.asarray(lines.cif_usd, dtype=np.float64) * rate
        value = float((units[:, j] * fas).mean())
        weight += value
        content["US"] += value * entry.candidate.us_content_percent / 100.0
        content["JP"] += value * entry.candidate.japan_content_percent / 100.0
        content["MX"] += value * entry.candidate.mexico_content_percent / 100.0
    shares = {k: v / weight for k, v in content.items()} if weight > 0 else {}
    if shares:
        shares["other"] = max(0.0, 1.0 - sum(shares.values()))

    change = market.size * detail.share_change  # (D, J)
    built = np.array([m.built_in for m in market.models])
    origin, destination = plan.case.about.origin, plan.case.about.destination
    # JPY a car: the recovered cost stands for the border value
    worth = np.maximum(0.0, market.costs.cost) * _MILLION
    from_origin, third = built == origin, (built != origin) & (built != destination)
    displaced = (change[:, from_origin] * worth[from_origin]).sum(axis=1) / rate
    parts = change[:, built == destination].sum(axis=1) * np.asarray(read(_PARTS), dtype=np.float64)
    backfill = -np.asarray(read(_BACKFILL), dtype=np.float64) * _home_value(plan, read, rate)
    total = exports + displaced + parts + backfill + foreign
    by_origin = {str(o): float(change[:, built == o].sum(axis=1).mean()) for o in sorted(set(built))}
    new = float(units[:, list(plan.chosen)].sum(axis=1).mean()) if plan.chosen else 0.0
    return Balance(
        exports=exports,
        displaced_us_built=displaced,
        parts_lost=parts,
        backfill=backfill,
        foreign_parts=foreign,
        total=total,
        imports_cif_jpy=cif + displaced * rate,
        third_imports_jpy=(change[:, third] * worth[third]).sum(axis=1),
        units_by_origin=by_origin,
        outside_units=-new - sum(by_origin.values()),
        content=shares,
        deficit=plan.book.number(DEFICIT),
        keys=(*read.keys, DEFICIT),
    )


def _home_value(plan: Plan, read: Tracker, rate: Floats) -> Floats:
    """(D,) USD of home sales lost where a plant is full, at transfer prices."""
    units = plan.valuation.units[:, 0]
    plants = list(dict.fromkeys(e.candidate.plant for e in plan.entries.entries))
    lost = np.zeros(len(rate))
    for k, plant in enumerate(plants):
        at = [j for j, e in enumerate(plan.entries.entries) if e.candidate.plant == plant]
        sent = units[:, at].sum(axis=1)
        excess = np.maximum(0.0, sent - plan.terms.spare[:, k])
        price = sum(
            units[:, j]
            * np.asarray(read("us.maker_ex_works_factor"), dtype=np.float64)
            * np.asarray(read(f"candidate.{plan.entries.entries[j].candidate.id}.msrp_usd"), dtype=np.float64)
            for j in at
        )
        lost += excess * price / np.where(sent > 0, sent, 1.0)
    return lost


def held_fixed() -> tuple[str, ...]:
    """What this reading holds fixed, in sentences."""
    return (
        "Wages and every other sector are held where they are; the exchange rate moves the cost of "
        "these cars alone, not that of rivals' imports.",
        "Demand for other U.S. cars at home is held fixed, but for sales lost where a plant is full.",
        "Cars already sold are valued at the border by their recovered unit cost, "
        "for want of customs values.",
        "Demand is for list prices, as it was estimated: levies, registration and subsidies on the "
        "road do not move it.",
        "Freight and insurance count as services of the carrier's country "
        "and are left out of the goods balance.",
    )
