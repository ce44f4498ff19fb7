"""Any outcome of a simulation over draws of the demand system (bootstrap)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kanrin.base import Floats, InputError, KanrinError, SolveError
from kanrin.estimation import EstimationResults
from kanrin.simulation._market import Market
from kanrin.simulation._table import Table, frame_kind

__all__ = ["Spread", "over_draws", "over_estimate"]

Outcome = Mapping[str, float] | Table


@dataclass(frozen=True)
class Spread:
    """Outcomes by name over the draws that were solved; the others keep their reason."""

    outcomes: Mapping[str, Floats]  # each (D,)
    failed: tuple[tuple[int, str], ...]  # draw, reason
    estimate: Mapping[str, float] | None = None  # the outcomes at the estimate itself, where there is one
    frames: str = "pandas"  # kind of frame its table gives

    def table(self, level: float = 0.9) -> Table:
        """Median and the interval that holds `level` of the draws, beside the estimate where there is one."""
        if not 0.0 < level < 1.0:
            raise InputError(f"level is {level}; expected a fraction between zero and one")
        tail = (1.0 - level) / 2.0
        values = list(self.outcomes.values())
        columns: dict[str, tuple[float, ...]] = {}
        if self.estimate is not None:
            columns["estimate"] = tuple(float(self.estimate[name]) for name in self.outcomes)
        columns |= {
            name: tuple(float(np.quantile(v, at)) for v in values)
            for name, at in (("low", tail), ("median", 0.5), ("high", 1.0 - tail))
        }
        done = len(values[0])
        note = f"{100 * level:g} % of {done} draws"
        if self.failed:
            note += (
                f"; {len(self.failed)} not solved, the first (draw {self.failed[0][0]}): {self.failed[0][1]}"
            )
        return Table("Over draws", "outcome", tuple(self.outcomes), columns, (note,), self.frames)

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def over_draws(draws: Iterable[Market], outcome: Callable[[Market], Mapping[str, float]]) -> Spread:
    """`outcome` of each market, for example of `recover_market` at drawn parameters.

    A draw that fails is kept apart with its reason. Raises SolveError when all fail, InputError for no draws
    or outcomes whose names change.
    """
    return _spread(draws, outcome)


def over_estimate(
    results: EstimationResults, outcome: Callable[[EstimationResults], Outcome], *, draws: int = 200,
    seed: int = 0,
) -> Spread:  # fmt: skip
    """Any outcome of an estimate with its interval over draws of the parameters (bootstrap).

    outcome: numbers by name, or a table, each number of which becomes an outcome "column: row":
    `lambda r: elasticity_table(solve(estimated_market(r.market("2024"))))`. A draw at which there is no
    answer, as one with a price slope above zero, is kept apart with its reason. Raises what `outcome` raises
    at the estimate itself; SolveError when all draws fail.
    """
    middle = _numbers(outcome(results))
    values = results.draw(draws, np.random.default_rng(seed))
    found = _spread(values, lambda drawn: outcome(results.at(drawn)), middle)
    return replace(found, estimate=middle, frames=frame_kind(results.problem.table.kind))


def _numbers(outcome: Outcome) -> dict[str, float]:
    if not isinstance(outcome, Table):
        return {name: float(value) for name, value in outcome.items()}
    return {
        f"{head}: {name}": float(value)
        for head, values in outcome.columns.items()
        for name, value in zip(outcome.index, values, strict=True)
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _spread(
    draws: Iterable[Any], outcome: Callable[[Any], Outcome], names: Mapping[str, float] | None = None
) -> Spread:
    rows: list[dict[str, float]] = [] if names is None else [dict(names)]
    failed: list[tuple[int, str]] = []
    for d, drawn in enumerate(draws):
        try:
            row = _numbers(outcome(drawn))
            if not np.isfinite(list(row.values())).all():
                raise SolveError("an outcome is not a finite number")
        except KanrinError as error:
            failed.append((d, str(error)))
            continue
        if rows and row.keys() != rows[0].keys():
            raise InputError(f"draw {d} has other outcomes than the first: {', '.join(row)}")
        rows.append(row)
    if names is not None:
        rows = rows[1:]
    if not rows:
        if failed:
            raise SolveError(f"every draw failed; the first: {failed[0][1]}")
        raise InputError("no draws were given")
    return Spread({n: np.array([r[n] for r in rows]) for n in rows[0]}, tuple(failed))
