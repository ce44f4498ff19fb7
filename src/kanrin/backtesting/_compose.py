"""From forecasts and what sold to scores by group, the factor of the spread, and the worst misses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kanrin.backtesting._benchmarks import brand_cars, plain_logit, segment_entries
from kanrin.backtesting._entry_forecasts import EntryForecast
from kanrin.backtesting._market_left_out import MarketForecasts
from kanrin.backtesting._panel import Entry, Panel
from kanrin.backtesting._result import Miss, Score
from kanrin.backtesting._scale import least_factors, pit_at, rolling_factors
from kanrin.backtesting._scores import coverage, crps_sample, pit_histogram
from kanrin.base import Bools, Floats
from kanrin.lineup import BaseMarket

__all__ = ["entry_scores", "market_scores", "rolling_scores", "worst_entries", "worst_models"]

FEWEST = 5  # cars in a group that is scored
WORST = 5
ENTRIES, MARKET = "entries", "market"
References = Mapping[str, Floats]  # by name, (N,) CRPS of a reference


def _score(
    data: str,
    forecast: str,
    group: str,
    at: Bools,
    pit: Floats,
    draws: Floats,
    outcome: Floats,
    refs: References,
) -> Score:
    median = np.median(draws[at], axis=1)
    return Score(
        data=data,
        forecast=forecast,
        group=group,
        count=int(at.sum()),
        hits=tuple(c.hits for c in coverage(pit[at])),
        pit=tuple(int(n) for n in pit_histogram(pit[at])),
        crps=float(crps_sample(draws[at], outcome[at]).mean()),
        bias=float((outcome[at] - median).mean()),
        miss=float(np.abs(outcome[at] - median).mean()),
        **{f"crps_{name}": float(values[at].mean()) for name, values in refs.items()},
    )


def _groups(told: Sequence[EntryForecast]) -> dict[str, Bools]:
    returned = np.array([f.entry.is_return for f in told])
    known = np.array([f.is_known_brand for f in told])
    foreign = np.array([f.is_foreign for f in told])
    return {
        "all": np.ones(len(told), dtype=bool),
        "new name": ~returned,
        "returning name": returned,
        "new name, brand known here": ~returned & known,
        "brand from abroad": foreign,
        "brand from here": ~foreign,
    }


def references(
    panel: Panel, told: Sequence[EntryForecast], entries: Sequence[Entry], seed: int
) -> References:
    """(N,) CRPS by reference: the brand's cars, entries of the segment, plain logit."""
    found: dict[str, list[float]] = {"brand": [], "segment": [], "logit": []}
    for f in told:
        draws = {
            "brand": brand_cars(panel, f.entry),
            "segment": segment_entries(panel, f.entry, entries),
            "logit": plain_logit(panel, f.entry, f.z.size, seed),
        }
        for name, x in draws.items():
            found[name].append(float(crps_sample(x[None], np.array([f.outcome]))[0]))
    return {name: np.array(values) for name, values in found.items()}


def _stacked(told: Sequence[EntryForecast]) -> tuple[Floats, Floats, Floats]:
    return (
        np.stack([f.gap for f in told]),
        np.array([f.sd for f in told]),
        np.array([f.outcome for f in told]),
    )


def entry_scores(told: Sequence[EntryForecast], forecast: str, refs: References) -> list[Score]:
    """Scores of forecasts as they stand, group by group."""
    gap, sd, outcome = _stacked(told)
    draws = np.stack([f.log_units_at() for f in told])
    pit = pit_at(gap, sd)
    return [
        _score(ENTRIES, forecast, name, at, pit, draws, outcome, refs)
        for name, at in _groups(told).items()
        if at.sum() >= (FEWEST if name != "returning name" else 1)
    ]


def rolling_scores(
    told: Sequence[EntryForecast], forecast: str, refs: References
) -> tuple[list[Score], dict[str, float], Floats]:
    """Scores where a factor could be read from earlier years, without it and with it; the factors by year;
    and (N,) the least factor of every car."""
    gap, sd, outcome = _stacked(told)
    year = np.array([f.entry.year for f in told])
    least = least_factors(gap, sd)
    factors = rolling_factors(least, year)
    at = np.isfinite(factors)
    if not at.any():
        return [], {}, least
    by_year = {str(t): float(factors[year == t][0]) for t in np.unique(year[at])}
    scale = np.where(at, factors, 1.0)
    out = []
    for words, k in (("", np.ones(len(told))), (", scaled", scale)):
        draws = np.stack([f.log_units_at(float(s)) for f, s in zip(told, k, strict=True)])
        pit = pit_at(gap, sd, k)
        out.append(
            _score(ENTRIES, f"{forecast}{words}", "after a factor was known", at, pit, draws, outcome, refs)
        )
    return out, by_year, least


def market_scores(
    market: BaseMarket, told: MarketForecasts, scale: float, origin: str, home: str
) -> list[Score]:
    """Scores of the base market's models, each predicted from the others, without the factor and with it."""
    models = [market.models[k] for k in told.rows]
    built = np.array([m.built_in for m in models])
    from_home = built == home
    counted = np.array([str(m.units_status) == "fact" for m in models])
    groups = {
        "all": np.ones(len(models), dtype=bool),
        "sales counted": counted,
        "built abroad": ~from_home,
        f"built in {origin}": built == origin,
    }
    refs = {
        "brand": _crps_each(told.brand_cars, told.outcome),
        "segment": _crps_each(told.segment_cars, told.outcome),
        "logit": crps_sample(told.logit, told.outcome),
    }
    out = []
    for words, draws, k in (
        ("left out", told.log_units, 1.0),
        ("left out, scaled", told.log_units_scaled, scale),
    ):
        pit = pit_at(told.gap, told.sd, k)
        for name, at in groups.items():
            if at.sum() >= FEWEST:
                out.append(_score(MARKET, words, name, at, pit, draws, told.outcome, refs))
    return out


def _crps_each(draws: Sequence[Floats], outcome: Floats) -> Floats:
    return np.array([float(crps_sample(x[None], outcome[k : k + 1])[0]) for k, x in enumerate(draws)])


def worst_entries(told: Sequence[EntryForecast]) -> tuple[Miss, ...]:
    """The cars farthest from their median forecast."""
    gap, sd, outcome = _stacked(told)
    median = np.array([np.median(f.log_units_at()) for f in told])
    pit = pit_at(gap, sd)
    far = np.argsort(-np.abs(outcome - median), kind="stable")[:WORST]
    return tuple(
        Miss(
            ENTRIES,
            told[k].entry.name,
            told[k].entry.year,
            float(np.exp(outcome[k] - median[k])),
            float(pit[k]),
        )
        for k in far
    )


def worst_models(market: BaseMarket, told: MarketForecasts, year: int) -> tuple[Miss, ...]:
    """The models of the base market farthest from their median forecast."""
    median = np.median(told.log_units, axis=1)
    pit = pit_at(told.gap, told.sd)
    far = np.argsort(-np.abs(told.outcome - median), kind="stable")[:WORST]
    found = []
    for k in far:
        m = market.models[told.rows[k]]
        name = m.model if m.model.startswith(m.brand) else f"{m.brand} {m.model}"
        found.append(Miss(MARKET, name, year, float(np.exp(told.outcome[k] - median[k])), float(pit[k])))
    return tuple(found)
