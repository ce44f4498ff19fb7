"""Options that several commands share, and the types of their values."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import click

__all__ = [
    "DAY",
    "DRAWS",
    "FEWEST_DRAWS",
    "MOST_DRAWS",
    "case_argument",
    "end_of_law_option",
    "json_option",
    "known_on_option",
    "not_blank",
    "on_option",
    "set_option",
    "settings",
]

FEWEST_DRAWS, MOST_DRAWS = (
    2,
    20_000,
)  # the simulation error falls with the square root: more only costs memory

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


class _Draws(click.IntRange):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number: int = super().convert(value, param, ctx)
        except click.BadParameter as error:
            if "range" not in error.message:
                raise
            way_out = "; a few hundred are enough, and the memory needed grows with their number"
            self.fail(error.message.rstrip(".") + way_out, param, ctx)
        return number


DRAWS = _Draws(FEWEST_DRAWS, MOST_DRAWS)


def case_argument(function: F) -> F:
    """CASE: a shipped name or a folder."""
    return click.argument("case", metavar="CASE", callback=_named_case)(function)


def _named_case(ctx: click.Context, param: click.Parameter, value: str) -> str:
    not_blank("CASE", value, "a shipped case or a case folder")
    return value


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
    """The settings as a mapping. Raises OverrideError, also for a key that is set twice."""
    from kanrin.base import OverrideError
    from kanrin.facts import parse_setting

    found: dict[str, str] = {}
    for key, value in map(parse_setting, set_):
        if key in found:
            raise OverrideError(f"--set {key} is set twice, to {found[key]} and to {value}; give it once")
        found[key] = value
    return found


def not_blank(name: str, value: str | None, expected: str) -> None:
    """Refuse an option that was given with nothing in it."""
    if value is not None and not value.strip():
        raise click.BadParameter(f"expected {expected}, got an empty text", param_hint=repr(name))
