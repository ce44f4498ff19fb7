"""Nevo's cereal demand (PyBLP's tutorial): logit, nested logit, full model with demographics."""

from __future__ import annotations

import pytest
from nevo_data import COLUMNS, PI, SIGMA, full_problem, given, instruments, nested_problem, products

from kanrin.estimation import BFGS, OneStep, build_problem, estimate

PARAMETERS = {
    "sigma_const": "sigma[1]",
    "sigma_price": "sigma[prices]",
    "sigma_sugar": "sigma[sugar]",
    "sigma_mushy": "sigma[mushy]",
    "pi_price_income": "pi[prices, income]",
    "price": "prices",
    "rho": "rho",
}


def test_logit_with_absorbed_effects() -> None:
    """Two steps: the weights begin as those of 2SLS and are updated once, as PyBLP does by default."""
    table = products()
    problem = build_problem(table, "0 + prices | product_ids", instruments=instruments(table), **COLUMNS)
    results = estimate(problem)
    answers = given("nv.logit")
    assert len(answers) == 2
    for name, (value, tolerance) in answers.items():
        ours = results.error("prices") if name.endswith(".se") else results["prices"]
        assert ours == pytest.approx(value, abs=tolerance), name


@pytest.mark.parametrize("nest", ["one", "mushy"])
def test_nested_logit(nest: str) -> None:
    results = estimate(nested_problem(products(), nest), rho=0.7)
    answers = given(f"nv.nested_{nest}")
    assert len(answers) == 2 and results.converged
    for name, (value, tolerance) in answers.items():
        assert results[PARAMETERS[name.split(".")[2]]] == pytest.approx(value, abs=tolerance), name


def test_full_model() -> None:
    results = estimate(
        full_problem(products()), sigma=SIGMA, pi=PI, weighting=OneStep(), search=BFGS(slope=1e-5)
    )
    answers = given("nv.full")
    assert len(answers) == 8 and results.converged
    for name, (value, tolerance) in answers.items():
        what = name.split(".", 2)[2]
        if what == "objective":
            ours = results.objective
        elif what == "price.se":
            ours = results.error("prices")
        else:
            ours = results[PARAMETERS[what]]
        assert ours == pytest.approx(value, abs=tolerance), name
