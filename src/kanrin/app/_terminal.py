"""What reaches the terminal: tables with colour only where someone looks, JSON, and a progress bar on long
work."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from kanrin.app._streams import json_for_output

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = [
    "Progress",
    "console",
    "minus",
    "number",
    "print_answer",
    "print_json",
    "progress_bar",
    "table",
    "true_minuses",
    "working",
]

Progress = Callable[[int, int, str], None]
PIPED_WIDTH = 160  # columns of a table that goes into a file or a pipe


def console() -> Console:
    """The console of standard output; wide and without escape codes when it is piped."""
    from rich.console import Console

    piped = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(
        file=sys.stdout, width=PIPED_WIDTH if piped else None, highlight=False, emoji=False, soft_wrap=False
    )


def table(
    title: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[str]], caption: str = ""
) -> Table:
    """A table; a column is (heading, "left", "right" or "key"), a key never wrapped. Cells are plain text."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(
        title=Text(title),
        caption=Text(caption) if caption else None,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
        title_style="bold",
        pad_edge=False,
    )
    for heading, side in columns:
        shown.add_column(
            Text(heading),
            justify="right" if side == "right" else "left",
            no_wrap=side != "left",
            overflow="fold",
        )
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    return shown


def print_json(value: Any) -> None:
    """JSON on standard output, keys in the order given, no NaN."""
    click.echo(json_for_output(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)))


def number(value: float | None) -> str:
    """A number as one types it: thousands apart, no more digits than carry meaning."""
    if value is None:
        return ""
    return minus(f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}")


def minus(text: str) -> str:
    """A number with a true minus."""
    return text.replace("-", "\u2212", 1) if text.startswith("-") else text


def true_minuses(text: str) -> str:
    """A table of text with true minuses before its numbers."""
    return re.sub(r"(?<=\s)-(?=\d)", "\u2212", text)


@contextmanager
def progress_bar(wanted: bool = True) -> Iterator[Progress | None]:
    """A progress bar on standard error when it is a terminal; None otherwise."""
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("starting", total=1)

        def report(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=max(total, 1), description=what)

        yield report


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None] | None]:
    """What is being done and for how long, on standard error when it is a terminal; None otherwise.

    Gives a function that says how far it is.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda so_far: bar.update(task, description=f"{what}: {so_far}")


def print_answer(text: str) -> None:
    """The bytes of plan.json on standard output."""
    click.echo(json_for_output(text), nl=False)
