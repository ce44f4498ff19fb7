"""A made-up market over years in which cars come and go, drawn from the model the forecast assumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import kanrin.facts
from kanrin.backtesting import Panel, YearMarket
from kanrin.demand import choice_probabilities, lognormal_income_agents, read_estimate

ESTIMATE = read_estimate(
    Path(kanrin.facts.__file__).parents[1] / "cases" / "us_japan" / "estimates" / "second.toml"
)
FIRST, LAST = 2006, 2013
SIZE = 5e7
BRANDS, BODIES, FUELS = 9, 4, 2
BRAND_SD, BODY_SD, FUEL_SD, CAR_SD = 0.6, 0.5, 0.3, 1.0


def made_panel(cars=90, seed=1, entering=0.6):
    """Cars of which a share enters after the first year and stays; what sold follows from rc-shares."""
    rng = np.random.default_rng(seed)
    agents = lognormal_income_agents(ESTIMATE.log_income_sd, ESTIMATE.nodes)
    brand, body, fuel = (rng.integers(0, n, cars) for n in (BRANDS, BODIES, FUELS))
    xi = (
        BRAND_SD * rng.normal(size=BRANDS)[brand]
        + BODY_SD * rng.normal(size=BODIES)[body]
        + FUEL_SD * rng.normal(size=FUELS)[fuel]
        + CAR_SD * rng.normal(size=cars)
    )
    attributes = np.column_stack(
        [
            rng.uniform(4, 12, cars),
            rng.uniform(-2.8, -1.8, cars),
            rng.uniform(1.9, 2.8, cars),
            rng.integers(0, 2, cars),
            rng.integers(0, 2, cars),
        ]
    ).astype(float)
    price = rng.uniform(1.0, 5.0, cars)
    enters = np.where(rng.random(cars) < entering, rng.integers(FIRST + 1, LAST, cars), FIRST)
    constant = -22.0
    alpha = agents.alpha(ESTIMATE.alpha)
    markets = {}
    for year in range(FIRST, LAST + 1):
        on = np.flatnonzero(enters <= year)
        delta = constant + attributes[on] @ ESTIMATE.beta + xi[on]
        inside, _ = choice_probabilities(delta, alpha, price[on])
        markets[year] = YearMarket(
            year=year,
            size=SIZE,
            name=tuple(f"car {k}" for k in on),
            brand=tuple(f"brand {brand[k]}" for k in on),
            body=tuple(f"body {body[k]}" for k in on),
            powertrain=tuple(f"fuel {fuel[k]}" for k in on),
            is_foreign=brand[on] >= BRANDS - 2,
            units=SIZE * (inside @ agents.weights),
            price=price[on],
            attributes=attributes[on],
        )
    seen = {f"car {k}": tuple(range(int(enters[k]), LAST + 1)) for k in range(cars)}
    return Panel(markets, seen)
