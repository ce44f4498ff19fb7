"""`kanrin.backtest`: the results on cars that came, shipped or made anew, with the base market's models left
out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from threadpoolctl import threadpool_limits

from kanrin.app._backtest_data import read_panel
from kanrin.backtesting import Backtest, backtest_entries, read_results, with_market
from kanrin.base import InputError
from kanrin.demand import Nameplates
from kanrin.facts import Case
from kanrin.lineup import build_market, fitting_estimate
from kanrin.rules import open_book

__all__ = ["SCALE", "backtested", "recomputed"]

SCALE = "backtest.xi_scale"


def backtested(
    case: Case,
    data: Path | None = None,
    *,
    draws: int = 200,
    seed: int = 1,
    say: Callable[[str], None] | None = None,
) -> Backtest:
    """How good forecasts of new cars have been in a case; with `data`, made anew from that folder."""
    with threadpool_limits(limits=1, user_api="blas"):  # the matrices are small: more threads only wait
        return _backtested(case, data, draws, seed, say or (lambda what: None))


def _backtested(
    case: Case, data: Path | None, draws: int, seed: int, tell: Callable[[str], None]
) -> Backtest:
    if data is None:
        if not case.about.backtest:
            raise InputError(
                f"{case.folder / 'case.toml'}: no backtest named; name a results file there, "
                'for example backtest = "estimates/backtest.toml", or give --data'
            )
        result = read_results(case.folder / case.about.backtest)
    else:
        tell("predicting the cars that came")
        result = recomputed(case, data, draws=draws, seed=seed)
    tell("leaving models out of the base market")
    book = open_book(case, case.about.default_on, case.about.default_on)
    market = build_market(book, book.number)
    return with_market(
        replace(result, case=case.name),
        market,
        year=case.about.market_year,
        origin=case.about.origin,
        home=case.about.destination,
        scale=book.number(SCALE),
        draws=draws,
        seed=seed,
    )


def recomputed(case: Case, data: Path, *, draws: int = 400, seed: int = 1) -> Backtest:
    """The cars that came, predicted from a folder of product data (backtest)."""
    estimate = fitting_estimate(case)
    base = re.search(r"\d{4}$", case.about.estimate_price)
    if base is None:
        raise InputError(
            f"{case.folder / 'case.toml'}: estimate_price names no year; the prices of --data need one"
        )
    panel = read_panel(data, estimate, int(base.group()))
    process = {name: p.value for name, p in case.sidecars["nameplates"].parameters.items()}
    return backtest_entries(
        panel,
        lambda year: estimate,
        case=case.name,
        source=f"product data {panel.years[0]}-{panel.years[-1]}, demand of {estimate.origin}",
        process=Nameplates(process["mu2"], process["phi"], process["noise2"], process.get("version2", 0.0)),
        comparable_share=case.assumptions["demand.comparable_share"].value,
        draws=draws,
        seed=seed,
    )
