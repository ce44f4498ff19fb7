"""Cars that came, predicted from earlier years: no look-ahead, and right where the model is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_panel import ESTIMATE, LAST, made_panel

from kanrin.backtesting import (
    AT_PRICE,
    Panel,
    backtest_entries,
    first_full_years,
    forecast_entries,
    pit_at,
    read_results,
    results_text,
)
from kanrin.base import InputError

DRAWS = 40


@pytest.fixture(scope="module")
def panel():
    return made_panel()


def told(panel, entries, **ways):
    return forecast_entries(panel, entries, lambda year: ESTIMATE, draws=DRAWS, **ways)


def altered(panel, year, **changes):
    """The panel with one year's market changed."""
    market = replace(panel.markets[year], **changes)
    return Panel({**panel.markets, year: market}, panel.on_sale)


def test_entries_are_those_with_a_full_year():
    base = made_panel().markets[2006]

    def market(year, names):
        rows = slice(0, len(names))
        return replace(
            base, year=year, name=tuple(names), brand=base.brand[rows], body=base.body[rows],
            powertrain=base.powertrain[rows], is_foreign=base.is_foreign[rows], units=base.units[rows],
            price=base.price[rows], attributes=base.attributes[rows],
        )  # fmt: skip

    on_sale = {
        "stays": (2006, 2007, 2008, 2009),
        "comes": (2007, 2008, 2009),
        "left at once": (2007, 2008),  # no year after the one that should be full
        "came last": (2009,),
        "at the end": (2008, 2009),
        "back": (2006, 2008, 2009),
    }
    years = range(2006, 2010)
    panel = Panel({t: market(t, [n for n, s in on_sale.items() if t in s]) for t in years}, on_sale)
    entries, not_full = first_full_years(panel)
    assert [(e.name, e.entered, e.year) for e in entries] == [
        ("comes", 2007, 2008),
        ("at the end", 2008, 2009),
        ("back", 2008, 2009),
    ]
    assert [e.is_return for e in entries] == [False, False, True]
    assert not_full == 1
    with pytest.raises(InputError, match="no car entered"):
        first_full_years(Panel(panel.markets, {"stays": on_sale["stays"]}))


@pytest.mark.parametrize("ways", [{}, {"comparable_share": 0.5}, {"equilibrium": True}])
def test_no_look_ahead(panel, ways):
    """The forecast of year t knows nothing of what sells from t on, nor of prices but the car's own."""
    entries = [e for e in first_full_years(panel)[0] if e.year == 2010][:3]
    before = told(panel, entries, **ways)
    rng = np.random.default_rng(5)
    changed = panel
    for year in range(2010, LAST + 1):
        market = panel.markets[year]
        own = np.isin(market.name, [e.name for e in entries])
        changed = altered(
            changed,
            year,
            units=market.units * rng.uniform(0.2, 0.9, market.units.size),
            price=np.where(own, market.price, market.price * rng.uniform(0.5, 2.0, own.size)),
            size=market.size * 1.3,
        )
    after = told(changed, entries, **ways)
    for a, b in zip(before, after, strict=True):
        assert np.array_equal(a.mean, b.mean)
        assert a.sd == b.sd
        assert np.array_equal(a.log_units_at(), b.log_units_at())
        assert a.outcome != b.outcome
    sold = panel.markets[2009].units
    earlier = altered(panel, 2009, units=sold * np.linspace(0.5, 1.0, sold.size))
    assert not np.array_equal(told(earlier, entries, **ways)[0].mean, before[0].mean)


def test_what_the_car_itself_had_sold_is_left_out(panel):
    """Its part of a year moves nothing but, slightly, how the others' shares are read."""
    entry = next(e for e in first_full_years(panel)[0] if e.year == 2010)
    base = panel.markets[2009]
    at = np.array([n == entry.name for n in base.name])
    moved = told(altered(panel, 2009, units=np.where(at, 0.2 * base.units, base.units)), [entry])[0]
    assert moved.mean == pytest.approx(told(panel, [entry])[0].mean, abs=0.02)


def test_places_are_those_of_the_draws(panel):
    """P(units below what sold) by xi (pit_at) is the share of draws below it."""
    forecasts = told(panel, first_full_years(panel)[0][:12])
    pit = pit_at(np.stack([f.gap for f in forecasts]), np.array([f.sd for f in forecasts]))
    below = [float((f.log_units_at() < f.outcome).mean()) for f in forecasts]
    assert pit == pytest.approx(np.array(below), abs=0.12)  # 40 draws, a Latin hypercube


def test_intervals_hold_where_the_model_is_true():
    """The truth has the forecast's model: 80 % intervals hold 80 % of cars, within their error."""
    gap, sd = [], []
    for seed in (1, 2, 3):
        one = made_panel(seed=seed)
        found = told(one, first_full_years(one)[0])
        gap += [f.gap for f in found]
        sd += [f.sd for f in found]
    pit = pit_at(np.stack(gap), np.array(sd))
    n = pit.size
    assert n > 100
    for level in (0.5, 0.8, 0.9):
        error = np.sqrt(level * (1 - level) / n)
        assert np.mean(np.abs(pit - 0.5) <= level / 2) == pytest.approx(level, abs=3 * error + 0.03)


def test_results_survive_their_file(panel, tmp_path):
    result = backtest_entries(panel, lambda year: ESTIMATE, case="made", source="made up", draws=DRAWS)
    assert result.score("entries", AT_PRICE, "all").count == result.factor_count
    file = tmp_path / "backtest.toml"
    file.write_text(results_text(result, "made up"), encoding="utf-8")
    again = read_results(file)
    assert [s.hits for s in again.scores] == [s.hits for s in result.scores]
    assert again.factor == pytest.approx(result.factor, abs=1e-6)
    assert len(again.to_frame()) == len(result.scores)
    assert "spread x" in repr(again)


def test_the_same_seed_gives_the_same_result(panel):
    entries = first_full_years(panel)[0][:5]
    for a, b in zip(told(panel, entries), told(panel, entries), strict=True):
        assert np.array_equal(a.log_units_at(1.3), b.log_units_at(1.3))
