"""What was not chosen: other line-ups beside the plan, and why each car stays at home."""

from __future__ import annotations

from typing import Any

import numpy as np

from kanrin.answer._interval import MILLION, interval
from kanrin.answer._support import support_sentences
from kanrin.answer._total import car_names
from kanrin.answer._words import count, full_name, listed, yen
from kanrin.base import Floats
from kanrin.lineup import Lineup, Plan, paired_difference

__all__ = ["alternatives", "rejected"]

_SHOWN = 5


def alternatives(plan: Plan) -> list[dict[str, Any]]:
    """The five best other line-ups of the fresh draws, then the empty one; JPY over the programme."""
    v = plan.valuation
    rows: list[dict[str, Any]] = []
    for r, row in enumerate(v.rows):
        if row.offered == plan.lineup:
            continue
        gap, se = paired_difference(v.value[:, 0], v.value[:, r])
        at = tuple(k for k, on in enumerate(row.offered) if on)
        profit = interval(v.value[:, r], MILLION)
        rows.append(
            {
                "models": [plan.entries.entries[j].candidate.id for j in at],
                "names": car_names(plan, at),
                "units_mean": float(v.units[:, r].sum(axis=1).mean()),
                "profit_jpy": {k: profit[k] for k in ("mean", "p10", "p90")},
                "gives_up_jpy": gap * MILLION,
                "gives_up_se_jpy": se * MILLION,
                "note": _difference(plan, row.offered, gap, se),
            }
        )
    rows.sort(key=lambda a: (-a["profit_jpy"]["mean"], len(a["models"])))
    nothing = [a for a in rows if not a["models"]]
    best = [a for a in rows if a["models"]][:_SHOWN]
    return best + nothing


def _difference(plan: Plan, other: Lineup, gap: float, se: float) -> str:
    if not any(other):
        return "bring nothing over"
    gained = tuple(k for k, on in enumerate(other) if on and not plan.lineup[k])
    lost = tuple(k for k, on in enumerate(other) if not on and plan.lineup[k])
    words = []
    if gained:
        words.append("adds " + listed([f"the {n}" for n in car_names(plan, gained)]))
    if lost:
        words.append("leaves " + listed([f"the {n}" for n in car_names(plan, lost)]))
    if abs(gap) < 2 * se:
        words.append("not told apart from the plan by these draws")
    return "; ".join(words)


def rejected(plan: Plan) -> list[dict[str, Any]]:
    """The candidates left at home, each with the reason and, if weighed, what adding it would earn."""
    rows = []
    v = plan.valuation
    for j, entry in enumerate(plan.entries.entries):
        if plan.lineup[j]:
            continue
        added = v.value[:, plan.without(j)] - v.value[:, 0]
        units = float(v.units[:, plan.without(j), j].mean())
        rows.append(
            {
                "model": entry.candidate.id,
                "name": full_name(entry.candidate),
                "reason": _why_not(plan, j, added, units),
                "profit_if_added_jpy": float(added.mean()) * MILLION,
                "units_if_added": units,
            }
        )
    rows += [
        {
            "model": car.id,
            "name": full_name(car),
            "reason": reason,
            "profit_if_added_jpy": None,
            "units_if_added": None,
        }
        for car, reason in plan.left_out
    ]
    return rows


def _why_not(plan: Plan, j: int, added: Floats, units: float) -> str:
    entry = plan.entries.entries[j]
    fixed = float(plan.terms.fixed[:, j].mean())
    r = plan.without(j)
    gain = float((plan.valuation.gain[:, r] - plan.valuation.gain[:, 0]).mean())
    words = (
        f"Added to the plan it would sell {count(units)} cars a year and earn {yen(gain * MILLION)} a year "
        "after the sales it takes from the maker's other cars, "
        f"against {yen(fixed * MILLION)} of fixed costs: {yen(float(added.mean()) * MILLION)} over the "
        f"programme, "
        "discounted."
    )
    error = float(added.std(ddof=1) / np.sqrt(len(added)))
    if abs(float(added.mean())) < 2 * error:
        words += f" These draws cannot tell that from nothing (give or take {yen(error * MILLION)})."
    outside = support_sentences(plan, entry)
    if outside:
        words += f" Outside what the market has seen: {outside[0]}."
    return words
