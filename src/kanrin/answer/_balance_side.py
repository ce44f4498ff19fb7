"""What the plan does to the bilateral balance, line by line, as the page tells it."""

from __future__ import annotations

from typing import Any

from kanrin.answer._interval import interval
from kanrin.lineup import Plan
from kanrin.trade import Balance, held_fixed

__all__ = ["balance_side"]


def balance_side(plan: Plan, b: Balance) -> dict[str, Any]:
    """The `trade` part of plan.json; changes a year, means over the fresh draws."""
    change = interval(b.total)
    parts = [
        ("Cars exported, FAS", b.exports, "transfer price alongside the ship"),
        (
            "U.S.-built cars already sold there, displaced",
            b.displaced_us_built,
            "Jeep, BMW X models and others",
        ),
        ("U.S. parts no longer shipped into displaced Japan-built cars", b.parts_lost, ""),
        ("Imports that fill sales lost at home", b.backfill, "only where a plant is full"),
        ("Japanese parts inside the exported cars", b.foreign_parts, "content by value, NHTSA labels"),
    ]
    fact = plan.case.facts["trade.us_goods_deficit_with_japan_usd"]
    return {
        "balance_change_usd": {k: change[k] for k in ("mean", "p10", "p90")},
        "share_of_deficit": b.share_of_deficit,
        "deficit_usd": b.deficit,
        "deficit_source": fact.source,
        "deficit_period": fact.period,
        "parts": [{"line": line, "amount_usd": float(x.mean()), "note": note} for line, x, note in parts],
        "japan_books_jpy": {
            "imports_change_cif_jpy": float(b.imports_cif_jpy.mean()),
            "imports_from_third_countries_change_cif_jpy": float(b.third_imports_jpy.mean()),
        },
        "units_by_origin": b.units_by_origin,
        "outside_units": b.outside_units,
        "value_added": {k: f"{v:.0%}" for k, v in b.content.items()},
        "held_fixed": list(held_fixed()),
    }
