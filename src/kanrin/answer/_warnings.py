"""What a reader should know before acting: warnings of the law, the settings, the cars and the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.answer._interval import MILLION
from kanrin.answer._ways_side import refusal_warning
from kanrin.answer._words import listed, number_text, yen
from kanrin.lineup import Plan

__all__ = ["warnings_of"]


def warnings_of(
    plan: Plan, rows: Sequence[Mapping[str, Any]], used: set[str], market: Mapping[str, Any]
) -> list[str]:
    """Sentences, each once; `rows` is the decision, `used` the keys read, `market` the market's side."""
    book = plan.book
    out = list(book.regime.warnings(used))
    for key, value in plan.case.overrides.items():
        to = f" to {number_text(value, '')}" if isinstance(value, float) else ""
        unread = "" if key in used or key.startswith("supply.") else ", but no part of this plan reads it"
        out.append(f"{key} was set by the user{to}{unread}.")
    if plan.settings.estimate:
        demand = plan.market.estimate
        out.append(
            f"Demand is {demand.title or 'an estimate without a title'} ({plan.settings.estimate}), set by "
            "the user; the nameplate histories of the case were made at the estimate it names."
        )
    for r in rows:
        out += [f"{r['name']}: {w}" for w in r["warnings"]]
        out += [
            f"{r['name']}: outside what the market has seen: {s}; its forecast is an extrapolation."
            for s in r["outside_support"]
        ]
    if plan.valuation.failures:
        out.append(
            f"{plan.valuation.failures} equilibria of the fresh draws did not converge; "
            "they are kept and marked."
        )
    if market["negative_costs"]:
        out.append("Recovered costs below zero: " + "; ".join(market["negative_costs"]) + ".")
    compiled = plan.case.about.compiled
    if max(book.on, book.known_on) > compiled:
        out.append(
            f"The day asked about lies after the case was compiled ({compiled}): "
            "what came since is not in it."
        )
    published = plan.case.about.market_known_from
    if published is not None and book.known_on < published:
        out.append(
            f"The base market is that of {plan.case.about.market_year}, published by {published}, and "
            f"car sheets may be "
            f"later than {book.known_on}: in these the plan knows more than one could on the day."
        )
    doubtful = [r["name"] for r in rows if r["probability_of_loss"] > 0.5]
    if doubtful:
        whose = "its" if len(doubtful) == 1 else "their"
        out.append(
            f"More often than not {listed(doubtful)} would not earn {whose} fixed costs; "
            "the mean is carried by the best draws. A smaller first step is worth a look."
        )
    if plan.chosen:
        out.append(_why_this_price(plan))
        out.append(
            "Cars on sale had a quality worth launching, so a candidate's forecast is on the optimistic "
            "side: half a standard deviation less quality is shown beside each model."
        )
        refused = refusal_warning(plan)
        if refused:
            out.append(refused)
    return list(dict.fromkeys(out))


def _why_this_price(plan: Plan) -> str:
    """Why the cars are not cheaper: what the maker's own cars earn whose buyers they take."""
    market = plan.market
    own = market.firm_of == plan.maker_index
    ratios = [plan.central.diversion[j] for j in plan.chosen]
    taken = sum(ratio[own] for ratio in ratios)
    earned = float((taken * market.costs.margin[own]).sum() / taken.sum()) if own.any() else 0.0
    greatest = "Prices are those at which the maker's profit is greatest"
    if earned <= 0:
        return f"{greatest}; it may ask less for reasons outside profit."
    return (
        f"{greatest}. Its own cars whose buyers these take earn about {yen(earned * MILLION)} each by the "
        "same estimate, so a car is not sold for much less; the maker may ask less for reasons outside "
        "profit."
    )
