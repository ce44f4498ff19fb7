"""How `engine.py` tells what it measured: a table, and the page of the docs that holds it."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kanrin.kernels import about

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "speed.md"
HEAD = (
    "| work | PyBLP 1.3.0 | Kanrin | ratio | aim | differs by, relative | PyBLP's setting |\n"
    "|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Line:
    """One comparison; seconds."""

    name: str
    ours: float
    theirs: float
    goal: float | None
    accuracy: str
    setting: str

    def row(self) -> str:
        """As a row of a Markdown table."""
        aim = "" if self.goal is None else f"{self.goal:,.0f}"
        return (
            f"| {self.name} | {time_text(self.theirs)} | {time_text(self.ours)} "
            f"| {self.theirs / self.ours:,.0f} | {aim} | {self.accuracy} | {self.setting} |"
        )


def time_text(seconds: float) -> str:
    """With a unit that suits, three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.1e} s"


def machine() -> str:
    """The machine in words."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [t.partition(":")[2].strip() for t in cpuinfo.read_text().splitlines() if "model name" in t]
        model = names[0] if names else model
    told = about()
    return (
        f"{model}, {told['threads']} cores, {platform.system()}, Python {platform.python_version()}, NumPy "
        f"{np.__version__}, kernels {told['kernels']} ({told['isa']})"
    )


def write_page(lines: list[Line], limits: list[Any], load: tuple[Any, Any], *, write: bool) -> str:
    """The page; into the docs where asked."""
    table = "\n".join([HEAD, *(line.row() for line in lines)])
    other = "\n".join(f"| {m.what} | {m.value:.1f} {m.unit} | {m.most:.0f} {m.unit} |" for m in limits)
    busy = ", ".join(f"{x:.1f}" for x in (*load[0][:2], load[1][0]))
    text = f"""# Speed

What `benchmarks/engine.py` measured, PyBLP and Kanrin in turns in one run. Each time is the median of at
least five runs. PyBLP ran in the fastest of its settings that finds the same numbers, with one thread for its
matrices, which suits it best; Kanrin used every core.

Machine: {machine()}. Load averages of the
system, one and five minutes before the start and one minute before the end, this program among them: {busy};
above the number of cores, other work ran beside it.

{table}

Objectives are those of one point, every inversion begun at the logit's mean utilities. Prices are those of a
made-up market, both programs started from the prices that pass the costs through. PyBLP was asked for 20
scenarios one by one, as its calls invite (another line-up needs a new simulation), and for 100 as markets of
one simulation, the building of which is left out. Its default checks of a solution (gradients and Hessians of
profits) take most of its time; Kanrin solves to the same first-order conditions without them.

| what | measured | limit |
|---|---|---|
{other}
"""
    if write:
        PAGE.write_text(text, encoding="utf-8")
    return text
