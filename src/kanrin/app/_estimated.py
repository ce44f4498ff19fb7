"""From a specification to a problem and its estimate; faults are told at the key that made them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from kanrin.app._estimate_data import agents_of, check_formulas, data_of, with_shares
from kanrin.app._estimate_spec import (
    EstimateSpec,
    InstrumentsSpec,
)
from kanrin.app._spec_reader import Placed, SpecError
from kanrin.app._spec_words import in_spec_words
from kanrin.base import Floats, InputError, SolveError, UnknownName
from kanrin.estimation import (
    BFGS,
    LBFGSB,
    Clustered,
    Continuous,
    EstimationResults,
    Instruments,
    Iterated,
    LinearCost,
    LogCost,
    Lognormal,
    OneStep,
    PriceOverIncome,
    Problem,
    Progress,
    Robust,
    SavedEstimate,
    Table,
    TwoStep,
    Unadjusted,
    Wedges,
    blp_instruments,
    build_problem,
    differentiation_instruments,
    estimate,
)

__all__ = ["estimated", "problem_of", "restored"]

_WEIGHTINGS = {"one-step": OneStep, "two-step": TwoStep, "iterated": Iterated, "continuous": Continuous}

Spec = Placed[EstimateSpec]


def problem_of(spec: Spec) -> Problem:
    """The problem a specification sets. Raises SpecError for its faults, InputError for those of the data."""
    wanted = spec.content
    table = data_of(spec)
    share, table = with_shares(spec, table)
    agents = agents_of(spec)
    check_formulas(spec, table)
    demand = _instruments(spec, table, wanted.instruments, "instruments")
    if demand is None:
        raise SpecError(
            f"{spec.place('instruments')}: there are no demand instruments, but sellers set prices knowing "
            "demand; add [instruments] with columns that move costs, or [[instruments.built]]"
        )
    model, data = wanted.model, wanted.data
    forms: dict[str, Lognormal | PriceOverIncome] = {n: Lognormal(s) for n, s in model.lognormal.items()}
    if model.price_form == "lognormal":
        forms[data.price] = Lognormal(-1)
    elif model.price_form == "over-income":
        forms[data.price] = PriceOverIncome(model.income)
    kappa = _kappa(spec, table)
    with _named(spec):
        return build_problem(
            table, model.linear, shares=share, market=data.market, price=data.price, random=model.random,
            agents=agents, demographics=model.demographics, forms=forms, instruments=demand,
            endogenous=model.endogenous, nest=data.nest, firms=data.firm, costs=model.costs,
            cost_form=LogCost() if model.cost_form == "log" else LinearCost(), cost_bounds=model.cost_bounds,
            supply_instruments=_instruments(spec, table, wanted.supply_instruments, "supply_instruments"),
            wedges=Wedges(wanted.wedges.ad_valorem, wanted.wedges.levies, wanted.wedges.keep),
            product=data.product, kappa=kappa,
        )  # fmt: skip


def _kappa(spec: Spec, table: Table) -> Floats | None:
    """(F, F) weights of other firms' profits, firms in sorted order; None when each counts its own."""
    wanted, firm = spec.content.kappa, spec.content.data.firm
    if not wanted:
        return None
    with spec.at("kappa"):
        if firm is None:
            raise InputError("whose profit counts needs the firms; name firm in [data]")
        names = [str(level) for level in table.codes(firm).levels]
    out = np.eye(len(names))
    for setter, others in wanted.items():
        for other, weight in others.items():
            with spec.at("kappa", setter):
                for name in (setter, other):
                    if name not in names:
                        raise UnknownName("firm", name, names)
            out[names.index(setter), names.index(other)] = weight
    return out


