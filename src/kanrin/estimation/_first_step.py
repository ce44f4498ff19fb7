"""The first step of GMM over several starts: the best end counts, and a start that fails is eased.

Where no start can be solved, starts nearer to the plain logit are tried: spreads and nests smaller, prices
weighing more.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kanrin.base import Floats, SolveError
from kanrin.estimation._objective import Point
from kanrin.estimation._parameters import Theta
from kanrin.estimation._progress import Progress
from kanrin.estimation._run import Run
from kanrin.estimation._search import Found

__all__ = ["first_step"]

_JITTER = 0.5  # log-normal spread of further starts
_EASED = 6  # starts tried where none could be solved, each half as far from the logit


def first_step(
    run: Run, W: Floats, starts: int, seed: int, at: Progress | None
) -> tuple[Point, Found, tuple[float, ...]]:
    """The best end over the starts, and every end's objective; `at`: go on from there.

    Raises the SolveError of the first start when none can be solved, eased ones included.
    """
    theta, reporter = run.model.theta, run.reporter
    best: tuple[Point, Found] | None = None
    first_fault: SolveError | None = None
    failed = 0
    if at is not None:
        reporter.ends = at.ends
    for k, start in enumerate(_starts(theta, starts, seed)):
        if at is not None and k + 1 < at.start:
            continue
        reporter.start = k + 1
        here = np.asarray(at.theta) if at is not None and k + 1 == at.start else start
        try:
            point, found = run.search(here, W, None)
        except SolveError as error:
            first_fault = first_fault or error
            failed += 1
            continue
        reporter.ended(point.value, point.theta)
        if best is None or point.value < best[0].value:
            best = point, found
    if best is not None and failed:
        run.notes.append(
            f"{failed} of {starts} starts could not be solved (the first: {_first(first_fault)})"
        )
    if best is None and first_fault is not None and not run.at_start:
        best = _eased(run, W, first_fault)
    if at is not None:
        best = _of_earlier(run, W, best, at)
    if best is None:
        assert first_fault is not None
        raise first_fault
    return best[0], best[1], tuple(value for value, _ in reporter.ends)


def _starts(theta: Theta, count: int, seed: int) -> Iterator[Floats]:
    """The start as given, then others spread about it."""
    rng = np.random.default_rng(seed)
    yield theta.start
    for _ in range(count - 1):
        spread = np.exp(_JITTER * rng.standard_normal(len(theta.start)))
        yield np.clip(theta.start * spread, theta.low, theta.high)


def _eased(run: Run, W: Floats, fault: SolveError) -> tuple[Point, Found] | None:
    """The end of the first eased start that can be solved."""
    theta = run.model.theta
    is_price = theta.of_kind("alpha")
    for k in range(1, _EASED + 1):
        factor = np.where(is_price, 2.0**k, 0.5**k)
        try:
            point, found = run.search(np.clip(theta.start * factor, theta.low, theta.high), W, None)
        except SolveError:
            continue
        run.reporter.ended(point.value, point.theta)
        run.notes.append(
            f"the start could not be solved ({_first(fault)}); the search began at {0.5**k:g} of its spreads"
            + (f" and {2**k} times its price coefficients" if is_price.any() else "")
        )
        return point, found
    return None


def _of_earlier(
    run: Run, W: Floats, best: tuple[Point, Found] | None, at: Progress
) -> tuple[Point, Found] | None:
    """The better of this end and those of starts done before the search was interrupted."""
    if not at.ends:
        return best
    value, theta = min(at.ends)
    if best is not None and best[0].value <= value:
        return best
    return run.search(np.asarray(theta), W, None)


def _first(fault: SolveError | None) -> str:
    """What went wrong, without the advice."""
    return str(fault).partition(";")[0]
