"""A market of an estimate, ready to be simulated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from kanrin.base import Floats, InputError
from kanrin.estimation import MarketFit
from kanrin.simulation._market import Conduct, Market, same_owner
from kanrin.simulation._nested_random import NestedRandomCoefficients
from kanrin.simulation._policies import Policy
from kanrin.simulation._random_coefficients import RandomCoefficients
from kanrin.simulation._recover import recover_market
from kanrin.simulation._table import frame_kind

__all__ = ["estimated_market"]

_SAME = 1e-12  # utils: tastes that do not differ between agents


def estimated_market(
    fit: MarketFit,
    *,
    market_size: float = 1.0,
    products: Sequence[str] | None = None,
    owners: Sequence[str] | None = None,
    policies: Sequence[Policy] = (),
    keep: ArrayLike = 1.0,
    ownership: Floats | None = None,
    conduct: Conduct = Conduct.BERTRAND,
) -> Market:
    """The market of `results.market(name)`: demand as estimated, costs recovered at the prices seen.

    market_size: potential buyers a period; 1 leaves quantities as shares. products: names in the fit's order,
    None: `row N` of the data. owners: None: the firms of the estimate. policies: in force when the prices
    were seen. Intervals: `over_estimate(results, lambda r: ... estimated_market(r.market(name)) ...)`.
    Raises InputError for price slopes that move with the price or are not below zero, or owners that are not
    known; SolveError as `recover_market`.
    """
    if not fit.is_price_linear:
        raise InputError(
            f"{fit.name}: the price slope of a buyer differs between products (log of income less price); "
            "simulate with alpha * price / income, or a log-normal slope"
        )
    if owners is None:
        if fit.firms is None:
            raise InputError(f"{fit.name}: the estimate knows no firms; give owners=")
        owners = [str(n) for n in fit.firms]
    if ownership is None and fit.ownership is not None:
        keeps_apart = np.array_equal(fit.ownership, same_owner(tuple(owners)))
        ownership = None if keeps_apart else fit.ownership
    alpha = np.array(fit.alpha[0])
    taste = fit.mu - alpha * fit.prices[:, None]  # V_ij at price p is delta_j + taste_ij + alpha_i p
    delta: Floats = np.array(fit.delta)
    mu: Floats | None = taste
    if float(np.abs(taste - taste[:, :1]).max(initial=0.0)) <= _SAME:
        delta, mu = delta + taste[:, 0], None
    plain = RandomCoefficients(alpha, delta, fit.weights, mu, market_size * fit.represented)
    demand: RandomCoefficients | NestedRandomCoefficients = plain
    if fit.nests is not None:
        numbers, nests = np.unique(fit.nests, return_inverse=True)
        rho = np.array([fit.rho[nests == g][0] for g in range(len(numbers))])
        demand = NestedRandomCoefficients(plain, nests.astype(np.int64), rho)
    names = products if products is not None else [f"row {row}" for row in fit.rows]
    return recover_market(
        demand, fit.prices, names, owners, policies=policies, keep=keep, ownership=ownership,
        conduct=conduct, name=fit.name,
    ).with_(frames=frame_kind(fit.frames))  # fmt: skip
