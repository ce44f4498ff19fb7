"""The files an estimate is made from: columns, shares, formulas and agents, told where they are wrong."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any

import numpy as np

from kanrin.app._estimate_spec import (
    AgentsFile,
    DrawnAgents,
    EstimateSpec,
    GridAgents,
    IncomeAgents,
    SparseAgents,
)
from kanrin.app._spec_reader import Placed, SpecError
from kanrin.base import Floats, InputError, UnknownName
from kanrin.estimation import (
    MLHS,
    GaussHermite,
    Halton,
    MonteCarlo,
    OwnAgents,
    Problem,
    Sobol,
    SparseGrid,
    Table,
    laplace_shares,
    lognormal_income,
    parse_formula,
    read_csv,
)

__all__ = ["agents_of", "check_formulas", "data_of", "market_sizes", "table_at", "with_shares"]

_SHARE = "units / market_size"
_DRAWS: dict[str, type[Halton | Sobol | MLHS | MonteCarlo]] = {
    "halton": Halton,
    "sobol": Sobol,
    "mlhs": MLHS,
    "monte-carlo": MonteCarlo,
}
_NAMED = ("market", "price", "share", "units", "product", "firm", "nest")

AnyAgents = GaussHermite | SparseGrid | Halton | Sobol | MLHS | MonteCarlo | OwnAgents
Spec = Placed[EstimateSpec]


def table_at(spec: Placed[Any], name: str, *loc: str) -> Table:
    """The CSV file that a key names. Raises SpecError when there is none, or it cannot be read."""
    file = spec.file(name, *loc)
    try:
        with spec.at(*loc):
            return read_csv(file, encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SpecError(f"{spec.place(*loc)}: {name}: text is not UTF-8; save the file as UTF-8") from None
    except (csv.Error, OSError) as error:
        raise SpecError(
            f"{spec.place(*loc)}: {name}: not readable as CSV ({error}); check the file"
        ) from None


def market_sizes(spec: Spec, problem: Problem) -> dict[str, float] | None:
    """Potential buyers by market; None when the specification gives shares."""
    size = spec.content.data.market_size
    if size is None:
        return None
    names = problem.market_names
    if not isinstance(size, str):
        return dict.fromkeys(names, float(size))
    values = problem.table.numbers(size, "the market size")
    return {name: float(values[start]) for name, start in zip(names, problem.market_start[:-1], strict=True)}


def data_of(spec: Spec) -> Table:
    """The data file. Raises SpecError for a missing file or columns it does not have."""
    wanted = spec.content.data
    table = table_at(spec, wanted.file, "data", "file")
    named = [(("data", key), getattr(wanted, key)) for key in (*_NAMED, "market_size")]
    named += [(("estimation", "cluster"), spec.content.estimation.cluster)]
    named += [
        (("wedges", key), getattr(spec.content.wedges, key)) for key in ("ad_valorem", "levies", "keep")
    ]
    faults = [
        f"{spec.place(*loc)}: {loc[-1]}: {UnknownName(f'column of {wanted.file}', name, table.columns)}"
        for loc, name in named
        if isinstance(name, str) and name not in table.columns
    ]
    if faults:
        raise SpecError(faults)
    return table


def with_shares(spec: Spec, table: Table) -> tuple[str, Table]:
    """The name of the shares, and the table with them. Raises SpecError for units or buyers without sense."""
    wanted = spec.content.data
    if wanted.share is not None:
        return wanted.share, table
    assert wanted.units is not None and wanted.market_size is not None
    with spec.at("data", "units"):
        sold = table.numbers(wanted.units, "the shares")
    with spec.at("data", "market_size"):
        size = (
            table.numbers(wanted.market_size, "the shares")
            if isinstance(wanted.market_size, str)
            else np.full(table.rows, float(wanted.market_size))
        )
        if not (size > 0).all():
            raise InputError(f"is {size.min():.6g} in row {int(np.argmin(size))}; expected buyers above zero")
        if isinstance(wanted.market_size, str):
            _refuse_uneven(table, wanted.market, size)
    shares: Floats = sold / size
    if wanted.zeros == "laplace":
        assert isinstance(wanted.market_size, str)
        with spec.at("data", "zeros"):
            shares = laplace_shares(
                table, units=wanted.units, potential=wanted.market_size, market=wanted.market
            )
    return _SHARE, table.join({_SHARE: shares})


def _refuse_uneven(table: Table, market: str, size: Floats) -> None:
    markets = table.codes(market)
    for t in range(markets.count):
        inside = size[markets.codes == t]
        if float(np.ptp(inside)) > 0:
            raise InputError(
                f"differs within market {markets.levels[t]} ({inside.min():.6g} to {inside.max():.6g}); "
                "potential buyers are one number a market"
            )


def check_formulas(spec: Spec, table: Table) -> None:
    """Formulas that parse and columns that exist, each told at its key."""
    model = spec.content.model
    named: list[tuple[tuple[str | int, ...], str]] = [
        (("model", key), text)
        for key, text in (("linear", model.linear), ("random", model.random), ("costs", model.costs))
        if text is not None
    ]
    for key, part in (
        ("instruments", spec.content.instruments),
        ("supply_instruments", spec.content.supply_instruments),
    ):
        named += [((key, "columns", n), text) for n, text in enumerate(part.columns)]
        named += [((key, "built", n, "of"), built.of) for n, built in enumerate(part.built)]
    faults = []
    for loc, text in named:
        if text in table.columns:
            continue
        key = next(part for part in reversed(loc) if isinstance(part, str))
        try:
            names: Sequence[str] = parse_formula(text).names
        except InputError as error:
            faults.append(f"{spec.place(*loc)}: {key}: {error}")
            continue
        faults += [
            f"{spec.place(*loc)}: {key}: "
            f"{UnknownName(f'column of {spec.content.data.file}', name, table.columns)}"
            for name in names
            if name not in table.columns
        ]
    if faults:
        raise SpecError(faults)


def agents_of(spec: Spec) -> AnyAgents | None:
    """The agents. Raises SpecError for columns their file lacks, or weights that do not sum to one."""
    wanted = spec.content.agents
    match wanted:
        case None:
            return None
        case GridAgents():
            return GaussHermite(wanted.nodes)
        case SparseAgents():
            return SparseGrid(wanted.level)
        case DrawnAgents():
            return _DRAWS[wanted.rule](wanted.agents, seed=wanted.seed, common=wanted.common)
        case IncomeAgents():
            return lognormal_income(wanted.log_income_sd, wanted.nodes, wanted.median)
        case AgentsFile():
            return _own_agents(spec, wanted)


def _own_agents(spec: Spec, wanted: AgentsFile) -> OwnAgents:
    table = table_at(spec, wanted.file, "agents", "file")
    named: list[tuple[tuple[str | int, ...], str]] = [
        (("agents", key), name)
        for key, name in (("market", wanted.market), ("weights", wanted.weights))
        if name is not None
    ]
    named += [(("agents", "nodes", n), name) for n, name in enumerate(wanted.nodes)]
    if spec.content.model.demographics is not None:
        with spec.at("model", "demographics"):
            names = parse_formula(spec.content.model.demographics).names
        named += [(("model", "demographics"), name) for name in names]
    faults = [
        f"{spec.place(*loc)}: {UnknownName(f'column of {wanted.file}', name, table.columns)}"
        for loc, name in named
        if name not in table.columns
    ]
    if faults:
        raise SpecError(faults)
    own = OwnAgents(table, wanted.market, wanted.weights, wanted.nodes, wanted.rest_never_buys)
    with spec.at("agents"):
        markets = ["(each)"] if wanted.market is None else list(table.codes(wanted.market).levels)
        own.draw(markets, 0)
    return own
