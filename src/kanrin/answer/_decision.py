"""The decision by model: units, price, cost, margin, profit, risk, certification, route, rivals met."""

from __future__ import annotations

from typing import Any

import numpy as np

from kanrin.answer._interval import MILLION, interval
from kanrin.answer._support import support_sentences
from kanrin.answer._ways_side import ways_side
from kanrin.answer._words import full_name, model_name
from kanrin.base import Figure, Kind
from kanrin.certify import PathwayOption, Treatment, cap, fixed_cost, lead_time, unit_cost
from kanrin.cost import Waterfall, waterfall, wedges
from kanrin.demand import PARTS
from kanrin.lineup import Entry, Plan
from kanrin.rules import Book

__all__ = ["decision", "plan_waterfall"]

_BESIDE = 1.5  # price beside which a reader places a rival: within half as much again, either way


def central_list_price(plan: Plan, j: int) -> float:
    """List price of a chosen model in the central case, JPY, tax included, without levies."""
    at = len(plan.market.models) + j
    return float((1.0 + plan.market.tax) * plan.central.solution.price[at]) * MILLION


def plan_waterfall(plan: Plan, j: int) -> Waterfall:
    """Waterfall of a chosen model at its central price."""
    entry = plan.entries.entries[j]
    price = Figure(
        central_list_price(plan, j),
        "JPY per vehicle",
        Kind.ESTIMATE,
        label="list price of the price equilibrium",
        source=plan.market.estimate.origin,
    )
    return waterfall(plan.book, entry.shipment, list_price=price)


def decision(plan: Plan, j: int, fall: Waterfall) -> dict[str, Any]:
    """The row of chosen candidate j as plan.json names it: cars a year, JPY; `fall` is its waterfall.

    Its profit is what the plan would lose without it.
    """
    entry = plan.entries.entries[j]
    car, option = entry.candidate, entry.choice.option
    book, value = plan.book, plan.valuation
    draws = plan.draws.count
    contribution = value.value[:, 0] - value.value[:, plan.without(j)]
    loss = float((contribution < 0).mean())
    w = wedges(book.number, entry.shipment)
    list_price = central_list_price(plan, j)
    price = list_price / (1.0 + plan.market.tax)
    margin = float(w.margin(price))
    fixed = float(plan.terms.fixed[:, j].mean()) * MILLION
    annuity = float(plan.terms.annuity.mean())
    gained = float((value.gain[:, 0] - value.gain[:, plan.without(j)]).mean()) * MILLION
    net_margin = gained / float(value.units[:, 0, j].mean())
    break_even = next((b for b in plan.break_evens if b.model == car.id), None)
    today = book.number("fx.usd_jpy")
    roots = sorted(break_even.roots, key=lambda r: abs(r - today)) if break_even else []
    months = lead_time(book.figure, option)
    limit = cap(book.number, option)
    gaps = [_gap(book, t) for t in option.treatments if t.treatment not in ("met", "deemed") or t.cost_key]
    units = interval(value.units[:, 0, j])
    plant_units = float(
        value.units[:, 0, [k for k, e in enumerate(plan.entries.entries) if e.candidate.plant == car.plant]]
        .sum(axis=1)
        .mean()
    )
    plant_share = plant_units / car.plant_capacity
    outside = support_sentences(plan, entry)
    warnings = list(option.warnings)
    most = book.number("us.export_volume_share_of_plant_max")
    p90_share = units["p90"] / car.plant_capacity
    if p90_share > most:
        warnings.append(
            f"The P90 volume is {100 * p90_share:.0f} % of the plant's capacity, above the "
            f"{100 * most:.0f} % a maker is assumed to redirect."
        )
    return {
        "model": car.id,
        "name": full_name(car),
        "units": units,
        "price_jpy": fall.lines[-1].amount_jpy,
        "list_price_jpy": list_price,
        "landed_cost_jpy": float(w.landed.landed_cost),
        "unit_margin_jpy": margin,
        "profit_jpy": interval(contribution, MILLION),
        "probability_of_loss": loss,
        "probability_of_loss_se": float(np.sqrt(loss * (1 - loss) / draws)),
        "net_margin_jpy": net_margin,
        "break_even_units": fixed / (annuity * net_margin) if net_margin > 0 else None,
        "break_even_jpy_per_usd": roots[0] if roots else None,
        "break_even_searched": list(break_even.searched) if break_even else [],
        "pathway": option.pathway.id,
        "pathway_name": option.pathway.name,
        "pathway_reason": entry.choice.reason,
        "pathways_not_taken": [
            {"pathway": o.pathway.id, "name": o.pathway.name, "reason": reason}
            for o, reason in entry.choice.not_taken
        ],
        "certification": {
            "fixed_jpy": float(fixed_cost(book.number, option)),
            "per_unit_jpy": float(unit_cost(book.number, option)),
            "lead_time_months": months.value,
            "lead_time_low": months.low if months.low is not None else months.value,
            "lead_time_high": months.high if months.high is not None else months.value,
            "cap": _known_cap(book, option, limit),
            "gaps": gaps,
        },
        "route": entry.route.route.id,
        "route_text": _route_text(plan, entry),
        "route_reason": entry.route.reason,
        "route_days": entry.route.route.transit_days,
        "drive": "right" if entry.right_hand else "left",
        "ways": ways_side(plan, j),
        "rivals_met": _rivals(plan, j),
        "own_price_elasticity": float(plan.central.elasticity[len(plan.market.models) + j]),
        "outside_support": outside,
        "xi": {
            "mean": float(plan.entries.xi_mean[j]),
            "sd": float(plan.entries.forecast.sd[j]),
            "parts": [
                {"name": name.replace("_", " "), "value": float(v)}
                for name, v in zip(PARTS, plan.entries.forecast.parts[j], strict=True)
            ]
            + [{"name": "selection", "value": plan.entries.shift * float(plan.entries.forecast.sd[j])}],
            "shifts": [
                {"label": f"{shift:g} sd", "units_mean": float(values[j])}
                for shift, values in plan.shifted.items()
            ],
        },
        "comparables": list(plan.entries.comparables.get(car.id, ())),
        "plant": f"{car.plant}, {car.plant_city}, {car.plant_state}",
        "plant_share": plant_share,
        "warnings": warnings,
    }


