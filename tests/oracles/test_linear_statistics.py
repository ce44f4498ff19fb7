"""Statistics and instruments written out: clustered errors, strength, endogeneity, close rivals, S."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from kanrin.estimation import Clustered, Unadjusted, differentiation_instruments, estimate_linear
from kanrin.estimation._gmm import moment_covariance

SAME = 1e-9  # the same regressions by another decomposition
N, GROUPS = 120, 15


def data() -> dict[str, np.ndarray]:
    """Two endogenous columns, three instruments, an exogenous column, clusters of unlike size."""
    rng = np.random.default_rng(8)
    a, b, c, x, u, v, w = rng.standard_normal((7, N))
    one, two = a + 0.5 * b + u, 0.7 * b - 0.6 * c + 0.4 * x + v
    region = rng.integers(0, GROUPS, N)
    y = 1.0 - one + 0.5 * two + 0.3 * x + 0.5 * u - 0.4 * v + w + 0.5 * rng.standard_normal(GROUPS)[region]
    return {"y": y, "one": one, "two": two, "x": x, "a": a, "b": b, "c": c, "region": region}


def rest(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """What a regression leaves."""
    return y - x @ np.linalg.lstsq(x, y, rcond=None)[0]


def test_clustered_errors_with_the_small_sample_factor():
    d = data()
    found = estimate_linear(d, "y", "1 + one + x", errors=Clustered("region"))
    x = np.column_stack([np.ones(N), d["one"], d["x"]])
    scores = x * rest(d["y"], x)[:, None]
    sums = np.array([scores[d["region"] == g].sum(axis=0) for g in np.unique(d["region"])])
    bread = np.linalg.inv(x.T @ x)
    factor = GROUPS / (GROUPS - 1) * (N - 1) / (N - 3)
    by_hand = factor * bread @ sums.T @ sums @ bread
    np.testing.assert_allclose(found.covariance, by_hand, rtol=SAME)


def test_strength_of_each_of_two_and_their_endogeneity():
    d = data()
    found = estimate_linear(
        d, "y", "1 + one + two + x", endogenous=["one", "two"], instruments=["a", "b", "c"]
    )
    exogenous = np.column_stack([np.ones(N), d["x"]])
    z = np.column_stack([exogenous, d["a"], d["b"], d["c"]])
    ends = np.column_stack([d["one"], d["two"]])
    fitted = ends - rest(ends, z)
    below = N - z.shape[1]
    for k, stage in enumerate(found.first_stages):
        plain = rest(ends[:, k], exogenous) @ rest(ends[:, k], exogenous)
        left = rest(ends[:, k], z) @ rest(ends[:, k], z)
        usual = stage.F
        assert usual == pytest.approx((plain - left) / 3 / (left / below), rel=SAME)
        # Sanderson & Windmeijer: the other taken out by 2SLS, one degree of freedom less
        second = np.column_stack([exogenous, fitted[:, 1 - k]])
        slope = np.linalg.lstsq(second, ends[:, k], rcond=None)[0]
        alone = ends[:, k] - np.column_stack([exogenous, ends[:, 1 - k]]) @ slope
        restricted, full = rest(alone, exogenous), rest(alone, z)
        explained = restricted @ restricted - full @ full
        assert stage.conditional_F == pytest.approx(explained / 2 / (full @ full / below), rel=SAME)
    x = np.column_stack([exogenous, ends])
    small, big = rest(d["y"], x), rest(d["y"], np.column_stack([x, rest(ends, z)]))
    value, degrees, _ = found.endogeneity
    by_hand = (small @ small - big @ big) / 2 / (big @ big / (N - 4 - 2))
    assert degrees == 2 and value == pytest.approx(by_hand, rel=SAME)


def test_local_differentiation_instruments_count_who_is_close():
    rng = np.random.default_rng(4)
    market, firm = np.repeat(np.arange(6), 5), np.tile(["A", "A", "B", "B", "C"], 6)
    x, w = rng.standard_normal((2, 30))
    d = {"market": market, "firm": firm, "x": x, "w": w}
    gaps = [x[k] - x[j] for j in range(30) for k in range(30) if j != k and market[j] == market[k]]
    spread = np.sqrt(np.mean(np.square(gaps)))
    made = differentiation_instruments(d, "x", market="market", firm="firm", kind="local").columns()
    for j in range(30):
        near = [k for k in range(30) if k != j and market[k] == market[j] and abs(x[k] - x[j]) < spread]
        own = sum(firm[k] == firm[j] for k in near)
        found = {label.split()[0]: values[j] for label, values in made.items()}
        assert found == {"own": own, "rival": len(near) - own}


def test_errors_that_are_alike_may_hang_together_between_demand_and_supply():
    """S_ab = cov(e_a, e_b) Z_a'Z_b / N."""
    rng = np.random.default_rng(5)
    xi, omega = rng.multivariate_normal([0.2, -0.1], [[1.0, 0.6], [0.6, 2.0]], N).T
    zd, zs = rng.standard_normal((N, 3)), rng.standard_normal((N, 2))
    model = SimpleNamespace(zd=zd, zs=zs, has_supply=True, rows=N)
    found = moment_covariance(model, SimpleNamespace(xi=xi, omega=omega), Unadjusted(), None)
    cov = np.cov(xi, omega, bias=True)
    by_hand = np.block(
        [[cov[0, 0] * zd.T @ zd, cov[0, 1] * zd.T @ zs], [cov[1, 0] * zs.T @ zd, cov[1, 1] * zs.T @ zs]]
    )
    np.testing.assert_allclose(found, by_hand / N, rtol=SAME, atol=1e-12)
