"""Backtest: how good forecasts of cars not sold yet have been, and how much wider their spread must be
(backtest).

Cars that came to a panel of years are predicted from earlier years with the planner's own forecast; the
models of a base market from one another.
"""

from kanrin.backtesting._entry_forecasts import EntryForecast, forecast_entries, nearest_cars
from kanrin.backtesting._market_left_out import MarketForecasts, leave_models_out
from kanrin.backtesting._panel import Entry, Panel, YearMarket, first_full_years
from kanrin.backtesting._result import Backtest, Miss, Score
from kanrin.backtesting._results_file import read_results, results_text
from kanrin.backtesting._run import AT_EQUILIBRIUM, AT_PRICE, WITH_COMPARABLES, backtest_entries, with_market
from kanrin.backtesting._scale import Factor, factor, least_factors, pit_at, rolling_factors
from kanrin.backtesting._scores import (
    LEVELS,
    Coverage,
    coverage,
    crps_sample,
    pit_histogram,
    pit_sample,
    skill,
    wilson,
)

__all__ = [
    "AT_EQUILIBRIUM",
    "AT_PRICE",
    "LEVELS",
    "WITH_COMPARABLES",
    "Backtest",
    "Coverage",
    "Entry",
    "EntryForecast",
    "Factor",
    "MarketForecasts",
    "Miss",
    "Panel",
    "Score",
    "YearMarket",
    "backtest_entries",
    "coverage",
    "crps_sample",
    "factor",
    "first_full_years",
    "forecast_entries",
    "least_factors",
    "leave_models_out",
    "nearest_cars",
    "pit_at",
    "pit_histogram",
    "pit_sample",
    "read_results",
    "results_text",
    "rolling_factors",
    "skill",
    "wilson",
    "with_market",
]