def _known_cap(book: Book, option: PathwayOption, limit: float | None) -> float | None:
    """A cap of law or one that is assumed; an assumption at the top of its range stands for none found."""
    assumed = book.case.assumptions.get(option.pathway.cap_key)
    none_found = assumed is not None and assumed.value == assumed.high
    return None if limit is None or none_found else float(limit)


def _gap(book: Book, treatment: Treatment) -> dict[str, Any]:
    factor = book.number(treatment.factor_key) if treatment.factor_key else 1.0
    cost = book.number(treatment.cost_key) * factor if treatment.cost_key else 0.0
    return {
        "requirement": treatment.requirement,
        "treatment": treatment.treatment,
        "cost_jpy": cost,
        "per": treatment.per,
        "key": treatment.cost_key,
        "basis": str(treatment.basis),
        "source": treatment.source,
        "note": treatment.note,
    }


def _route_text(plan: Plan, entry: Entry) -> str:
    r, ports, car = entry.route.route, plan.case.ports, entry.candidate
    via = " by Panama" if r.via == "panama" else ""
    return (
        f"{car.plant_city} {car.plant_state}, {r.inland_mode} to {ports[r.us_port].name}, ship{via} to "
        f"{ports[r.jp_port].name}, {r.transit_days:.0f} days"
    )


def _rivals(plan: Plan, j: int) -> list[dict[str, Any]]:
    """The three cars of other makers, of two thirds to one and a half of its list price, that most of its
    buyers would
    turn to; any cars where that leaves fewer."""
    ratios, own_price = plan.central.diversion[j], central_list_price(plan, j)
    models = plan.market.models
    met = [
        k
        for k, m in enumerate(models)
        if m.firm != plan.maker and own_price / _BESIDE <= m.price_jpy <= own_price * _BESIDE
    ]
    others = [k for k in np.argsort(-ratios, kind="stable") if k not in set(met)]
    order = [*sorted(met, key=lambda k: -ratios[k]), *others][:3]
    return [
        {
            "model": model_name(models[k].brand, models[k].model),
            "firm": models[k].firm,
            "list_price_jpy": models[k].price_jpy,
            "diversion": float(ratios[k]),
        }
        for k in order
    ]
