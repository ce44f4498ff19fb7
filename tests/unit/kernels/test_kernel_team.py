"""The team of threads: kept between calls, shared by callers, made anew by a forked child."""

from __future__ import annotations

import os
import signal
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from flat_markets import Made, made

from kanrin.base import Floats
from kanrin.kernels import invert

SIZES = (40, 25, 33, 18), (200, 150, 90, 300)  # cells enough for a second thread
SECONDS = 60


def answer(m: Made, threads: int) -> Floats:
    """Mean utilities."""
    return invert(m.markets, m.observed, threads=threads).delta


def test_callers_at_once_get_what_each_would_alone() -> None:
    markets = [made(seed, *SIZES) for seed in range(4)]
    alone = [answer(m, 1) for m in markets]
    with ThreadPoolExecutor(4) as callers:
        for _ in range(5):
            for got, want in zip(callers.map(lambda m: answer(m, 3), markets), alone, strict=True):
                np.testing.assert_array_equal(got, want)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_a_team_of_its_own() -> None:
    m = made(60, *SIZES)
    want = answer(m, 3)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # Python tells of forks beside threads; that is the test
        child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)  # a child that waits for threads it does not have must not wait for ever
        os._exit(0 if np.array_equal(answer(m, 3), want) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
