"""Whole-process time and peak memory of the command line, cold: medians of some runs, as a Markdown table.

Run with the environment's own Python: `.venv/bin/python benchmarks/plan_cold.py [runs] [--write]`; `--write`
puts the table into docs/explanation/plan-speed.md. The plan of twelve candidates is of the shipped case with
some of another maker's cars given to the case's own.
"""

from __future__ import annotations

import csv
import os
import platform
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from kanrin.facts import load_case

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "plan-speed.md"
TWELVE = 12
TABLE_HEAD = "| command | time, s | range, s | peak memory, MB | limit |\n|---|---|---|---|---|"


def commands(folder: Path) -> list[tuple[str, tuple[str, ...], str]]:
    """What is measured: as told, the arguments, the limit."""
    twelve = ("plan", str(folder), "--candidates", ",".join(twelve_cars(folder)), "--draws", "200")
    plain = [
        (("--help",), "0.15 s"),
        (("rules", "us-japan"), ""),
        (("cost", "us-japan", "toyota_camry_hybrid"), ""),
        (("plan", "us-japan"), "15 s, 1,000 MB"),
        (("plan", "us-japan", "--draws", "500"), "5 s on two quiet cores"),
    ]
    told = [(f"`kanrin {' '.join(arguments)}`", arguments, limit) for arguments, limit in plain]
    return [*told, ("a plan of twelve candidates, 4,096 line-ups, `--draws 200`", twelve, "31 s, 565 MB")]


def twelve_cars(folder: Path) -> list[str]:
    """A copy of the shipped case in `folder` in which the maker has twelve candidates; their ids."""
    case = load_case("us-japan")
    shutil.copytree(case.folder, folder)
    with (folder / "candidates.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    firm, name = head.index("firm"), head.index("id")
    own = [row for row in rows if row[firm] == case.about.default_maker]
    for row in rows:
        if len(own) < TWELVE and row not in own:
            row[firm] = case.about.default_maker
            own.append(row)
    with (folder / "candidates.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *rows])
    return [row[name] for row in own]


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


def load() -> str:
    """What else runs here: load averages over one and five minutes."""
    return ", ".join(f"{x:.1f}" for x in os.getloadavg()[:2]) if hasattr(os, "getloadavg") else "not known"


def main() -> None:
    """Measure every command; print the table, or write the page."""
    numbers = [a for a in sys.argv[1:] if a.isdigit()]
    runs = int(numbers[0]) if numbers else 5
    before = load()
    lines = [TABLE_HEAD]
    with tempfile.TemporaryDirectory() as room:
        for told, arguments, limit in commands(Path(room) / "twelve"):
            results = [measure(arguments) for _ in range(runs)]
            seconds = sorted(s for s, _ in results)
            memory = statistics.median(m for _, m in results)
            lines.append(
                f"| {told} | {statistics.median(seconds):.2f} | "
                f"{seconds[0]:.2f} to {seconds[-1]:.2f} | {memory:.0f} | {limit} |"
            )
    text = (
        f"{machine()}; medians of {runs} runs, whole process, cold. Load averages over one and five minutes "
        f"before: {before}; after, this program among them: {load()}. Above the number of cores other work "
        "ran beside it.\n\n" + "\n".join(lines) + "\n"
    )
    print(text)
    if "--write" in sys.argv:
        PAGE.write_text(
            "# Speed of a plan\n\nWhat `benchmarks/plan_cold.py --write` measured. " + text, encoding="utf-8"
        )


if __name__ == "__main__":
    main()
