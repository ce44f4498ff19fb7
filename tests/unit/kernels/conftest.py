"""Every test here runs twice: on the NumPy twins and on the compiled kernels, where there are any."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kanrin.kernels import _native

_BUILT = _native.library()


@pytest.fixture(autouse=True, params=["numpy", "native"])
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Which kernels answer in this test."""
    kind = str(request.param)
    if kind == "native" and _BUILT is None:
        pytest.skip("the native kernels are not built here, or are switched off by KANRIN_NATIVE=0")
    monkeypatch.setenv("KANRIN_NATIVE", "1" if kind == "native" else "0")
    _native.library.cache_clear()
    yield kind
    monkeypatch.undo()
    _native.library.cache_clear()
