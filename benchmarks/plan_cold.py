"""Whole-process time and peak memory of the command line, cold: medians of five runs, as a Markdown table.

Run with the environment's own Python: `.venv/bin/python benchmarks/plan_cold.py [runs]`.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

COMMANDS = (
    (("--help",), "0.15 s"),
    (("rules", "us-japan"), ""),
    (("cost", "us-japan", "toyota_camry_hybrid"), ""),
    (("plan", "us-japan"), "15 s, 1,000 MB"),
)


def measure(arguments: tuple[str, ...]) -> tuple[float, float]:
    """Wall seconds and peak resident MB of one process."""
    kanrin = Path(sysconfig.get_path("scripts")) / "kanrin"
    start = time.perf_counter()
    process = subprocess.Popen([str(kanrin), *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(
            f"kanrin {' '.join(arguments)} ended with exit code {os.waitstatus_to_exitcode(status)}"
        )
    return seconds, usage.ru_maxrss / (1 if sys.platform == "linux" else 1024) / 1024


def machine() -> str:
    """The machine in words."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.partition(":")[2].strip()
            for line in cpuinfo.read_text().splitlines()
            if "model name" in line
        ]
        model = names[0] if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    """Measure every command and print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(f"{machine()}; medians of {runs} runs, whole process\n")
    print("| command | time, s | range, s | peak memory, MB | limit |\n|---|---|---|---|---|")
    for arguments, limit in COMMANDS:
        results = [measure(arguments) for _ in range(runs)]
        seconds = sorted(s for s, _ in results)
        memory = statistics.median(m for _, m in results)
        print(
            f"| `kanrin {' '.join(arguments)}` | {statistics.median(seconds):.2f} | "
            f"{seconds[0]:.2f} to {seconds[-1]:.2f} | {memory:.0f} | {limit} |"
        )


if __name__ == "__main__":
    main()
