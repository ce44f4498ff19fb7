"""The whole backtest: cars that came to a panel of years, and the base market's models left out one by
one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kanrin.backtesting._compose import (
    entry_scores,
    market_scores,
    references,
    rolling_scores,
    worst_entries,
    worst_models,
)
from kanrin.backtesting._entry_forecasts import EntryForecast, base_years, forecast_entries
from kanrin.backtesting._market_left_out import leave_models_out
from kanrin.backtesting._panel import Panel, first_full_years
from kanrin.backtesting._result import Backtest
from kanrin.backtesting._scale import factor
from kanrin.demand import Estimate, Nameplates
from kanrin.lineup import BaseMarket

__all__ = ["AT_EQUILIBRIUM", "AT_PRICE", "WITH_COMPARABLES", "backtest_entries", "with_market"]

AT_PRICE = "at the price it had"
AT_EQUILIBRIUM = "at the equilibrium price"
WITH_COMPARABLES = "at the price it had, nearest cars named"
_LATER = (
    "Coefficients of demand come from an estimate that uses later years too; effects, components and rivals "
    "do not."
)


def backtest_entries(
    panel: Panel,
    estimate_at: Callable[[int], Estimate],
    *,
    case: str,
    source: str,
    process: Nameplates | None = None,
    comparable_share: float = 0.5,
    later_years: bool = True,
    draws: int = 400,
    seed: int = 1,
) -> Backtest:
    """Predict every car that came in its first full year, from earlier years, in three ways (backtest).

    `later_years` says that estimate_at(t) knows years from t on, which is then noted. Raises InputError when
    no car came, SolveError when a year cannot be inverted.
    """
    entries, not_full = first_full_years(panel)
    fits = base_years(panel, entries, estimate_at, draws, seed)

    def told(share: float = 0.0, equilibrium: bool = False) -> tuple[EntryForecast, ...]:
        return forecast_entries(
            panel, entries, estimate_at, process=process, comparable_share=share, equilibrium=equilibrium,
            seed=seed, fits=fits,
        )  # fmt: skip

    plain = told()
    refs = references(panel, plain, entries, seed)
    scores = entry_scores(plain, AT_PRICE, refs)
    scores += entry_scores(told(equilibrium=True), AT_EQUILIBRIUM, refs)
    scores += entry_scores(told(comparable_share), WITH_COMPARABLES, refs)
    rolled, by_year, least = rolling_scores(plain, AT_PRICE, refs)
    found = factor(least)
    return Backtest(
        case=case,
        period=f"{panel.years[0]}-{panel.years[-1]}",
        source=source,
        factor=found.value,
        factor_low=found.low,
        factor_high=found.high,
        factor_count=found.count,
        used_by_plan=None,
        not_full=not_full,
        scores=(*scores, *rolled),
        misses=worst_entries(plain),
        notes=(_LATER,) if later_years else (),
        factors_by_year=by_year,
    )


def with_market(
    result: Backtest,
    market: BaseMarket,
    *,
    year: int,
    scale: float,
    origin: str,
    home: str,
    draws: int = 200,
    seed: int = 1,
) -> Backtest:
    """The same with the base market's models, each left out: the spread as it is, and as the plan has it.

    `origin` and `home` are the countries whose cars are scored apart, as `built_in` names them.
    """
    told = leave_models_out(market, draws=draws, seed=seed, scale=scale)
    return replace(
        result,
        used_by_plan=scale,
        scores=(
            *(s for s in result.scores if s.data != "market"),
            *market_scores(market, told, scale, origin, home),
        ),
        misses=(*(m for m in result.misses if m.data != "market"), *worst_models(market, told, year)),
    )
