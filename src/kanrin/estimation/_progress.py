"""Where a search stands: told after every evaluation, kept in a small file, and gone on from.

The file holds parameters and no data; it is bound to its problem and settings by a fingerprint.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.estimation._objective import Model
from kanrin.estimation._search import Seen

__all__ = ["Progress", "Reporter", "fingerprint", "load_progress"]

_KIND = "kanrin search"
_VERSION = 1


@dataclass(frozen=True)
class Progress:
    """A search after an evaluation. `str` is a line to show; `estimate(..., resume=)` goes on from it.

    start of starts: which start it is in; step: which weighting of the moments, from 1; evaluations and
    failures: of this search; objective, slope and theta: of its best point.
    """

    start: int
    starts: int
    step: int
    evaluations: int
    failures: int
    objective: float
    slope: float  # largest projected slope
    theta: tuple[float, ...]  # (P,), beta and gamma after it where they are searched too
    ends: tuple[tuple[float, tuple[float, ...]], ...]  # objective and theta at the end of earlier starts
    before: tuple[float, ...]  # parameters at the end of the step before, () in the first
    fingerprint: str  # of the problem and the settings

    def __str__(self) -> str:
        which = f"start {self.start} of {self.starts}, " if self.starts > 1 else ""
        failed = f" ({self.failures} not solved)" if self.failures else ""
        return (
            f"{which}step {self.step}, {self.evaluations} evaluations{failed}: objective "
            f"{self.objective:.6g}, largest slope {self.slope:.1e}"
        )

    def save(self, path: str | Path) -> None:
        """Write a small file (JSON) that `load_progress` reads."""
        content = {"kind": _KIND, "version": _VERSION, **asdict(self)}
        Path(path).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def load_progress(path: str | Path) -> Progress:
    """A search kept by `Progress.save`. Raises InputError for a file that is none."""
    try:
        content: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
        if content.pop("kind") != _KIND or content.pop("version") != _VERSION:
            raise ValueError("another kind of file, or another version")
        content["ends"] = tuple((float(value), tuple(map(float, theta))) for value, theta in content["ends"])
        content["theta"] = tuple(map(float, content["theta"]))
        content["before"] = tuple(map(float, content["before"]))
        return Progress(**content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path} does not hold an unfinished search ({error}); estimate anew without it"
        ) from None


def fingerprint(model: Model, *settings: object) -> str:
    """A short mark of the data, the parameters with their starts and bounds, and the settings."""
    made = hashlib.sha256()
    flat = model.flat
    for part in (
        flat.shares, flat.x2, flat.weights, flat.wedge, model.features, model.x1, model.x1_alpha, model.zd,
        model.x3, model.zs, model.receipts, model.theta.start, model.theta.low, model.theta.high,
    ):  # fmt: skip
        made.update(np.ascontiguousarray(part).tobytes())
    made.update(repr((model.theta.names, model.cost_bounds, model.is_log_cost, settings)).encode())
    return made.hexdigest()[:16]


class Reporter:
    """Puts what a search sees into its place among starts and steps, and tells it on."""

    def __init__(self, tell: Callable[[Progress], None] | None, starts: int, mark: str) -> None:
        self.tell, self.starts, self.mark = tell, starts, mark
        self.start, self.step = 1, 1
        self.ends: tuple[tuple[float, tuple[float, ...]], ...] = ()
        self.before: tuple[float, ...] = ()

    def ended(self, value: float, theta: Floats) -> None:
        """A start came to its end."""
        self.ends += ((float(value), tuple(map(float, theta))),)

    def watch(self, seen: Seen, x: Floats | None = None) -> None:
        """Tell one evaluation; x: the parameters where the search runs on scaled ones."""
        if self.tell is None:
            return
        theta = seen.x if x is None else x
        self.tell(
            Progress(
                self.start, self.starts, self.step, seen.evaluations, seen.failures, float(seen.value),
                seen.slope, tuple(map(float, theta)), self.ends, self.before, self.mark,
            )
        )  # fmt: skip
