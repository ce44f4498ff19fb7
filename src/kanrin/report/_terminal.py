"""The plan on a terminal: short, in the order of the brief. Colour is the console's affair."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kanrin.report._break_even import break_even_rate
from kanrin.report._model_name import sentence_case
from kanrin.report._numbers import cars, chance, interval, jpy, jpy_range, per_cent, shown, signed, usd
from kanrin.report._turn_section import pending_status, pending_that_matter, turn_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["print_plan"]


def print_plan(answer: Mapping[str, Any], console: Console) -> None:
    """Question, answer, decision, cars left at home, what would turn it, trade, warnings, notice."""
    from rich.padding import Padding
    from rich.text import Text

    question = answer["question"]

    def say(text: str, style: str = "") -> None:
        console.print(Text(shown(text), style=style))

    def listed(text: str) -> None:
        console.print(Padding(Text(shown(text)), (0, 0, 0, 2)))

    known = question["known_on"]
    asked = str(question.get("sentence") or "")
    say(asked if known == question["on"] or known in asked else f"{asked} As known on {known}.", "dim")
    say(str(answer.get("answer") or ""), "bold")
    across = max(1, (console.width - 20) // 26)
    for first in range(0, len(answer["decision"]), across):
        console.print(_decision(answer["decision"][first : first + across]))
    if answer["rejected"]:
        console.print()
        say("Left at home", "bold")
        for item in answer["rejected"]:
            listed(f"{item.get('name') or item['model']}: {sentence_case(item['reason'])}")
    if answer["sensitivity"] or answer.get("pending") or answer.get("review"):
        console.print()
        say("What would turn it", "bold")
        for item in answer["sensitivity"][:5]:
            listed(f"{sentence_case(item['label'])}{turn_text(item)}")
    _tell_pending(answer, listed)
    if answer.get("risk") and answer["decision"]:
        console.print()
        say("What is at risk", "bold")
        for text in answer["risk"]["words"]:
            listed(text)
    if answer["decision"]:
        console.print()
        say(_trade(answer["trade"]))
    months = answer.get("logistics") or {}
    if months.get("months"):
        say(f"By month: {months['words'][0]}")
    if answer["warnings"]:
        console.print()
        for text in answer["warnings"]:
            say(f"Warning: {text}", "yellow")
    console.print()
    say(f"Run {question['run_id']}, seed {question['seed']}. {answer['notice']}", "dim")


def _tell_pending(answer: Mapping[str, Any], listed: Callable[[str], None]) -> None:
    pending, close = answer.get("pending") or (), pending_that_matter(answer)
    for item in close:
        listed(f"{sentence_case(pending_status(item['status']))}: {item.get('text') or item['key']}")
    if len(pending) > len(close):
        more = "more rules are" if close else "rules are"
        listed(f"{len(pending) - len(close)} {more} announced or considered, not in force: see the brief.")
    if answer.get("review"):
        listed(answer["review"]["text"])


def _decision(items: Sequence[Mapping[str, Any]]) -> Table:
    """One column a car, so that the table fits a narrow terminal."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for item in items:
        table.add_column(Text(str(item.get("name") or item["model"]).split(" (")[0]), overflow="fold")
    for title, tell in _ROWS:
        table.add_row(Text(title), *(Text(tell(item)) for item in items))
    return table


def _even(item: Mapping[str, Any]) -> str:
    said, units = break_even_rate(item), item["break_even_units"]
    return said if units is None else f"{said}, {cars(units)} cars"


_ROWS: tuple[tuple[str, Callable[[Mapping[str, Any]], str]], ...] = (
    ("Cars a year, 80 %", lambda d: f"{cars(d['units']['p10'])} to {cars(d['units']['p90'])}"),
    ("  mean", lambda d: cars(d["units"]["mean"])),
    ("On the road", lambda d: jpy(d["price_jpy"])),
    ("Landed", lambda d: jpy(d["landed_cost_jpy"])),
    ("Margin a car", lambda d: jpy(d["unit_margin_jpy"])),
    ("Profit, 80 %", lambda d: jpy_range(d["profit_jpy"]["p10"], d["profit_jpy"]["p90"])),
    ("  mean", lambda d: jpy(d["profit_jpy"]["mean"])),
    ("Chance of a loss", lambda d: chance(d["probability_of_loss"], d.get("probability_of_loss_se"))),
    ("Breaks even at", _even),
    ("Certified", lambda d: sentence_case(str(d.get("pathway_name") or d["pathway"]).replace("_", " "))),
    ("Route", lambda d: str(d.get("route_text") or d["route"])),
)


def _trade(trade: Mapping[str, Any]) -> str:
    change = trade["balance_change_usd"]
    text = f"Trade balance: {signed(interval(change, 'usd', 'a year'), change['mean'])}"
    share, deficit = trade.get("share_of_deficit"), trade.get("deficit_usd")
    if share is not None:
        text += f", {per_cent(share)} of the deficit" + (f" of {usd(abs(deficit))}" if deficit else "")
    return text + "."
