"""`kanrin cost`: the landed-cost waterfall of one car."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from kanrin.app._options import (
    case_argument,
    end_of_law_option,
    json_option,
    known_on_option,
    on_option,
    set_option,
    settings,
)

if TYPE_CHECKING:
    from kanrin.app._landed import Brought
    from kanrin.rules import Book

__all__ = ["command"]

SOURCES_SHOWN = 2


@click.command(
    "cost",
    help="Print what MODEL costs from factory gate to on-the-road price, JPY per car, each line with "
    "its base, rate, rule "
    "and source. Without --list-price it shows the price that just pays: the maker's margin is zero.",
)
@case_argument
@click.argument("model", metavar="MODEL")
@on_option
@known_on_option
@click.option(
    "--units",
    type=float,
    metavar="N",
    help="Cars a year, for the choice of certification. Default: the median of the foreign-built cars "
    "on sale.",
)
@click.option(
    "--list-price",
    type=float,
    metavar="JPY",
    help="List price, tax included, without levies; the maker's margin becomes a line.",
)
@set_option
@end_of_law_option
@json_option
def command(
    case: str,
    model: str,
    on: date | None,
    known_on: date | None,
    units: float | None,
    list_price: float | None,
    set_: tuple[str, ...],
    end_of_law: str,
    as_json: bool,
) -> None:
    """The waterfall of one car."""
    from kanrin.app import _calls
    from kanrin.app._landed import waterfall_of
    from kanrin.app._terminal import print_json

    opened = _calls.book(case, on, known_on, end_of_law=end_of_law, overrides=settings(set_))
    brought = waterfall_of(opened, model, units, list_price)
    if as_json:
        print_json(_plain(opened, brought))
    else:
        _print(opened, brought)


def _plain(book: Book, brought: Brought) -> dict[str, Any]:
    return {
        "case": book.case.name,
        "on": book.on.isoformat(),
        "known_on": book.known_on.isoformat(),
        "model": brought.waterfall.model,
        "units": brought.units,
        "pathway": brought.choice.option.pathway.id,
        "pathway_reason": brought.choice.reason,
        "pathways_not_taken": [
            {"pathway": o.pathway.id, "reason": reason} for o, reason in brought.choice.not_taken
        ],
        "route": brought.route.route.id,
        "route_reason": brought.route.reason,
        "warnings": _warnings(book, brought),
        "lines": brought.waterfall.to_rows(),
    }


def _shown(sources: str) -> str:
    """The first sources of a line; `--json` and `kanrin explain` give all."""
    ids = sources.split("; ")
    more = len(ids) - SOURCES_SHOWN
    return "; ".join(ids[:SOURCES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _print(book: Book, brought: Brought) -> None:
    from kanrin.app._terminal import console, minus, table

    out = console()
    rows = [
        (
            line.label if line.kind != "subtotal" else line.label.upper(),
            minus(f"{line.amount_jpy:,.0f}"),
            "" if line.rate is None else f"{line.rate:.4g}",
            line.base,
            line.kind if line.kind != "subtotal" else "",
            line.key,
            _shown(line.source),
        )
        for line in brought.waterfall.lines
    ]
    columns = (
        ("line", "left"),
        ("JPY a car", "right"),
        ("rate", "right"),
        ("base", "left"),
        ("kind", "key"),
        ("rule or key", "left"),
        ("source", "left"),
    )
    name = book.case.candidate(brought.waterfall.model).name
    out.print(table(f"{name}, law of {book.on} as known on {book.known_on}", columns, rows))
    certified = f"Certified by {brought.choice.option.pathway.name}, for {brought.units:,.0f} cars a year"
    out.print(f"{certified}: {brought.choice.reason}", soft_wrap=True)
    for option, reason in brought.choice.not_taken:
        out.print(f"  not {option.pathway.name}: {reason}", soft_wrap=True)
    out.print(f"Route {brought.route.route.id}: {brought.route.reason}", soft_wrap=True)
    for warning in _warnings(book, brought):
        out.print(f"Warning: {warning}", style="yellow", soft_wrap=True)


def _warnings(book: Book, brought: Brought) -> list[str]:
    """What the certification is not sure of, and rules that stand on a carried or assumed value."""
    keys = {line.key for line in brought.waterfall.lines if line.key}
    return [*brought.choice.option.warnings, *book.regime.warnings(keys)]
