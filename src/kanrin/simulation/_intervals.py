"""Any outcome of a simulation over draws of the demand system (bootstrap)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, InputError, KanrinError, SolveError
from kanrin.simulation._market import Market
from kanrin.simulation._table import Table

__all__ = ["Spread", "over_draws"]


@dataclass(frozen=True)
class Spread:
    """Outcomes by name over the draws that were solved; the others keep their reason."""

    outcomes: Mapping[str, Floats]  # each (D,)
    failed: tuple[tuple[int, str], ...]  # draw, reason

    def table(self, level: float = 0.9) -> Table:
        """Median and the interval that holds `level` of the draws."""
        if not 0.0 < level < 1.0:
            raise InputError(f"level is {level}; expected a fraction between zero and one")
        tail = (1.0 - level) / 2.0
        values = list(self.outcomes.values())
        columns = {
            name: tuple(float(np.quantile(v, at)) for v in values)
            for name, at in (("low", tail), ("median", 0.5), ("high", 1.0 - tail))
        }
        done = len(values[0])
        note = f"{level:.0%} of {done} draws"
        if self.failed:
            note += (
                f"; {len(self.failed)} not solved, the first (draw {self.failed[0][0]}): {self.failed[0][1]}"
            )
        return Table("Over draws", "outcome", tuple(self.outcomes), columns, (note,))

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def over_draws(draws: Iterable[Market], outcome: Callable[[Market], Mapping[str, float]]) -> Spread:
    """`outcome` of each market, for example of `recover_market` at drawn parameters.

    A draw that fails is kept apart with its reason. Raises SolveError when all fail, InputError for no draws
    or outcomes whose names change.
    """
    rows: list[dict[str, float]] = []
    failed: list[tuple[int, str]] = []
    for d, market in enumerate(draws):
        try:
            row = {name: float(value) for name, value in outcome(market).items()}
            if not np.isfinite(list(row.values())).all():
                raise SolveError("an outcome is not a finite number")
        except KanrinError as error:
            failed.append((d, str(error)))
            continue
        if rows and row.keys() != rows[0].keys():
            raise InputError(f"draw {d} has other outcomes than the first: {', '.join(row)}")
        rows.append(row)
    if not rows:
        if failed:
            raise SolveError(f"every draw failed; the first: {failed[0][1]}")
        raise InputError("no draws were given")
    return Spread({n: np.array([r[n] for r in rows]) for n in rows[0]}, tuple(failed))
