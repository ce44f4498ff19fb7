"""`kanrin simulate`: what a change does to prices, quantities, profits and buyers."""

from __future__ import annotations

import click

from kanrin.app._options import json_option, not_blank

__all__ = ["command"]


@click.command(
    "simulate",
    help="Take the market that SPEC describes (TOML; files it names are relative to it), estimated or "
    "calibrated, through its changes: merger, divestiture, stake, tariff, tax, specific-tax, cost, quota, "
    "entry, exit. Prints before and after by product and owner, who gains, concentration and how sure "
    "the equilibrium is. A market that cannot be solved is marked, and the exit code is 1.",
)
@click.argument("spec", metavar="SPEC", type=click.Path())
@click.option(
    "--table",
    "form",
    type=click.Choice(["text", "markdown", "latex"]),
    default="text",
    show_default=True,
    help="How the tables are written.",
)
@json_option
def command(spec: str, form: str, as_json: bool) -> None:
    """Simulate a specification."""
    from kanrin.app._simulate_spec import SimulateSpec
    from kanrin.app._simulated import Simulated, prepared, simulated, spread_of
    from kanrin.app._simulation_told import failures, plain, texts
    from kanrin.app._spec_reader import read_spec
    from kanrin.app._terminal import print_json, true_minuses, working
    from kanrin.base import SolveError

    not_blank("SPEC", spec, "the path of a specification (TOML)")
    placed = read_spec(spec, SimulateSpec, "a specification of a simulation")
    with working("preparing the market"):
        source = prepared(placed)
    with working("solving before and after"):
        found = Simulated(simulated(placed, source))
    wanted = placed.content.estimate
    if wanted is not None and wanted.draws and not found.batch.failed:
        with working(f"solving {wanted.draws} draws of the estimate"):
            found = Simulated(found.batch, spread_of(placed, source, wanted))
    if as_json:
        print_json(plain(placed, source, found))
    else:
        told = "\n\n".join(texts(placed, source, found, form))
        if told:
            click.echo(true_minuses(told) if form == "text" else told)
    if found.batch.failed:
        raise SolveError(failures(found.batch, len(source.names)))
