"""`kanrin explain`: the chain behind a number."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from kanrin.app._options import (
    case_argument,
    end_of_law_option,
    json_option,
    known_on_option,
    not_blank,
    on_option,
    set_option,
    settings,
)

if TYPE_CHECKING:
    from rich.text import Text

    from kanrin.base import Figure
    from kanrin.facts import Case
    from kanrin.rules import Link, SpellRow

__all__ = ["command"]


@click.command(
    "explain",
    help="Print what stands behind a number of CASE: its value, unit, kind, source and range, and "
    "everything it "
    "was made from. KEY-OR-FIGURE is a rule, fact or assumption (fx.usd_jpy), a table cell "
    "(candidate.toyota_tundra.msrp_usd), a line of a waterfall (waterfall.toyota_camry_hybrid.duty) or "
    "a figure of "
    "a plan (decision.toyota_camry_hybrid.units, total.profit_jpy).",
)
@case_argument
@click.argument("key", metavar="[KEY-OR-FIGURE]", required=False)
@on_option
@known_on_option
@set_option
@end_of_law_option
@click.option(
    "--plan",
    type=click.Path(),
    metavar="DIR",
    help="Read a figure of a plan from the plan.json that `kanrin plan --out DIR` wrote. Default: plan anew.",
)
@click.option(
    "--keys",
    "listed",
    is_flag=False,
    flag_value="",
    metavar="[TEXT]",
    help="List the keys of CASE that hold TEXT, or all of them, in the place of an explanation.",
)
@json_option
def command(
    case: str,
    key: str | None,
    on: date | None,
    known_on: date | None,
    set_: tuple[str, ...],
    end_of_law: str,
    plan: str | None,
    listed: str | None,
    as_json: bool,
) -> None:
    """The chain behind a number."""
    from kanrin.app import _calls
    from kanrin.app._results import read_answer
    from kanrin.app._terminal import console, print_json, progress_bar, table
    from kanrin.facts import load_case
    from kanrin.rules import explanation

    not_blank("--plan", plan, "the folder of a plan")
    loaded = load_case(case).with_overrides(settings(set_))
    if listed is not None:
        _list_keys(loaded, listed, as_json)
        return
    if key is None:
        raise click.UsageError("give KEY-OR-FIGURE, or --keys [TEXT] for the keys there are")
    book = _calls.book(loaded, on, known_on, end_of_law=end_of_law)
    answer = read_answer(plan) if plan is not None else None
    with progress_bar() as progress:
        figure = _calls.explain(
            loaded,
            key,
            on=on,
            known_on=known_on,
            end_of_law=end_of_law,
            answer=answer,
            progress=progress,
        )
    told = explanation(book, figure)
    if as_json:
        print_json(
            {
                "key": key,
                "on": book.on.isoformat(),
                "known_on": book.known_on.isoformat(),
                "chain": [_plain(link, loaded) for link in told.links],
                "spells": [_spell(row) for row in told.spells],
            }
        )
        return
    out = console()
    for link in told.links:
        out.print(_lines(link, loaded), soft_wrap=True)
    if told.spells:
        rows = [
            tuple(f"{value:g}" if isinstance(value, float) else value or "" for value in _spell(row).values())
            for row in told.spells
        ]
        headings = (
            ("key", "key"),
            ("value", "right"),
            ("from", "left"),
            ("to", "left"),
            ("status", "left"),
            ("known from", "left"),
            ("standing", "left"),
            ("source", "left"),
        )
        out.print(
            table(f"Dated values of the rules, on {book.on} as known on {book.known_on}", headings, rows)
        )


def _list_keys(case: Case, text: str, as_json: bool) -> None:
    """The keys that hold a text, one a line."""
    from kanrin.app._terminal import print_json
    from kanrin.base import UnknownName
    from kanrin.facts import known_keys

    every = known_keys(case)
    keys = [key for key in every if text.lower() in key.lower()]
    if not keys:
        raise UnknownName("key", text, every, f"`kanrin explain {case.name} --keys` lists all of them")
    if as_json:
        print_json(keys)
        return
    for key in keys:
        click.echo(key)


def _spell(row: SpellRow) -> dict[str, Any]:
    """A dated value in the order of the table."""
    return {
        "key": row.key,
        "value": row.spell.value,
        "effective_from": row.spell.effective_from.isoformat(),
        "effective_to": row.effective_to.isoformat() if row.effective_to else None,
        "status": row.spell.status.replace("_", " "),
        "known_from": row.spell.known_from.isoformat(),
        "standing": row.standing,
        "source": row.spell.source,
    }


def _plain(link: Link, case: Case) -> dict[str, Any]:
    figure = link.figure
    return {
        "depth": link.depth,
        "key": figure.key,
        "label": figure.label,
        "value": figure.value,
        "unit": figure.unit,
        "kind": str(figure.kind),
        "low": figure.low,
        "high": figure.high,
        "formula": figure.formula,
        "source": figure.source,
        "source_title": _title(case, figure.source),
        "note": figure.note,
        "place": _place(case, figure),
        "told_above": link.told,
    }


def _title(case: Case, source: str) -> str:
    if source not in case.sources:
        return ""
    found = case.sources[source]
    return ", ".join(part for part in (found.publisher, found.title, found.date, found.url) if part)


def _place(case: Case, figure: Figure) -> str:
    """`file:line` where a number of the case stands, or nothing."""
    key = figure.key
    for table in ("rules", "assumptions", "facts"):
        if table == "assumptions" and figure.kind != "assumption":
            continue  # the exchange rate of the day comes from its table; the assumption spreads it
        if (table, key) in case.lines:
            path, line = case.lines[(table, key)]
            return f"{path.relative_to(case.folder)}:{line}"
    return ""


def _lines(link: Link, case: Case) -> Text:
    """A figure and what is known of it, indented by its depth in the chain."""
    from rich.text import Text

    from kanrin.app._terminal import number

    figure = link.figure
    indent = "   " * link.depth
    text = Text(f"{indent}{'from ' if link.depth else ''}")
    is_flag = figure.unit == "1 yes, 0 no" and figure.value in (0, 1)
    said = ("yes" if figure.value else "no") if is_flag else f"{number(figure.value)} {figure.unit}"
    text.append(said, style="bold")
    name = figure.key or figure.label or figure.formula
    text.append(f"  {name}  ({figure.kind})")
    if link.told:
        text.append("  as above", style="dim")
        return text
    details = []
    if figure.label and figure.label != name:
        details.append(figure.label)
    if figure.formula and figure.formula != name:
        details.append(f"= {figure.formula}")
    if figure.low is not None and figure.high is not None:
        details.append(f"range {number(figure.low)} to {number(figure.high)}")
    if figure.note:
        details.append(figure.note)
    if figure.source:
        details.append(f"source {figure.source}: {_title(case, figure.source)}".rstrip(": "))
    if place := _place(case, figure):
        details.append(f"in {place}")
    for detail in details:
        text.append(f"\n{indent}     {detail}", style="dim")
    return text
