"""From a specification to markets, and their simulations; what could not be simulated is kept and marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kanrin.app._calibrated import calibrated, conduct_of
from kanrin.app._changed import changes_of, policies_of
from kanrin.app._estimate_data import market_sizes
from kanrin.app._estimate_spec import EstimateSpec
from kanrin.app._estimated import estimated, problem_of, restored
from kanrin.app._simulate_spec import EstimateSource, SimulateSpec
from kanrin.app._spec_reader import Placed, read_spec
from kanrin.base import InputError, KanrinError, SolveError, UnknownName
from kanrin.estimation import EstimationResults, load_estimate
from kanrin.simulation import (
    Batch,
    Calibration,
    Failure,
    Market,
    Simulation,
    Spread,
    Surplus,
    estimated_market,
    over_estimate,
    simulate,
)

__all__ = ["PRODUCT_OUTCOMES", "Simulated", "Source", "prepared", "simulated", "spread_of"]

_OUTCOMES = ("buyers", "owners", "treasury", "total")
PRODUCT_OUTCOMES = ("price %", "quantity %")  # columns of the table by product that get intervals


@dataclass(frozen=True)
class Source:
    """Markets as observed, by name, and what they were made from."""

    names: tuple[str, ...]
    calibration: Calibration | None = None
    results: EstimationResults | None = None
    sizes: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Simulated:
    """What was simulated; with draws, the spread of its totals."""

    batch: Batch
    spread: Spread | None = None


def prepared(spec: Placed[SimulateSpec]) -> Source:
    """The demand to simulate on. Raises InputError for what is wrong in the specification or its data."""
    wanted = spec.content.estimate
    if wanted is None:
        found = calibrated(spec)
        return Source((found.market.name,), calibration=found)
    path = spec.file(wanted.spec, "estimate", "spec")
    inner = read_spec(path, EstimateSpec, "a specification of an estimate")
    problem = problem_of(inner)
    if wanted.file is None:
        results = estimated(inner, problem)
        if not results.converged:
            raise SolveError(f"{path}: {results.search.advice}; mend the estimate before it is simulated")
    else:
        saved = spec.file(wanted.file, "estimate", "file")
        with spec.at("estimate", "file"):
            results = restored(inner, problem, load_estimate(saved), saved.name)
    names = tuple(str(name) for name in wanted.markets) or problem.market_names
    for n, name in enumerate(names):
        with spec.at("estimate", "markets", n):
            if name not in problem.market_names:
                raise UnknownName("market", name, problem.market_names)
    return Source(names, results=results, sizes=market_sizes(inner, problem))


def simulated(spec: Placed[SimulateSpec], source: Source) -> Batch:
    """Every market before and after. With one market bad input is raised; among several it is a failure."""
    done: dict[str, Simulation] = {}
    failed: list[Failure] = []
    for name in source.names:
        try:
            found = _one(spec, source, name)
        except KanrinError as error:
            if len(source.names) == 1:
                raise
            failed.append(Failure(name, str(error)))
            continue
        if found.converged:
            done[name] = found
        else:
            failed.append(Failure(name, found.advice))
    if not done and failed and all(f.reason.startswith(str(spec.path)) for f in failed):
        raise InputError(failed[0].reason)
    return Batch(done, tuple(failed))


def _one(spec: Placed[SimulateSpec], source: Source, name: str) -> Simulation:
    market = (
        source.calibration.market
        if source.calibration is not None
        else _market(spec, source, name, source.results)
    )
    changes = changes_of(spec, market)
    with spec.at("changes"):
        return simulate(market, changes, fixed=spec.content.fixed_prices)


def _market(
    spec: Placed[SimulateSpec], source: Source, name: str, results: EstimationResults | None
) -> Market:
    assert results is not None
    fit, problem, wanted = results.market(name), results.problem, spec.content.estimate
    assert wanted is not None
    size = wanted.market_size if wanted.market_size is not None else (source.sizes or {}).get(name, 1.0)
    with spec.at("estimate"):
        if fit.firms is None:
            raise InputError(f"{wanted.spec} does not say who sets prices; name firm in its [data]")
        owners = tuple(str(n) for n in fit.firms)
        products = tuple(f"row {row}" for row in fit.rows)
        if problem.product is not None:
            labels = dict(zip(problem.order.tolist(), problem.table.labels(problem.product), strict=True))
            products = tuple(str(labels[row]) for row in fit.rows.tolist())
    policies = policies_of(spec, products, owners)
    with spec.at("estimate"):
        return estimated_market(
            fit, market_size=size, products=products, owners=owners, policies=policies,
            conduct=conduct_of(spec.content),
        )  # fmt: skip


def spread_of(spec: Placed[SimulateSpec], source: Source, wanted: EstimateSource) -> Spread:
    """Totals over parameter draws of the estimate; with one market also its prices and quantities.

    Raises SolveError when no draw could be solved.
    """
    assert source.results is not None
    surplus = Surplus(spec.content.surplus)

    def outcomes(drawn: EstimationResults) -> dict[str, float]:
        total, by_product = np.zeros(len(_OUTCOMES)), {}
        for name in source.names:
            market = _market(spec, source, name, drawn)
            changes = changes_of(spec, market)
            found = simulate(market, changes, fixed=spec.content.fixed_prices, evidence=False)
            if not found.converged:
                raise SolveError(found.advice)
            buyers = -found.compensating_variation(surplus)
            total += (
                buyers, found.profit_change(), found.treasury_change(), -found.net_total_harm(surplus)
            )  # fmt: skip
            if len(source.names) == 1:
                table = found.products()
                by_product = {
                    (head, product): value
                    for head in PRODUCT_OUTCOMES
                    for product, value in table[head].items()
                    if value is not None
                }
        named = {f"{head}: {product}": value for (head, product), value in by_product.items()}
        return dict(zip(_OUTCOMES, total.tolist(), strict=True)) | named

    return over_estimate(source.results, outcomes, draws=wanted.draws, seed=wanted.seed)
