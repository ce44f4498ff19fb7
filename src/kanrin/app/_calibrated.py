"""From a specification and a table of products to a calibrated market."""

from __future__ import annotations

import numpy as np

from kanrin.app._changed import policies_of
from kanrin.app._estimate_data import table_at
from kanrin.app._simulate_spec import (
    AnyTarget,
    CrossTarget,
    DiversionTarget,
    MarketTarget,
    SimulateSpec,
)
from kanrin.app._spec_reader import Placed, SpecError
from kanrin.base import Floats, InputError, UnknownName
from kanrin.demand import lognormal_income_agents
from kanrin.estimation import Table
from kanrin.simulation import (
    FITTED,
    Calibration,
    Conduct,
    CrossElasticity,
    DiversionRatio,
    Fitted,
    MarketElasticity,
    Markup,
    OwnElasticity,
    Sales,
    calibrate_aids,
    calibrate_ces,
    calibrate_linear,
    calibrate_logit,
    calibrate_nested_logit,
    calibrate_random_coefficients,
    markups,
)

__all__ = ["calibrated", "conduct_of"]

Target = Markup | OwnElasticity | CrossElasticity | DiversionRatio | MarketElasticity
_COLUMNS = ("product", "owner", "price", "quantity", "share", "nest", "markup", "keep")


def conduct_of(spec: SimulateSpec) -> Conduct:
    """How sellers compete."""
    return Conduct[
        {
            "bertrand": "BERTRAND",
            "monopolistic-competition": "MONOPOLISTIC_COMPETITION",
            "second-score": "SECOND_SCORE",
        }[spec.conduct]
    ]


def calibrated(spec: Placed[SimulateSpec]) -> Calibration:
    """The market whose equilibrium is what was observed. Raises SpecError, SolveError as the families."""
    wanted = spec.content.calibration
    assert wanted is not None
    table = table_at(spec, wanted.file, "calibration", "file")
    faults = [
        f"{spec.place('calibration', key)}: {key}: "
        f"{UnknownName(f'column of {wanted.file}', name, table.columns)}"
        for key in _COLUMNS
        if isinstance(name := getattr(wanted, key), str) and name not in table.columns
    ]
    if faults:
        raise SpecError(faults)
    with spec.at("calibration"):
        products = tuple(map(_text, table.labels(wanted.product).tolist()))
        owners = tuple(map(_text, table.labels(wanted.owner).tolist()))
        quantity, outside = _quantities(spec, table)
        kept = wanted.keep
        keep = table.numbers(kept) if isinstance(kept, str) else np.full(table.rows, kept)
    policies = policies_of(spec, products, owners)
    with spec.at("calibration"):
        sales = Sales(
            products, owners, table.numbers(wanted.price), quantity, policies, keep,
            conduct=conduct_of(spec.content), name=wanted.file,
        )  # fmt: skip
        return _family(spec, sales, table, outside, _targets(spec, table, products))


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _quantities(spec: Placed[SimulateSpec], table: Table) -> tuple[Floats, float | None]:
    """Units, and the outside share where shares of potential buyers tell it."""
    wanted = spec.content.calibration
    assert wanted is not None
    if wanted.quantity is not None:
        return table.numbers(wanted.quantity), None
    assert wanted.share is not None
    shares = table.numbers(wanted.share)
    total = float(shares.sum())
    if not (shares > 0).all():
        row = int(np.argmin(shares))
        raise InputError(f"share is {shares[row]:.6g} in row {row}; expected above zero: drop such rows")
    if total > 1.0:
        raise InputError(
            f"share: shares sum to {total:.6g}; expected at most one, the rest buys none of these: "
            "shares are of potential buyers"
        )
    units: Floats = (wanted.market_size or 1.0) * shares
    return units, 1.0 - total


def _given(value: float | str | None, default: float | Fitted = FITTED) -> float | Fitted:
    if value is None:
        return default
    return FITTED if isinstance(value, str) else float(value)


def _family(
    spec: Placed[SimulateSpec],
    sales: Sales,
    table: Table,
    outside: float | None,
    targets: tuple[Target, ...],
) -> Calibration:
    wanted = spec.content.calibration
    assert wanted is not None
    share = outside if outside is not None else _given(wanted.outside_share, 0.0)
    match wanted.family:
        case "logit":
            return calibrate_logit(sales, alpha=_given(wanted.alpha), outside_share=share, targets=targets)
        case "nested-logit":
            assert wanted.nest is not None
            nests = list(map(_text, table.labels(wanted.nest).tolist()))
            return calibrate_nested_logit(
                sales, nests, alpha=_given(wanted.alpha), rho=_given(wanted.rho), outside_share=share,
                targets=targets,
            )  # fmt: skip
        case "ces":
            return calibrate_ces(
                sales, gamma=_given(wanted.gamma), outside_over_inside=_given(wanted.outside_over_inside),
                targets=targets,
            )  # fmt: skip
        case "aids":
            return calibrate_aids(
                sales, slope=_given(wanted.slope), market_elasticity=_given(wanted.market_elasticity),
                targets=targets,
            )  # fmt: skip
        case "linear":
            return calibrate_linear(sales, slope=_given(wanted.slope), targets=targets)
    assert wanted.log_income_sd is not None
    agents = lognormal_income_agents(wanted.log_income_sd, wanted.nodes)
    if outside is None and wanted.outside_share is None:
        raise InputError("outside_share is missing; random coefficients need an outside good, or use share")
    return calibrate_random_coefficients(
        sales, agents, alpha=_given(wanted.alpha), outside_share=share, targets=targets
    )


def _targets(spec: Placed[SimulateSpec], table: Table, products: tuple[str, ...]) -> tuple[Target, ...]:
    wanted = spec.content.calibration
    assert wanted is not None
    made: list[Target] = []
    if wanted.markup is not None:
        column = table.column(wanted.markup)
        if column.dtype.kind != "f":
            raise InputError(f"markup: column {wanted.markup!r} must be numbers; leave cells not known empty")
        made += markups(products, column)
    for n, target in enumerate(wanted.targets):
        with spec.at("calibration", "targets", n):
            one = _target(target)
            named = (
                getattr(one, key, None) for key in ("product", "quantity_of", "price_of", "leaving", "to")
            )
            for name in named:
                if name is not None and name not in products:
                    raise UnknownName("product", name, products)
            made.append(one)
    return tuple(made)


def _target(wanted: AnyTarget) -> Target:
    match wanted:
        case CrossTarget():
            return CrossElasticity(wanted.quantity_of, wanted.price_of, wanted.value)
        case DiversionTarget():
            return DiversionRatio(wanted.leaving, wanted.to, wanted.value)
        case MarketTarget():
            return MarketElasticity(wanted.value)
    made = Markup if wanted.kind == "markup" else OwnElasticity
    return made(wanted.product, wanted.value)
