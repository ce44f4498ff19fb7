"""Each car that came, predicted from the years before its first full year, with the planner's own forecast.

The car is put into the market of the year before as a plan puts its candidates into the base market: xi from
the effects of that year (xi-model), (blup), on draws of the parameters (predictive). What the car itself sold
in the part of a year it had by then is left out; nothing of the year predicted enters but the car's sheet
and, where asked, its price. Source: (backtest).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kanrin.backtesting._equilibrium_price import Costs, costs_of, settled_price
from kanrin.backtesting._one_car import implied_delta, log_share, rival_utility
from kanrin.backtesting._panel import Entry, Panel, YearMarket, whole_year
from kanrin.backtesting._year_fit import YearFit, fit_year, normals
from kanrin.base import Bools, Floats, Ints
from kanrin.demand import (
    Candidate,
    Estimate,
    NameplateHistory,
    Nameplates,
    forecast,
    leave_one_out,
)

__all__ = ["EntryForecast", "base_years", "forecast_entries", "nearest_cars"]

NEAREST = 3  # cars named as comparables
_LEAST_VARIANCE = 0.01  # utils squared, of the error in a nameplate's residual


@dataclass(frozen=True)
class EntryForecast:
    """One car predicted, on D draws. `log_units_at` gives its units when the sd of xi is scaled."""

    entry: Entry
    brand: str
    body: str
    is_foreign: bool
    is_known_brand: bool  # whether the brand sold cars the year before
    outcome: float  # log of the vehicles sold in the first full year
    mean: Floats  # (D,) mean utility at the forecast's mean xi
    sd: float  # of xi, utils
    gap: Floats  # (D,) the xi that gives what sold, less the forecast's mean
    z: Floats  # (D,) standard normals
    effect: Floats  # (D, I) alpha_i p
    rivals: Floats  # (D, I)
    weights: Floats  # (I,)
    size: float  # potential buyers

    def log_units_at(self, scale: float = 1.0) -> Floats:
        """(D,) draws of log units."""
        delta = self.mean + scale * self.sd * self.z
        out: Floats = np.log(self.size) + log_share(delta, self.effect, self.rivals, self.weights)
        return out

    def at_price(self, price: Floats, slopes: Floats) -> EntryForecast:
        """The same forecast at other prices (D,), million JPY."""
        effect = slopes * price[:, None]
        sold = self.outcome - float(np.log(self.size))
        gap = implied_delta(sold, effect, self.rivals, self.weights) - self.mean
        return replace(self, effect=effect, gap=gap)


def forecast_entries(
    panel: Panel,
    entries: Sequence[Entry],
    estimate_at: Callable[[int], Estimate],
    *,
    process: Nameplates | None = None,
    comparable_share: float = 0.0,
    equilibrium: bool = False,
    draws: int = 400,
    seed: int = 1,
    fits: Mapping[int, YearFit] | None = None,
) -> tuple[EntryForecast, ...]:
    """Predict entries, each from the years before its first full year, at the price it had.

    estimate_at(t) is the demand used for entries of year t; `process` says what a returning name's own past
    counts; with `comparable_share` the nearest cars in attributes and price are named as comparables; with
    `equilibrium` the price is that of (newmodel), from a predicted cost, instead of the one the car had.
    `fits` of `base_years` saves fitting them again.
    """
    fits = base_years(panel, entries, estimate_at, draws, seed) if fits is None else fits
    costs = {year: costs_of(fit) for year, fit in fits.items()} if equilibrium else {}
    return tuple(
        _forecast_one(
            panel, e, fits[e.year], costs.get(e.year), estimate_at(e.year), process, comparable_share, seed
        )
        for e in entries
    )


def base_years(
    panel: Panel, entries: Sequence[Entry], estimate_at: Callable[[int], Estimate], draws: int, seed: int
) -> dict[int, YearFit]:
    """By first full year, the market of the year before, fitted once for all cars and ways to predict
    them."""
    found = {}
    for year in sorted({e.year for e in entries}):
        base = panel.markets[year - 1]
        found[year] = fit_year(base, whole_year(base, panel), estimate_at(year), draws, seed)
    return found


def _forecast_one(
    panel: Panel,
    entry: Entry,
    fit: YearFit,
    costs: Costs | None,
    estimate: Estimate,
    process: Nameplates | None,
    comparable_share: float,
    seed: int,
) -> EntryForecast:
    then = panel.markets[entry.year]
    j = then.row(entry.name)
    base = fit.market
    attributes, price = then.attributes[j], float(then.price[j])
    own = base.row(entry.name) if entry.name in base.name else None
    nearest = nearest_cars(base, fit.rows, then, j) if comparable_share else ()
    position = np.cumsum(fit.rows) - 1  # rows of the model of xi
    car = Candidate(
        then.brand[j],
        then.body[j],
        then.powertrain[j],
        False,
        bool(then.is_foreign[j]),
        entry.name,
        tuple(int(position[k]) for k in nearest),
    )
    nameplates = None
    if process is not None and entry.is_return:
        nameplates = _with_history(panel, entry, estimate, process)
    found = forecast(fit.model, [car], nameplates=nameplates, comparable_share=comparable_share)
    xi = fit.xi[:, fit.rows] @ found.weights[0] + found.offset[0]
    mean = fit.beta @ attributes + xi
    rivals = rival_utility(fit.delta, fit.slopes, base.price, own)
    effect = fit.slopes * price
    outcome = float(np.log(then.units[j]))
    z, cost_z = normals(len(mean), 2, (seed, entry.year, j)).T
    told = EntryForecast(
        entry=entry,
        brand=then.brand[j],
        body=then.body[j],
        is_foreign=bool(then.is_foreign[j]),
        is_known_brand=then.brand[j] in fit.model.labels.brand,
        outcome=outcome,
        mean=mean,
        sd=float(found.sd[0]),
        gap=implied_delta(outcome - float(np.log(base.size)), effect, rivals, fit.weights) - mean,
        z=z,
        effect=effect,
        rivals=rivals,
        weights=fit.weights,
        size=base.size,
    )
    if costs is None:
        return told
    others: Bools = np.array([n != entry.name for n in base.name])
    central = float(attributes @ estimate.beta + found.mean[0])
    settled = settled_price(fit, costs, others, then.brand[j], attributes, central, cost_z)
    return told.at_price(settled, fit.slopes)


def nearest_cars(base: YearMarket, rows: Bools, then: YearMarket, j: int) -> tuple[int, ...]:
    """Rows of `base` among those marked that are nearest to car j of `then`: body first, then attributes and
    log price, each in its standard deviations."""

    def sheet(market: YearMarket) -> Floats:
        return np.column_stack([market.attributes, np.log(market.price)])

    spread = sheet(base)[rows].std(axis=0)
    spread[spread == 0] = 1.0
    away = np.sqrt((((sheet(base) - sheet(then)[j]) / spread) ** 2).sum(axis=1))
    body = np.array([b == then.body[j] for b in base.body])
    among = rows & body if int((rows & body).sum()) >= NEAREST else rows
    order: Ints = np.argsort(np.where(among, away, np.inf), kind="stable")
    return tuple(int(k) for k in order[:NEAREST])


def _with_history(panel: Panel, entry: Entry, estimate: Estimate, process: Nameplates) -> Nameplates | None:
    """The name's residual in the last whole year of its earlier life, as (xi-model) of that year leaves
    it."""
    for year in reversed(entry.seen_before):
        if year not in panel.markets or entry.name not in panel.markets[year].name:
            continue
        market = panel.markets[year]
        rows = whole_year(market, panel)
        j = market.row(entry.name)
        if not rows[j]:
            continue
        fit = fit_year(market, rows, estimate, 2, 0)
        left = leave_one_out(fit.model)
        k = int(np.cumsum(rows)[j]) - 1
        if not np.isfinite(left.error[k]):
            continue
        variance = max(float(left.sd[k]) ** 2 - process.mu2, _LEAST_VARIANCE)
        history = NameplateHistory(float(left.error[k]), variance, float(entry.year - 1 - year))
        return replace(process, histories={entry.name: history})
    return None
