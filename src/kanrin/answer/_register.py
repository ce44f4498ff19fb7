"""The register: every figure with its parents, the assumptions with their ranges, and the sources used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kanrin.answer._words import key_words
from kanrin.base import Figure, InputError, Kind
from kanrin.cost import Waterfall
from kanrin.lineup import Plan
from kanrin.rules import FX

__all__ = ["assumptions", "counts", "figures", "sources"]


def figures(
    plan: Plan, used: Iterable[str], falls: Mapping[str, Waterfall], made: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """All figures of the page by key: inputs as read, and results with what they come from."""
    found: dict[str, Any] = {}
    for key in sorted(set(used)):
        try:
            figure = plan.book.figure(key)
        except InputError:
            continue
        found[key] = _row(figure, key, plan)
    for model, fall in falls.items():
        for line in fall.lines:
            found[f"waterfall.{model}.{line.line}"] = {
                "value": line.amount_jpy,
                "unit": "JPY per vehicle",
                "kind": line.kind,
                "source": line.source,
                "label": line.label,
                "note": line.note,
                "chain": [line.key] if line.key else [],
            }
    found.update(made)
    return found


def _row(figure: Figure, key: str, plan: Plan) -> dict[str, Any]:
    label = figure.label if figure.label and figure.label != key else key_words(key)
    return {
        "value": figure.value,
        "unit": figure.unit,
        "kind": str(figure.kind),
        "source": figure.source,
        "label": label,
        "note": figure.note,
        "low": figure.low,
        "high": figure.high,
        "chain": [p.key for p in figure.parents if p.key],
    }


def assumptions(plan: Plan, used: set[str]) -> list[dict[str, Any]]:
    """All assumptions, used ones first; cells of tables that are assumed follow when used."""
    rows = []
    for a in plan.case.assumptions.values():
        if a.key == FX:
            continue  # read off the monthly averages: listed below when it is an assumption
        rows.append(
            {
                "key": a.key,
                "value": plan.book.number(a.key),
                "low": a.low,
                "high": a.high,
                "unit": a.unit,
                "reason": a.reason,
                "source": a.source,
                "used": a.key in used,
                "set_by_user": a.key in plan.case.overrides,
            }
        )
    listed = {r["key"] for r in rows}
    for key in sorted(used - listed):
        figure = plan.book.figure(key)
        if figure.kind is Kind.ASSUMPTION:
            rows.append(
                {
                    "key": key,
                    "value": figure.value,
                    "low": figure.low,
                    "high": figure.high,
                    "unit": figure.unit,
                    "reason": figure.note or figure.label,
                    "source": figure.source,
                    "used": True,
                    "set_by_user": key in plan.case.overrides,
                }
            )
    rows.sort(key=lambda r: (not r["used"], r["key"]))
    return rows


def counts(plan: Plan, used: Iterable[str]) -> dict[str, int]:
    """How many of the inputs used are of each kind; cells of the market count by their status."""
    found = {str(k): 0 for k in Kind}
    for key in set(used):
        found[str(plan.book.figure(key).kind)] += 1
    for model in plan.market.models:
        for kind in (model.units_status, model.price_status, model.spec_status):
            found[str(kind)] += 1
    found[str(Kind.ESTIMATE)] += len(plan.market.estimate.order) + len(plan.case.nameplates)
    return found


def sources(plan: Plan, ids: Iterable[str]) -> list[dict[str, Any]]:
    """The sources behind the page, in the order of the case's table."""
    wanted = {part.strip() for text in ids for part in text.split(";")}
    return [
        {"id": s.id, "publisher": s.publisher, "title": s.title, "date": s.date, "url": s.url}
        for s in plan.case.sources.values()
        if s.id in wanted
    ]
