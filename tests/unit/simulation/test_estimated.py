"""A market of an estimate becomes one to simulate, with the same shares, slopes and costs; its intervals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.estimation import (
    GaussHermite,
    MarketFit,
    build_problem,
    differentiation_instruments,
    estimate,
    read_csv,
)
from kanrin.simulation import (
    Merger,
    NestedRandomCoefficients,
    cost_table,
    diversion_table,
    elasticity_table,
    estimated_market,
    over_estimate,
    pass_through_table,
    screen_merger,
    screen_table,
    simulate,
    solve,
)

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"

RNG = np.random.default_rng(4)
J, I = 5, 8  # noqa: E741
PRICES = 1.0 + RNG.random(J)
ALPHA = -2.0 - RNG.random(I)
TASTE = RNG.normal(size=(J, I))
FIT = MarketFit(
    name="2016", rows=np.arange(J), shares=np.full(J, 0.1), represented=0.8, prices=PRICES,
    delta=RNG.normal(size=J), mu=TASTE + ALPHA * PRICES[:, None], alpha=np.tile(ALPHA, (J, 1)),
    weights=RNG.dirichlet(np.ones(I)), nests=None, rho=np.zeros(J), firms=np.array(list("XXYZZ")),
    ownership=np.equal.outer(list("XXYZZ"), list("XXYZZ")).astype(float), costs=None, is_price_linear=True,
)  # fmt: skip


@pytest.mark.parametrize("nested", [False, True])
def test_shares_at_the_prices_seen_are_those_of_the_fit(nested):
    rho = np.array([0.3, 0.3, 0.6, 0.6, 0.6]) if nested else FIT.rho
    nests = np.array([4, 4, 9, 9, 9]) if nested else None
    fit = replace(FIT, nests=nests, rho=rho)
    market = estimated_market(fit, market_size=1000.0)
    v = fit.delta[:, None] + fit.mu
    x = np.exp(v / (1.0 - rho)[:, None])
    group = np.equal.outer(nests, nests) if nested else np.eye(J, dtype=bool)
    d = group @ x
    first = [0, 2] if nested else range(J)
    total = 1.0 + sum(d[k] ** (1.0 - rho[k]) for k in first)
    s = (x / d * d ** (1.0 - rho)[:, None] / total) @ fit.weights
    found = solve(market)
    assert isinstance(market.demand, NestedRandomCoefficients) is nested
    np.testing.assert_allclose(found.quantities, 800.0 * s, rtol=1e-10)
    np.testing.assert_allclose(found.consumer_price, PRICES, rtol=1e-11)
    assert simulate(market, Merger("X", "Y"), evidence=False).compensating_variation() > 0.0


def test_tastes_for_price_alone_are_solved_as_a_price_game():
    market = estimated_market(replace(FIT, mu=ALPHA * PRICES[:, None]))
    assert market.demand.mu is None
    np.testing.assert_allclose(market.demand.delta, FIT.delta, atol=1e-12)


def test_what_cannot_be_priced_is_refused():
    with pytest.raises(InputError, match="slope of a buyer differs"):
        estimated_market(replace(FIT, is_price_linear=False))
    with pytest.raises(InputError, match="knows no firms"):
        estimated_market(replace(FIT, firms=None))
    with pytest.raises(InputError, match="below zero"):
        estimated_market(replace(FIT, alpha=-FIT.alpha))


@pytest.fixture(scope="module")
def results():
    """A small logit with a random taste for size, on made-up cars, from a polars frame."""
    polars = pytest.importorskip("polars")
    cars = read_csv(EXAMPLES / "cars.csv")
    frame = polars.DataFrame(
        {**cars.columns, "share": cars.numbers("units") / cars.numbers("buyers")}, strict=False
    )
    spread = differentiation_instruments(frame, "size", market="year", firm="maker")
    problem = build_problem(
        frame, "1 + price + size", random="0 + size", agents=GaussHermite(5), shares="share", market="year",
        price="price", firms="maker", instruments=["steel", spread],
    )  # fmt: skip
    return estimate(problem)


OUTCOMES = {
    "elasticities": lambda m: elasticity_table(solve(m)),
    "diversion": lambda m: diversion_table(solve(m)),
    "costs and markups": lambda m: cost_table(solve(m)),
    "pass-through": lambda m: pass_through_table(solve(m)),
    "screens": lambda m: screen_table(screen_merger(solve(m), Merger("North", "South"))),
    "concentration": lambda m: simulate(m, Merger("North", "South"), evidence=False).concentration(),
    "welfare": lambda m: simulate(m, Merger("North", "South"), evidence=False).welfare(),
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_every_outcome_has_an_interval(results, name):
    def outcome(drawn):
        return OUTCOMES[name](estimated_market(drawn.market("2024")))

    spread = over_estimate(results, outcome, draws=12, seed=2)
    table = spread.table(0.9)
    assert "90 % of 12 draws" in table.notes[0] and not spread.failed
    middle = outcome(results)
    numbers = {
        f"{head}: {row}": value
        for head, column in middle.columns.items()
        for row, value in zip(middle.index, column, strict=True)
        if isinstance(value, float)
    }
    assert table["estimate"] == pytest.approx(numbers)
    moved = [k for k in table.index if table["high"][k] > table["low"][k]]
    assert len(moved) > len(table.index) / 2
    assert np.mean([table["low"][k] <= table["estimate"][k] <= table["high"][k] for k in moved]) > 0.8
    assert type(table.to_frame()).__module__.startswith("polars")


def test_a_draw_without_an_answer_is_kept_apart(results):
    values = results.values.copy()
    wide = replace(results, covariance=np.diag((0.6 * np.abs(values)) ** 2))

    def outcome(drawn):
        if drawn is not wide and drawn["price"] > -1.5935:
            raise InputError("the slope of price is too flat")
        return {"slope": drawn["price"]}

    spread = over_estimate(wide, outcome, draws=30)
    assert 5 < len(spread.failed) < 25 and "too flat" in spread.failed[0][1]
    assert spread.outcomes["slope"].size == 30 - len(spread.failed)
    with pytest.raises(InputError, match="flat"):
        over_estimate(wide, lambda r: outcome(r.at(values * 0.5)), draws=3)
