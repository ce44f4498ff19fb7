"""Their number, ours, the difference: the table that the pages of replications share."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable
from math import ceil, log10
from pathlib import Path
from types import ModuleType

BESIDE = Path(__file__).resolve().parents[1] / "tests" / "replications"
_Row = tuple[str, str, str, float, float]  # case, quantity, their number as printed, ours, tolerance


def beside(name: str) -> ModuleType:
    """A module of tests/replications: the problems, solved there for the tests too."""
    if str(BESIDE) not in sys.path:
        sys.path.append(str(BESIDE))
    return importlib.import_module(name)


def nine_digits(value: float | str, tolerance: float = 0.0) -> str:
    """Nine significant digits, whatever the tolerance."""
    return f"{float(value):.9g}"


def one_more(value: float, tolerance: float) -> str:
    """One decimal more than the tolerance can tell."""
    return f"{value:.{max(0, ceil(-log10(tolerance))) + 1}f}"


def as_printed(text: str) -> str:
    """Theirs with the digits it has in its source, and a nought before the point."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    return sign + ("0" + digits if digits.startswith(".") else digits)


def comparison(
    rows: Iterable[_Row],
    ours: Callable[[float, float], str] = one_more,
    theirs: Callable[[str], str] = as_printed,
) -> str:
    """The table; `ours` and `theirs` write the two numbers."""
    lines = [
        "| case | quantity | theirs | ours | difference | tolerance |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for case, quantity, printed, value, tolerance in rows:
        lines.append(
            f"| {case} | {quantity} | {theirs(printed)} | {ours(value, tolerance)} | "
            f"{value - float(printed):.0e} | {tolerance:.0e} |"
        )
    return "\n".join(lines)
