"""Calibrated demand by family: what each takes as given, what it fits, and what would identify it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kanrin.base import Floats, InputError
from kanrin.demand import Agents
from kanrin.simulation._aids import AIDS
from kanrin.simulation._calibrate import (
    FITTED,
    Calibration,
    Fitted,
    Parameter,
    calibrate_family,
    given_in,
    nests_of,
)
from kanrin.simulation._ces import CES
from kanrin.simulation._linear import Linear
from kanrin.simulation._logit import Logit
from kanrin.simulation._nested_logit import NestedLogit
from kanrin.simulation._random_coefficients import RandomCoefficients, mean_utilities
from kanrin.simulation._sales import Sales, Target
from kanrin.simulation._system import DemandSystem

__all__ = [
    "calibrate_aids",
    "calibrate_ces",
    "calibrate_linear",
    "calibrate_logit",
    "calibrate_nested_logit",
    "calibrate_random_coefficients",
]


def _logistic(x: float) -> float:
    return float(1.0 / (1.0 + np.exp(-x)))


def _logit(x: float) -> float:
    return float(np.log(x) - np.log1p(-x))


def _negative(name: str, value: float | Fitted, starts: Sequence[float], by: str) -> Parameter:
    given_in(name, value, -np.inf, 0.0, "a number below zero")
    return Parameter(name, value, lambda v: float(np.log(-v)), lambda x: -float(np.exp(x)), tuple(starts), by)


def _positive(
    name: str, value: float | Fitted, starts: Sequence[float], by: str, above: float = 0.0
) -> Parameter:
    given_in(name, value, above, np.inf, f"a number above {above:g}")
    return Parameter(
        name, value, lambda v: float(np.log(v - above)), lambda x: above + float(np.exp(x)), tuple(starts), by
    )


def _fraction(name: str, value: float | Fitted, starts: Sequence[float], by: str) -> Parameter:
    given_in(name, value, -1e-300, 1.0, "a number in [0, 1)")
    return Parameter(name, value, _logit, _logistic, tuple(starts), by)


_ONE_OWN = "add one Markup or OwnElasticity"
_SECOND = "add a MarketElasticity, a DiversionRatio to None, or Markups of two owners whose shares differ"


def _alpha(sales: Sales, alpha: float | Fitted) -> Parameter:
    unit = 1.0 / float(np.average(sales.price, weights=sales.quantity))
    return _negative("alpha", alpha, (-1.5 * unit, -5.0 * unit), _ONE_OWN)


def _outside(value: float | Fitted) -> Parameter:
    return _fraction("outside share", value, (0.05, 0.5), _SECOND)


def _logit_shares(sales: Sales, outside: float) -> tuple[Floats, float]:
    """s_j of potential buyers (J,) and M."""
    total = float(sales.quantity.sum())
    return (1.0 - outside) * sales.quantity / total, total / (1.0 - outside)


def calibrate_logit(
    sales: Sales,
    *,
    alpha: float | Fitted = FITTED,
    outside_share: float | Fitted = 0.0,
    targets: Sequence[Target] = (),
) -> Calibration:
    """Logit that reproduces prices and quantities. outside_share 0: no outside good.

    alpha: utils per unit of money, < 0, or fitted by least squares of the targets, as the outside share.
    Raises InputError (not identified, wrong targets) and SolveError as `calibrate_family`.
    """

    def build(v: dict[str, float]) -> DemandSystem:
        outside = v["outside share"]
        s, size = _logit_shares(sales, outside)
        level = np.log(outside) if outside > 0.0 else 0.0
        return Logit(v["alpha"], np.log(s) - level - v["alpha"] * sales.price, size, outside > 0.0)

    return calibrate_family(sales, [_alpha(sales, alpha), _outside(outside_share)], build, targets)


def calibrate_nested_logit(
    sales: Sales,
    nests: Sequence[str],
    *,
    alpha: float | Fitted = FITTED,
    rho: float | Fitted = FITTED,
    outside_share: float | Fitted,
    targets: Sequence[Target] = (),
) -> Calibration:
    """Nested logit with one rho for all nests (J labels) that reproduces prices and quantities.

    Raises as `calibrate_logit`.
    """
    numbers, names = nests_of(nests, sales)

    def build(v: dict[str, float]) -> DemandSystem:
        outside, rho_now = v["outside share"], v["rho"]
        s, size = _logit_shares(sales, outside)
        of_nest = np.zeros(len(names))
        np.add.at(of_nest, numbers, s)
        level = np.log(outside) if outside > 0.0 else 0.0
        delta = np.log(s) - level - rho_now * np.log(s / of_nest[numbers]) - v["alpha"] * sales.price
        return NestedLogit(v["alpha"], delta, numbers, np.full(len(names), rho_now), size, outside > 0.0)

    by = "add a DiversionRatio or CrossElasticity between products of one nest"
    if isinstance(rho, Fitted) and len(set(numbers.tolist())) == len(sales.products):
        raise InputError(f"{sales.name}: every nest has one product, so that rho has no effect: give rho=0")
    return calibrate_family(
        sales,
        [_alpha(sales, alpha), _fraction("rho", rho, (0.2, 0.7), by), _outside(outside_share)],
        build,
        targets,
    )


def calibrate_ces(
    sales: Sales,
    *,
    gamma: float | Fitted = FITTED,
    outside_over_inside: float | Fitted = FITTED,
    targets: Sequence[Target] = (),
) -> Calibration:
    """CES that reproduces prices and quantities; outside_over_inside: A, of expenditure, 0: no outside good.

    Raises as `calibrate_logit`.
    """
    given_in("outside over inside", outside_over_inside, -1e-300, np.inf, "a number >= 0")

    def build(v: dict[str, float]) -> DemandSystem:
        outside = v["outside over inside"]
        spent = sales.price * sales.quantity
        budget = float(spent.sum()) * (1.0 + outside)
        level = outside / (1.0 + outside) if outside > 0.0 else 1.0
        value = spent / budget / level * np.exp((v["gamma"] - 1.0) * np.log(sales.price))
        return CES(v["gamma"], value, budget, outside > 0.0)

    second = Parameter(
        "outside over inside", outside_over_inside, lambda x: float(np.log(x)), lambda x: float(np.exp(x)),
        (0.05, 0.7), _SECOND,
    )  # fmt: skip
    return calibrate_family(
        sales, [_positive("gamma", gamma, (2.0, 5.0), _ONE_OWN, above=1.0), second], build, targets
    )


def calibrate_aids(
    sales: Sales,
    *,
    slope: float | Fitted = FITTED,
    market_elasticity: float | Fitted = FITTED,
    targets: Sequence[Target] = (),
) -> Calibration:
    """AIDS with B = b (r r' - diag r), r revenue shares: `slope` is b > 0, market_elasticity is e < 0.

    Raises as `calibrate_logit`.
    """
    spent = sales.price * sales.quantity
    r = spent / spent.sum()

    def build(v: dict[str, float]) -> DemandSystem:
        b = v["slope"] * (np.outer(r, r) - np.diag(r))
        x = np.log(sales.price)
        a = r - b @ x
        return AIDS(a, b, v["market elasticity"], float(spent.sum()), float(a @ x + x @ b @ x / 2.0))

    return calibrate_family(
        sales,
        [
            _positive("slope", slope, (0.5, 3.0), _ONE_OWN),
            _negative("market elasticity", market_elasticity, (-0.5, -1.5), _SECOND),
        ],
        build,
        targets,
    )


def calibrate_linear(
    sales: Sales, *, slope: float | Fitted = FITTED, targets: Sequence[Target] = ()
) -> Calibration:
    """Linear demand with B = b (s s' - diag s), s quantity shares: `slope` is b > 0, units per money.

    The total quantity does not answer to prices. Raises as `calibrate_logit`.
    """
    s = sales.quantity / sales.quantity.sum()

    def build(v: dict[str, float]) -> DemandSystem:
        b = v["slope"] * (np.outer(s, s) - np.diag(s))
        return Linear(sales.quantity - b @ sales.price, b)

    unit = float(sales.quantity.sum() / np.average(sales.price, weights=sales.quantity))
    return calibrate_family(
        sales, [_positive("slope", slope, (1.5 * unit, 5.0 * unit), _ONE_OWN)], build, targets
    )


def calibrate_random_coefficients(
    sales: Sales,
    agents: Agents,
    *,
    alpha: float | Fitted = FITTED,
    outside_share: float | Fitted,
    mu: Floats | None = None,
    targets: Sequence[Target] = (),
) -> Calibration:
    """Random coefficients with given spread: slope alpha times each buyer's scale, tastes mu (J, I) as given.

    alpha: at scale one, utils per unit of money. The spread itself is not fitted: it takes data on second
    choices or several markets. Raises as `calibrate_logit`; InputError without an outside good.
    """
    if not isinstance(outside_share, Fitted) and not 0.0 < outside_share < 1.0:
        raise InputError(
            f"outside share is {outside_share:.6g}; random coefficients need an outside good: expected a "
            "number between zero and one"
        )

    def build(v: dict[str, float]) -> DemandSystem:
        s, size = _logit_shares(sales, v["outside share"])
        slopes = v["alpha"] * agents.alpha_scale
        delta = mean_utilities(s, sales.price, slopes, agents.weights, mu)
        return RandomCoefficients(slopes, delta, agents.weights, mu, size)

    note = "the spread of tastes is as given; second choices or several markets would identify it"
    return calibrate_family(
        sales, [_alpha(sales, alpha), _outside(outside_share)], build, targets, notes=(note,)
    )
