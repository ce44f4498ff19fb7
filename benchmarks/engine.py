"""The engine against PyBLP 1.3.0, side by side in one run: `.venv/bin/python benchmarks/engine.py`.

PyBLP runs in the fastest of its settings that finds the same numbers (tried first, named in the table), with
one thread for its matrices, which suits it best. Each time is a median of at least five runs, taken in turns.
The data are PyBLP's own files; prices are those of a made-up market, since no file there has 169 models and
200 agents. --quick leaves out the full estimate; --write puts the table into docs/explanation/speed.md.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is there

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import engine_cases as cases
import numpy as np
from engine_told import Line, write_page

from kanrin.kernels import about

RUNS = 5


def in_turns(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Medians of the seconds of both, in turns, so that both meet the same load; ours ten times as often."""
    mine, other = [], []
    for _ in range(RUNS):
        for _ in range(10):
            mine.append(seconds(ours))
        other.append(seconds(theirs))
    return statistics.median(mine), statistics.median(other)


def seconds(work: Callable[[], object]) -> float:
    """One run."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def relative(a: Any, b: Any) -> float:
    """Largest difference, relative to the largest entry."""
    a, b = np.ravel(a), np.ravel(b)
    return float(np.abs(a - b).max() / np.abs(b).max())


def objective(name: str, case: cases.Objective, goal: float) -> Line:
    """Objective and gradient at one point, every inversion from the logit's mean utilities."""
    setting, theirs = case.fastest()
    (q, g), (q_other, g_other) = case.ours(), theirs()
    mine, other = in_turns(case.ours, theirs)
    told = f"objective {abs(q / q_other - 1.0):.0e}, gradient {relative(g, g_other):.0e}"
    return Line(name, mine, other, goal, told, setting)


def estimate() -> Line:
    """Nevo's full model from its starts to the end, with robust standard errors."""
    setting, theirs = cases.nevo_estimate_fastest()
    ours, found = cases.nevo_estimate(), theirs()
    mine, other = in_turns(cases.nevo_estimate, theirs)
    far = abs(ours.objective / float(np.ravel(found.objective)[0]) - 1.0)
    error = ours.error("prices") / float(found.beta_se[0, 0]) - 1.0
    return Line(
        "full Nevo estimate with standard errors",
        mine,
        other,
        200.0,
        f"objective {far:.0e}, error of the price {abs(error):.0e}",
        setting,
    )


def prices(case: cases.PriceBatch) -> list[Line]:
    """1,000 scenarios; PyBLP goes every way there is, quickest last."""
    lines = []
    for line_ups, goal in ((False, 75.0), (True, 1_000.0)):
        what = "with another line-up each" if line_ups else "tariff scenarios"
        name = f"equilibrium prices, 169 models x 200 agents, batch of 1,000 {what}, each"
        ours = case.ours(line_ups)
        took = [seconds(lambda o=line_ups: case.ours(o)) for _ in range(2 * RUNS)]  # type: ignore[misc]
        mine = statistics.median(took) / case.rows
        for way in cases.PRICE_WAYS:
            runs, found, rows = case.theirs(line_ups, way)
            on = np.isfinite(found)
            told = f"prices {relative(ours[rows][on], found[on]):.0e}"
            lines.append(Line(name, mine, statistics.median(runs), goal, told, way))
    return lines


@dataclass(frozen=True)
class Limit:
    """Something with a limit of its own."""

    what: str
    value: float
    unit: str
    most: float


def limits() -> list[Limit]:
    """Memory of 10,000 equilibria, import, size of the extension."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); "
        "import engine_cases as c; c.many_equilibria(int(sys.argv[2]))"
    )
    peaks = [
        float(subprocess.check_output([sys.executable, "-c", code, str(Path(__file__).parent), str(rows)]))
        for rows in (1_000, 10_000)
    ]
    bare, whole = (
        statistics.median(
            seconds(lambda c=c: subprocess.run([sys.executable, "-c", c], check=True)) for _ in range(11)
        )
        for c in ("pass", "import kanrin")
    )
    out = [
        Limit("memory of a process that solves 1,000 equilibria", peaks[0], "MB", 500.0),
        Limit("memory of a process that solves 10,000 equilibria", peaks[1], "MB", 500.0),
        Limit("import kanrin, beyond the bare interpreter", 1e3 * (whole - bare), "ms", 150.0),
    ]
    if about()["kernels"] == "native":
        from kanrin.kernels import _core

        out.append(Limit("size of the extension", Path(_core.__file__).stat().st_size / 1e6, "MB", 2.0))
    return out


def main() -> None:
    """Measure, print and, where asked, write the page."""
    quick = "--quick" in sys.argv
    load = os.getloadavg()
    lines = [
        objective("objective and gradient, BLP 1995 demand (2,217 products, 20 markets, 200 agents)",
                  cases.blp(supply=False), 60.0),
        objective("the same with supply", cases.blp(supply=True), 65.0),
        objective("objective and gradient, Nevo", cases.nevo(), 330.0),
    ]  # fmt: skip
    for line in lines:
        print(line.row(), flush=True)
    if not quick:
        lines.append(estimate())
        print(lines[-1].row(), flush=True)
    for line in prices(cases.PriceBatch()):
        lines.append(line)
        print(line.row(), flush=True)
    found = limits()
    for limit in found:
        print(f"| {limit.what} | {limit.value:.1f} {limit.unit} | {limit.most:.0f} {limit.unit} |")
    text = write_page(lines, found, (load, os.getloadavg()), write="--write" in sys.argv)
    print(text)


if __name__ == "__main__":
    main()
