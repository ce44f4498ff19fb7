"""What a kernel refuses, and that it says why; what it takes it does not copy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flat_markets import made

from kanrin.base import InputError
from kanrin.kernels import Markets, _native, about, shares

M = made(50, nested=True)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("x2", M.markets.x2.tolist(), "NumPy array"),
        ("x2", M.markets.x2.astype(np.float32), r"must be float64, got float32; convert with x2.astype"),
        ("x2", M.markets.x2.astype(complex), "complex"),
        ("x2", np.asfortranarray(M.markets.x2), r"np.ascontiguousarray\(x2\)"),
        ("x2", M.markets.x2[::-1], "C-contiguous"),
        ("x2", np.where(np.arange(3) == 1, np.nan, M.markets.x2), r"x2 holds nan at \[0, 1\]"),
        ("x2", M.markets.x2[:, 0], "must have shape"),
        ("x2", M.markets.x2.astype(">f8"), "must be float64|byte order"),
        ("coefficients", M.markets.coefficients[:, :2].copy(), "must have shape"),
        ("weights", M.markets.weights[:-1].copy(), "agent_start must"),
        ("weights", -M.markets.weights, "negative"),
        ("weights", 2.0 * M.markets.weights, "market 0 sum to 2"),
        ("market_start", M.markets.market_start.astype(np.int32), "must be int64"),
        ("market_start", np.array([0, 3, 3, 11, 23]), "market 1 has no products"),
        ("market_start", np.array([1, 3, 10, 11, 23]), "begin with 0"),
        ("agent_start", np.array([0, 5, 32]), "must have shape"),
        ("nests", np.full(23, 3), "below 3"),
        ("nests", np.full(23, -1), "whole numbers"),
        ("nests", None, "go together"),
        ("rho", np.array([0.1, -0.1, 0.3]), "rho of nest 1"),
        ("rho", np.array([0.1, 0.2, np.inf]), "rho holds inf"),
    ],
)
def test_bad_markets(field: str, value: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        replace(M.markets, **{field: value})


@pytest.mark.parametrize(
    "delta",
    [M.delta[:-1], M.delta[:, None], M.delta.astype(np.int64), np.full(23, np.nan), None, M.delta[::-1],
     np.lib.stride_tricks.as_strided(M.delta, (23,), (0,))],
)  # fmt: skip
def test_bad_delta(delta: Any) -> None:
    with pytest.raises(InputError, match="delta"):
        shares(M.markets, delta)


def test_a_read_only_array_is_taken_and_not_changed() -> None:
    delta = M.delta.copy()
    delta.setflags(write=False)
    np.testing.assert_array_equal(shares(M.markets, delta), shares(M.markets, M.delta))
    assert M.markets.x2 is replace(M.markets).x2


def test_an_unaligned_array_is_refused() -> None:
    room = np.zeros(8 * 23 + 1, dtype=np.uint8)[1:].view(np.float64)
    with pytest.raises(InputError, match="aligned"):
        shares(M.markets, room)


def test_about_says_what_runs(mode: str) -> None:
    told = about()
    assert told["kernels"] == mode
    assert (told["isa"] == "-") == (mode == "numpy")
    assert isinstance(told["threads"], int) and told["threads"] >= 1


def test_other_coefficients_for_the_same_markets() -> None:
    m = made(5, nested=True).markets
    assert m.rho is not None
    other = m.at(2.0 * m.coefficients, 0.5 * m.rho)
    assert (other.x2 is m.x2) and (other.nests is m.nests) and isinstance(other, Markets)
    np.testing.assert_array_equal(other.coefficients, 2.0 * m.coefficients)
    np.testing.assert_array_equal(m.rho, 2.0 * np.asarray(other.rho))
    with pytest.raises(InputError, match="coefficients must have shape"):
        m.at(m.coefficients[:-1], m.rho)
    with pytest.raises(InputError, match="coefficients holds nan"):
        m.at(np.full_like(m.coefficients, np.nan), m.rho)
    with pytest.raises(InputError, match="rho goes with nests"):
        m.at(m.coefficients)
    with pytest.raises(InputError, match="rho of nest 1 is 1;"):
        m.at(m.coefficients, np.array([0.0, 1.0, 0.2]))


def test_numbers_too_large_to_be_squared_are_finite() -> None:
    m = made(6)
    np.testing.assert_allclose(shares(m.markets, np.full_like(m.delta, -1e200)), 0.0, atol=1e-300)


def test_kernels_built_from_another_source_say_so(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if mode == "numpy":
        assert _native.library() is None
        return
    monkeypatch.setattr(_native.library(), "edition", 1)
    _native.library.cache_clear()
    with pytest.raises(InputError, match="build them again"):
        _native.library()
