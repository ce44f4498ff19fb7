"""From a plan to plan.json: the parts put together, each made by the file of its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kanrin.answer._alternatives import alternatives, rejected
from kanrin.answer._backtest_side import backtest_side
from kanrin.answer._balance_side import balance_side
from kanrin.answer._caps_side import caps_side
from kanrin.answer._counsel import counsel
from kanrin.answer._decision import decision, plan_waterfall
from kanrin.answer._law import calendar, pending, rules_in_force
from kanrin.answer._logistics_side import logistics_side, scheduled
from kanrin.answer._market_side import bridge, market_side
from kanrin.answer._question import question
from kanrin.answer._register import assumptions, counts, figures, sources
from kanrin.answer._results import results
from kanrin.answer._risk_side import risk_side
from kanrin.answer._rivals_side import rivals_side
from kanrin.answer._rounding import plain
from kanrin.answer._search_side import search_side
from kanrin.answer._total import answer_sentence, total
from kanrin.answer._turn import sensitivity
from kanrin.answer._warnings import warnings_of
from kanrin.base import InputError
from kanrin.base._version import __version__
from kanrin.cost import Waterfall
from kanrin.lineup import Plan
from kanrin.trade import balance

__all__ = ["compose"]

SCHEMA_ID = "https://kanrin.invalid/schema/plan-1.json"
NOTICE = (
    "This is information, not advice. Its figures rest on cited facts, on estimates with error and on named "
    "assumptions; check those that matter to you before you act."
)


def compose(plan: Plan, review: dict[str, Any] | None = None) -> dict[str, Any]:
    """The content of plan.json; `review` is what would change if the open question were settled.

    Floats carry eight significant digits: same inputs and seed give the same bytes. Raises InputError when
    the case lacks a number that the page needs.
    """
    falls = {plan.entries.entries[j].candidate.id: plan_waterfall(plan, j) for j in plan.chosen}
    rows = [decision(plan, j, falls[plan.entries.entries[j].candidate.id]) for j in plan.chosen]
    traded = balance(plan)
    market = market_side(plan)
    moved, unscheduled = scheduled(plan)
    totals = total(plan)
    used = {
        *plan.used,
        *traded.keys,
        *(moved.programme.keys if moved else ()),
        *_waterfall_keys(plan, falls),
        *_certification_keys(plan),
    }
    register = figures(plan, used, falls, results(plan, rows, totals, traded))
    law, waiting, said = rules_in_force(plan.book, used), pending(plan.book), calendar(plan.book)
    cited = [
        *(f["source"] for f in register.values()),
        *(r["source"] for r in [*law, *waiting, *said] if r.get("used", True)),
        *_other_sources(plan, rows),
    ]
    page: dict[str, Any] = plain(
        {
            "schema": SCHEMA_ID,
            "kanrin": {"version": __version__},
            "question": question(plan),
            "answer": answer_sentence(plan, totals),
            "decision": rows,
            "total": totals,
            "bridge": bridge(plan),
            "alternatives": alternatives(plan),
            "rejected": rejected(plan),
            "search": search_side(plan),
            "rivals": rivals_side(plan),
            "market": market,
            "trade": balance_side(plan, traded),
            "logistics": logistics_side(plan, moved, unscheduled),
            "sensitivity": sensitivity(plan),
            "risk": risk_side(plan),
            "caps": caps_side(plan),
            "waterfalls": {name: fall.to_rows() for name, fall in falls.items()},
            "rules": law,
            "pending": waiting,
            "review": review,
            "calendar": said,
            "belief": {
                "counts": counts(plan, used),
                "variance_shares": [{"group": k, "share": v} for k, v in plan.variance.items()],
                "outside_support": [f"{r['name']}: {s}" for r in rows for s in r["outside_support"]],
            },
            "backtest": backtest_side(plan),
            "certificate": _certificate(plan),
            "estimate": _estimate(plan),
            "figures": register,
            "assumptions": assumptions(plan, used),
            "sources": sources(plan, cited),
            "warnings": warnings_of(plan, rows, used, market),
            "notice": NOTICE,
            "citation": _citation(plan),
        }
    )
    page["counsel"] = counsel(page)
    return page


def _waterfall_keys(plan: Plan, falls: Mapping[str, Waterfall]) -> Iterator[str]:
    """Keys of waterfall lines that name a number of the case."""
    for fall in falls.values():
        for line in fall.lines:
            if line.key and _is_number(plan, line.key):
                yield line.key


def _is_number(plan: Plan, key: str) -> bool:
    try:
        plan.book.figure(key)
    except InputError:
        return False
    return True


def _other_sources(plan: Plan, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Sources of what is used without a key: certification gaps, the market's tables, the estimates."""
    for row in rows:
        for gap in row["certification"]["gaps"]:
            yield gap["source"]
    for model in plan.market.models:
        yield model.units_source
        yield model.price_source
    yield plan.market.estimate.origin
    for cap in plan.caps:
        if cap.source:
            yield cap.source
    for nameplate in plan.case.nameplates.values():
        yield nameplate.source


def _certificate(plan: Plan) -> dict[str, Any]:
    found = plan.central.certificate
    return {
        "max_foc_residual": found.max_foc_residual,
        "second_order_ok": found.second_order_ok,
        "starts": found.starts,
        "starts_agreeing": found.starts_agreeing,
        "largest_deviation_gain": found.largest_deviation_gain,
        "min_abs_alpha": found.min_abs_alpha,
        "outside_share": found.outside_share,
        "batch_max_residual": plan.valuation.residual,
        "batch_failures": plan.valuation.failures,
    }


def _estimate(plan: Plan) -> dict[str, Any]:
    estimate = plan.market.estimate
    return {
        "title": estimate.title,
        "origin": estimate.origin,
        "period": estimate.period,
        "alpha": estimate.alpha,
        "xi_components": plan.market.xi_model.components,
    }


def _citation(plan: Plan) -> str:
    return (
        f"Kanrin {__version__}, case {plan.case.name} ({plan.case.about.title}), plan of {plan.maker} for "
        f"{plan.book.on} as known on {plan.book.known_on}, run {plan.run_id}, seed {plan.seed}."
    )


def _certification_keys(plan: Plan) -> set[str]:
    """Rules that decided which pathways are open and what they ask of a car."""
    case, keys = plan.case, set()
    for pathway in case.pathways.values():
        keys |= {pathway.available_key, pathway.cap_key, *pathway.limited_heading_key.values()}
    keys |= {gap.rule_key for gap in case.gaps.values()}
    return {
        key for key in keys if key in case.assumptions or (key in case.rules and plan.book.regime.has(key))
    }
