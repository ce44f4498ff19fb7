"""The calls of Python and of the command line: a book, the law, a waterfall, a chain, a plan, a brief; one
call each.

Every call takes a case or its name or folder, days as `date` or as text YYYY-MM-DD, and `overrides` as
`{key: value}`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kanrin.app._results import is_result, result_figure
from kanrin.base import Figure, InputError, UnknownName
from kanrin.facts import Case, load_case
from kanrin.rules import Book, EndOfLaw, open_book
from kanrin.rules import explain as explain_key

if TYPE_CHECKING:
    from kanrin.answer import Answered
    from kanrin.app._law import Law, LawDiff
    from kanrin.cost import Waterfall
    from kanrin.report import Brief

__all__ = ["book", "brief", "diff", "explain", "law", "plan", "waterfall"]

CaseLike = Case | str | Path
Day = date | str | None
Settings = Mapping[str, str | float]
WATERFALL = "waterfall"


def _case(case: CaseLike, overrides: Settings | None = None) -> Case:
    loaded = case if isinstance(case, Case) else load_case(case)
    return loaded.with_overrides(overrides) if overrides else loaded


def _day(value: Day) -> date | None:
    from kanrin.app._options import day

    if value is None or isinstance(value, date):
        return value
    try:
        return day(value)
    except ValueError as error:
        raise InputError(str(error)) from None


def book(
    case: CaseLike,
    on: Day = None,
    known_on: Day = None,
    *,
    end_of_law: EndOfLaw | str = EndOfLaw.REFUSE,
    overrides: Settings | None = None,
) -> Book:
    """The book of a case: every number by key, as read on a day and known on a day (default: the day the
    case names).

    Raises InputError (a kind of it for each fault): unknown case or key, a date before any rule, a wrong
    value.
    """
    return open_book(_case(case, overrides), _day(on), _day(known_on), end_of_law)


def law(case: CaseLike, on: Day = None, known_on: Day = None) -> Law:
    """The law in force on a day as known on a day, with what is only announced, considered or reported
    apart."""
    from kanrin.app._law import law_of

    return law_of(book(case, on, known_on))


def diff(case: CaseLike, before: Day, after: Day, *, known_on: Day = None, effects: bool = True) -> LawDiff:
    """What changed in the law between two days, and what it does to each candidate, JPY per vehicle at zero
    margin.

    Each day is read as known on that day, or both as known on `known_on`. `effects=False` leaves the
    candidates out.
    """
    from kanrin.app._effects import diff_of

    loaded = _case(case)
    return diff_of(book(loaded, before, known_on), book(loaded, after, known_on), effects=effects)


def waterfall(
    case: CaseLike,
    model: str,
    *,
    on: Day = None,
    known_on: Day = None,
    units: float | None = None,
    list_price: float | None = None,
    end_of_law: EndOfLaw | str = EndOfLaw.REFUSE,
    overrides: Settings | None = None,
) -> Waterfall:
    """The landed-cost waterfall of one candidate, JPY per vehicle, from factory gate to on-the-road price.

    Without `list_price` (tax included, without levies) it shows the price that just pays, at zero margin.
    `units` a year decide which certification is cheapest. Raises UnknownName for a model the case does not
    have.
    """
    from kanrin.app._landed import waterfall_of

    opened = book(case, on, known_on, end_of_law=end_of_law, overrides=overrides)
    return waterfall_of(opened, model, units, list_price).waterfall


def explain(
    case: CaseLike,
    key: str,
    *,
    on: Day = None,
    known_on: Day = None,
    end_of_law: EndOfLaw | str = EndOfLaw.REFUSE,
    overrides: Settings | None = None,
    answer: Mapping[str, Any] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Figure:
    """The figure behind a key of the case, a line of a waterfall or a result of a plan, with all it comes
    from.

    `waterfall.<model>.<line>` names a line, `decision.<model>.units`, `total.profit_jpy` and the like a
    result; a result is read from `answer` (the content of plan.json) or, without it, planned anew with the
    defaults. `figure.walk()` runs down the chain. Raises UnknownName with near names, or NotInForce.
    """
    terms = {"on": on, "known_on": known_on, "end_of_law": end_of_law, "overrides": overrides}
    if is_result(key) or (answer is not None and key in answer["figures"]):
        made = answer if answer is not None else plan(case, progress=progress, **terms).answer  # type: ignore[arg-type]
        return result_figure(made, key)
    opened = book(case, **terms)  # type: ignore[arg-type]
    if not key.startswith(f"{WATERFALL}."):
        return explain_key(opened, key)
    from kanrin.app._landed import waterfall_figures

    model, _, line = key[len(WATERFALL) + 1 :].partition(".")
    figures = waterfall_figures(opened, model)
    if line not in figures:
        raise UnknownName(f"line of the waterfall of {model}", line, figures)
    return replace(figures[line], key=key)


def plan(
    case: CaseLike,
    *,
    on: Day = None,
    known_on: Day = None,
    maker: str | None = None,
    candidates: Sequence[str] | None = None,
    draws: int = 200,
    seed: int = 1,
    end_of_law: EndOfLaw | str = EndOfLaw.REFUSE,
    comparables: Mapping[str, Sequence[str]] | None = None,
    overrides: Settings | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Answered:
    """Which of the maker's candidates to bring over: `plan(...).answer` is the content of plan.json.

    `comparables` maps a candidate to models of the market that are like it; `progress` is called with
    (done, total, what). Same inputs and seed, same answer. Raises InputError for bad input and SolveError
    when no equilibrium is found.
    """
    from kanrin.answer import answer_plan

    return answer_plan(
        _case(case, overrides),
        on=_day(on),
        known_on=_day(known_on),
        maker=maker,
        candidates=candidates,
        draws=draws,
        seed=seed,
        end_of_law=end_of_law,
        comparables=comparables,
        progress=progress,
    )


def brief(plan: Answered) -> Brief:
    """The page of a plan as HTML, Markdown, JSON and CSV."""
    from kanrin.report import Brief

    return Brief(plan.answer)
