"""What stands behind a line of the decision: certification, route, rivals, and what the forecast leans on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._marks import Marks
from kanrin.report._model_name import model_title, sentence, sentence_case
from kanrin.report._numbers import counted, jpy, number, thousands
from kanrin.report._page import Block, Bullets, Cell, Column, Fold, Paragraph, Piece, Row, Table, Words, words
from kanrin.report._ways_lines import ways_lines

__all__ = ["model_details"]


def model_details(item: Mapping[str, Any], marks: Marks) -> Fold:
    """Pathway with its reason and the others, route, rivals, taste, and the gaps between the standards."""
    cert = item.get("certification") or {}
    blocks: list[Block] = [
        Paragraph(
            words(
                Piece(sentence_case(item.get("pathway_name") or item["pathway"]), tone="strong"),
                ". ",
                sentence(item["pathway_reason"]),
            )
        )
    ]
    lines: list[Any] = []
    if cert:
        cap = cert.get("cap")
        lines.append(
            words(
                f"Certification: {jpy(cert.get('fixed_jpy'))} once, {jpy(cert.get('per_unit_jpy'))} a car, "
                "ready in "
                f"{counted(cert.get('lead_time_months'), 'months')} ({number(cert.get('lead_time_low'))} to "
                f"{number(cert.get('lead_time_high'))}); "
                + (f"at most {thousands(cap)} cars a year." if cap is not None else "no cap on numbers.")
            )
        )
    lines += [
        words(sentence(f"Not {p['name']}: {p['reason']}")) for p in item.get("pathways_not_taken") or ()
    ]
    lines += ways_lines(item.get("ways") or {})
    if item.get("route_text"):
        share = item.get("plant_share")
        plant = f" Plant: {item['plant']}" if item.get("plant") else ""
        plant += (
            f", {100 * share:.2g} % of its capacity." if plant and share is not None else "." if plant else ""
        )
        lines.append(words(f"Route: {item['route_text']} ({item['route']}).{plant}"))
    if item.get("rivals_met"):
        met = ", ".join(
            f"{model_title(r['model'])} ({r['firm']}, list {jpy(r['list_price_jpy'])}, takes "
            f"{100 * r['diversion']:.2g} % of lost buyers)"
            for r in item["rivals_met"]
        )
        elasticity = item.get("own_price_elasticity")
        own = "" if elasticity is None else f" Own-price elasticity {number(round(float(elasticity), 2))}."
        lines.append(words(f"Meets: {met}.{own}"))
    lines += _taste(item.get("xi") or {})
    if item.get("comparables"):
        lines.append(
            words(f"Taste forecast with the help of: {', '.join(map(model_title, item['comparables']))}.")
        )
    lines += [
        words(f"Outside what the market has seen: {text.rstrip('.')}.")
        for text in item.get("outside_support") or ()
    ]
    lines += [words(sentence(text)) for text in item.get("warnings") or ()]
    if lines:
        blocks.append(Bullets(tuple(lines)))
    if cert.get("gaps"):
        gaps = (_gaps(cert["gaps"], marks),)
        blocks.append(Fold("Where the standards differ", gaps, printed=False))
    return Fold(str(item.get("name") or item["model"]), tuple(blocks))


def _taste(xi: Mapping[str, Any]) -> list[Words]:
    if "mean" not in xi:
        return []
    parts = "; ".join(
        f"{p['name']} {number(round(float(p['value']), 2))}"
        for p in xi.get("parts") or ()
        if abs(float(p["value"])) >= 0.005
    )
    said = f"Taste beyond what is measured, in utils: {number(round(float(xi['mean']), 2))}"
    if xi.get("sd") is not None:
        said += f" ± {number(round(float(xi['sd']), 2))}"
    return [words(f"{said} ({parts})." if parts else f"{said}.")]


_BASIS = {
    "fact": "a rule seen on a page",
    "derived": "derived from rules",
    "estimate": "judged",
    "assumption": "judged",
}


def _cost(gap: Mapping[str, Any], per: str) -> str:
    """The cost in the column of what it is paid for: once a model, or for each car."""
    if (gap.get("per") or "vehicle") != per:
        return ""
    return thousands(gap["cost_jpy"]) if gap.get("cost_jpy") is not None else "not known"


def _gaps(gaps: Sequence[Mapping[str, Any]], marks: Marks) -> Table:
    columns = (
        Column("Requirement"),
        Column("Treatment"),
        Column("Once, JPY", True),
        Column("A car, JPY", True),
        Column("Basis of the treatment"),
        Column("Source"),
        Column("Note"),
    )
    rows = tuple(
        Row(
            (
                Cell(words(g["requirement"])),
                Cell(words(g["treatment"])),
                Cell(words(_cost(g, "model"))),
                Cell(words(_cost(g, "vehicle"))),
                Cell(words(_BASIS.get(g.get("basis") or "", ""))),
                Cell(marks.source(g.get("source"))),
                Cell(words(g.get("note") or "")),
            )
        )
        for g in gaps
    )
    return Table("Where the standards differ, and what is done about it.", columns, rows)
