"""`kanrin plan`: the decision, on the terminal, as JSON or as a folder with the brief."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kanrin.app._options import (
    DRAWS,
    FEWEST_DRAWS,
    MOST_DRAWS,
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
    from kanrin.answer import Answered

__all__ = ["command"]

HORIZON = "logistics.horizon_months"


@click.command(
    "plan",
    help="Answer for CASE: which of the maker's candidates to bring over, how many of each, at what "
    "price, certified and "
    "shipped how; how likely it is to pay; what it does to the maker's other models, to rivals, to "
    "buyers and to the "
    "trade balance.",
)
@case_argument
@on_option
@known_on_option
@click.option("--maker", metavar="NAME", help="Whose decision it is. Default: the maker the case names.")
@click.option(
    "--candidates",
    metavar="A,B,...",
    help="Consider only these models, by id, with commas between. Default: all of the maker.",
)
@click.option(
    "--rivals",
    metavar="A,B,...",
    help="Makers that answer with line-ups of their own, with commas between: what the plan is worth then.",
)
@set_option
@click.option(
    "--comparable",
    "comparable",
    multiple=True,
    metavar="MODEL=MARKETMODEL",
    help="Say that a candidate is like a model of the market. May be repeated.",
)
@click.option(
    "--estimate",
    type=click.Path(),
    metavar="FILE",
    help="Take demand from this estimate file, as `kanrin estimate --out` writes it, or from another that "
    "the case names. Default: the estimate of the case.",
)
@click.option(
    "--way",
    "way",
    multiple=True,
    metavar="MODEL=PATHWAY[,left|right]",
    help="Say how a candidate is to come: by this certification pathway, or by two as PATHWAY+PATHWAY, the "
    "second above the cap of the first, with the wheel on this side. May be repeated. Default: the way worth "
    "most to the plan.",
)
@click.option(
    "--cap",
    "cap",
    multiple=True,
    metavar="NAME=CARS",
    help="Most cars a year of NAME: `maker` (a voluntary restraint), `all` (a quota), `plant` or `port` "
    "(each of them), `plant:NAME`, `port:ID`, a candidate, or a cap of the case. `=CARS:treasury` "
    "or `:importer` says that another than the maker gets the rent. May be repeated.",
)
@click.option(
    "--draws",
    type=DRAWS,
    metavar="N",
    default=200,
    show_default=True,
    help=f"Draws of what is not known, {FEWEST_DRAWS} to {MOST_DRAWS}.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), metavar="N", default=1, show_default=True, help="Seed of the draws."
)
@click.option(
    "--search-lineups",
    type=click.IntRange(min=1),
    metavar="N",
    default=4096,
    show_default=True,
    help="With more than twelve candidates: value at most this many line-ups, and say how far from the best "
    "they may be.",
)
@click.option(
    "--search-seconds",
    type=click.FloatRange(min=0.0, min_open=True),
    metavar="S",
    help="The same by the clock; the answer then depends on the machine. Default: no limit.",
)
@click.option(
    "--months",
    type=click.IntRange(1, 120),
    metavar="N",
    help="Months of the schedule from plant to dealer, the first that of --on. Short for --set "
    "logistics.horizon_months=N.",
)
@end_of_law_option
@click.option(
    "--out", type=click.Path(), metavar="DIR", help="Write the brief (HTML, Markdown, JSON, CSV) here."
)
@click.option("--force", is_flag=True, help="Write into --out though it is not empty.")
@json_option
def command(
    case: str,
    on: date | None,
    known_on: date | None,
    maker: str | None,
    candidates: str | None,
    rivals: str | None,
    set_: tuple[str, ...],
    comparable: tuple[str, ...],
    estimate: str | None,
    way: tuple[str, ...],
    cap: tuple[str, ...],
    draws: int,
    seed: int,
    search_lineups: int,
    search_seconds: float | None,
    months: int | None,
    end_of_law: str,
    out: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Plan the export."""
    from kanrin.app import _calls
    from kanrin.app._interrupt import held
    from kanrin.app._out_folder import check_out_folder
    from kanrin.app._terminal import progress_bar
    from kanrin.facts import load_case
    from kanrin.lineup import SearchLimits
    from kanrin.report import write_folder

    not_blank("--maker", maker, "the name of a maker")
    not_blank("--out", out, "a folder")
    not_blank("--estimate", estimate, "an estimate file")
    loaded = load_case(case)
    if out is not None:
        check_out_folder(out, force)
    written: list[Path] = []
    try:
        with progress_bar() as progress:
            made = _calls.plan(
                loaded,
                on=on,
                known_on=known_on,
                maker=maker,
                candidates=_names(candidates, "--candidates", "model ids"),
                rivals=_names(rivals, "--rivals", "names of makers"),
                draws=draws,
                seed=seed,
                end_of_law=end_of_law,
                comparables=_pairs(comparable),
                estimate=estimate,
                ways=_ways(way),
                search=SearchLimits(search_lineups, search_seconds),
                caps=_caps(cap),
                overrides=_with_months(settings(set_), months),
                progress=progress,
            )
        if out is not None:
            texts = _calls.brief(made).texts()
            with held():
                written += write_folder(Path(out), texts, force=force)
        _show(made, written, as_json)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"written to {out}" if written else "nothing was written") from None


