"""Section 5: where the buyers come from, whose prices move, who gains and loses, and the bridge of profit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._bridge_chart import bridge_chart
from kanrin.report._diversion_chart import diversion_chart
from kanrin.report._marks import Marks
from kanrin.report._numbers import cars, interval, jpy, number, per_cent, signed
from kanrin.report._page import Block, Bullets, Cell, Column, Figure, Paragraph, Row, Section, Table, words

__all__ = ["market_section"]


def market_section(answer: Mapping[str, Any], marks: Marks) -> Section:
    """Market effects in yearly terms; the bridge over the programme."""
    market, maker = answer["market"], answer["question"]["maker"]
    blocks: list[Block] = []
    if answer["decision"]:
        blocks.append(_buyers(market, maker))
        blocks += _movements(market)
        if answer.get("bridge"):
            blocks.append(_bridge(answer["bridge"]))
        blocks.append(_welfare(market, marks))
    else:
        blocks.append(Paragraph(words("No car is brought over: nobody changes car, price or profit.")))
    return Section("market", "What the market does", tuple(blocks))


def _buyers(market: Mapping[str, Any], maker: str) -> Figure:
    own, rivals = float(market["own_units_lost"]), float(market["rivals_units_lost"])
    none = float(market.get("outside_units_gained_from") or 0.0)
    total = own + rivals + none
    rows = [_buyer("All own models", maker, own, total, strong=True)]
    rows += [_buyer(i["model"], maker, i["units"], total) for i in market.get("own_lost") or ()]
    rows.append(_buyer("All rivals", "", rivals, total, strong=True))
    rows += [_buyer(i["model"], i["firm"], i["units"], total) for i in market.get("rivals_lost") or ()]
    rows.append(_buyer("Would have bought no car", "", none, total, strong=True))
    columns = (Column("From"), Column("Firm"), Column("Cars a year", True), Column("Share", True))
    caption = (
        f"Where the buyers come from, cars a year. Solid: other {maker} models; pale: rivals; hollow: "
        "people who would have bought no car."
    )
    table = Table("Buyers of the new cars, by what they would have bought.", columns, tuple(rows))
    return Figure("buyers", caption, diversion_chart(market, maker), table)


def _buyer(name: str, firm: str, units: float, total: float, strong: bool = False) -> Row:
    share = per_cent(float(units) / total) if total > 0 else ""
    return Row(tuple(Cell(words(t)) for t in (name, firm, cars(float(units)), share)), strong=strong)


def _movements(market: Mapping[str, Any]) -> list[Block]:
    blocks: list[Block] = []
    firms: Sequence[Mapping[str, Any]] = market.get("firms") or ()
    if firms:
        rows = tuple(
            Row(
                (
                    Cell(words(f["firm"])),
                    Cell(words(signed(cars(f["units_change"]), f["units_change"]))),
                    Cell(words(signed(jpy(f["profit_change_jpy"]), f["profit_change_jpy"]))),
                )
            )
            for f in firms
        )
        columns = (Column("Firm"), Column("Cars a year", True), Column("Profit a year", True))
        blocks.append(Table("Who gains and who loses, before fixed costs.", columns, rows))
    moved: Sequence[Mapping[str, Any]] = market.get("prices_moved") or ()
    if moved:
        rows = tuple(
            Row(
                (
                    Cell(words(m["model"])),
                    Cell(words(m["firm"])),
                    Cell(words(signed(jpy(m["change_jpy"]), m["change_jpy"]))),
                )
            )
            for m in moved
        )
        blocks.append(
            Table("Prices that move most.", (Column("Car"), Column("Firm"), Column("Change", True)), rows)
        )
    return blocks


def _bridge(bridge: Sequence[Mapping[str, Any]]) -> Figure:
    rows = tuple(
        Row(
            (
                Cell(words(s["step"])),
                Cell(words(signed(jpy(s["amount_jpy"]), s["amount_jpy"]))),
                Cell(words(s.get("note") or "")),
            ),
            strong=s["step"] == "Total",
        )
        for s in bridge
    )
    caption = "From new sales to profit over the programme. Solid: gain; hollow: loss; grey: what is left."
    table = Table(
        "Bridge of profit, programme, discounted.",
        (Column("Step"), Column("JPY", True), Column("Note")),
        rows,
    )
    return Figure("bridge", caption, bridge_chart(bridge), table)


def _welfare(market: Mapping[str, Any], marks: Marks) -> Bullets:
    surplus = market["consumer_surplus_jpy"]
    lines = [
        words(
            "Buyers gain ",
            interval(surplus, "jpy", "a year"),
            marks.mark("market.consumer_surplus_jpy"),
            " in choice and price.",
        ),
    ]
    share = market.get("consumer_surplus_lowest_alpha_share")
    if share is not None:
        lines.append(words(f"Of that gain {per_cent(share)} falls to the buyers who mind the price least."))
    tax = market.get("tax_revenue_jpy")
    if tax is not None:
        lines.append(
            words(
                "Tax revenue changes by ",
                signed(jpy(tax), tax),
                " a year",
                marks.mark("market.tax_revenue_jpy"),
                ".",
            )
        )
    elastic = market.get("elasticities") or {}
    if elastic:
        lines.append(
            words(
                f"Own-price elasticities of the market: median {_two(elastic.get('median_own'))}, "
                f"90 % between {_two(elastic.get('p5'))} and {_two(elastic.get('p95'))}; of all cars "
                f"together {_two(elastic.get('aggregate'))}."
            )
        )
    lines += [
        words(f"Cost recovered below zero, which no firm has: {text}.")
        for text in market.get("negative_costs") or ()
    ]
    return Bullets(tuple(lines))


def _two(x: float | None) -> str:
    return "not given" if x is None else number(round(float(x), 2))
