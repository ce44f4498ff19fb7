"""xi of a car not sold yet: the joint Gaussian by another road, adding up, and which news moves it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.base import InputError, UnknownName
from kanrin.demand import (
    PARTS,
    Candidate,
    CarLabels,
    EffectPrior,
    NameplateHistory,
    Nameplates,
    XiModel,
    fit_xi_model,
    forecast,
    leave_one_out,
    level_effects,
    selection_shifts,
)

ROUNDING = 1e-9  # linear algebra on about 90 rows
FLAT_PRIOR_VARIANCE = 1e5
FLAT_PRIOR_TOLERANCE = 1e-4  # a prior of finite variance stands in for a flat one
PLAIN = Candidate("brand 1", "body 1", "power 1", True, True)


def _market(n: int = 90, seed: int = 0) -> tuple[np.ndarray, CarLabels]:
    rng = np.random.default_rng(seed)
    brand, body, power = rng.integers(0, 10, n), rng.integers(0, 5, n), rng.integers(0, 4, n)
    is_left, is_foreign = rng.random(n) < 0.3, rng.random(n) < 0.5
    xi = (
        -9
        - 1.2 * is_left
        - 0.3 * is_foreign
        + rng.normal(0, 1.0, 10)[brand]
        + rng.normal(0, 0.5, 5)[body]
        + rng.normal(0, 0.7, 4)[power]
        + rng.normal(0, 1.2, n)
    )
    labels = CarLabels(
        tuple(f"brand {b}" for b in brand),
        tuple(f"body {b}" for b in body),
        tuple(f"power {b}" for b in power),
        is_left,
        is_foreign,
    )
    return xi, labels


@pytest.fixture(scope="module")
def model() -> XiModel:
    return fit_xi_model(*_market())


def _many() -> list[Candidate]:
    return [
        replace(PLAIN, nameplate="old"),
        replace(PLAIN, body="body 2", nameplate="old", comparables=(3, 8)),
        replace(PLAIN, brand="nobody", nameplate="here"),
        replace(PLAIN, is_left=False, comparables=(8, 3)),
        replace(PLAIN, is_foreign=False, comparables=(3, 12)),
    ]


NAMEPLATES = Nameplates(
    1.1,
    0.9,
    0.1,
    0.2,
    {"old": NameplateHistory(-0.8, 0.3, 4.0), "else": NameplateHistory(2, 1, 1)},
    {"here": (5,)},
)


def test_mean_is_linear_in_xi_and_parts_add_up(model: XiModel) -> None:
    found = forecast(model, _many(), nameplates=NAMEPLATES, comparable_share=0.4)
    np.testing.assert_allclose(found.weights @ model.xi + found.offset, found.mean, rtol=ROUNDING)
    np.testing.assert_allclose(found.parts.sum(axis=1), found.mean, rtol=ROUNDING)
    assert found.parts.shape == (5, len(PARTS))
    assert list(found.named_parts(0)) == list(PARTS)
    # another draw of xi, components held fixed, by fitting anew
    other = model.xi + np.random.default_rng(1).normal(size=model.xi.size)
    again = forecast(replace(model, xi=other), _many(), nameplates=NAMEPLATES, comparable_share=0.4)
    np.testing.assert_allclose(found.weights @ other + found.offset, again.mean, rtol=ROUNDING)
    # a level shift of xi shifts the forecast one for one
    np.testing.assert_allclose(found.weights.sum(axis=1), 1, rtol=ROUNDING)


def test_covariance_is_symmetric_positive_and_links_what_is_shared(model: XiModel) -> None:
    found = forecast(model, _many(), nameplates=NAMEPLATES, comparable_share=0.4)
    np.testing.assert_array_equal(found.covariance, found.covariance.T)
    assert np.linalg.eigvalsh(found.covariance).min() > 0
    np.testing.assert_allclose(found.sd**2, found.variance)

    same, other = PLAIN, replace(PLAIN, brand="nobody", body="none", powertrain="none", is_left=False)
    pair = forecast(model, [PLAIN, same]).covariance[0, 1]
    stranger = forecast(model, [PLAIN, other]).covariance[0, 1]
    assert pair > stranger
    named = forecast(
        model, [replace(PLAIN, nameplate="x"), replace(same, nameplate="x")], nameplates=NAMEPLATES
    ).covariance[0, 1]
    assert named == pytest.approx(pair + 0.9, abs=ROUNDING)  # mu2 - version2


def test_is_the_conditional_of_the_joint_gaussian(model: XiModel) -> None:
    """Effects written out as one long normal vector, conditioned on market and history by brute force."""
    candidates = [replace(PLAIN, nameplate="old"), replace(PLAIN, brand="brand 3", comparables=(3, 8))]
    share = 0.4
    found = forecast(model, candidates, nameplates=NAMEPLATES, comparable_share=share)
    c, labels, n = model.components, model.labels, model.xi.size
    sigma2, mu2, common = c["residual"], 1.1, 0.9
    total = n + 1 + 2  # market, history, candidates

    def column(marks: list[float]) -> np.ndarray:
        return np.array(marks, dtype=float)

    loads, variances = [], []
    for flag, candidate_flag in ((labels.is_left, True), (labels.is_foreign, True), (np.ones(n), True)):
        loads.append(column([*flag, 0, candidate_flag, candidate_flag]))
        variances.append(FLAT_PRIOR_VARIANCE)
    for name in ("brand", "body", "powertrain"):
        own = [getattr(x, name) for x in candidates]
        for level in sorted({*getattr(labels, name), *own}):
            loads.append(
                column([*(x == level for x in getattr(labels, name)), 0, *(x == level for x in own)])
            )
            variances.append(c[name])
    # comparables: rows 3 and 8 and the second candidate share one effect
    alike = np.zeros(total)
    alike[[3, 8, n + 2]] = 1
    loads.append(alike)
    variances.append(share * sigma2)
    # nameplate: the state 4 years ago, and the innovation since
    then, since = np.zeros(total), np.zeros(total)
    then[n], since[n] = np.sqrt(common), 0
    then[n + 1] = np.sqrt(common) * 0.9**4
    since[n + 1] = np.sqrt(common * (1 - 0.9**8))
    loads += [then, since]
    variances += [1.0, 1.0]
    own_variance = np.full(total, sigma2)
    own_variance[[3, 8, n + 2]] -= share * sigma2
    own_variance[n] = mu2 - common + 0.3
    own_variance[n + 1] = sigma2 - common
    A = np.column_stack(loads)
    joint = A @ np.diag(variances) @ A.T + np.diag(own_variance)
    seen = np.append(model.xi, -0.8)
    gain = np.linalg.solve(joint[: n + 1, : n + 1], joint[: n + 1, n + 1 :]).T
    np.testing.assert_allclose(found.mean, gain @ seen, atol=FLAT_PRIOR_TOLERANCE)
    expected = joint[n + 1 :, n + 1 :] - gain @ joint[: n + 1, n + 1 :]
    np.testing.assert_allclose(found.covariance, expected, atol=FLAT_PRIOR_TOLERANCE)


def test_history_moves_towards_it_and_narrows_less_with_age(model: XiModel) -> None:
    bare = forecast(model, [PLAIN])

    def with_history(residual: float, years: float) -> tuple[float, float, float]:
        news = replace(NAMEPLATES, histories={"old": NameplateHistory(residual, 0.1, years)})
        found = forecast(model, [replace(PLAIN, nameplate="old")], nameplates=news)
        return float(found.mean[0]), float(found.sd[0]), found.named_parts(0)["nameplate_history"]

    up, sd_new, part = with_history(1.0, 1)
    down, _, _ = with_history(-1.0, 1)
    later, sd_old, _ = with_history(1.0, 8)
    gone, sd_gone, _ = with_history(1.0, 400)
    assert down < bare.mean[0] < later < up
    assert sd_new < sd_old < bare.sd[0]
    assert up - bare.mean[0] == pytest.approx(part, abs=ROUNDING)
    assert gone == pytest.approx(bare.mean[0], abs=ROUNDING)
    assert sd_gone == pytest.approx(bare.sd[0], abs=ROUNDING)


def test_nameplate_on_sale_is_a_history_of_today(model: XiModel) -> None:
    bare = forecast(model, [PLAIN])
    found = forecast(model, [replace(PLAIN, nameplate="here")], nameplates=NAMEPLATES)
    residual = model.fit.residual[5]
    assert np.sign(found.named_parts(0)["nameplate_on_sale"]) == np.sign(residual)
    assert found.named_parts(0)["nameplate_history"] == 0
    assert found.sd[0] < bare.sd[0]
    only = forecast(model, [replace(PLAIN, nameplate="old")], nameplates=NAMEPLATES)
    both = forecast(
        model,
        [replace(PLAIN, nameplate="old")],
        nameplates=replace(NAMEPLATES, on_sale={"old": (5,)}),
    )
    assert both.sd[0] < only.sd[0]
    np.testing.assert_allclose(both.parts.sum(axis=1), both.mean, rtol=ROUNDING)


def test_comparables_pull_and_narrow(model: XiModel) -> None:
    bare = forecast(model, [PLAIN])
    best, worst = int(np.argmax(model.fit.residual)), int(np.argmin(model.fit.residual))
    up = forecast(model, [replace(PLAIN, comparables=(best,))], comparable_share=0.5)
    down = forecast(model, [replace(PLAIN, comparables=(worst,))], comparable_share=0.5)
    assert down.mean[0] < bare.mean[0] < up.mean[0]
    assert up.sd[0] < bare.sd[0]
    more = forecast(model, [replace(PLAIN, comparables=(best, worst))], comparable_share=0.5)
    assert more.sd[0] < up.sd[0]
    stronger = forecast(model, [replace(PLAIN, comparables=(best,))], comparable_share=0.8)
    assert stronger.sd[0] < up.sd[0]
    assert stronger.mean[0] > up.mean[0]
    nothing = forecast(model, [replace(PLAIN, comparables=(best,))], comparable_share=0.0)
    assert nothing.mean[0] == pytest.approx(bare.mean[0], abs=ROUNDING)


def test_candidates_with_the_same_comparables_share_their_error(model: XiModel) -> None:
    def covariance(second: tuple[int, ...]) -> float:
        pair = [replace(PLAIN, comparables=(3, 8)), replace(PLAIN, brand="brand 2", comparables=second)]
        return float(forecast(model, pair, comparable_share=0.5).covariance[0, 1])

    assert covariance((8, 3)) > covariance((20, 21))


def test_new_brand_has_the_average_and_more_variance(model: XiModel) -> None:
    known, new = forecast(model, [PLAIN]), forecast(model, [replace(PLAIN, brand="nobody")])
    assert new.named_parts(0)["brand"] == 0
    assert new.sd[0] > known.sd[0]
    assert new.new_levels == (("brand",),)
    assert known.new_levels == ((),)


def test_relabelling_rows_and_candidates(model: XiModel) -> None:
    order = np.random.default_rng(4).permutation(model.xi.size)
    place = {int(old): new for new, old in enumerate(order)}
    labels = model.labels
    moved = CarLabels(
        *(tuple(getattr(labels, k)[i] for i in order) for k in ("brand", "body", "powertrain")),
        labels.is_left[order],
        labels.is_foreign[order],
    )
    candidates = [replace(c, comparables=tuple(place[r] for r in c.comparables)) for c in _many()]
    one = forecast(model, _many(), nameplates=NAMEPLATES, comparable_share=0.4)
    two = forecast(
        fit_xi_model(model.xi[order], moved),
        candidates[::-1],
        nameplates=replace(NAMEPLATES, on_sale={"here": (place[5],)}),
        comparable_share=0.4,
    )
    # REML stops at a slope of 1e-8, hence not to rounding
    np.testing.assert_allclose(two.mean[::-1], one.mean, rtol=1e-6)
    np.testing.assert_allclose(two.covariance[::-1, ::-1], one.covariance, rtol=1e-5)


def test_prior_replaces_an_effect_the_market_cannot_show() -> None:
    xi, labels = _market()
    none_left = replace(labels, is_left=np.zeros(len(labels), dtype=bool))
    with pytest.raises(InputError, match=r"left_hand_drive.*prior"):
        fit_xi_model(xi, none_left)
    fitted = fit_xi_model(xi, none_left, priors={"left_hand_drive": EffectPrior(-1.2, 0.5)})
    right, left = (forecast(fitted, [replace(PLAIN, is_left=x)]) for x in (False, True))
    assert left.mean[0] - right.mean[0] == pytest.approx(-1.2, abs=ROUNDING)
    assert left.variance[0] - right.variance[0] == pytest.approx(0.25, abs=ROUNDING)
    assert left.named_parts(0)["left_hand_drive"] == pytest.approx(-1.2, abs=ROUNDING)
    np.testing.assert_allclose(left.weights @ xi + left.offset, left.mean, rtol=ROUNDING)


def test_wide_prior_is_no_prior() -> None:
    xi, labels = _market()
    free = fit_xi_model(xi, labels)
    wide = fit_xi_model(xi, labels, priors={"left_hand_drive": EffectPrior(5.0, 300.0)})
    one, two = forecast(free, [PLAIN]), forecast(wide, [PLAIN])
    np.testing.assert_allclose(two.mean, one.mean, rtol=1e-4)  # a prior of sd 300 is not quite flat
    np.testing.assert_allclose(two.sd, one.sd, rtol=1e-4)
    np.testing.assert_allclose(two.parts.sum(axis=1), two.mean, rtol=ROUNDING)


def test_leave_one_out_is_the_model_fitted_without_the_car(model: XiModel) -> None:
    found = leave_one_out(model)
    j = 17
    rest = [i for i in range(model.xi.size) if i != j]
    labels = model.labels
    fewer = CarLabels(
        *(tuple(getattr(labels, k)[i] for i in rest) for k in ("brand", "body", "powertrain")),
        labels.is_left[rest],
        labels.is_foreign[rest],
    )
    without = replace(model, xi=model.xi[rest], labels=fewer)  # same components
    car = Candidate(
        labels.brand[j],
        labels.body[j],
        labels.powertrain[j],
        bool(labels.is_left[j]),
        bool(labels.is_foreign[j]),
    )
    alone = forecast(without, [car])
    assert found.error[j] == pytest.approx(model.xi[j] - alone.mean[0], abs=ROUNDING)
    assert found.sd[j] == pytest.approx(alone.sd[0], abs=ROUNDING)


def test_leave_one_out_coverage_is_honest_on_simulated_markets() -> None:
    levels = (0.5, 0.8, 0.9)
    runs = [leave_one_out(fit_xi_model(*_market(150, seed)), levels).coverage for seed in range(20)]
    for level in levels:
        # 3,000 errors, dependent within a market
        assert np.mean([run[level] for run in runs]) == pytest.approx(level, abs=0.04)


def test_level_effects_shrink_to_zero(model: XiModel) -> None:
    found = level_effects(model, "brand")
    tau = np.sqrt(model.components["brand"])
    assert all(0 < sd < tau for _, sd in found.values())
    assert found["brand 1"][0] == pytest.approx(
        forecast(model, [PLAIN]).named_parts(0)["brand"], abs=ROUNDING
    )
    with pytest.raises(UnknownName, match="random effect"):
        level_effects(model, "colour")


def test_selection_and_draws(model: XiModel) -> None:
    found = forecast(model, _many()[:2])
    shifted = selection_shifts(found, (0.0, -0.5, -1.0))
    np.testing.assert_allclose(shifted, found.mean - np.outer([0, 0.5, 1], found.sd))
    z = np.random.default_rng(5).normal(size=(40_000, 2))
    draws = found.draws(model.xi, z)
    np.testing.assert_allclose(draws.mean(axis=0), found.mean, atol=0.03)  # sd / sqrt(40,000), times 4
    np.testing.assert_allclose(np.cov(draws.T), found.covariance, rtol=0.05)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: forecast(m, []), "no candidate"),
        (lambda m: forecast(m, [PLAIN], comparable_share=1.0), r"\[0, 1\)"),
        (lambda m: forecast(m, [replace(PLAIN, comparables=(999,))], comparable_share=0.5), "row 999"),
        (lambda m: Nameplates(1.0, 1.2, 0.0), "phi"),
        (lambda m: Nameplates(1.0, 0.9, 0.0, 1.1), "version2"),
        (lambda m: Nameplates(1, 0.9, 0, 0, {"a": NameplateHistory(0, 0, 1)}), "positive variance"),
        (lambda m: fit_xi_model(m.xi[:-1], m.labels), "labels are of 90 cars"),
        (lambda m: fit_xi_model(m.xi, m.labels, priors={"colour": EffectPrior(0, 1)}), "colour"),
        (lambda m: CarLabels(("a",), ("b", "c"), ("d",), np.array([True]), np.array([True])), "body has 2"),
    ],
)
def test_bad_input_is_named(model: XiModel, call, words: str) -> None:
    with pytest.raises(InputError, match=words):
        call(model)


def test_a_scaled_spread_moves_no_mean(model: XiModel) -> None:
    plain, wide = forecast(model, _many()), forecast(model, _many(), sd_scale=1.5)
    assert np.array_equal(plain.mean, wide.mean)
    assert wide.sd == pytest.approx(1.5 * plain.sd)
    for bad in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(InputError, match="sd_scale"):
            forecast(model, _many(), sd_scale=bad)
