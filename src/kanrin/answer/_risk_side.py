"""Risk in plan.json: what the plan may turn out to be worth, what would have to be true, what to find out."""

from __future__ import annotations

from typing import Any

import numpy as np

from kanrin.answer._interval import MILLION
from kanrin.answer._total import car_names
from kanrin.answer._words import chance, count, full_name, key_words, listed, number_text, yen
from kanrin.lineup import Known, Lineup, Plan, Risk, Sampled, Scale, Staged, Threshold

__all__ = ["risk_side"]

_DOTS = 40  # of equal chance, that draw the distribution
_OWN_NAMES = {"alpha": "How much a price rise costs in sales"}


def risk_side(plan: Plan) -> dict[str, Any] | None:
    """The `risk` part of plan.json, JPY over the programme; None when risk was not looked at."""
    risk = plan.risk
    if risk is None:
        return None
    own = risk.outcomes[0]
    chances = (np.arange(_DOTS) + 0.5) / _DOTS
    return {
        "words": _words(plan, risk),
        "probability_of_loss": _told(own.loss, 1.0),
        "worst_tenth_jpy": _told(own.worst_tenth),
        "worst_twentieth_jpy": _told(own.worst_twentieth),
        "outcomes_jpy": [float(x) * MILLION for x in np.quantile(plan.valuation.value[:, 0], chances)],
        "lineups": [
            {
                "models": [plan.entries.ids[j] for j, on in enumerate(o.lineup) if on],
                "mean_jpy": _told(o.mean),
                "p10_jpy": _told(o.quantiles[0]),
                "p50_jpy": _told(o.quantiles[1]),
                "p90_jpy": _told(o.quantiles[2]),
                "probability_of_loss": _told(o.loss, 1.0),
                "worst_tenth_jpy": _told(o.worst_tenth),
                "worst_twentieth_jpy": _told(o.worst_twentieth),
                "behind_jpy": _told(o.behind),
                "behind_in_worst_tenth_jpy": _told(o.behind_in_worst_tenth),
                "on_frontier": o.lineup in risk.frontier,
            }
            for o in risk.outcomes
        ],
        "break_even": [_threshold(plan, t) for t in risk.thresholds],
        "break_even_units": _scale(risk.volume),
        "break_even_price_share": _scale(risk.price),
        "events": [
            {
                "event": e.event,
                "question": e.question,
                "outcome": e.outcome.replace("_", " "),
                "probability": e.probability,
                "profit_jpy": e.worth * MILLION,
                "change_jpy": _told(e.change),
            }
            for e in risk.events
        ],
        "information": None
        if risk.information is None
        else {
            "perfect_jpy": _told(risk.information.perfect),
            "lineups": risk.information.lineups,
            "inputs": [_known(plan, k) for k in risk.information.inputs],
        },
        "staged": None if risk.staged is None else _staged(plan, risk.staged),
    }


def _told(found: Sampled, unit: float = MILLION) -> dict[str, float]:
    return {"value": found.value * unit, "error": found.error * unit}


def _scale(scale: Scale | None) -> dict[str, Any] | None:
    if scale is None:
        return None
    return {"planned": scale.planned, "at": None if scale.at is None else _told(scale.at, 1.0)}


def _label(plan: Plan, key: str) -> str:
    label = plan.book.figure(key).label
    return label if label and label != key else key_words(key)


def _threshold(plan: Plan, t: Threshold) -> dict[str, Any]:
    unit = plan.book.figure(t.key).unit
    if t.at is None:
        span = f"{number_text(t.searched[0], unit)} to {number_text(t.searched[1], unit)}"
        text = f"pays at every value from {span}"
        if plan.risk is not None and plan.risk.outcomes[0].mean.value < 0.0:
            text = f"pays at no value from {span}"
    else:
        where = "within" if t.is_within else "outside"
        text = f"just pays at {number_text(t.at, unit)}, {where} the range held possible"
    return {
        "key": t.key,
        "label": _label(plan, t.key),
        "unit": unit,
        "value": t.value,
        "low": t.low,
        "high": t.high,
        "at": t.at,
        "error": t.error,
        "searched": list(t.searched),
        "is_within": t.is_within,
        "text": text,
    }


def _known(plan: Plan, k: Known) -> dict[str, Any]:
    if k.kind == "appeal":
        car = plan.entries.entries[plan.entries.ids.index(k.input)].candidate
        label = f"How well buyers like the {full_name(car)}"
    else:
        label = _OWN_NAMES.get(k.input) or _label(plan, k.input)
    return {
        "input": k.input,
        "kind": k.kind,
        "label": label,
        "perfect_jpy": _told(k.perfect),
        "study_jpy": _told(k.study),
        "turns": k.turns,
    }


def _names(plan: Plan, lineup: Lineup) -> str:
    at = tuple(k for k, on in enumerate(lineup) if on)
    return listed([f"the {n}" for n in car_names(plan, at)]) if at else "nothing"


def _staged(plan: Plan, staged: Staged) -> dict[str, Any]:
    return {
        "years": staged.years,
        "full": [plan.entries.ids[j] for j, on in enumerate(staged.full) if on],
        "full_jpy": _told(staged.full_worth),
        "pilots": [
            {
                "models": [plan.entries.ids[j] for j, on in enumerate(p.lineup) if on],
                "name": _names(plan, p.lineup),
                "profit_jpy": _told(p.worth),
                "gained_jpy": _told(p.gained),
                "expands": p.expands,
                "quits": p.quits,
            }
            for p in staged.pilots
        ],
    }


def _words(plan: Plan, risk: Risk) -> list[str]:
    """One to three sentences that could stand at the top."""
    if not plan.chosen:
        return ["Bringing nothing over risks nothing."]
    own = risk.outcomes[0]
    tenth = own.worst_tenth.value
    ends = "the loss averages" if tenth < 0 else "it still earns"
    said = (
        f"{chance(own.loss.value)} of a loss; in the worst tenth of cases {ends} {yen(abs(tenth) * MILLION)}."
    )
    told = [said[:1].upper() + said[1:]]
    if risk.volume is not None and risk.volume.at is not None:
        units = count(risk.volume.at.value)
        told.append(f"It just pays at {units} cars a year in place of {count(risk.volume.planned)}.")
    if risk.information is not None and risk.information.perfect.value > 0.0:
        first = risk.information.inputs[0]
        label = str(_known(plan, first)["label"])
        label = label[:1].lower() + label[1:] if first.kind in ("appeal", "demand") else label
        told.append(
            f"Of single things to know beforehand the most valuable is {label}: worth "
            f"{yen(first.perfect.value * MILLION)}, a study that halves its spread "
            f"{yen(first.study.value * MILLION)}."
        )
    if risk.staged is not None and risk.staged.pilots:
        told.append(_pilot_words(plan, risk.staged))
    return told


def _pilot_words(plan: Plan, staged: Staged) -> str:
    best = staged.pilots[0]
    gained, error = best.gained.value * MILLION, best.gained.error * MILLION
    years = "a year" if staged.years == 1 else f"{staged.years:g} years"
    begun = f"Starting with {_names(plan, best.lineup)} alone for {years} and expanding if buyers like them"
    if abs(gained) <= 2 * error:
        return f"{begun} is worth as much as launching all at once, as far as these draws can tell."
    side = "more" if gained > 0 else "less"
    return (
        f"{begun} is worth {yen(abs(gained))} {side} than launching all at once (give or take {yen(error)})."
    )
