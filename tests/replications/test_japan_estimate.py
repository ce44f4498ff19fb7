"""The shipped demand estimate is what the script makes of the Japanese product data 2006-2016, and meets its
own criteria."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kanrin.demand import read_estimate

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "reference" / "japan_cars_2006_2016"
pytest.importorskip("scipy", reason="the search of an estimate needs SciPy")
FOLDER = ROOT / "src" / "kanrin" / "cases" / "us_japan" / "estimates"
ROUNDING = 1e-6  # relative; nine digits are printed, the weighting stops when parameters move by 1e-8
SLOPE = 1e-6  # of the objective, its own stopping rule
FAR_START = 1e-4  # relative, from another start
OF_AN_ERROR = 1.5  # standard errors between the first estimate, made elsewhere, and its like here
RULES = 0.02  # relative change of the median elasticity from 21 to 61 nodes
BAND = (-6.0, -3.0)  # median own-price elasticity

pytestmark = pytest.mark.skipif(
    not (DATA / "raw_products.csv").exists(),
    reason="the Japanese product data 2006-2016 are not beside the project",
)


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("estimate_japan", ROOT / "scripts" / "estimate_japan.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def data(script):
    return script.read_columns(DATA)


@pytest.fixture(scope="module")
def again(script, data):
    """From the shipped alpha: few steps are left."""
    shipped = read_estimate(FOLDER / "second.toml")
    how = replace(
        script.CHOSEN,
        start=shipped.alpha,
        weighting=replace(script.UNTIL_STILL, from_start=True),
        log_income_sd=shipped.log_income_sd,
        nodes=shipped.nodes,
    )
    return script.fit(data, how)


def by_word(script, results) -> dict[str, float]:
    return {"alpha": results[script.ALPHA], **{name: results[name] for name in script.TASTES}}


def test_file_holds_what_the_data_say(script, again) -> None:
    shipped = read_estimate(FOLDER / "second.toml")
    assert shipped.observations == again.problem.rows
    assert by_word(script, again) == pytest.approx(dict(shipped.parameters), rel=ROUNDING)
    for name, value in shipped.supply.items():
        assert again[f"cost: {name}"] == pytest.approx(value, rel=ROUNDING), name
    names = [script.ALPHA, *script.TASTES]
    index = [again.names.index(n) for n in names]
    np.testing.assert_allclose(
        again.covariance[np.ix_(index, index)], shipped.covariance, rtol=0,
        atol=1e-5 * np.abs(shipped.covariance).max(),
    )  # fmt: skip


def test_objective_is_flat_there(again) -> None:
    assert again.converged
    assert np.abs(again.point.gradient).max() < SLOPE
    assert np.isfinite(again.errors).all()  # nothing stands on a bound


def test_another_start_ends_there(script, data, again) -> None:
    far = script.fit(data, replace(script.CHOSEN, start=-15.0))
    assert far.values == pytest.approx(again.values, rel=FAR_START)


def test_criteria(script, data, again) -> None:
    own = script.elasticities(again)
    assert BAND[0] < np.median(own) < BAND[1]
    assert (again.costs > 0).all() and not again.clipped.any()
    low, middle, high, negative = script.on_the_base_market(FOLDER / "second.toml")
    assert BAND[0] < middle < BAND[1] and negative == 0 and low < middle < high < -1
    finer = script.elasticities(script.fit(data, replace(script.CHOSEN, nodes=61)))
    assert np.median(finer) == pytest.approx(np.median(own), rel=RULES)


def test_first_estimate_is_near_its_like(script, data) -> None:
    """It was made by another program, with choices of weighting not fully told."""
    first = read_estimate(FOLDER / "first.toml")
    ours = by_word(script, script.fit(data, script.LIKE_FIRST))
    errors = dict(zip(first.order, np.sqrt(np.diagonal(first.covariance)), strict=True))
    for name, value in first.parameters.items():
        assert abs(ours[name] - value) < OF_AN_ERROR * errors[name], name


def test_a_free_search_from_near_zero_is_degenerate(script, data) -> None:
    """Every cost on its bound: why alpha is kept away from zero."""
    free = script.fit(data, replace(script.CHOSEN, start=-0.5, alpha=(-40.0, -0.05)))
    assert free.clipped.all()
    assert any("bound" in note for note in free.notes())
