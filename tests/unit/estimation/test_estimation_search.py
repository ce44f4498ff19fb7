"""A search steps back from points it cannot solve, counts them and says so; one that was left goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_market import NAMES, table

from kanrin.base import Floats, InputError, SolveError
from kanrin.estimation import (
    BFGS,
    LBFGSB,
    Continuous,
    EstimationResults,
    GaussHermite,
    Instruments,
    Iterated,
    Progress,
    TwoStep,
    build_problem,
    differentiation_instruments,
    estimate,
    load_progress,
)
from kanrin.estimation import _run as run_module
from kanrin.estimation._market import invert
from kanrin.estimation._search import minimise

SAME = 1e-5  # two searches to a slope of 1e-6, their paths not the same
NEAR = 1e-4  # of a search by quasi-Newton steps


def built(**more: Any) -> Any:
    data = table()
    spread = differentiation_instruments(data, "x", market="market", firm="maker")
    settings = {"random": "0 + x", "agents": GaussHermite(9), "firms": "maker", **NAMES, **more}
    return build_problem(data, "1 + price + x", instruments=["shifter", "shifter2", spread], **settings)


@pytest.fixture(scope="module")
def plain() -> EstimationResults:
    return estimate(built())


def beyond(error: Exception | None) -> Any:
    """x - log x, least at one; below zero it cannot be had, and steps from far above lead there."""

    def function(x: Floats) -> tuple[float, Floats]:
        if (x <= 0).any():
            if error is not None:
                raise error
            return float("nan"), x
        return float((x - np.log(x)).sum()), 1 - 1 / x

    return function


@pytest.mark.parametrize("search", [LBFGSB(), BFGS()])
@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (SolveError("market 7: shares not inverted; scale the columns"), "market 7: shares not inverted"),
        (InputError("coefficients must be finite"), "coefficients must be finite"),
        (None, "the objective is not a number"),
    ],
)
def test_failing_points_are_stepped_back_from(search: Any, error: Exception | None, fault: str) -> None:
    free = np.full(2, np.inf)
    found = minimise(beyond(error), np.array([40.0, 70.0]), -free, free, search)
    assert found.converged and found.failures > 0 and found.fault == fault
    np.testing.assert_allclose(found.x, 1.0, atol=NEAR)


def test_a_start_without_a_number_is_refused() -> None:
    free = np.full(1, np.inf)
    with pytest.raises(SolveError, match="objective at the start is nan"):
        minimise(beyond(None), np.array([-6.0]), -free, free, LBFGSB())


def failing(monkeypatch: pytest.MonkeyPatch, when: Any) -> None:
    solved = run_module.evaluate

    def some(model: Any, theta: Floats, *rest: Any, **more: Any) -> Any:
        if when(theta):
            raise SolveError("market 3: shares not inverted; start with smaller sigma")
        return solved(model, theta, *rest, **more)

    monkeypatch.setattr(run_module, "evaluate", some)


def test_an_estimate_goes_round_points_that_fail(
    plain: EstimationResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, lambda theta: theta[0] > 1.05 * plain["sigma[x]"])
    results = estimate(built(), sigma=[0.3])
    assert results.converged
    np.testing.assert_allclose(results.values, plain.values, rtol=SAME)
    assert "could not be solved, and the search stepped back" in results.summary()
    assert "market 3: shares not inverted)" in results.summary()


def test_a_start_that_fails_is_eased_and_said(
    plain: EstimationResults, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, lambda theta: theta[0] > 3)
    results = estimate(built(), sigma=[8.0])
    np.testing.assert_allclose(results.values, plain.values, rtol=SAME)
    assert "the start could not be solved (market 3: shares not inverted)" in results.summary()
    assert "began at 0.25 of its spreads" in results.summary()
    others = estimate(built(), sigma=[2.9], starts=6)
    np.testing.assert_allclose(others.values, plain.values, rtol=SAME)
    assert "of 6 starts could not be solved" in others.summary()


def test_only_when_no_start_works_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, lambda theta: True)
    with pytest.raises(SolveError, match="market 3: shares not inverted; start with smaller sigma"):
        estimate(built(), starts=3)


def nested(rho: float, alpha: float = -0.05) -> dict[str, Any]:
    """Shares of a random coefficients nested logit, prices as they are."""
    data = table()
    nodes, weights = np.polynomial.hermite_e.hermegauss(9)
    u = (1 + 0.5 * data["x"] + alpha * data["price"] + 0.1 * data["xi"])[:, None] + data["x"][:, None] * nodes
    e = np.exp(u / (1 - rho)).reshape(30, 8, -1)
    nest = np.tile([0, 1], 4)
    total = np.stack([e[:, nest == g].sum(axis=1) for g in (0, 1)], axis=1)
    by_nest = total ** (1 - rho) / (1 + (total ** (1 - rho)).sum(axis=1, keepdims=True))
    shares = (e / total[:, nest] * by_nest[:, nest]) @ (weights / weights.sum())
    return {**data, "share": np.maximum(shares.ravel(), 1e-12)}


@pytest.mark.parametrize("rho", [0.9, 0.95, 0.97])
@pytest.mark.parametrize("start", [0.5, 0.95, 0.985])
def test_nests_at_high_rho_and_flat_demand(rho: float, start: float) -> None:
    data = nested(rho)
    made = differentiation_instruments(data, "x", market="market", firm="maker", nest="kind")
    within = Instruments(made.matrix[:, 1:], made.labels[1:])  # no maker has two products in a nest
    spread = differentiation_instruments(data, "x", market="market", firm="maker")
    problem = build_problem(
        data, "1 + price + x", instruments=["shifter", within, spread], random="0 + x",
        agents=GaussHermite(9),
        nest="kind", **NAMES,
    )  # fmt: skip
    results = estimate(problem, sigma=1.0, rho=start)
    assert results.converged
    assert abs(results["rho"] - rho) < 0.03
    assert np.isfinite(results.point.delta).all() and results.point.residual < 1e-10


def test_inversion_begins_again_at_the_closed_form_of_the_nests() -> None:
    """From a start far off, at rho near one, without random coefficients: the answer is known."""
    data = nested(0.9)
    problem = build_problem(
        data, "1 + price + x", instruments=["shifter", "other"], nest="kind", **NAMES
    )  # fmt: skip
    flat = estimate(problem, rho=0.5, at_start=True).model.flat
    rho = np.full(240, 0.985)
    none = np.zeros((len(flat.weights), 0))
    found = invert(flat, none, rho, np.full(240, -40.0))
    assert found.converged.all()
    shares = flat.shares.reshape(30, 8)
    nest = np.tile([0, 1], 4)
    inside = shares / np.stack([shares[:, nest == g].sum(axis=1) for g in (0, 1)], axis=1)[:, nest]
    expected = np.log(shares) - np.log(1 - shares.sum(axis=1, keepdims=True)) - 0.985 * np.log(inside)
    np.testing.assert_allclose(found.delta, expected.ravel(), atol=1e-9)


def test_a_spread_at_zero_has_no_standard_error_and_says_so() -> None:
    data = table() | {"flat": np.random.default_rng(2).uniform(0, 1, 240)}
    spread = differentiation_instruments(data, "x + flat", market="market", firm="maker")
    problem = build_problem(
        data, "1 + price + x + flat", random="0 + x + flat", agents=GaussHermite(5),
        instruments=["shifter", spread], **NAMES,
    )  # fmt: skip
    results = estimate(problem, sigma=[0.5, 1e-7], at_start=True)
    assert np.isnan(results.error("sigma[flat]")) and np.isfinite(results.error("sigma[x]"))
    assert "at zero, where no normal interval exists: sigma[flat]; report profile()" in results.summary()
    assert "nan" not in results.summary()


class Stop(Exception):
    """An interrupt of the tests."""


@pytest.mark.parametrize("weighting", [TwoStep(), Iterated(), Continuous()])
@pytest.mark.parametrize("after", [3, 12, 25, 45])
def test_a_search_that_was_left_goes_on(tmp_path: Path, weighting: Any, after: int) -> None:
    whole = estimate(built(), weighting=weighting, starts=2)
    told: list[Progress] = []

    def stop(progress: Progress) -> None:
        told.append(progress)
        if len(told) == after:
            raise Stop

    try:
        estimate(built(), weighting=weighting, starts=2, progress=stop)
    except Stop:
        told[-1].save(tmp_path / "kept")
        left = load_progress(tmp_path / "kept")
        assert left == told[-1]
        count: list[Progress] = []
        again = estimate(built(), weighting=weighting, starts=2, resume=left, progress=count.append)
        np.testing.assert_allclose(again.values, whole.values, rtol=SAME)
        np.testing.assert_allclose(again.errors, whole.errors, rtol=10 * SAME)
        assert (count[0].start, count[0].step) >= (left.start, left.step)
        assert again.steps == whole.steps and len(again.ends) == 2
    else:
        assert len(told) < after


def test_progress_is_told_and_falls() -> None:
    told: list[Progress] = []
    results = estimate(built(), starts=2, progress=told.append)
    assert {p.start for p in told} == {1, 2} and {p.step for p in told} == {1, 2}
    first = [p.objective for p in told if p.start == 1 and p.step == 1]
    assert first == sorted(first, reverse=True)
    assert told[-1].objective == pytest.approx(results.objective)
    assert "start 2 of 2, step 2" in str(told[-1]) and "largest slope" in str(told[-1])


def test_a_search_of_something_else_is_not_gone_on_with(tmp_path: Path) -> None:
    told: list[Progress] = []
    estimate(built(), progress=told.append)
    with pytest.raises(InputError, match="of other data, formulas, starts or settings"):
        estimate(built(), resume=told[0], seed=3)
    data = table() | {"share": table()["share"] * 0.99}
    other = build_problem(
        data, "1 + price + x", instruments=["shifter", "other"], random="0 + x", agents=GaussHermite(9),
        **NAMES,
    )  # fmt: skip
    with pytest.raises(InputError, match="of other data"):
        estimate(other, resume=told[0])
    for text in ("", "[]", "{}", '{"kind": "kanrin search", "version": 9}'):
        (tmp_path / "bad").write_text(text)
        with pytest.raises(InputError, match="does not hold an unfinished search"):
            load_progress(tmp_path / "bad")
