"""How each car comes and could come: way, other ways and what they would give up, first month, refusals."""

from __future__ import annotations

from datetime import date
from typing import Any

from kanrin.answer._interval import MILLION
from kanrin.answer._words import yen
from kanrin.lineup import CarWays, Plan, Ways, Weighed

__all__ = ["refusal_totals", "refusal_warning", "ways_side"]

_TOLD_APART = 2.0  # standard errors


def ways_side(plan: Plan, j: int) -> dict[str, Any] | None:
    """The ways of candidate j as plan.json names them; money JPY at the day of the plan."""
    if plan.ways is None:
        return None
    car = plan.ways.cars[j]
    taken = car.weighed[0]
    other = next((w for w in car.weighed if w.way.drive != taken.way.drive), None)
    row: dict[str, Any] = {
        "taken": _way(taken),
        "others": [_way(w) | {"words": _gives_up(w)} for w in car.weighed[1:]],
        "left_out": [{"way": name, "reason": reason} for name, reason in car.left_out],
        "cheapest_alone": car.by_cost.id,
        "first_sale": _month(plan.book.on, taken.months),
        "drive_reason": _drive_reason(plan, j, other),
        "compared": _compared(plan.ways),
    }
    if taken.refused > 0.0:
        loss = 0.0 if plan.refusals is None else float(plan.refusals.loss[j]) * MILLION
        row["refusal"] = {
            "probability": taken.refused,
            "spent_jpy": car.sunk * MILLION,
            "expected_loss_jpy": loss,
            "fallback": None if car.fallback is None else car.fallback.id,
            "words": _refusal(plan, car),
        }
    row["words"] = _words(plan, j, row, car)
    return row


def _way(w: Weighed) -> dict[str, Any]:
    return {
        "way": w.way.id,
        "name": w.way.name,
        "drive": w.way.drive,
        "developed": w.way.tooled,
        "gives_up_jpy": w.gives_up * MILLION,
        "gives_up_se_jpy": w.gives_up_se * MILLION,
        "months": w.months,
        "refused": w.refused,
        "units_mean": w.units,
        "cap_binds": w.binds,
    }


def _gives_up(w: Weighed) -> str:
    """What another way would cost, in words."""
    if abs(w.gives_up) < _TOLD_APART * w.gives_up_se:
        way = "more" if w.gives_up < 0 else "less"
        said = (
            f"would be worth {yen(abs(w.gives_up) * MILLION)} {way}, give or take "
            f"{yen(w.gives_up_se * MILLION)}: not told apart by these draws"
        )
    elif w.gives_up < 0:
        said = f"worth {yen(-w.gives_up * MILLION)} more"
    else:
        said = f"would give up {yen(w.gives_up * MILLION)}"
    if w.binds > 0.0:
        said += f"; its cap binds in {100 * w.binds:.0f} % of draws"
    return f"{said}; first sale after {w.months:g} months"


def _month(on: date, months: float) -> str:
    """The month of the first sale, YYYY-MM."""
    whole = on.year * 12 + on.month - 1 + round(months)
    return f"{whole // 12}-{whole % 12 + 1:02d}"


def _drive_reason(plan: Plan, j: int, other: Weighed | None) -> str:
    entry = plan.entries.entries[j]
    built = {
        "left": "built with the wheel on the left only",
        "right": "built with the wheel on the right only",
    }
    said = built.get(entry.candidate.drives_built, "built with the wheel on either side")
    if entry.tooled:
        said += "; right-hand drive is developed for it"
    if other is None:
        return f"{said}; the other side was not weighed"
    side = "right-hand drive" if other.way.right_hand else "left-hand drive"
    if other.way.tooled:
        side += ", developed for it,"
    return f"{said}; {side} {_gives_up(other)}"


def _compared(ways: Ways) -> str:
    how = (
        f"every one of {ways.combinations:,} combinations of line-up and ways weighed"
        if ways.exact
        else f"one car's way changed at a time, all else fixed (local: {ways.combinations:,} combinations)"
    )
    return f"{how}, on {ways.draws} draws, at the day of the plan"


def _refusal(plan: Plan, car: CarWays) -> str:
    spent = yen(car.sunk * MILLION)
    if car.fallback is None:
        return f"If refused, {spent} are lost and the car stays at home."
    months = next((w.months for w in car.weighed if w.way == car.fallback), None)
    later = "" if months is None else f", {months:g} months later"
    return f"If refused, {spent} are lost and it comes by {car.fallback.name}{later}."


def _words(plan: Plan, j: int, row: dict[str, Any], car: CarWays) -> list[str]:
    """One to three plain sentences."""
    name, taken = plan.entries.entries[j].candidate.name, car.weighed[0]
    side = "right" if taken.way.right_hand else "left"
    said = [
        f"The {name} comes by {taken.way.name} with the wheel on the {side}; a first sale is possible in "
        f"{row['first_sale']}."
    ]
    best = next((w for w in car.weighed[1:] if w.way.drive == taken.way.drive), None)
    if best is not None:
        said.append(f"The next best way, {best.way.name}, {_gives_up(best)}.")
    if "refusal" in row:
        said.append(
            f"The authority refuses with a chance of {100 * taken.refused:.0f} %. {row['refusal']['words']}"
        )
    return said


def refusal_totals(plan: Plan) -> dict[str, Any]:
    """The plan's totals with refused certifications counted; JPY over the programme."""
    if plan.refusals is None or not plan.chosen:
        return {}
    value = plan.refusals.value
    return {
        "profit_with_refusals_jpy": float(value.mean()) * MILLION,
        "probability_of_loss_with_refusals": float((value < 0).mean()),
        "probability_of_a_refusal": float(plan.refusals.refused.any(axis=1).mean()),
    }


def refusal_warning(plan: Plan) -> str:
    """What refusals do to the worth that is printed; empty where nothing may be refused."""
    if plan.refusals is None or not plan.refusals.refused.any():
        return ""
    worth = plan.valuation.value[:, 0]
    told = refusal_totals(plan)
    return (
        "The figures hold if certification is granted. The authority refuses at least one of the cars in "
        f"{100 * told['probability_of_a_refusal']:.0f} % of draws; with refusals counted, certification lost "
        f"and the car by its next way or at home, the plan is worth "
        f"{yen(told['profit_with_refusals_jpy'])} rather than {yen(float(worth.mean()) * MILLION)}, with a "
        f"chance of a loss of {100 * told['probability_of_loss_with_refusals']:.0f} % rather than "
        f"{100 * float((worth < 0).mean()):.0f} %."
    )
