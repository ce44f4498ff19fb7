"""Nevo's cereal problem and the given answers, shared by the tests beside it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from kanrin.estimation import OwnAgents, Problem, Table, build_problem, read_csv

FOLDER = Path(__file__).parents[2].parent / "shared" / "reference" / "blp_nevo"
COLUMNS = {"shares": "shares", "market": "market_ids", "price": "prices"}
SIGMA = [0.3302, 2.4526, 0.0163, 0.2441]
PI = [[5.4819, 0, 0.2037, 0], [15.8935, -1.2, 0, 2.6342], [-0.2506, 0, 0.0511, 0], [1.265, 0, -0.8091, 0]]


def pyblp_files() -> object:
    """The module that holds the paths of the data; the test is skipped without it."""
    return pytest.importorskip("pyblp", reason="PyBLP, which ships the data, is not installed").data


def given(start: str) -> dict[str, tuple[float, float]]:
    """{id: (value, tolerance)} of the ids that begin so; the test is skipped without the file."""
    path = FOLDER / "given.csv"
    if not path.exists():
        pytest.skip("the given answers are not at hand")
    with path.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["id"].startswith(start)]
    return {row["id"]: (float(row["value"]), float(row["tolerance"])) for row in rows}


def products() -> Table:
    return read_csv(pyblp_files().NEVO_PRODUCTS_LOCATION)  # type: ignore[attr-defined]


def instruments(table: Table) -> list[str]:
    return [name for name in table.columns if name.startswith("demand_instruments")]


def full_problem(table: Table) -> Problem:
    agents = read_csv(pyblp_files().NEVO_AGENTS_LOCATION)  # type: ignore[attr-defined]
    return build_problem(
        table,
        "0 + prices | product_ids",
        random="1 + prices + sugar + mushy",
        agents=OwnAgents(agents, market="market_ids", nodes=[f"nodes{k}" for k in range(4)]),
        demographics="0 + income + income_squared + age + child",
        instruments=instruments(table),
        **COLUMNS,  # type: ignore[arg-type]
    )


def nested_problem(table: Table, nest: str) -> Problem:
    """One nest ("one") or two by a column; the number of products in the market-nest instruments rho."""
    table = table.join({"one": np.ones(table.rows)})
    cells = table.codes("market_ids", nest).codes
    table = table.join({"in_nest": np.bincount(cells)[cells].astype(float)})
    return build_problem(
        table,
        "0 + prices",
        instruments=[*instruments(table), "in_nest"],
        nest=nest,
        **COLUMNS,  # type: ignore[arg-type]
    )
