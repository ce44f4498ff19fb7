"""`kanrin backtest`: how good forecasts of cars not sold yet have been."""

from __future__ import annotations

from pathlib import Path

import click

from kanrin.app._options import DRAWS, case_argument, json_option, not_blank

__all__ = ["command"]


@click.command(
    "backtest",
    help="Tell how good forecasts of new cars have been in CASE: cars that came in earlier years, each "
    "predicted in its first full year from the years before, and every model of the base market predicted "
    "from the others. Coverage of intervals, CRPS, skill against simple references, worst misses, and the "
    "factor by which a plan widens the spread.",
)
@case_argument
@click.option(
    "--data",
    metavar="FOLDER",
    type=click.Path(),
    help="Predict the cars of this folder (raw_products.csv, households_cpi.csv) anew. Default: the "
    "results that the case ships.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(),
    help="Write backtest.json, backtest.csv and the calibration picture (calibration.svg) here.",
)
@click.option("--force", is_flag=True, help="Write into --out though it is not empty.")
@click.option(
    "--draws", type=DRAWS, default=200, show_default=True, metavar="N", help="Draws of each forecast."
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, metavar="N", help="Seed of them."
)
@json_option
def command(
    case: str, data: str | None, out: str | None, force: bool, draws: int, seed: int, as_json: bool
) -> None:
    """How good forecasts of new cars have been."""
    from kanrin.app import _calls
    from kanrin.app._backtest_told import print_backtest, write_backtest
    from kanrin.app._out_folder import check_out_folder
    from kanrin.app._terminal import print_json, working

    not_blank("--data", data, "a folder of product data")
    not_blank("--out", out, "a folder to write into")
    if out is not None:
        check_out_folder(out, force)
    with working("predicting"):
        result = _calls.backtest(case, data, draws=draws, seed=seed)
    if out is not None:
        write_backtest(result, Path(out), force)
        click.echo(f"Written: {out}", err=True)
    if as_json:
        print_json({**result.to_dict(), "table": result.to_rows()})
    else:
        print_backtest(result)
