"""Section 2: the decision as a table, the cars left at home, the ranges, the other line-ups, the details."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._break_even import break_even_rate
from kanrin.report._interval_chart import interval_chart
from kanrin.report._marks import Marks
from kanrin.report._model_details import model_details
from kanrin.report._model_name import model_title, sentence, sentence_case
from kanrin.report._numbers import cars, chance, counted, interval, jpy, jpy_range, rate_per_cent
from kanrin.report._page import (
    Block,
    Bullets,
    Cell,
    Column,
    Figure,
    Paragraph,
    Piece,
    Row,
    Section,
    Subheading,
    Table,
    words,
)

__all__ = ["answer_section"]

Answer = Mapping[str, Any]


def answer_section(answer: Answer, marks: Marks) -> Section:
    """The decision first; everything else in the order a reader asks."""
    decision = answer["decision"]
    blocks: list[Block] = []
    if answer.get("counsel"):
        blocks.append(
            Bullets(
                tuple(
                    words(Piece(f"{c['heading']}:", tone="strong"), f" {c['text']}")
                    for c in answer["counsel"]
                )
            )
        )
    if decision:
        blocks.append(_decision_table(answer, marks))
        blocks.append(_total(answer["total"], marks))
    else:
        blocks.append(
            Paragraph(
                words("No car is brought over: nothing is spent, nothing is sold, the market stays as it is.")
            )
        )
    if answer.get("warnings"):
        blocks += [
            Subheading("Read it with this in mind"),
            Bullets(tuple(words(sentence(w)) for w in answer["warnings"])),
        ]
    blocks += _left_at_home(answer["rejected"], marks)
    if decision:
        blocks.append(_ranges(answer))
    blocks += _alternatives(answer["alternatives"])
    if decision:
        blocks.append(Subheading("How each car is certified and shipped"))
        blocks += [model_details(item, marks) for item in decision]
    return Section("decision", "The decision", tuple(blocks))


def _decision_table(answer: Answer, marks: Marks) -> Table:
    decision = answer["decision"]
    years = answer["total"].get("years")
    top = max(float(item["units"]["p90"]) for item in decision) or 1.0
    pathways = {_pathway(item) for item in decision}
    same = pathways.pop() if len(pathways) == 1 else ""
    maker = str(answer["question"]["maker"])
    columns = (
        Column("Car"),
        Column("Cars a year"),
        Column("Price on the road"),
        Column("Margin a car"),
        Column(f"Profit over {counted(years, 'years')}" if years else "Profit"),
        Column("Chance of a loss", whole=True),
        Column("Breaks even at"),
        Column("Shipped" if same else "Certified, shipped"),
    )
    rows = tuple(Row(_decision_cells(item, top, marks, maker, bool(same))) for item in decision)
    caption = (
        "Cars to bring over. Ranges hold in 80 % of the draws; the bars under Cars a year share one scale."
    )
    if same:
        caption += f" Certified by: {same}."
    else:
        letters = {_acronym(item): _pathway(item).split(" (")[0] for item in decision if _acronym(item)}
        caption += "".join(f" {short}: {name}." for short, name in letters.items())
    return Table(caption, columns, rows, role="decision")


def _decision_cells(
    item: Mapping[str, Any], top: float, marks: Marks, maker: str, one_pathway: bool
) -> tuple[Cell, ...]:
    model, units, profit = item["model"], item["units"], item["profit_jpy"]

    def mark(name: str) -> Any:
        return marks.mark(f"decision.{model}.{name}", f"{model}.{name}")

    rivals = item.get("rivals_met") or ()
    beside = [f"{model_title(r['model'])} {jpy(r['list_price_jpy'])}" for r in rivals[:2]]
    bar = tuple(float(units[k]) / top for k in ("p10", "p50", "p90"))
    even = item.get("break_even_units")
    return (
        Cell(words(_short_name(item).removeprefix(f"{maker} ")), under=words(_detail_name(item))),
        Cell(
            words(f"{cars(units['p10'])} to {cars(units['p90'])}", mark("units")),
            under=words(f"mean {cars(units['mean'])}"),
            bar=(bar[0], bar[1], bar[2]),
        ),
        Cell(
            words(jpy(item["price_jpy"]), mark("price_jpy")),
            under=words(
                "\n".join([f"list {jpy(item['list_price_jpy'])}{'; beside' if beside else ''}", *beside])
            ),
        ),
        Cell(
            words(jpy(item["unit_margin_jpy"]), mark("unit_margin_jpy")),
            under=words(f"landed {jpy(item['landed_cost_jpy'])}", mark("landed_cost_jpy")),
        ),
        Cell(
            words(jpy_range(profit["p10"], profit["p90"]), mark("profit_jpy")),
            under=words(f"mean {jpy(profit['mean'])}"),
        ),
        Cell(
            words(
                chance(item["probability_of_loss"], item.get("probability_of_loss_se")),
                mark("probability_of_loss"),
            )
        ),
        Cell(
            words(break_even_rate(item), mark("break_even_jpy_per_usd")),
            under=words(
                f"{cars(even)} cars a year" if even is not None else "",
                mark("break_even_units") if even else "",
            ),
        ),
        _shipped(item, one_pathway),
    )


def _shipped(item: Mapping[str, Any], one_pathway: bool) -> Cell:
    """Port to port from the key plant.port.port, and the days; the pathway first where cars differ in it."""
    ports = [part.replace("_", " ").title() for part in str(item["route"]).split(".")[1:]]
    days = item.get("route_days")
    way = " to ".join(ports) if len(ports) == 2 else str(item.get("route_text") or item["route"])
    took = counted(round(days), "days") if days is not None else ""
    if one_pathway:
        return Cell(words(way), under=words(took))
    return Cell(
        words(_acronym(item) or sentence_case(_pathway(item))), under=words(f"{way}, {took}" if took else way)
    )


def _pathway(item: Mapping[str, Any]) -> str:
    return str(item.get("pathway_name") or item["pathway"])


def _acronym(item: Mapping[str, Any]) -> str:
    """The short form a long name carries in brackets at its end, such as PHP or Article 58-3."""
    found = re.search(r"\(([A-Z][A-Za-z0-9 -]{1,14})\)$", _pathway(item))
    return found.group(1) if found else ""


def _short_name(item: Mapping[str, Any]) -> str:
    return str(item.get("name") or model_title(item["model"])).split(" (")[0]


def _detail_name(item: Mapping[str, Any]) -> str:
    _, cut, rest = str(item.get("name") or "").partition(" (")
    drive = item.get("drive")
    side = f"{drive}-hand drive" if drive in ("left", "right") else ""
    return ", ".join(part for part in (rest.removesuffix(")") if cut else "", side) if part)


def _total(total: Mapping[str, Any], marks: Marks) -> Paragraph:
    years, rate = total.get("years"), total.get("discount_rate")
    over = f" over {counted(years, 'years')}" if years else ""
    at = f", discounted at {rate_per_cent(rate)} a year" if rate is not None else ""
    error = total.get("profit_se_jpy")
    parts: list[Any] = [
        "All together: ",
        words(interval(total["units"], "cars", "cars a year"), marks.mark("total.units")),
        "; profit ",
        words(interval(total["profit_jpy"], "jpy"), marks.mark("total.profit_jpy")),
        f"{over}{at}",
        f", simulation error of the mean {jpy(error)}" if error else "",
        "; chance of a loss ",
        words(
            chance(total["probability_of_loss"], total.get("probability_of_loss_se")),
            marks.mark("total.probability_of_loss"),
        ),
    ]
    if total.get("fixed_costs_jpy"):
        parts += [
            "; spent before the first car: ",
            words(jpy(total["fixed_costs_jpy"]), marks.mark("total.fixed_costs_jpy")),
        ]
    return Paragraph(words(*parts, "."))


def _left_at_home(rejected: Sequence[Mapping[str, Any]], marks: Marks) -> list[Block]:
    if not rejected:
        return []
    columns = (
        Column("Left at home"),
        Column("Why"),
        Column("Profit if added", True),
        Column("Cars a year if added", True),
    )
    rows = tuple(
        Row(
            (
                Cell(words(item.get("name") or model_title(item["model"]))),
                Cell(words(sentence(item["reason"]))),
                Cell(words(jpy(item.get("profit_if_added_jpy")) or "not valued")),
                Cell(words(cars(item.get("units_if_added")) or "not valued")),
            )
        )
        for item in rejected
    )
    return [Table("Cars left at home, each with its reason.", columns, rows)]


def _ranges(answer: Answer) -> Figure:
    decision, total = answer["decision"], answer["total"]["units"]
    spans = [(item["name"] if item.get("name") else item["model"], item["units"], item) for item in decision]
    rows = [_range_row(name, units, item) for name, units, item in spans]
    if len(decision) != 1:
        rows.append(_range_row("All together", total, {}))
    columns = (
        Column("Car"), Column("P10", True), Column("Median", True), Column("P90", True), Column("Mean", True),
        Column("Mean if liked less"),
    )  # fmt: skip
    caption = (
        "Cars a year: the line runs from P10 to P90, the tick is the median, the dot the mean; "
        "hollow dots are the mean if buyers like the car half or one standard deviation less than forecast."
    )
    table = Table("Cars a year, by car.", columns, tuple(rows))
    named = [{**item, "name": item.get("name") or item["model"]} for item in decision]
    return Figure("ranges", caption, interval_chart(named, total), table)


def _range_row(name: str, units: Mapping[str, float], item: Mapping[str, Any]) -> Row:
    shifts = (item.get("xi") or {}).get("shifts") or ()
    less = "; ".join(f"{s['label']}: {cars(s['units_mean'])}" for s in shifts)
    texts = (name, *(cars(units[k]) for k in ("p10", "p50", "p90", "mean")), less)
    return Row(tuple(Cell(words(t)) for t in texts))


def _alternatives(alternatives: Sequence[Mapping[str, Any]]) -> list[Block]:
    if not alternatives:
        return []
    columns = (
        Column("Instead"),
        Column("Profit, 80 % range", True),
        Column("Mean", True),
        Column("Gives up", True),
        Column("Note"),
    )
    rows = []
    for item in alternatives:
        error = item.get("gives_up_se_jpy")
        profit = item["profit_jpy"]
        names = (
            ", ".join(item.get("names") or ())
            or ", ".join(map(model_title, item["models"]))
            or "Bring nothing over"
        )
        rows.append(
            Row(
                (
                    Cell(words(names)),
                    Cell(words(jpy_range(profit["p10"], profit["p90"]))),
                    Cell(words(jpy(profit["mean"]))),
                    Cell(words(jpy(item["gives_up_jpy"]) + (f" ± {jpy(error)}" if error else ""))),
                    Cell(words(sentence_case(item.get("note") or ""))),
                )
            )
        )
    return [
        Table(
            "Other line-ups, on the same draws, and what each gives up (± one standard error).",
            columns,
            tuple(rows),
        )
    ]