def estimated(
    spec: Spec,
    problem: Problem,
    progress: Callable[[Progress], None] | None = None,
    resume: Progress | None = None,
) -> EstimationResults:
    """The estimate. Raises InputError for what cannot be estimated, SolveError when no start works.

    progress: told every evaluation; resume: the search to go on with.
    """
    how = spec.content.estimation
    settings: dict[str, Any] = {"slope": how.slope, "most": how.steps}
    given = {name: value for name, value in settings.items() if value is not None}
    with _named(spec):
        return estimate(
            problem, **_starts(spec), weighting=_WEIGHTINGS[how.weighting](), errors=_errors(spec),
            bounds=spec.content.bounds or None,
            search=BFGS(**given) if how.search == "bfgs" else LBFGSB(**given),
            starts=how.tries, seed=how.seed, progress=progress, resume=resume,
        )  # fmt: skip


def restored(spec: Spec, problem: Problem, saved: SavedEstimate, file: str) -> EstimationResults:
    """A saved estimate on its data again. Raises InputError when it was made by another specification."""
    with _named(spec):
        shell = estimate(problem, **_starts(spec), weighting=OneStep(), errors=Unadjusted(), at_start=True)
    if set(shell.names) != set(saved.names):
        lacking = [n for n in shell.names if n not in saved.names]
        more = [n for n in saved.names if n not in shell.names]
        raise InputError(
            f"{file} was not made by {spec.path.name}: "
            + "; ".join(
                f"{what} {', '.join(names)}"
                for what, names in (("it lacks", lacking), ("it has", more))
                if names
            )
            + "; estimate again with --out, or name the specification that made it"
        )
    if saved.observations != problem.rows:
        raise InputError(
            f"{file} was made from {saved.observations:,} rows, {spec.content.data.file} has "
            f"{problem.rows:,}; name the data that made it, or estimate again with --out"
        )
    order = [saved.names.index(name) for name in shell.names]
    at = shell.at(saved.values[order])
    return replace(at, covariance=saved.covariance[np.ix_(order, order)])


class _named:
    """Bad input met inside is told with the file of the specification."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InputError) and not isinstance(error, SpecError):
            raise InputError(f"{self.spec.path}: {in_spec_words(str(error))}") from error
        if isinstance(error, SolveError):
            raise SolveError(f"{self.spec.path}: {in_spec_words(str(error))}") from error


def _instruments(
    spec: Spec, table: Table, wanted: InstrumentsSpec, key: str
) -> list[str | Instruments] | None:
    parts: list[str | Instruments] = list(wanted.columns)
    data = spec.content.data
    for n, built in enumerate(wanted.built):
        with spec.at(key, "built", n):
            if data.firm is None:
                raise InputError("built instruments tell own from rival products; name firm in [data]")
            if built.within_nest and data.nest is None:
                raise InputError("within_nest needs the nests; name nest in [data]")
            nest = data.nest if built.within_nest else None
            if built.kind == "blp":
                made = blp_instruments(
                    table, built.of, market=data.market, firm=data.firm, nest=nest, count=built.count
                )
            else:
                made = differentiation_instruments(
                    table, built.of, market=data.market, firm=data.firm, nest=nest,
                    kind=built.kind.partition("-")[2], interactions=built.interactions,
                )  # fmt: skip
            varying = [k for k, moves in enumerate(made.is_varying) if moves]
            if not varying:
                raise InputError("the instruments do not vary; name other characteristics in of")
            parts.append(Instruments(made.matrix[:, varying], tuple(made.labels[k] for k in varying)))
    return parts or None


def _errors(spec: Spec) -> Robust | Clustered | Unadjusted:
    how = spec.content.estimation
    if how.errors == "clustered":
        assert how.cluster is not None
        return Clustered(how.cluster)
    return Robust() if how.errors == "robust" else Unadjusted()


def _starts(spec: Spec) -> dict[str, Any]:
    given = spec.content.starts
    sigma: Any = given.sigma
    if isinstance(sigma, dict):  # "a, b" is the element of two
        sigma = {
            tuple(part.strip() for part in name.split(",")) if "," in name else name: value
            for name, value in sigma.items()
        }
    pi: dict[tuple[str, str], float] | None = None
    if given.pi is not None:
        pi = {(row, column): v for row, line in given.pi.items() for column, v in line.items()}
    return {"sigma": sigma, "pi": pi, "mean": given.mean, "alpha": given.alpha, "rho": given.rho}
