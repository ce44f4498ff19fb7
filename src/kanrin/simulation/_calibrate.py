"""Calibration without estimation: parameters from prices, quantities and a few known facts of substitution.

Each family has one or two parameters beyond those that make it reproduce prices and quantities exactly. A
parameter is given as a number, or `FITTED`: then least squares of the targets find it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, InputError, UnknownName
from kanrin.simulation._least_squares import Fit, fit
from kanrin.simulation._market import Market
from kanrin.simulation._policies import positions
from kanrin.simulation._recover import margins_at, negative_costs, recover_market
from kanrin.simulation._response import aggregate_elasticity, diversion_ratios, elasticities
from kanrin.simulation._sales import (
    CrossElasticity,
    DiversionRatio,
    MarketElasticity,
    Markup,
    OwnElasticity,
    Sales,
    Target,
)
from kanrin.simulation._system import DemandSystem
from kanrin.simulation._table import Table

__all__ = ["FITTED", "Calibration", "Fitted", "Parameter", "calibrate_family"]

_RANK = 1e-7  # singular values of the targets' Jacobian below this part of the largest: not identified
_EDGE = 1e-6  # a fitted fraction nearer than this to its bound ran to it


@dataclass(frozen=True)
class Fitted:
    """To be found by least squares of the targets."""


FITTED = Fitted()


@dataclass(frozen=True)
class Parameter:
    """One parameter of a family: its name, value or FITTED, scale for the search, and what identifies it."""

    name: str
    value: float | Fitted
    to_real: Callable[[float], float]
    from_real: Callable[[float], float]
    starts: tuple[float, ...]
    identified_by: str


@dataclass(frozen=True)
class Calibration:
    """The market whose equilibrium is what was observed, and how its parameters were found."""

    market: Market
    parameters: dict[str, float]
    fitted: tuple[str, ...]  # names of the fitted ones
    targets: tuple[Target, ...]
    predicted: Floats  # (T,) what the calibrated market says of each target
    notes: tuple[str, ...]

    @property
    def residual(self) -> Floats:
        """Predicted less given, (T,)."""
        gap: Floats = self.predicted - np.array([t.value for t in self.targets])
        return gap

    def parameter_table(self) -> Table:
        """Parameters, values, and whether given or fitted."""
        how = tuple("fitted" if n in self.fitted else "given" for n in self.parameters)
        return Table(
            "Parameters", "parameter", tuple(self.parameters),
            {"value": tuple(self.parameters.values()), "how": how}, notes=self.notes,
            frames=self.market.frames,
        )  # fmt: skip

    def target_table(self) -> Table:
        """Targets: given, predicted, difference."""
        return Table(
            "Targets", "target", tuple(_label(t) for t in self.targets),
            {"given": tuple(t.value for t in self.targets), "predicted": tuple(self.predicted.tolist()),
             "difference": tuple(self.residual.tolist())},
            frames=self.market.frames,
        )  # fmt: skip

    def __str__(self) -> str:
        return (
            f"{self.parameter_table()}\n\n{self.target_table()}"
            if self.targets
            else str(self.parameter_table())
        )

    def _repr_html_(self) -> str:
        return self.parameter_table()._repr_html_() + self.target_table()._repr_html_()


def _label(target: Target) -> str:
    match target:
        case Markup():
            return f"markup of {target.product}"
        case OwnElasticity():
            return f"own elasticity of {target.product}"
        case CrossElasticity():
            return f"elasticity of {target.quantity_of} by price of {target.price_of}"
        case DiversionRatio():
            return f"diversion from {target.leaving} to {target.to or 'none of the others'}"
        case MarketElasticity():
            return "market elasticity"


def _check(target: Target, sales: Sales) -> None:
    names = [n for n in (getattr(target, f, None) for f in (
        "product", "quantity_of", "price_of", "leaving", "to")) if n is not None]  # fmt: skip
    positions(tuple(names), sales.products)
    if not np.isfinite(target.value):
        raise InputError(f"{_label(target)} is not a finite number; leave out what is not known")
    wrong = {
        Markup: not target.value > 0.0,
        OwnElasticity: not target.value < 0.0,
        MarketElasticity: not target.value < 0.0,
        DiversionRatio: not 0.0 <= target.value <= 1.0,
    }.get(type(target), False)
    if wrong:
        expected = {
            Markup: "above zero (a fraction of the price: 0.3, not 30)",
            OwnElasticity: "below zero",
            MarketElasticity: "below zero",
            DiversionRatio: "in [0, 1]",
        }[type(target)]
        raise InputError(f"{_label(target)} is {target.value:.6g}; expected a number {expected}")
    if isinstance(target, Markup) and target.value >= 1.0:
        raise InputError(
            f"{_label(target)} is {target.value:.6g}; at one or more its cost would be zero or negative: "
            "give (p - c)/p as a fraction"
        )


def predictions(market: Market, sales: Sales, targets: Sequence[Target]) -> Floats:
    """What the market says of each target at the prices seen (T,)."""
    demand, price = market.demand, sales.price
    where = {n: j for j, n in enumerate(sales.products)}
    kinds = {type(t) for t in targets}
    wedge = market.wedges()
    received = wedge.keep * (price - wedge.levies) / (1.0 + wedge.ad_valorem)
    markup = margins_at(_seen(market, sales, demand), price) / received if Markup in kinds else price
    by_elasticity = bool(kinds & {OwnElasticity, CrossElasticity})
    elastic = elasticities(demand, price) if by_elasticity else np.zeros((0, 0))
    diverted = diversion_ratios(demand, price) if DiversionRatio in kinds else None
    out = []
    for t in targets:
        match t:
            case Markup():
                out.append(markup[where[t.product]])
            case OwnElasticity():
                out.append(elastic[where[t.product], where[t.product]])
            case CrossElasticity():
                out.append(elastic[where[t.quantity_of], where[t.price_of]])
            case DiversionRatio():
                assert diverted is not None
                j = where[t.leaving]
                out.append(diverted.outside[j] if t.to is None else diverted.inside[j, where[t.to]])
            case MarketElasticity():
                out.append(aggregate_elasticity(demand, price))
    return np.array(out, dtype=np.float64)


def _seen(market: Market, sales: Sales, demand: DemandSystem) -> Market:
    return market.with_(demand=demand, conduct=sales.conduct)


def calibrate_family(
    sales: Sales,
    parameters: Sequence[Parameter],
    build: Callable[[dict[str, float]], DemandSystem],
    targets: Sequence[Target],
    notes: Sequence[str] = (),
) -> Calibration:
    """Least squares of the targets over the FITTED parameters; `build` gives a system at their values.

    Raises InputError when a target does not fit the market or a fitted parameter is not identified (naming
    it, and what would identify it), SolveError when no start gives an answer.
    """
    for target in targets:
        _check(target, sales)
    open_ = [p for p in parameters if isinstance(p.value, Fitted)]
    values = {p.name: float(p.value) for p in parameters if not isinstance(p.value, Fitted)}
    if len(targets) < len(open_):
        missing = open_[len(targets) :]
        raise InputError(
            f"{sales.name}: it takes at least {len(open_)} to identify {', '.join(p.name for p in open_)}, "
            f"targets given: {len(targets)}; "
            + "; ".join(f"{p.name}: give it as a number, or {p.identified_by}" for p in missing)
        )
    notes = list(notes)
    given = np.array([t.value for t in targets])
    shell = _shell(sales)

    def at(x: Floats) -> dict[str, float]:
        return values | {p.name: p.from_real(float(v)) for p, v in zip(open_, x, strict=True)}

    def short(x: Floats) -> Floats:
        market = shell(build(at(x)))
        gap: Floats = predictions(market, sales, targets) - given
        return gap

    if open_:
        found = fit(short, _starts(open_))
        _refuse_unidentified(sales, open_, found, targets, at(found.point))
        values = at(found.point)
        if not found.converged:
            notes.append("least squares stopped before it settled; add targets or give a parameter")
    market = recover_market(
        build(values), sales.price, sales.products, sales.owners, policies=sales.policies, keep=sales.keep,
        ownership=sales.ownership, conduct=sales.conduct, name=sales.name,
    ).with_(frames=sales.frames)  # fmt: skip
    predicted = predictions(shell(build(values)), sales, targets)
    negative = negative_costs(market)
    if negative:
        notes.append(
            f"cost below zero: {', '.join(negative)}; demand is too inelastic for these prices, look at the "
            "targets"
        )
    ordered = {p.name: values[p.name] for p in parameters}
    return Calibration(market, ordered, tuple(p.name for p in open_), tuple(targets), predicted, tuple(notes))


def _shell(sales: Sales) -> Callable[[DemandSystem], Market]:
    def market(demand: DemandSystem) -> Market:
        return Market(
            demand=demand, products=sales.products, owners=sales.owners, cost=np.zeros(len(sales.products)),
            policies=sales.policies, keep=sales.keep, ownership=sales.ownership, conduct=sales.conduct,
            name=sales.name,
        )  # fmt: skip

    return market


def _starts(open_: Sequence[Parameter]) -> list[Floats]:
    points: list[list[float]] = [[]]
    for p in open_:
        points = [[*head, p.to_real(v)] for head in points for v in p.starts]
    return [np.array(x) for x in points]


def _refuse_unidentified(
    sales: Sales, open_: Sequence[Parameter], found: Fit, targets: Sequence[Target], values: dict[str, float]
) -> None:
    for p in open_:
        low, high = p.from_real(-60.0), p.from_real(60.0)
        value = values[p.name]
        if 0.0 <= low < high <= 1.0 and min(value - low, high - value) < _EDGE:
            bound = "zero" if value - low < high - value else "one"
            raise InputError(
                f"{sales.name}: {p.name} runs to {bound}: the targets do not identify it inside its range; "
                f"give it as a number, or {p.identified_by}"
            )
    scaled = found.jacobian / np.maximum(np.abs([t.value for t in targets]), 1e-8)[:, None]
    _, sizes, rows = np.linalg.svd(scaled, full_matrices=False)
    if sizes[-1] > _RANK * max(float(sizes[0]), 1e-3):
        return
    loose = int(np.argmax(np.abs(rows[-1])))
    p = open_[loose]
    raise InputError(
        f"{sales.name}: the targets do not identify {p.name}; give it as a number, or {p.identified_by}"
    )


def given_in(name: str, value: float | Fitted, low: float, high: float, expected: str) -> None:
    """InputError for a given parameter outside low < value < high."""
    if not isinstance(value, Fitted) and not (np.isfinite(value) and low < value < high):
        raise InputError(f"{name} is {value:.6g}; expected {expected}")


def nests_of(labels: Sequence[str], sales: Sales) -> tuple[np.ndarray, tuple[str, ...]]:
    """Nest numbers (J,) and their names, from one label a product."""
    if len(labels) != len(sales.products):
        raise InputError(f"{len(sales.products)} products but {len(labels)} nests")
    names = tuple(dict.fromkeys(str(n) for n in labels))
    if not names:
        raise UnknownName("nest", "", ())
    return np.array([names.index(str(n)) for n in labels], dtype=np.int64), names
