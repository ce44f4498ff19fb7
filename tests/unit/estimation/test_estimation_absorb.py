"""Absorbed effects equal dummies; degrees of freedom are a rank; singletons are counted."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.base import InputError
from kanrin.estimation import as_table, build_absorber, estimate_linear

DUMMIES = 1e-9  # MODEL 2.7


def table(seed: int = 3, rows: int = 300) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    maker, year, kind = rng.integers(0, 12, rows), rng.integers(0, 9, rows), rng.integers(0, 4, rows)
    x, z = rng.standard_normal(rows) + 0.3 * maker, rng.standard_normal(rows) + 0.2 * year
    y = 1.5 * x - z + maker - 0.5 * year + kind + rng.standard_normal(rows)
    return {"y": y, "x": x, "z": z, "maker": maker, "year": year, "kind": kind}


@pytest.mark.parametrize("effects", [("maker",), ("maker", "year"), ("maker", "year", "kind")])
def test_absorbed_equal_dummies(effects: tuple[str, ...]) -> None:
    data = table()
    absorbed = estimate_linear(data, "y", "x + z | " + " + ".join(effects))
    dummies = estimate_linear(data, "y", "1 + x + z + " + " + ".join(f"C({e})" for e in effects))
    for name in ("x", "z"):
        assert absorbed[name] == pytest.approx(dummies[name], rel=DUMMIES)
        assert absorbed.error(name) == pytest.approx(dummies.error(name), rel=DUMMIES)
    assert absorbed.freedom == dummies.freedom
    assert absorbed.absorbed.rank == len(dummies.names) - 2
    np.testing.assert_allclose(absorbed.residuals, dummies.residuals, atol=DUMMIES)
    assert absorbed.r2 == pytest.approx(dummies.r2, rel=DUMMIES)


def test_weakly_connected_effects_settle() -> None:
    """A chain of levels, each tied to the next by one row: the hardest case for alternating projections."""
    n = 60
    left = np.repeat(np.arange(n), 2)
    right = np.concatenate([[0], np.repeat(np.arange(1, n), 2), [n]])
    left, right = np.append(left, left), np.append(right, right)
    rng = np.random.default_rng(0)
    y = rng.standard_normal(len(left))
    t = as_table({"l": left, "r": right})
    absorber = build_absorber(["l", "r"], [t.codes("l"), t.codes("r")])
    ours = absorber.residuals(y)
    D = np.hstack([np.eye(n)[left], np.eye(n + 1)[right]])
    np.testing.assert_allclose(ours, y - D @ np.linalg.lstsq(D, y, rcond=None)[0], atol=DUMMIES)
    assert absorber.rank == np.linalg.matrix_rank(D)


def test_singletons_and_saturation() -> None:
    t = as_table({"g": ["a", "a", "b", "c"], "h": [1, 2, 3, 4]})
    assert build_absorber(["g"], [t.codes("g")]).singletons == (2,)
    with pytest.raises(InputError, match="every row is a level of its own"):
        build_absorber(["h"], [t.codes("h")])