def _show(made: Answered, written: Sequence[Path], as_json: bool) -> None:
    from kanrin.app import _calls
    from kanrin.app._terminal import console, print_answer
    from kanrin.report import print_plan

    if as_json:
        print_answer(_calls.brief(made).json())
        return
    print_plan(made.answer, console())
    for path in written:
        click.echo(f"wrote {path}")


def _with_months(found: dict[str, str], months: int | None) -> dict[str, str]:
    """The settings with the months of the schedule among them."""
    if months is None:
        return found
    if HORIZON in found:
        raise click.BadParameter(
            f"{HORIZON} is set twice, by --set and here; give one", param_hint="'--months'"
        )
    return {**found, HORIZON: str(months)}


def _names(text: str | None, option: str, what: str) -> tuple[str, ...] | None:
    """Names between commas, each once; None when the option was not given."""
    if text is None:
        return None
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise click.BadParameter(f"expected {what} with commas between", param_hint=f"'{option}'")
    return names


def _ways(texts: tuple[str, ...]) -> dict[str, str] | None:
    """Ways by candidate, in the order given; each candidate once."""
    ways: dict[str, str] = {}
    for text in texts:
        model, equals, way = (part.strip() for part in text.partition("="))
        if not (equals and model and way):
            raise click.BadParameter(
                f"expected MODEL=PATHWAY or MODEL=PATHWAY,left|right, got {text!r}", param_hint="'--way'"
            )
        if ways.get(model, way) != way:
            raise click.BadParameter(f"{model} is given two ways", param_hint="'--way'")
        ways[model] = way
    return ways or None


def _pairs(texts: tuple[str, ...]) -> dict[str, list[str]] | None:
    """Comparables by candidate, in the order given."""
    pairs: dict[str, list[str]] = {}
    for text in texts:
        model, equals, like = text.partition("=")
        if not (equals and model.strip() and like.strip()):
            raise click.BadParameter(f"expected MODEL=MARKETMODEL, got {text!r}", param_hint="'--comparable'")
        pairs.setdefault(model.strip(), []).extend(name.strip() for name in like.split(","))
    return pairs or None


def _caps(texts: tuple[str, ...]) -> dict[str, str] | None:
    """Caps by name, as written. One name with two limits is refused."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, cars = (part.strip() for part in text.partition("="))
        if not (equals and name and cars):
            raise click.BadParameter(f"expected NAME=CARS, got {text!r}", param_hint="'--cap'")
        if found.setdefault(name, cars) != cars:
            raise click.BadParameter(
                f"{name} is given twice, {found[name]} and {cars}: keep one", param_hint="'--cap'"
            )
    return found or None
