"""The answer in one sentence and the plan's totals behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kanrin.answer._interval import MILLION, interval
from kanrin.answer._ways_side import refusal_totals
from kanrin.answer._words import chance, count, listed, short_name, yen_spread
from kanrin.lineup import Plan

__all__ = ["answer_sentence", "car_names", "total"]


def total(plan: Plan) -> dict[str, Any]:
    """The plan's cars a year and its worth over the programme, JPY, on the fresh draws, with errors."""
    v = plan.valuation
    units, value = v.units[:, 0].sum(axis=1), v.value[:, 0]
    loss = float((value < 0).mean()) if plan.chosen else 0.0
    fixed = float((plan.terms.fixed @ np.array(plan.lineup, dtype=np.float64)).mean()) * MILLION
    return {
        "units": interval(units),
        "profit_jpy": interval(value, MILLION),
        "probability_of_loss": loss,
        "probability_of_loss_se": float(np.sqrt(loss * (1 - loss) / len(value))),
        "profit_se_jpy": float(value.std(ddof=1) / np.sqrt(len(value))) * MILLION,
        "annual_profit_jpy": interval(v.gain[:, 0] - v.forgone[:, 0], MILLION),
        "fixed_costs_jpy": fixed,
        "years": plan.book.number("plan.horizon_years"),
        "discount_rate": plan.book.number("capital.discount_rate"),
        **refusal_totals(plan),
        "break_even_jpy_per_usd": next((list(b.roots) for b in plan.break_evens if b.model is None), []),
    }


def car_names(plan: Plan, at: tuple[int, ...]) -> list[str]:
    """Names of candidates by index; without the brand when they share it."""
    cars = [plan.entries.entries[j].candidate for j in at]
    brands = {c.brand for c in cars}
    return [short_name(c.name, c.brand) if len(brands) == 1 else c.name for c in cars]


def answer_sentence(plan: Plan, totals: Mapping[str, Any]) -> str:
    """What to bring over, how many, what it is worth and how likely it loses."""
    if not plan.chosen:
        return "Bring nothing over: no line-up of these cars is expected to earn its fixed costs."
    units, profit = totals["units"], totals["profit_jpy"]
    names = listed([f"the {n}" for n in car_names(plan, plan.chosen)])
    return (
        f"Bring over {names}: {count(units['mean'])} cars a year on average (median {count(units['p50'])}; "
        f"80 %: {count(units['p10'])} to {count(units['p90'])}), worth "
        f"{yen_spread(profit['mean'], profit['p10'], profit['p90'])} over {totals['years']:g} years, with "
        f"{chance(totals['probability_of_loss'])} of a loss."
    )
