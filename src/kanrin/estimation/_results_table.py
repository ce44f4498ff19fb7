"""What an estimate tells: its table of coefficients, and the notes a reader must know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kanrin.estimation._choices import weighting_words
from kanrin.estimation._first_stage import WEAK_F
from kanrin.estimation._linear import errors_words
from kanrin.estimation._run import at_bound
from kanrin.estimation._tables import CoefficientTable, number

if TYPE_CHECKING:
    from kanrin.estimation._results import EstimationResults

__all__ = ["results_notes", "results_table"]


def results_table(found: EstimationResults) -> CoefficientTable:
    """The estimates as a table."""
    count = len(found.model.theta.parameters)
    gamma = 0 if found.problem.x3 is None else len(found.problem.x3.labels)
    beta = len(found.values) - count - gamma
    groups = ("nonlinear",) * count + ("linear",) * beta + ("cost",) * gamma
    statistics = {
        "Observations": f"{found.problem.rows:,} in {len(found.problem.market_names)} markets",
        "Agents": f"{len(found.model.flat.weights) / len(found.problem.market_names):.0f} a market",
        "Objective": number(found.objective),
        "Weighting": weighting_words(found.weighting),
        "Errors": errors_words(found.errors_kind, linear=False),
        "Search": f"{found.search.evaluations} evaluations, largest slope {found.search.slope:.2g}",
        "Inversion": f"largest |log S - log s| {found.point.residual:.1e}, "
        f"delta within {found.point.bound:.1e}",
    }
    effects = found.problem.demand_effects
    if effects.codes:
        statistics["Absorbed"] = f"{' + '.join(effects.names)} ({effects.rank} parameters)"
    if found.is_weighted_optimally:
        J, degrees, p = found.overidentification()
        statistics["Over-identification"] = f"J({degrees}) {number(J)}, p {p:.3f}"
    return CoefficientTable(
        "Random coefficients logit" if found.problem.x2 is not None else "Logit, GMM",
        found.names, found.values, found.errors, statistics, found.notes(), groups, found.problem.table.kind,
    )  # fmt: skip


def results_notes(found: EstimationResults) -> tuple[str, ...]:
    """What a reader must know: search not finished, parameters on bounds, clipped costs,
    slopes above zero."""
    out = [] if found.search.converged or not found.search.advice else [found.search.advice]
    out += found.search.notes
    theta = found.model.theta
    is_on = at_bound(theta, found.point.theta)
    known = np.isfinite(found.errors[: len(is_on)])
    on = [n for n, at, k in zip(theta.names, is_on, known, strict=True) if at and not k]
    if on:
        out.append(f"on its bound, without a standard error: {', '.join(on)}")
    is_none = theta.spread_at_zero(found.model.flat.x2, found.point.theta) & ~is_on
    none = [n for n, at in zip(theta.names, is_none, strict=True) if at]
    if none:
        out.append(
            f"at zero, where no normal interval exists: {', '.join(none)}; report profile(), or leave "
            "the random coefficient out"
        )
    if found.point.clipped.any():
        out.append(f"{int(found.point.clipped.sum())} costs are held at a bound")
    if found.problem.has_supply and (found.point.costs <= 0).any():
        out.append(f"{int((found.point.costs <= 0).sum())} costs are at or below zero")
    if found.problem.has_supply and (found.point.costs > found.problem.receipts).any():
        above = int((found.point.costs > found.problem.receipts).sum())
        out.append(f"{above} costs are above what their makers receive: demand is too flat there")
    weight = found.positive_slope_weight
    if weight > 0:
        out.append(
            f"{100 * weight:.3g} % of agents have a price slope at or above zero: prices cannot be solved"
        )
    if found.weak:
        out.append(
            f"the instruments are weak for {', '.join(found.weak)} (F below {WEAK_F:g}): such an "
            "interval cannot be relied on"
        )
    if len(found.ends) > 1:
        best = min(found.ends)
        near = sum(1 for end in found.ends if end - best <= 1e-4 * (1 + abs(best)))
        out.append(f"{near} of {len(found.ends)} starts end at the best objective")
    return tuple(out)
