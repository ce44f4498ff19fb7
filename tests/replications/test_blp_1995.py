"""Berry, Levinsohn & Pakes 1995: demand and supply of U.S. cars, to the two digits of the given table."""

from __future__ import annotations

import pytest
from nevo_data import given, pyblp_files

from kanrin.estimation import (
    LBFGSB,
    Clustered,
    EstimationResults,
    OwnAgents,
    TwoStep,
    build_problem,
    estimate,
    read_csv,
)

SIGMA = [3.612, 0, 4.628, 1.818, 1.050, 2.056]  # the published estimates, the starts of PyBLP's page
PI = [0, -43.501, 0, 0, 0, 0]
NAMES = {"const": "1", "lnhpwt": "log(hpwt)", "lnmpg": "log(mpg)", "lnspace": "log(space)"}


@pytest.fixture(scope="module")
def results() -> EstimationResults:
    files = pyblp_files()
    table = read_csv(files.BLP_PRODUCTS_LOCATION)  # type: ignore[attr-defined]
    agents = read_csv(files.BLP_AGENTS_LOCATION)  # type: ignore[attr-defined]
    problem = build_problem(
        table,
        "1 + hpwt + air + mpd + space",
        random="1 + prices + hpwt + air + mpd + space",
        shares="shares",
        market="market_ids",
        price="prices",
        instruments=[name for name in table.columns if name.startswith("demand_instruments")],
        supply_instruments=[name for name in table.columns if name.startswith("supply_instruments")],
        firms="firm_ids",
        costs="1 + log(hpwt) + air + log(mpg) + log(space) + trend",
        cost_bounds=(0.001, None),
        agents=OwnAgents(
            agents, market="market_ids", nodes=[f"nodes{k}" for k in range(5)], rest_never_buys=True
        ),
        demographics="0 + I(1 / income)",
        product="car_ids",
    )
    return estimate(
        problem,
        sigma=SIGMA,
        pi=PI,
        errors=Clustered("clustering_ids"),
        weighting=TwoStep(from_start=True),
        search=LBFGSB(slope=1e-4),
    )


def test_two_digits(results: EstimationResults) -> None:
    answers = given("blp95")
    assert len(answers) == 18 and results.converged
    for name, (value, tolerance) in answers.items():
        kind, _, word = name.split(".")[1].partition("_")
        label = NAMES.get(word, word)
        if kind == "objective":
            ours = results.objective
        elif kind == "pi":
            ours = results["pi[prices, I(1 / income)]"]
        else:
            ours = results[{"sigma": f"sigma[{label}]", "beta": label, "gamma": f"cost: {label}"}[kind]]
        assert ours == pytest.approx(value, abs=tolerance), name


def test_what_the_table_says(results: EstimationResults) -> None:
    text = results.summary()
    assert "clustered by clustering_ids" in text and "cost: trend" in text and "nan" not in text
    J, degrees, p = results.overidentification()
    assert (J, degrees) == (results.objective, 31 - 17) and p < 1e-6
    assert results.positive_slope_weight == 0.0
    assert (results.costs > 0).all()
