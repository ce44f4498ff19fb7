"""Section 6: the change of the bilateral balance in customs terms, beside the deficit (bal-us, bal-jp)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kanrin.report._balance_chart import balance_chart
from kanrin.report._marks import Marks
from kanrin.report._numbers import interval, jpy, per_cent, signed, usd
from kanrin.report._page import Block, Bullets, Cell, Column, Figure, Paragraph, Row, Section, Table, words

__all__ = ["balance_section"]


def balance_section(answer: Mapping[str, Any], marks: Marks) -> Section:
    """One sentence, one picture to scale, the parts, and what is held fixed."""
    trade = answer["trade"]
    change, share = trade["balance_change_usd"], trade.get("share_of_deficit")
    blocks: list[Block] = []
    if not answer["decision"]:
        blocks.append(Paragraph(words("No car is brought over, so the balance does not change.")))
        return Section("balance", "What it does to the trade balance", tuple(blocks))
    parts: list[Any] = [
        "The balance moves toward the exporting country by ",
        words(interval(change, "usd", "a year"), marks.mark("trade.balance_change_usd")),
    ]
    deficit, period = trade.get("deficit_usd"), str(trade.get("deficit_period") or "").replace("..", " to ")
    if deficit and share is not None:
        parts += [
            f", {per_cent(share)}",
            marks.mark("trade.share_of_deficit"),
            f" of the deficit of {usd(abs(deficit))}",
        ]
        parts += [f" ({period}; " if period else " (", marks.source(trade.get("deficit_source")), ")"]
    blocks.append(Paragraph(words(*parts, ".")))
    blocks.append(_figure(trade))
    books = trade.get("japan_books_jpy") or {}
    if books.get("imports_change_cif_jpy") is not None:
        amount = books["imports_change_cif_jpy"]
        blocks.append(
            Paragraph(
                words(
                    f"In the importer's books imports at CIF change by {signed(jpy(amount), amount)} a year; "
                    "the gap to the exporter's books is freight, insurance, loading and timing."
                )
            )
        )
    added = trade.get("value_added") or {}
    if added:
        blocks.append(
            Paragraph(
                words(
                    "Value added in the cars: ",
                    "; ".join(f"{_country(k)} {v}" for k, v in added.items()),
                    ".",
                )
            )
        )
    held = trade.get("held_fixed") or ()
    if held:
        blocks += [Paragraph(words("Held fixed:"), role="note"), Bullets(tuple(words(h) for h in held))]
    return Section("balance", "What it does to the trade balance", tuple(blocks))


def _country(key: str) -> str:
    known = {"us": "United States", "japan": "Japan", "jp": "Japan", "mx": "Mexico", "ca": "Canada"}
    return {**known, "other": "elsewhere"}.get(key.lower(), key)


def _figure(trade: Mapping[str, Any]) -> Figure:
    change = trade["balance_change_usd"]
    rows = [
        Row(
            (
                Cell(words(p["line"])),
                Cell(words(signed(usd(p["amount_usd"]), p["amount_usd"]))),
                Cell(words(p.get("note") or "")),
            )
        )
        for p in trade.get("parts") or ()
    ]
    rows.append(
        Row(
            (
                Cell(words("Change of the balance")),
                Cell(words(signed(usd(change["mean"]), change["mean"]))),
                Cell(words(f"80 %: {usd(change['p10'])} to {usd(change['p90'])}")),
            ),
            strong=True,
        )
    )
    deficit = trade.get("deficit_usd")
    if deficit:
        note = Cell(words(str(trade.get("deficit_period") or "")))
        rows.append(Row((Cell(words("Deficit as cited")), Cell(words(usd(abs(deficit)))), note)))
    table = Table(
        "Parts of the change, dollars a year.",
        (Column("Part"), Column("USD a year", True), Column("Note")),
        tuple(rows),
    )
    caption = "The deficit and the change by this plan, drawn to one scale."
    return Figure("balance-chart", caption, balance_chart(trade), table)
