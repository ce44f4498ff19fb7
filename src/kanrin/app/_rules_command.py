"""`kanrin rules`: the law in force on a day, what is only announced, and what changed since another day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from kanrin.app._options import DAY, case_argument, json_option, known_on_option, on_option

if TYPE_CHECKING:
    from kanrin.app._law import Effect, Law, LawDiff, LawRow

__all__ = ["command"]

LINES_SHOWN = 4


@click.command(
    "rules",
    help="Print the law of CASE in force on a day, as known on a day; what is announced, considered or "
    "reported "
    "stands apart. With --diff, print what changed between the two days and what that does to each "
    "candidate, "
    "in yen per car.",
)
@case_argument
@on_option
@known_on_option
@click.option(
    "--diff", "other", type=DAY, metavar="DATE", help="Compare the law of --on with the law of this day."
)
@click.option("--all", "everything", is_flag=True, help="List past spells too.")
@json_option
def command(
    case: str, on: date | None, known_on: date | None, other: date | None, everything: bool, as_json: bool
) -> None:
    """The law on a day."""
    from kanrin.app import _calls
    from kanrin.app._terminal import print_json
    from kanrin.facts import load_case

    loaded = load_case(case)
    if other is not None:
        changed = _calls.diff(loaded, on or loaded.about.default_on, other, known_on=known_on)
        if as_json:
            print_json(changed.as_dict())
        else:
            _print_diff(changed)
        return
    law = _calls.law(loaded, on, known_on)
    if as_json:
        print_json(law.as_dict())
    else:
        _print_law(law, everything)


_COLUMNS = (
    ("key", "key"),
    ("value", "right"),
    ("unit", "left"),
    ("from", "left"),
    ("to", "left"),
    ("status", "left"),
    ("source", "left"),
)


def _cells(row: LawRow) -> tuple[str, ...]:
    return (
        row.key,
        _value(row.value),
        row.unit,
        row.effective_from,
        row.effective_to or "",
        row.status.replace("_", " "),
        row.source,
    )


def _print_law(law: Law, everything: bool) -> None:
    from kanrin.app._terminal import console, table

    out = console()
    asked = f"on {law.on}, as known on {law.known_on}"
    out.print(
        table(f"In force {asked}: {len(law.in_force)} rules", _COLUMNS, [_cells(row) for row in law.in_force])
    )
    if law.pending:
        title = f"Announced, considered or reported; not in force {asked}"
        out.print(table(title, _COLUMNS, [_cells(row) for row in law.pending]))
    else:
        out.print(f"Nothing announced, considered or reported {asked}.")
    if everything and law.past:
        out.print(table("Past, overtaken or withdrawn", _COLUMNS, [_cells(row) for row in law.past]))


def _print_diff(changed: LawDiff) -> None:
    from kanrin.app._terminal import console, table

    out = console()
    (day, known), (other, other_known) = changed.before, changed.after
    title = f"Law of {changed.case}: {day} (as known on {known}) to {other} (as known on {other_known})"
    if not changed.changes:
        out.print(f"{title}: nothing changed.")
        return
    value = [_value(c.before) for c in changed.changes]
    after = [_value(c.after) for c in changed.changes]
    rows = [
        (c.key, old, new, c.unit, c.source) for c, old, new in zip(changed.changes, value, after, strict=True)
    ]
    columns = (("key", "key"), (day, "right"), (other, "right"), ("unit", "left"), ("source", "left"))
    out.print(table(title, columns, rows))
    if changed.pending:
        out.print("What is announced, considered or reported, between the two days")
        for sentence in changed.pending:
            out.print(f"  {sentence}", soft_wrap=True)
        out.print()
    if not changed.effects:
        return
    moved = [
        (
            e.name,
            _change(e.landed_cost_change_jpy),
            _change(e.price_change_jpy),
            _lines(e),
            _change(e.cheapest_change_jpy) if e.pathway_cheapest != e.pathway_before else "",
            e.pathway_cheapest if e.pathway_cheapest != e.pathway_before else e.note,
        )
        for e in changed.effects
    ]
    headings = (
        ("car", "left"),
        ("landed cost", "right"),
        ("on the road", "right"),
        ("lines that move", "left"),
        ("landed cost with", "right"),
        ("the certification now cheapest", "left"),
    )
    caption = (
        f"JPY per car at zero maker's margin, at {changed.jpy_per_usd:.2f} JPY per USD on both days, "
        f"with the route and "
        "certification of the first day where still open; the last two columns with the certification "
        "that is cheapest "
        "on the second day."
    )
    out.print(table("What the law does to each candidate", headings, moved, caption))


def _lines(effect: Effect) -> str:
    """The lines that move most, and how many more do."""
    shown = "; ".join(
        f"{line.replace('_', ' ')} {_change(change)}" for line, change in effect.lines[:LINES_SHOWN]
    )
    more = len(effect.lines) - LINES_SHOWN
    return (shown or "none") + (f"; {more} more" if more > 0 else "")


def _value(value: float | None) -> str:
    from kanrin.app._terminal import number

    return "none" if value is None else number(value)


def _change(value: float | None) -> str:
    from kanrin.app._terminal import minus

    return "" if value is None else minus(f"{value:+,.0f}")
