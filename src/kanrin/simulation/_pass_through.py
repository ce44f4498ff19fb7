"""How equilibrium prices answer to costs, and diversion once rivals have re-priced (pass-through)."""

from __future__ import annotations

import numpy as np

from kanrin.base import Floats, InputError, SolveError
from kanrin.demand import Diversion
from kanrin.simulation._changes import Exit, apply_change
from kanrin.simulation._conditions import conditions_at, foc_jacobian
from kanrin.simulation._equilibrium import Equilibrium
from kanrin.simulation._market import Conduct
from kanrin.simulation._solve import solve

__all__ = ["long_run_diversion", "pass_through"]


def pass_through(found: Equilibrium) -> Floats:
    """[j, k] = dp_j/dc_k (J, J) of pre-tax prices, zero for prices held fixed (pass-through).

    For consumer prices multiply row j by 1 + v_j. Raises InputError with quotas that bind (the regime could
    change) and SolveError when Phi is singular.
    """
    market, wedge = found.market, found.market.wedges()
    if (found.shadow_price > 0.0).any():
        raise InputError(f"{market.name}: a quota binds; take the difference of two simulations instead")
    if market.conduct is Conduct.SECOND_SCORE:
        raise InputError(f"{market.name}: pass-through of an auction: take the difference of two simulations")
    at = conditions_at(market, wedge, found.price, market.cost + wedge.cost)
    moving = np.flatnonzero(found.free)
    own = np.diag(at.slopes)[moving, None]
    result = np.zeros(at.slopes.shape)
    try:
        result[moving] = np.linalg.solve(
            foc_jacobian(market, wedge, at)[np.ix_(moving, moving)] / own, at.slopes[moving] / own
        )
    except np.linalg.LinAlgError as error:
        raise SolveError(f"{market.name}: pass-through not found: Phi is singular at these prices") from error
    return result


def long_run_diversion(found: Equilibrium) -> Diversion:
    """(q_k without j - q_k)/q_j once all others have re-priced in the new equilibrium.

    Raises SolveError naming the product without which no equilibrium was found.
    """
    market, count = found.market, len(found.market.products)
    inside = np.zeros((count, count))
    for j, name in enumerate(market.products):
        others = np.arange(count) != j
        after = solve(
            apply_change(market, Exit((name,)), {}), free=found.free[others], start=found.price[others]
        )
        if not after.converged:
            raise SolveError(f"without {name}: {after.advice}")
        inside[j, others] = (after.quantities - found.quantities[others]) / found.quantities[j]
    return Diversion(inside, 1.0 - inside.sum(axis=1))
