"""`kanrin estimate`: demand and costs from market data, as a table and as an estimate file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from kanrin.app._options import json_option, not_blank
from kanrin.app._spec_words import in_spec_words
from kanrin.app._unfinished import Unfinished, left_behind

if TYPE_CHECKING:
    from kanrin.app._estimate_spec import EstimateSpec
    from kanrin.app._spec_reader import Placed
    from kanrin.estimation import EstimationResults, FirstStage, Progress

__all__ = ["command"]

_CHECKED = ("price_definition", "rename", "left_to_xi", "log_income_sd", "nodes")


@click.command(
    "estimate",
    help="Estimate what SPEC describes: its data file, formulas, instruments, agents and weights "
    "(TOML; files it names are relative to it). Prints the coefficients with standard errors, the "
    "over-identification test and how strongly the instruments move what they must. A search that does "
    "not settle ends with exit code 1, and writes nothing. One that is interrupted is kept beside --out, "
    "and --resume goes on with it.",
)
@click.argument("spec", metavar="SPEC", type=click.Path())
@click.option(
    "--out",
    type=click.Path(),
    metavar="FILE",
    help="Write the estimate file (TOML) here; simulate, plan and Python read it.",
)
@click.option("--resume", is_flag=True, help="Go on with the search that was interrupted, kept beside --out.")
@click.option("--force", is_flag=True, help="Write over --out though it exists.")
@click.option(
    "--table",
    "form",
    type=click.Choice(["text", "markdown", "latex"]),
    default="text",
    show_default=True,
    help="How the table is written.",
)
@json_option
def command(spec: str, out: str | None, resume: bool, force: bool, form: str, as_json: bool) -> None:
    """Estimate a specification."""
    not_blank("SPEC", spec, "the path of a specification (TOML)")
    not_blank("--out", out, "a file")
    kept = Unfinished(out)
    try:
        _estimate(spec, kept, resume, force, form, as_json)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(kept.interrupted()) from None


def _estimate(spec: str, kept: Unfinished, resume: bool, force: bool, form: str, as_json: bool) -> None:
    """Read, estimate, write and show; `kept` knows what an interrupt must keep."""
    from kanrin.app._estimate_spec import EstimateSpec
    from kanrin.app._estimated import estimated, problem_of
    from kanrin.app._out_file import check_out_file, write_whole
    from kanrin.app._spec_reader import read_spec
    from kanrin.app._terminal import working
    from kanrin.base import SolveError
    from kanrin.estimation import check_words

    out = kept.out
    placed = read_spec(spec, EstimateSpec, "a specification of an estimate")
    if out is not None:
        check_out_file(out, force)
    left = left_behind(out, resume)
    with working("reading the data"):
        problem = problem_of(placed)
    with placed.at("save"):
        check_words(problem, **placed.content.save.model_dump(include=set(_CHECKED)))
    with working(f"estimating {problem.rows:,} products in {len(problem.market_names)} markets") as say:

        def follow(progress: Progress) -> None:
            kept.search = progress
            if say is not None:
                say(str(progress))

        results = estimated(placed, problem, follow, left)
        kept.done()
        strength = _strength(results)
    if out is not None and results.converged:
        with placed.at("save"):
            write_whole(out, lambda path: results.save(path, **_words(placed)), lambda: kept.done(out))
    _show(placed, results, strength, form, as_json)
    if kept.written:
        click.echo(f"wrote {kept.written}", err=as_json)
        if told := _for_a_plan(kept.written):
            click.echo(told, err=True)
    if not results.converged:
        nothing = "" if out is None else f"; nothing was written to {out}"
        raise SolveError(
            f"{results.search.advice}{nothing}; the table shows where it stopped. [estimation] tries, slope "
            "and steps, [starts] and [bounds] set the search"
        )


def _strength(results: EstimationResults) -> tuple[FirstStage, ...]:
    from kanrin.base import KanrinError

    try:
        return results.strength()
    except KanrinError:
        return ()  # a table without first stages; the estimate itself stands


def _words(spec: Placed[EstimateSpec]) -> dict[str, Any]:
    """The words of the file. The spread of income is that of the agents, where these are log-normal."""
    from kanrin.app._estimate_spec import IncomeAgents

    words = spec.content.save.model_dump() | {"title": spec.content.title}
    match spec.content.agents:
        case IncomeAgents(log_income_sd=sd, median=1.0, nodes=nodes) if nodes > 1:
            if words["log_income_sd"] is None and spec.content.model.price_form == "over-income":
                words["log_income_sd"] = sd  # as it was typed, not as the incomes give it back
    return words


def _for_a_plan(path: str) -> str:
    """Why a plan does not read the file; empty when it does, or when its price is not over income."""
    from kanrin.base import CaseError
    from kanrin.demand import PRICE_FORMS, load_estimate, read_estimate

    saved = load_estimate(path)
    if saved.price is None or saved.price.form not in PRICE_FORMS:
        return ""
    try:
        read_estimate(path)
    except CaseError as error:
        return f"simulate and Python read it; a plan does not:\n{error}"
    return ""


def _show(
    spec: Placed[EstimateSpec],
    results: EstimationResults,
    strength: tuple[FirstStage, ...],
    form: str,
    as_json: bool,
) -> None:
    from dataclasses import replace

    from kanrin.app._terminal import print_json, true_minuses

    if as_json:
        print_json(_plain(spec, results, strength))
        return
    table = results.table
    stages = {f"First stage, {s.variable}": _stage_words(s) for s in strength}
    table = replace(
        table,
        title=": ".join(part for part in (spec.content.title, table.title) if part),
        statistics={**table.statistics, **stages},
        notes=tuple(map(in_spec_words, table.notes)),
    )
    if form == "text":
        click.echo(true_minuses(table.to_text()))
    else:
        click.echo(table.to_markdown() if form == "markdown" else table.to_latex())


def _stage_words(stage: FirstStage) -> str:
    return f"F({stage.freedom[0]}, {stage.freedom[1]}) {stage.F:.1f}, effective {stage.effective_F:.1f}"


def _plain(
    spec: Placed[EstimateSpec], results: EstimationResults, strength: tuple[FirstStage, ...]
) -> dict[str, Any]:
    """The answer for machines; what does not exist is null."""
    table = results.table
    errors = [float(e) if math.isfinite(e) else None for e in table.errors]
    judged: dict[str, Any] | None = None
    if results.is_weighted_optimally:
        value, degrees, p = results.overidentification()
        judged = {"J": value, "degrees": degrees, "p": p}
    return {
        "specification": str(spec.path),
        "title": spec.content.title,
        "observations": results.problem.rows,
        "markets": len(results.problem.market_names),
        "converged": results.converged,
        "objective": results.objective,
        "parameters": [
            {"name": name, "group": group, "estimate": float(value), "std_error": error}
            for name, group, value, error in zip(table.names, table.groups, table.values, errors, strict=True)
        ],
        "over_identification": judged,
        "first_stages": [
            {
                "variable": s.variable,
                "F": _number(s.F),
                "effective_F": _number(s.effective_F),
                "weak": s.is_weak,
            }
            for s in strength
        ],
        "statistics": dict(table.statistics),
        "notes": [in_spec_words(note) for note in table.notes],
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
