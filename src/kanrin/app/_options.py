"""Options that several commands share, and the types of their values."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import click

__all__ = [
    "DAY",
    "case_argument",
    "end_of_law_option",
    "json_option",
    "known_on_option",
    "on_option",
    "set_option",
    "settings",
]

F = TypeVar("F", bound=Callable[..., Any])


def day(text: str) -> date:
    """A date written YYYY-MM-DD. Raises ValueError with what was expected."""
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"expected a date YYYY-MM-DD that exists, got {text!r}") from None


class _Day(click.ParamType[date]):
    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return day(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "DATE"


DAY = _Day()


def case_argument(function: F) -> F:
    """CASE: a shipped name or a folder."""
    return click.argument("case", metavar="CASE")(function)


def on_option(function: F) -> F:
    """--on: the day asked about."""
    text = "Day whose law applies (YYYY-MM-DD). Default: the day the case names."
    return click.option("--on", type=DAY, metavar="DATE", help=text)(function)


def known_on_option(function: F) -> F:
    """--known-on: the day of asking."""
    text = "Day of asking: what was known then. Default: the same day as --on."
    return click.option("--known-on", type=DAY, metavar="DATE", help=text)(function)


def end_of_law_option(function: F) -> F:
    """--end-of-law: what to do past the end of what is known."""
    return click.option(
        "--end-of-law",
        type=click.Choice(["refuse", "carry", "assume"]),
        default="refuse",
        show_default=True,
        help="Past the end of what is known of a rule: stop, carry the last value with a warning, "
        "or take the assumption the rule names.",
    )(function)


def set_option(function: F) -> F:
    """--set: any number of the case, by key."""
    return click.option(
        "--set",
        "set_",
        multiple=True,
        metavar="KEY=VALUE",
        help="Change a fact, assumption, rule or table cell, for example --set fx.usd_jpy=150. May be "
        "repeated.",
    )(function)


def json_option(function: F) -> F:
    """--json: the answer for machines."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")(function)


def settings(set_: tuple[str, ...]) -> dict[str, str]:
    """The settings as a mapping; a key set twice keeps the last value. Raises OverrideError."""
    from kanrin.facts import parse_setting

    return dict(parse_setting(text) for text in set_)
