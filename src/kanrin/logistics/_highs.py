"""HiGHS: a program solved to a gap, solved again with its whole numbers held, or shown to be contradictory.

One thread and one seed: the same program gives the same answer. The work is bounded by nodes of the tree, not
by the clock, for the same reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kanrin.base import Floats, Ints, SolveError
from kanrin.logistics._program import Program

__all__ = ["Solved", "conflicting_rows", "solve_held", "solve_whole"]

_GAP = 3e-4  # relative: less than a third of one call in a usual plan
_NODES = 400  # of the tree; the gap left is reported
_FIRST_ROWS = 6  # HiGHS's `iis_strategy`: from the rows of the elastic program, made irreducible


@dataclass(frozen=True)
class Solved:
    """An answer of HiGHS. `feasible` false leaves the arrays empty."""

    feasible: bool
    objective: float
    x: Floats  # (columns,)
    row_dual: Floats  # (rows,) change of the objective per unit of the row's bound; empty for whole numbers
    gap: float  # relative, between the answer and the best bound


def solve_whole(program: Program) -> Solved:
    """The program with its whole numbers, within the gap or until the nodes are spent."""
    solver = _loaded(program, whole=True)
    return _run(solver, duals=False)


def solve_held(program: Program, held: Floats) -> Solved:
    """The program with its whole numbers held at those of `held`, (columns,): a linear one, with duals."""
    whole = np.concatenate(program.whole)
    lower, upper = np.concatenate(program.lower), np.concatenate(program.upper)
    lower[whole] = upper[whole] = np.round(held[whole])
    solver = _loaded(program, whole=False, lower=lower, upper=upper)
    return _run(solver, duals=True)


def conflicting_rows(program: Program) -> Ints:
    """Rows that cannot hold together, none of them idle; empty when the linear program has an answer."""
    import highspy

    solver = _loaded(program, whole=False)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kInfeasible:
        return np.zeros(0, dtype=np.int64)
    solver.setOptionValue("iis_strategy", _FIRST_ROWS)
    _, found = solver.getIis()
    return np.sort(np.asarray(found.row_index_, dtype=np.int64))


def _loaded(
    program: Program, *, whole: bool, lower: Floats | None = None, upper: Floats | None = None
) -> Any:
    import highspy
    from highspy._core import _Highs  # the class behind `Highs`, whose own start prints a banner

    solver = _Highs()
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("mip_rel_gap", _GAP),
        ("mip_max_nodes", _NODES),
    ):
        solver.setOptionValue(name, value)
    starts, columns, values = program.matrix()
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = program.column_count, program.row_count
    lp.col_cost_ = np.concatenate(program.cost)
    lp.col_lower_ = np.concatenate(program.lower) if lower is None else lower
    lp.col_upper_ = np.concatenate(program.upper) if upper is None else upper
    lp.row_lower_, lp.row_upper_ = np.concatenate(program.row_lower), np.concatenate(program.row_upper)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, columns, values
    if whole:
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(w)] for w in np.concatenate(program.whole)]
    solver.passModel(lp)
    return solver


def _run(solver: Any, *, duals: bool) -> Solved:
    import highspy

    solver.run()
    status, info, found = solver.getModelStatus(), solver.getInfo(), solver.getSolution()
    if status == highspy.HighsModelStatus.kInfeasible:
        return Solved(False, np.inf, np.zeros(0), np.zeros(0), np.inf)
    x = np.array(found.col_value)
    if not x.size or not np.isfinite(info.objective_function_value):
        raise SolveError(
            f"the schedule by month was not solved: HiGHS ended with {solver.modelStatusToString(status)!r}; "
            "ask for fewer months with --months, or for fewer candidates"
        )
    dual = np.array(found.row_dual) if duals else np.zeros(0)
    gap = 0.0 if duals else max(0.0, float(info.mip_gap))
    return Solved(True, float(info.objective_function_value), x, dual, gap)
