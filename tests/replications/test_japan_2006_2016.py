"""The first demand estimate on its own data: elasticities and costs as its file states them (PyBLP)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from kanrin.demand import choice_probabilities, invert_shares, lognormal_income_agents, own_elasticities
from kanrin.equilibrium import recover_costs

DATA = (
    Path(__file__).parents[2].parent
    / "shared"
    / "reference"
    / "japan_cars_2006_2016"
    / "data_for_estimation.csv"
)
PRINTED = 0.006  # two decimals in the file
ALPHA, LOG_INCOME_SD = -4.172448, 0.8


@pytest.mark.skipif(not DATA.exists(), reason="the Japanese product data 2006-2016 are not at hand")
def test_elasticities_and_costs() -> None:
    with DATA.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1823
    agents = lognormal_income_agents(LOG_INCOME_SD, 13)
    alpha, elastic, costs = agents.alpha(ALPHA), [], []
    for year in sorted({row["year"] for row in rows}):
        market = [row for row in rows if row["year"] == year]
        price = np.array([float(row["price"]) for row in market])
        share = np.array([float(row["share"]) for row in market])
        makers = sorted({row["Maker"] for row in market})
        firms = np.array([makers.index(row["Maker"]) for row in market])
        found = invert_shares(share, price, alpha, agents.weights, name=year)
        inside, _ = choice_probabilities(found.delta, alpha, price)
        elastic.append(own_elasticities(alpha, inside, agents.weights, price))
        costs.append(
            recover_costs(delta=found.delta, alpha=alpha, weights=agents.weights, price=price, firms=firms)
        )
    low, median, high = np.quantile(np.concatenate(elastic), [0.05, 0.5, 0.95])
    assert median == pytest.approx(-2.67, abs=PRINTED)
    assert low == pytest.approx(-3.98, abs=PRINTED)
    assert high == pytest.approx(-1.91, abs=PRINTED)
    assert not any(cost.negative.size for cost in costs)
