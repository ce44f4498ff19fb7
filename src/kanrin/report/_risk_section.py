"""What is at risk: outcomes drawn, what would have to be true, what knowing is worth, a small first step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._marks import Marks
from kanrin.report._model_name import sentence_case
from kanrin.report._numbers import cars, chance, counted, jpy, number, per_cent
from kanrin.report._outcome_chart import outcome_chart
from kanrin.report._page import (
    Block,
    Cell,
    Column,
    Figure,
    Fold,
    Paragraph,
    Row,
    Section,
    Subheading,
    Table,
    words,
)

__all__ = ["risk_section"]

SHOWN = 6


def risk_section(answer: Mapping[str, Any], marks: Marks) -> Section:
    """The sentences first, then the picture and the tables; without risk only a line that says so."""
    risk = answer.get("risk")
    if not risk:
        return Section("risk", "What is at risk", (Paragraph(words("Risk was not looked at.")),))
    blocks: list[Block] = [Paragraph(words(text)) for text in risk["words"]]
    if answer["decision"]:
        blocks.append(_outcomes(answer, risk))
        blocks += _true(risk, marks)
        if risk["events"]:
            blocks.append(Fold("Open events", (_events(risk["events"]),)))
    if risk["information"]:
        blocks += _information(risk["information"], marks)
    if risk["staged"]:
        blocks += _staged(risk["staged"])
    return Section("risk", "What is at risk", tuple(blocks))


def _row(*texts: str) -> Row:
    return Row(tuple(Cell(words(t)) for t in texts))


def _money(found: Mapping[str, float]) -> str:
    return f"{jpy(found['value'])} ± {jpy(found['error'])}" if found["error"] else jpy(found["value"])


def _short(x: float) -> str:
    return number(float(f"{x:.3g}"))


def _outcomes(answer: Mapping[str, Any], risk: Mapping[str, Any]) -> Figure:
    columns = (
        Column("Line-up"), Column("Mean", True), Column("P10", True), Column("Median", True),
        Column("P90", True), Column("Chance of a loss", True), Column("Mean of the worst tenth", True),
        Column("Of the worst twentieth", True),
        Column("Beaten in both"),
    )  # fmt: skip
    names = {d["model"]: d.get("name") or d["model"] for d in (*answer["decision"], *answer["rejected"])}
    rows = []
    for k, item in enumerate(risk["lineups"]):
        cars_in = ", ".join(str(names.get(m, m)).split(" (")[0] for m in item["models"]) or "Nothing"
        loss = item["probability_of_loss"]
        rows.append(
            _row(
                f"The plan: {cars_in}" if k == 0 else cars_in,
                *(_money(item[name]) for name in ("mean_jpy", "p10_jpy", "p50_jpy", "p90_jpy")),
                chance(loss["value"], loss["error"]) if item["models"] else "none",
                *(_money(item[name]) for name in ("worst_tenth_jpy", "worst_twentieth_jpy")),
                "no" if item["on_frontier"] else "yes",
            )
        )
    caption = (
        "What the plan may turn out to be worth: each dot is as likely as any other. Hollow dots lose; the "
        "dark line is the mean, the pale one nil."
    )
    told = (
        "Line-ups valued on fresh draws, with simulation errors; beaten in both: another has the higher mean "
        "and the better worst tenth."
    )
    table = Table(told, columns, tuple(rows))
    mean = answer["total"]["profit_jpy"]["mean"]
    return Figure("risk-chart", caption, outcome_chart(risk["outcomes_jpy"], mean), table)


def _true(risk: Mapping[str, Any], marks: Marks) -> list[Block]:
    """Numbers that could bring the worth to nil, then those that could not within what was searched."""
    blocks: list[Block] = [Subheading("What would have to be true for it just to pay")]
    columns = (
        Column("Number"), Column("Unit"), Column("Today", True), Column("Just pays at", True),
        Column("Range held possible", True), Column("Looked at", True),
    )  # fmt: skip
    rows = []
    units, price = risk["break_even_units"], risk["break_even_price_share"]
    if units and units["at"]:
        at = f"{cars(units['at']['value'])} ± {cars(units['at']['error'])}"
        rows.append(
            _row(
                "Cars a year, all markets smaller alike",
                "vehicles per year",
                cars(units["planned"]),
                at,
                "",
                "",
            )
        )
    if price and price["at"]:
        cut = per_cent(1.0 - price["at"]["value"])
        rows.append(_row("Prices of the cars, all cut alike", "", "as planned", f"{cut} lower", "", ""))

    def line(item: Mapping[str, Any]) -> Row:
        at = "nowhere" if item["at"] is None else f"{_short(item['at'])} ± {_short(item['error'])}"
        texts = (
            str(item["unit"]), number(item["value"]), at, f"{_short(item['low'])} to {_short(item['high'])}",
            f"{_short(item['searched'][0])} to {_short(item['searched'][1])}",
        )  # fmt: skip
        name = words(sentence_case(item["label"]), marks.mark(item["key"]))
        return Row((Cell(name), *(Cell(words(t)) for t in texts)))

    turning = [item for item in risk["break_even"] if item["at"] is not None]
    rows += [line(item) for item in turning]
    blocks.append(Table("Each number alone, the others as drawn, prices settled anew.", columns, tuple(rows)))
    rest = [item for item in risk["break_even"] if item["at"] is None]
    if rest:
        caption = "No value looked at brings the worth of the plan to nil."
        table = Table(caption, columns, tuple(line(item) for item in rest))
        blocks.append(
            Fold(f"{len(rest)} numbers that alone cannot turn it into a loss", (table,), printed=False)
        )
    return blocks


def _events(events: Sequence[Mapping[str, Any]]) -> Table:
    columns = (
        Column("Open question"), Column("Outcome"), Column("Chance, assumed", True),
        Column("Profit", True), Column("Change", True),
    )  # fmt: skip
    rows = tuple(
        _row(
            e["question"],
            e["outcome"],
            per_cent(e["probability"]),
            jpy(e["profit_jpy"]),
            _money(e["change_jpy"]),
        )
        for e in events
    )
    return Table(
        "Worth of the plan if an outcome were certain, for events that move costs only.", columns, rows
    )


def _information(found: Mapping[str, Any], marks: Marks) -> list[Block]:
    valuable = [item for item in found["inputs"] if item["perfect_jpy"]["value"] > 0.0]
    columns = (
        Column("What is known before the choice"), Column("Worth", True), Column("Worth of a study", True),
        Column("Turns the choice", True),
    )  # fmt: skip

    def line(item: Mapping[str, Any]) -> Row:
        texts = _money(item["perfect_jpy"]), _money(item["study_jpy"]), per_cent(item["turns"])
        name = words(sentence_case(item["label"]), marks.mark(item["input"]))
        return Row((Cell(name), *(Cell(words(t)) for t in texts)))

    whole = Row(
        tuple(Cell(words(t)) for t in ("Everything", _money(found["perfect_jpy"]), "", "")), strong=True
    )
    caption = (
        "What knowing is worth, over the programme; a study leaves half the spread. ± is the simulation "
        "error."
    )
    idle = len(found["inputs"]) - len(valuable)
    blocks: list[Block] = [
        Subheading("What knowing more is worth"),
        Table(caption, columns, (whole, *(line(item) for item in valuable[:SHOWN]))),
    ]
    if valuable[SHOWN:]:
        table = Table(caption, columns, tuple(line(item) for item in valuable[SHOWN:]))
        blocks.append(Fold(f"{len(valuable) - SHOWN} more", (table,), printed=False))
    if idle:
        said = (
            f"{idle} more inputs were looked at; knowing any one is worth nothing that these draws can tell."
        )
        blocks.append(Paragraph(words(said), role="note"))
    return blocks


def _staged(staged: Mapping[str, Any]) -> list[Block]:
    columns = (
        Column("First step"), Column("Worth", True), Column("Against all at once", True),
        Column("Then expands", True), Column("Then quits", True),
    )  # fmt: skip
    rows = [_row("All at once", _money(staged["full_jpy"]), "", "", "")]
    rows += [
        _row(
            sentence_case(p["name"]), _money(p["profit_jpy"]), _money(p["gained_jpy"]),
            per_cent(p["expands"]),
            per_cent(p["quits"]),
        )
        for p in staged["pilots"][:SHOWN]
    ]  # fmt: skip
    years = counted(staged["years"], "years")
    caption = (
        f"One car or two for {years}, then the best line-up given how buyers liked them, or nothing; "
        "on the draws the plan was chosen on, so a little high in every row."
    )
    return [Subheading("Start small, or all at once"), Table(caption, columns, tuple(rows))]
