"""Agents: moments of the normal, agreement with SciPy's sequences, the same draws from the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.estimation import (
    MLHS,
    GaussHermite,
    Halton,
    MonteCarlo,
    OwnAgents,
    Sobol,
    SparseGrid,
    lognormal_income,
)
from kanrin.estimation._quantile import normal_quantile
from kanrin.estimation._sobol import sobol_uniforms

EXACT = 1e-12  # quadrature of low polynomials
QUANTILE = 1e-14  # AS241 is printed to 16 digits
QUASI = 0.02  # moments of 1,024 quasi-random points
RANDOM = 0.15  # of 1,024 independent ones: five standard errors of a mean

MARKETS = ["a", "b", "c"]


@pytest.mark.parametrize("rule", [GaussHermite(4), SparseGrid(4)])
def test_quadrature_is_exact(rule: GaussHermite | SparseGrid) -> None:
    drawn = rule.draw(MARKETS, 3)
    x, w = drawn.nodes[: drawn.agent_start[1]], drawn.weights[: drawn.agent_start[1]]
    assert w.sum() == pytest.approx(1.0, abs=EXACT)
    assert np.allclose(w @ x, 0, atol=EXACT)
    assert np.allclose((x * w[:, None]).T @ x, np.eye(3), atol=EXACT)
    assert w @ x[:, 0] ** 4 == pytest.approx(3.0, abs=1e-10)
    assert w @ (x[:, 0] ** 2 * x[:, 1] ** 2) == pytest.approx(1.0, abs=1e-10)
    np.testing.assert_array_equal(x, drawn.nodes[drawn.agent_start[1] : drawn.agent_start[2]])


def test_sparse_grid_is_smaller() -> None:
    assert len(SparseGrid(4).points(4, 0)[1]) < len(GaussHermite(4).points(4, 0)[1])


@pytest.mark.parametrize("kind", [Halton, Sobol, MLHS, MonteCarlo])
def test_random_rules(kind: type[Halton]) -> None:
    tolerance = RANDOM if kind is MonteCarlo else QUASI
    drawn = kind(1024, seed=7).draw(MARKETS, 3)
    for t in range(3):
        x = drawn.nodes[drawn.agent_start[t] : drawn.agent_start[t + 1]]
        assert x.shape == (1024, 3) and np.isfinite(x).all()
        assert np.abs(x.mean(axis=0)).max() < tolerance
        assert np.abs(x.std(axis=0) - 1).max() < tolerance
        assert np.abs(np.corrcoef(x.T) - np.eye(3)).max() < max(tolerance, 0.12 if kind is MLHS else 0)
    again, other = kind(1024, seed=7).draw(MARKETS, 3), kind(1024, seed=8).draw(MARKETS, 3)
    np.testing.assert_array_equal(drawn.nodes, again.nodes)
    assert np.abs(drawn.nodes - other.nodes).max() > 0.1
    assert np.abs(drawn.nodes[:1024] - drawn.nodes[1024:2048]).max() > 0.1
    common = kind(16, seed=7, common=True).draw(MARKETS, 2)
    np.testing.assert_array_equal(common.nodes[:16], common.nodes[16:32])


def test_sobol_is_the_published_sequence() -> None:
    qmc = pytest.importorskip("scipy.stats").qmc
    theirs = qmc.Sobol(19, scramble=False, bits=30).random(64)
    np.testing.assert_array_equal(sobol_uniforms(64, 19, None), theirs)


def test_scrambled_sobol_stays_a_net() -> None:
    u = sobol_uniforms(64, 5, np.random.default_rng(1))
    for d in range(5):
        assert sorted((u[:, d] * 64).astype(int)) == list(range(64))


def test_halton_stays_stratified() -> None:
    from statistics import NormalDist

    x = Halton(81, seed=3).draw(["a"], 2).nodes[:, 1]
    u = np.array([NormalDist().cdf(v) for v in x])
    assert sorted((u * 81).astype(int)) == list(range(81))


def test_normal_quantile() -> None:
    from statistics import NormalDist

    p = np.concatenate([np.linspace(1e-4, 1 - 1e-4, 400), [1e-12, 1e-30, 1e-200]])
    expected = [NormalDist().inv_cdf(float(v)) for v in p]
    np.testing.assert_allclose(normal_quantile(p), expected, rtol=QUANTILE, atol=1e-15)


def test_own_agents() -> None:
    data = {
        "m": ["b", "a", "a"],
        "weights": [1.0, 0.25, 0.75],
        "n": [0.1, 0.2, 0.3],
        "income": [1.0, 2.0, 3.0],
    }
    drawn = OwnAgents(data, market="m", nodes=["n"]).draw(["a", "b"], 1)
    np.testing.assert_array_equal(drawn.agent_start, [0, 2, 3])
    np.testing.assert_array_equal(drawn.nodes[:, 0], [0.2, 0.3, 0.1])
    everywhere = OwnAgents({"n": [0.5, -0.5]}, weights=None, nodes=["n"]).draw(MARKETS, 1)
    assert len(everywhere.weights) == 6 and everywhere.weights[0] == 0.5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": [1.0, 0.25, 0.70]}, r"market a sum to 0.95, expected 1.*rest_never_buys"),
        ({"weights": [1.0, -0.25, 1.25]}, r"negative; row 1"),
        ({"m": ["b", "b", "b"], "weights": [0.5, 0.25, 0.25]}, "market a has no agents"),
        ({"n": [0.1, np.nan, 0.2]}, "column 'n' of the agents has missing"),
    ],
)
def test_own_agents_refused(change: dict[str, list[object]], words: str) -> None:
    data = {"m": ["b", "a", "a"], "weights": [1.0, 0.25, 0.75], "n": [0.1, 0.2, 0.3]} | change
    with pytest.raises(InputError, match=words):
        OwnAgents(data, market="m", nodes=["n"]).draw(["a", "b"], 1)


def test_too_few_or_too_many_nodes() -> None:
    with pytest.raises(InputError, match="0 columns of nodes, 2 random"):
        lognormal_income(0.8).draw(["a"], 2)
    with pytest.raises(InputError, match="use SparseGrid or Halton"):
        GaussHermite(9).draw(["a"], 8)
    with pytest.raises(InputError, match="at least 1"):
        Halton(0)
