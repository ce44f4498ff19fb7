"""What binds: the caps on the cars of the plan, their shadow prices and who gets the rent (caps), (rent)."""

from __future__ import annotations

from typing import Any

from kanrin.answer._interval import MILLION, interval
from kanrin.answer._words import count, full_name, listed, yen
from kanrin.lineup import Plan, PlanCap

__all__ = ["caps_side"]

_HOLDERS = {
    "maker": "the maker keeps the rent",
    "treasury": "the rent goes to the treasury",
    "importer": "the rent goes to the importers",
}


def caps_side(plan: Plan) -> dict[str, Any]:
    """The `caps` part of plan.json: a row a cap, those that bind most often first; then sentences."""
    found = sorted(plan.caps, key=lambda cap: -float(cap.binds.mean()))
    return {"rows": [_row(plan, cap) for cap in found], "words": _words(plan, found)}


def _row(plan: Plan, cap: PlanCap) -> dict[str, Any]:
    return {
        "id": cap.id,
        "label": cap.label,
        "kind": cap.kind,
        "covers": [full_name(plan.entries.entries[j].candidate) for j in cap.members],
        "limit": interval(cap.limit),
        "units": interval(cap.sold),
        "probability_binding": float(cap.binds.mean()),
        "shadow_price_jpy": interval(cap.shadow, MILLION),
        "shadow_price_when_binding_jpy": _when_binding(cap),
        "rent_jpy": interval(cap.rent, MILLION),
        "rent_to": cap.rent_to.value,
        "status": str(cap.status.value),
        "source": cap.source,
        "keys": list(cap.keys),
        "set_by_user": cap.set_by_user,
        "note": cap.note,
        "text": _text(cap),
    }


def _when_binding(cap: PlanCap) -> float | None:
    return float(cap.shadow[cap.binds].mean()) * MILLION if cap.binds.any() else None


def _text(cap: PlanCap) -> str:
    limit, chance = count(float(cap.limit.mean())), float(cap.binds.mean())
    if chance == 0.0:
        return f"{cap.label}: at most {limit} a year; slack in every draw."
    worth = yen(float(f"{_when_binding(cap) or 0.0:.3g}"))
    return (
        f"{cap.label}: at most {limit} a year; binds in {_share(chance)} of the draws, where one car "
        f"more would be worth {worth}; {_HOLDERS[cap.rent_to.value]}."
    )


def _words(plan: Plan, found: list[PlanCap]) -> list[str]:
    """One to three sentences that can stand by themselves."""
    if not plan.chosen:
        asked = [f"{name}={cap}" for name, cap in plan.settings.caps.items()]
        return [f"Under the caps asked for ({listed(asked)}) no line-up pays."] if asked else []
    if not found:
        return ["No cap covers the cars of this plan."]
    binding = [cap for cap in found if cap.binds.any()]
    if not binding:
        return ["No cap binds in any draw: one car more allowed would be worth nothing."]
    out = [_text(cap) for cap in binding[:2]]
    slack = [cap.label for cap in found if not cap.binds.any()]
    if slack and len(slack) <= 3:
        out.append(f"Slack in every draw: {listed(slack)}.")
    elif slack:
        out.append(f"{len(slack)} other caps are slack in every draw.")
    return out


def _share(chance: float) -> str:
    """A share of the draws; what rounds to nothing is not called nothing."""
    return f"{100 * chance:.0f} %" if chance >= 0.01 else "fewer than 1 %"
