"""What the plan does to the bilateral balance, line by line, as the page tells it."""

from __future__ import annotations

from typing import Any

from kanrin.answer._interval import interval
from kanrin.answer._words import listed, model_name
from kanrin.lineup import Plan
from kanrin.trade import Balance, held_fixed

__all__ = ["balance_side"]


def _displaced(plan: Plan) -> list[str]:
    """The three cars built at the origin and on sale already that lose most."""
    market, detail = plan.market, plan.valuation.detail
    if detail is None:
        return []
    lost = -market.size * detail.share_change.mean(axis=0)
    built = [k for k, m in enumerate(market.models) if m.built_in == plan.case.about.origin and lost[k] > 0.5]
    most = sorted(built, key=lambda k: -lost[k])[:3]
    return [model_name(market.models[k].brand, market.models[k].model) for k in most]


def balance_side(plan: Plan, b: Balance) -> dict[str, Any]:
    """The `trade` part of plan.json; changes a year, means over the fresh draws."""
    change = interval(b.total)
    parts = [
        ("Cars exported, FAS", b.exports, "transfer price alongside the ship"),
        (
            "U.S.-built cars already sold there, displaced",
            b.displaced_us_built,
            f"{listed(_displaced(plan))} and others" if _displaced(plan) else "",
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
        "value_added": dict(b.content),
        "held_fixed": list(held_fixed()),
    }
