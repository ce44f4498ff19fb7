"""What binds: caps in words, and in a table with limit, shadow price and who gets the rent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kanrin.report._marks import Marks
from kanrin.report._numbers import cars, interval, jpy, per_cent
from kanrin.report._page import Block, Bullets, Cell, Column, Fold, Paragraph, Row, Section, Table, words

__all__ = ["caps_section"]

_MEANING = (
    "The shadow price is what the maker would pay for the right to sell one car more in a year. It holds "
    "volumes down and prices up; it is not a cost, and the figures of the plan are counted at true costs. "
    "Who holds the licences earns it on every car sold. A rival that thinks of another price does not see "
    "that a capped seller cannot serve more."
)


def caps_section(answer: Mapping[str, Any], marks: Marks) -> Section | None:
    """Which caps hold the plan back; None where the plan says nothing of caps."""
    told = answer.get("caps") or {}
    rows, said = list(told.get("rows") or ()), list(told.get("words") or ())
    if not said:
        return None
    blocks: list[Block] = [Bullets(tuple(words(text) for text in said))]
    if not rows:
        return Section("caps", "What binds", tuple(blocks))
    columns = (
        Column("Cap"), Column("At most a year", True), Column("Sold a year", True), Column("Binds", True),
        Column("Shadow price a car, mean", True), Column("Where it binds", True), Column("Rent a year", True),
        Column("Rent to"), Column("Rests on"),
    )  # fmt: skip
    table = Table(
        "Every cap on a car of the plan, over the draws. A slack cap has no price.",
        columns,
        tuple(_row(item, marks) for item in rows),
    )
    blocks.append(Fold("All caps, slack ones too", (table, Paragraph(words(_MEANING), role="note"))))
    return Section("caps", "What binds", tuple(blocks))


def _row(item: Mapping[str, Any], marks: Marks) -> Row:
    binds = float(item["probability_binding"])
    when = item.get("shadow_price_when_binding_jpy")
    basis = "set by the user" if item.get("set_by_user") else str(item["status"])
    texts = (
        cars(item["limit"]["mean"]), interval(item["units"], "cars"),
        per_cent(binds) if binds > 0 else "slack",
        jpy(item["shadow_price_jpy"]["mean"]) if binds > 0 else "", "" if when is None else jpy(when),
        jpy(item["rent_jpy"]["mean"]) if binds > 0 else "", str(item["rent_to"]),
    )  # fmt: skip
    source = marks.source(item.get("source"))
    keyed = [marks.mark(key) for key in item.get("keys") or ()]
    return Row(
        (
            Cell(words(item["label"], *keyed), words(", ".join(item["covers"]))),
            *(Cell(words(text)) for text in texts),
            Cell(words(basis), source),
        )
    )
