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

from kanrin.app._given import (
    given_amount,
    given_caps,
    given_case,
    given_comparables,
    given_day,
    given_draws,
    given_end_of_law,
    given_estimate,
    given_limits,
    given_names,
    given_overrides,
    given_seed,
    given_text,
    given_ways,
)
from kanrin.app._results import is_result, result_figure
from kanrin.base import Figure, InputError, UnknownName
from kanrin.facts import Case, load_case
from kanrin.rules import Book, EndOfLaw, open_book
from kanrin.rules import explain as explain_key

if TYPE_CHECKING:
    from kanrin.answer import Answered
    from kanrin.app._law import Law, LawDiff
    from kanrin.backtesting import Backtest
    from kanrin.cost import Waterfall
    from kanrin.demand import Estimate
    from kanrin.lineup import SearchLimits
    from kanrin.report import Brief

__all__ = ["backtest", "book", "brief", "diff", "explain", "law", "plan", "waterfall"]

CaseLike = Case | str | Path
Day = date | str | None
Settings = Mapping[str, str | float]
WATERFALL = "waterfall"


def _case(case: CaseLike, overrides: Settings | None = None) -> Case:
    given, settings = given_case(case), given_overrides(overrides)
    loaded = given if isinstance(given, Case) else load_case(given)
    return loaded.with_overrides(settings) if settings else loaded


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
    days = given_day("on", on), given_day("known_on", known_on)
    return open_book(_case(case, overrides), *days, given_end_of_law(end_of_law))


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
    for name, value in (("before", before), ("after", after)):
        if value is None:
            raise InputError(f"{name}: expected a date or a text YYYY-MM-DD, got None")
        given_day(name, value)
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
    name = given_text("model", model, "the id of a candidate")
    volume = given_amount("units", units, "a number of cars a year")
    price = given_amount("list_price", list_price, "JPY per car")
    return waterfall_of(opened, name, volume, price).waterfall


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
    key = given_text("key", key, "a key of the case, a line of a waterfall or a result of a plan")
    if answer is not None and not (
        isinstance(answer, Mapping) and isinstance(answer.get("figures"), Mapping)
    ):
        raise InputError("answer: expected the content of plan.json, as plan(...).answer gives it")
    if is_result(key) or (answer is not None and key in answer["figures"]):
        made = (
            answer
            if answer is not None
            else plan(
                case, on=on, known_on=known_on, end_of_law=end_of_law, overrides=overrides, progress=progress
            ).answer
        )
        return result_figure(made, key)
    opened = book(case, on=on, known_on=known_on, end_of_law=end_of_law, overrides=overrides)
    if not key.startswith(f"{WATERFALL}."):
        try:
            return explain_key(opened, key)
        except UnknownName as error:
            if error.what != "key":
                raise
            way_out = f"`kanrin explain {opened.case.name} --keys [TEXT]` lists the keys"
            raise UnknownName(error.what, error.name, error.known, way_out) from None
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
    candidates: Sequence[str] | str | None = None,
    draws: int = 200,
    seed: int = 1,
    end_of_law: EndOfLaw | str = EndOfLaw.REFUSE,
    comparables: Mapping[str, Sequence[str] | str] | None = None,
    estimate: str | Path | Estimate | None = None,
    ways: Mapping[str, str] | None = None,
    caps: Mapping[str, float | str] | None = None,
    overrides: Settings | None = None,
    search: SearchLimits | None = None,
    rivals: Sequence[str] | str | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Answered:
    """Which of the maker's candidates to bring over: `plan(...).answer` is the content of plan.json.

    `candidates` names models, as a list or as one text with commas between; `comparables` maps a candidate
    to models of the market that are like it, named in the same way; `estimate` takes the place of the demand
    estimate the case names: a file, one the case names, or `results.to_estimate(...)`; `ways` maps a
    candidate to the way it is to come, `PATHWAY` or `PATHWAY,left|right`; `caps` sets or adds caps, cars a
    year by name (`all`, `maker`, `plant`, `port`, `plant:NAME`, `port:ID`, a candidate, or a cap of the
    case), as a number or as the text `CARS:HOLDER` with who holds the rent; `search` ends the search over
    more than twelve candidates, as `kanrin.lineup.SearchLimits(seconds=30)`; `rivals` names makers that
    answer with line-ups of their own; `progress` is called with (done, total, what). Same inputs and seed,
    same answer. Raises InputError for bad input and
    SolveError when no equilibrium is found.
    """
    from kanrin.answer import answer_plan

    if maker is not None:
        maker = given_text("maker", maker, "the name of a maker, or None")
    return answer_plan(
        _case(case, overrides),
        on=given_day("on", on),
        known_on=given_day("known_on", known_on),
        maker=maker,
        candidates=given_names("candidates", candidates),
        draws=given_draws(draws),
        seed=given_seed(seed),
        end_of_law=given_end_of_law(end_of_law),
        comparables=given_comparables(comparables),
        estimate=given_estimate(estimate),
        limits=given_limits(search),
        ways=given_ways(ways),
        rivals=given_names("rivals", rivals, "names of makers") or (),
        caps=given_caps(caps),
        progress=progress,
    )


def brief(plan: Answered) -> Brief:
    """The page of a plan as HTML, Markdown, JSON and CSV. Raises InputError for what is no plan."""
    from kanrin.report import Brief

    if not isinstance(getattr(plan, "answer", None), Mapping):
        raise InputError(f"plan: expected what kanrin.plan(...) returns, got {plan!r}")
    return Brief(plan.answer)


def backtest(
    case: CaseLike,
    data: str | Path | None = None,
    *,
    draws: int = 200,
    seed: int = 1,
    overrides: Settings | None = None,
) -> Backtest:
    """How good forecasts of cars not sold yet have been (backtest): coverage, CRPS in log units, skill.

    Cars that came in earlier years are each predicted in their first full year from the years before: as the
    case ships it, or anew from the folder `data` (raw_products.csv, households_cpi.csv). Every model of the
    base market is predicted from the others. Raises InputError for a bad folder, SolveError when shares
    cannot be inverted.
    """
    from kanrin.app._backtested import backtested

    folder = None
    if data is not None:
        folder = (
            Path(data)
            if isinstance(data, Path)
            else Path(given_text("data", data, "a folder of product data"))
        )
    return backtested(_case(case, overrides), folder, draws=given_draws(draws), seed=given_seed(seed))
