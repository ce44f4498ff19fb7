"""What an estimate gives back: truth recovered, laws, tests, tables, files."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_market import ALPHA, BETA, NAMES, SIGMA, table

from kanrin.base import CaseError, InputError, UnknownName
from kanrin.demand import read_estimate
from kanrin.estimation import (
    Clustered,
    Continuous,
    EstimationResults,
    GaussHermite,
    Iterated,
    LinearCost,
    OneStep,
    PriceOverIncome,
    Robust,
    Unadjusted,
    build_problem,
    differentiation_instruments,
    estimate,
    estimate_linear,
    load_estimate,
    lognormal_income,
    optimal_instruments,
    profile,
)
from kanrin.estimation._tails import chi_squared_tail, f_tail, normal_tail

TRUTH = 4.0  # standard errors
LAW = 1e-8  # two searches to a slope of 1e-6
ROUND = 1e-12  # shares, money


def built(data: dict[str, Any] | None = None, linear: str = "1 + price + x", **more: Any) -> Any:
    data = table() if data is None else data
    spread = differentiation_instruments(data, "x", market="market", firm="maker")
    settings = {"random": "0 + x", "agents": GaussHermite(9), "firms": "maker", **NAMES, **more}
    return build_problem(data, linear, instruments=["shifter", "shifter2", spread], **settings)


@pytest.fixture(scope="module")
def results() -> EstimationResults:
    return estimate(built())


def test_truth_is_recovered(results: EstimationResults) -> None:
    assert results.converged
    for name, truth in (("price", ALPHA), ("x", BETA), ("sigma[x]", SIGMA)):
        assert abs(results[name] - truth) < TRUTH * results.error(name), name
    J, degrees, p = results.overidentification()
    assert degrees == 6 - 4 and p > 1e-3 and J >= 0


@pytest.mark.parametrize("weighting", [OneStep(), Iterated(), Continuous()])
def test_other_weightings_agree_within_errors(results: EstimationResults, weighting: Any) -> None:
    other = estimate(built(), weighting=weighting)
    assert other.converged
    for name in results.names:
        assert abs(other[name] - results[name]) < TRUTH * results.error(name)
    if isinstance(weighting, OneStep):
        with pytest.raises(InputError, match="optimal W"):
            other.overidentification()


def test_errors_of_every_kind(results: EstimationResults) -> None:
    for errors in (Unadjusted(), Clustered("market")):
        other = estimate(built(), errors=errors)
        ratio = other.errors / results.errors
        assert ((ratio > 0.3) & (ratio < 3)).all() and (ratio != 1).any()
    alone = table() | {"row": np.arange(240)}
    clustered = estimate(built(alone), errors=Clustered("row"))
    np.testing.assert_allclose(clustered.errors, results.errors, rtol=LAW)


def test_order_of_rows_and_names_does_not_matter(results: EstimationResults) -> None:
    rng = np.random.default_rng(0)
    order = rng.permutation(240)
    data = {name: np.asarray(values)[order] for name, values in table().items()}
    data["market"] = np.array([f"m{77 - m}" for m in data["market"]])
    moved = estimate(built(data))
    np.testing.assert_allclose(moved.values, results.values, rtol=1e-5)
    np.testing.assert_allclose(moved.delta, results.delta[order], atol=1e-5)
    np.testing.assert_allclose(moved.costs, results.costs[order], atol=1e-5)


def test_currency(results: EstimationResults) -> None:
    data = table()
    data["price"] = data["price"] * 100
    moved = estimate(built(data))
    assert moved["price"] * 100 == pytest.approx(results["price"], rel=1e-5)
    np.testing.assert_allclose(moved.costs / 100, results.costs, rtol=1e-5)


def test_markets_hold_together(results: EstimationResults) -> None:
    fit = results.market(3)
    utility = fit.delta[:, None] + fit.mu
    e = np.exp(utility)
    shares = (e / (1 + e.sum(axis=0))) @ fit.weights
    np.testing.assert_allclose(shares, fit.shares / fit.represented, rtol=ROUND)
    np.testing.assert_allclose(fit.alpha, results["price"], rtol=ROUND)
    assert fit.is_price_linear and fit.negative_weight == 0 and fit.costs is not None
    assert (fit.costs < fit.prices).all()
    with pytest.raises(UnknownName):
        results.market(99)


def test_supply_side_agrees_with_demand_alone() -> None:
    """At the same parameters the costs are the same whether the model has a cost side or not."""
    demand = estimate(built(), at_start=True, sigma=[0.5])
    both = estimate(
        built(costs="1 + shifter + x", cost_form=LinearCost()),
        at_start=True,
        sigma=[0.5],
        alpha=demand["price"],
    )
    np.testing.assert_allclose(both.costs, demand.costs, rtol=1e-9)


def test_wald_and_distance(results: EstimationResults) -> None:
    value, degrees, p = results.wald(lambda b: b["price"] - ALPHA)
    z = (results["price"] - ALPHA) / results.error("price")
    assert value == pytest.approx(z**2, rel=1e-6) and degrees == 1
    assert p == pytest.approx(normal_tail(z), rel=1e-6)
    assert results.wald(lambda b: [b["x"], b["price"]])[2] < 1e-10
    both, degrees, p = results.wald(lambda b: [b["x"] - BETA, b["price"] - ALPHA])
    assert degrees == 2 and p == pytest.approx(math.exp(-both / 2.0), rel=1e-9)
    restricted = estimate(built(linear="1 + price"), sigma=results.point.theta)
    with pytest.raises(InputError, match="other moments"):
        results.distance(restricted)
    value, degrees, p = results.distance(estimate(built(random=None, agents=None)))
    assert degrees == 1 and value > 0 and p < 0.05


def test_bootstrap_reproduces_shares_and_spreads(results: EstimationResults) -> None:
    draws, failed = results.bootstrap(
        lambda r: [r["price"], r.market(0).alpha[0, 0], r.costs[0]], n=60, seed=1
    )
    assert failed == 0 and draws.shape == (60, 3)
    assert draws[:, 0].std() == pytest.approx(results.error("price"), rel=0.35)
    np.testing.assert_allclose(draws[:, 0], draws[:, 1])
    again, _ = results.bootstrap(lambda r: r["price"], n=60, seed=1)
    np.testing.assert_array_equal(again, draws[:, 0])
    moved = results.at(results.values + 0.01)
    shares = np.exp(moved.market(0).delta[:, None] + moved.market(0).mu)
    shares = (shares / (1 + shares.sum(axis=0))) @ moved.market(0).weights
    np.testing.assert_allclose(shares, results.market(0).shares, rtol=1e-11)


def test_draws_stay_within_the_bounds(results: EstimationResults) -> None:
    most = results["sigma[x]"] + results.error("sigma[x]")
    bound = estimate(built(), bounds={"sigma[x]": (0.0, most)})
    draws = bound.draw(300, np.random.default_rng(1))[:, bound.names.index("sigma[x]")]
    assert draws.min() >= 0.0 and most - 0.2 * bound.error("sigma[x]") < draws.max() <= most


def test_a_parameter_on_its_bound_has_no_error_and_no_nan() -> None:
    bound = estimate(built(), bounds={"sigma[x]": (0.0, 0.5)}, sigma=[0.3])
    assert bound["sigma[x]"] == 0.5 and math.isnan(bound.error("sigma[x]"))
    for text in (bound.summary(), bound.to_markdown(), bound.to_latex(), bound._repr_html_()):
        assert "nan" not in text.lower()
    assert "on its bound" in bound.summary()
    with pytest.raises(InputError, match="on its bound"):
        bound.wald(lambda b: b["sigma[x]"])


def test_tables(results: EstimationResults) -> None:
    text = results.summary()
    assert "sigma[x]" in text and "two-step" in text and "J(2)" in text
    assert results.to_latex().count("\\\\") >= 2 * len(results.names)
    assert results.to_markdown().count("|") > 30
    assert "<caption>" in results._repr_html_()
    frame = results.to_frame()
    np.testing.assert_array_equal(frame["estimate"], results.values)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_frames_come_back_as_they_came(library: str) -> None:
    module = pytest.importorskip(library)
    got = estimate(built(), at_start=True, sigma=[0.5])
    assert isinstance(got.to_frame(), dict)
    frame = module.DataFrame({k: v for k, v in table().items() if k != "unused"})
    spread = differentiation_instruments(frame, "x", market="market", firm="maker")
    problem = build_problem(frame, "1 + price", instruments=spread, **NAMES)
    assert isinstance(estimate(problem).to_frame(), module.DataFrame)


def test_save_and_load(results: EstimationResults, tmp_path: Path) -> None:
    path = tmp_path / "estimate.toml"
    results.save(path, market="small", period="now")
    read = load_estimate(path)
    assert read.names == results.names and read["price"] == results["price"]
    np.testing.assert_array_equal(read.values, results.values)
    np.testing.assert_array_equal(read.covariance, results.covariance)
    assert read.made["random"] == "0 + x" and read.objective == results.objective
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("format_version = 2", "format_version = 99"), encoding="utf-8")
    with pytest.raises(CaseError, match=r"estimate.toml:3: format_version 99 is later than 2"):
        load_estimate(path)
    with pytest.raises(CaseError, match="no such file"):
        load_estimate(tmp_path / "none.toml")
    path.write_text('kind = "case"\n', encoding="utf-8")
    with pytest.raises(CaseError, match=r"table \[estimate\] is missing"):
        load_estimate(path)


def test_price_over_income_is_read_by_the_plan(tmp_path: Path) -> None:
    problem = build_problem(
        table(), "1 + x | kind", instruments=["shifter", "shifter2"], agents=lognormal_income(0.8, 7),
        forms={"price": PriceOverIncome("income")}, firms="maker", **NAMES,
    )  # fmt: skip
    found = estimate(problem)
    assert found.converged and found["price/income"] < 0
    assert found.positive_slope_weight == 0
    path = tmp_path / "estimate.toml"
    words = {"price_unit": "million JPY of 2016", "rename": {"x": "log_size"}}
    found.save(path, market="small", period="now", log_income_sd=0.8, nodes=7, **words)
    read = read_estimate(path)
    assert read.alpha == found["price/income"] and (read.log_income_sd, read.nodes) == (0.8, 7)
    assert found.to_estimate(market="small", period="now", **words).values.tolist() == read.values.tolist()
    assert read.parameters["log_size"] == found["x"]
    index = [found.names.index("price/income"), found.names.index("x")]
    np.testing.assert_allclose(read.covariance, found.covariance[np.ix_(index, index)], rtol=1e-12)
    assert load_estimate(path).names == found.names
    with pytest.raises(UnknownName):
        found.save(path, log_income_sd=0.8, rename={"y": "log_size"})
    with pytest.raises(InputError, match=r"made with 0\.8"):
        found.save(path, log_income_sd=0.7)
    with pytest.raises(InputError, match="made with 7"):
        found.save(path, nodes=13)
    with pytest.raises(CaseError, match="unit is missing"):
        found.to_estimate(rename={"x": "log_size"})


def test_tails_against_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    for value in (0.1, 1.0, 5.0, 40.0, 300.0):
        for degrees in (1, 2, 7, 60):
            assert chi_squared_tail(value, degrees) == pytest.approx(
                stats.chi2.sf(value, degrees), rel=1e-9, abs=1e-15
            )
            assert f_tail(value, degrees, 30) == pytest.approx(
                stats.f.sf(value, degrees, 30), rel=1e-9, abs=1e-15
            )


def test_two_stage_least_squares_is_the_formula() -> None:
    data = table()
    n = len(data["x"])
    X = np.column_stack([np.ones(n), data["price"], data["x"]])
    Zm = np.column_stack([np.ones(n), data["x"], data["shifter"], data["shifter2"]])
    y = data["xi"] + data["price"]
    P = Zm @ np.linalg.inv(Zm.T @ Zm) @ Zm.T
    A = np.linalg.inv(X.T @ P @ X)
    b = A @ X.T @ P @ y
    u = y - X @ b
    data["y"] = y
    call = {"endogenous": ["price"], "instruments": ["shifter", "shifter2"]}
    found = estimate_linear(data, "y", "1 + price + x", errors=Unadjusted(), **call)
    np.testing.assert_allclose(found.values, b, rtol=1e-10)
    np.testing.assert_allclose(found.covariance, A * (u @ u) / (n - 3), rtol=1e-9)
    robust = estimate_linear(data, "y", "1 + price + x", **call)
    meat = (P @ X * u[:, None]).T @ (P @ X * u[:, None])
    np.testing.assert_allclose(robust.covariance, n / (n - 3) * A @ meat @ A, rtol=1e-9)
    plain = estimate_linear(data, "y", "1 + price + x", errors=Robust(small_sample=False), **call)
    np.testing.assert_allclose(robust.covariance, plain.covariance * n / (n - 3), rtol=1e-12)


@pytest.mark.parametrize("supply", [False, True])
def test_optimal_instruments_sharpen_the_estimate(supply: bool) -> None:
    more = {"costs": "1 + shifter + x", "cost_form": LinearCost()} if supply else {}
    first = estimate(built(**more))
    best = optimal_instruments(first)
    assert (best.supply is not None) == supply and best.demand.matrix.shape[0] == 240
    problem = build_problem(
        table(), "1 + price + x", random="0 + x", agents=GaussHermite(9), firms="maker",
        instruments=best.demand.keep("sigma", "price"),
        supply_instruments=best.supply.keep("sigma") if best.supply is not None else None,
        **NAMES, **more,
    )  # fmt: skip
    second = estimate(problem)
    assert second.converged
    assert abs(second["price"] - ALPHA) < TRUTH * second.error("price")
    assert abs(second["sigma[x]"] - SIGMA) < TRUTH * second.error("sigma[x]")


def test_profile_is_lowest_at_the_estimate(results: EstimationResults) -> None:
    at = results["sigma[x]"]
    found = profile(results, "sigma[x]", [0.0, at - 0.3, at, at + 0.3])
    assert found.converged.all()
    assert found.objective[2] == pytest.approx(results.objective, rel=1e-8)
    assert (found.objective > results.objective * (1 - 1e-9)).all()
    assert list(found.within) == [False, True, True, True]
    with pytest.raises(UnknownName):
        profile(results, "price", [1.0])
    with pytest.raises(InputError, match="no values"):
        profile(results, "sigma[x]", [])


def test_optimal_instruments_are_stronger(results: EstimationResults) -> None:
    stages = results.strength()
    assert [s.variable for s in stages] == ["price", "d xi / d sigma[x]"]
    assert stages[0].F > 10 and not stages[0].is_weak
    problem = build_problem(
        table(), "1 + price + x", random="0 + x", agents=GaussHermite(9), firms="maker",
        instruments=optimal_instruments(results).demand, **NAMES,
    )  # fmt: skip
    better = estimate(problem).strength()
    assert better[1].F > 5 * stages[1].F
    assert better[1].F > 10


def test_what_a_result_is_called_is_short(results: EstimationResults) -> None:
    linear = estimate_linear(table(), "share", "1 + price + x", endogenous=["price"], instruments=["shifter"])
    for thing in (
        results, results.problem, results.model, results.point, results.market(0), results.substitution(0),
        linear, results.problem.table,
    ):  # fmt: skip
        assert len(repr(thing)) < 200 and repr(thing).startswith(type(thing).__name__)
    assert "240 products in 30 markets" in repr(results) and "converged" in repr(results)
    assert "Estimate" in str(results) and "<table>" in results._repr_html_()


def test_too_few_clusters_cannot_weigh_the_moments() -> None:
    """Their covariance is singular, and a profile at its inverse would be rounding."""
    data = table() | {"region": np.arange(240) // 48}
    with pytest.raises(InputError, match=r"5 clusters cannot weigh 6 moments.*OneStep\(\)"):
        estimate(built(data), errors=Clustered("region"))
    one = estimate(built(data), errors=Clustered("region"), weighting=OneStep())
    assert one.converged and (one.errors > 0).all()
    held = profile(one, "sigma[x]", [1.0, one["sigma[x]"], 2.0])
    assert held.converged.all() and (held.objective < 1e3).all()


def test_a_profile_at_a_nearly_singular_weight_is_refused(results: EstimationResults) -> None:
    values, vectors = np.linalg.eigh(results.W)
    values[0] = 1e-14 * values[-1]
    near = replace(results, W=(vectors * values) @ vectors.T)
    with pytest.raises(InputError, match=r"nearly singular.*fewer instruments"):
        profile(near, "sigma[x]", [1.0])
    with pytest.raises(InputError, match="finite numbers"):
        profile(results, "sigma[x]", [math.nan])


def test_a_profile_reaches_far(results: EstimationResults) -> None:
    """Each search begins at its neighbour: q rises on both sides, whatever the order of the values."""
    values = [4.0, 0.3, 3.0, 0.6, 2.0, 1.0]
    held = profile(results, "sigma[x]", values)
    assert held.converged.all()
    by_value = held.objective[np.argsort(values)]
    low = int(np.argmin(by_value))
    assert (np.diff(by_value[: low + 1]) < 0).all() and (np.diff(by_value[low:]) > 0).all()
