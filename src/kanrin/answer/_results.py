"""Results as figures of the register, each with what it was made from, back to the inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.lineup import Plan
from kanrin.trade import Balance

__all__ = ["results"]


def results(
    plan: Plan, rows: Sequence[Mapping[str, Any]], total: Mapping[str, Any], b: Balance
) -> dict[str, dict[str, Any]]:
    """Figures by key (`decision.<model>.units` and others) with unit, label and the keys they come from."""
    shipped = {e.candidate.id: e.shipment for e in plan.entries.entries}

    def figure(value: float, unit: str, label: str, chain: list[str], note: str = "") -> dict[str, Any]:
        return {
            "value": value,
            "unit": unit,
            "kind": "estimate",
            "source": plan.market.estimate.origin,
            "label": label,
            "note": note,
            "chain": chain,
        }

    found: dict[str, dict[str, Any]] = {}
    for r in rows:
        at = f"decision.{r['model']}"
        cell = f"candidate.{r['model']}.msrp_usd"
        inputs = ["fx.usd_jpy", "us.variable_cost_factor", "jp.dealer_margin"]
        inputs.append(shipped[r["model"]].distributor_margin_key)
        found[f"{at}.units"] = figure(
            r["units"]["mean"], "vehicles per year", f"{r['name']}, cars a year", [f"{at}.price_jpy"]
        )
        found[f"{at}.price_jpy"] = figure(
            r["price_jpy"],
            "JPY per vehicle",
            f"{r['name']}, price on the road",
            [f"waterfall.{r['model']}.on_the_road", cell, *inputs],
            "equilibrium price of the central case",
        )
        found[f"{at}.profit_jpy"] = figure(
            r["profit_jpy"]["mean"],
            "JPY",
            f"{r['name']}, what the plan would lose without it",
            [f"{at}.units", "plan.horizon_years", "capital.discount_rate"],
        )
    found["total.units"] = figure(
        total["units"]["mean"],
        "vehicles per year",
        "cars a year",
        [f"decision.{r['model']}.units" for r in rows],
    )
    found["total.profit_jpy"] = figure(
        total["profit_jpy"]["mean"],
        "JPY",
        "worth of the plan over its years, discounted",
        ["total.units", "plan.horizon_years", "capital.discount_rate", "launch.marketing_jpy_per_model"],
    )
    found["trade.balance_change_usd"] = figure(
        float(b.total.mean()),
        "USD per year",
        "change of the bilateral balance",
        ["total.units", "us.maker_ex_works_factor"],
    )
    return found
