"""Read a demand estimate from a TOML file, and draw from its sampling distribution (bootstrap)."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kanrin.base import CaseError, Floats, InputError, SolveError

__all__ = ["PRICE_FORMS", "Estimate", "read_estimate"]

PRICE_FORMS = ("alpha * price / income",)
_DEFINITIONS = ("list", "consumer")
_SYMMETRY = 1e-9  # relative to the largest element
_EIGENVALUE = 1e-6  # relative; the matrix is printed with seven digits
_ENOUGH_TRIES = 50
_NODES = 13  # where the file names none
_MOST_NODES = 99


@dataclass(frozen=True)
class Estimate:
    """A demand estimate: parameters with their sampling covariance. Units as in the file's header."""

    market: str
    period: str
    observations: int
    price_form: str  # one of PRICE_FORMS
    price_definition: str  # "list" or "consumer": which price the estimate used
    log_income_sd: float
    nodes: int  # Gauss-Hermite nodes of log income the estimate was made with
    parameters: Mapping[str, float]
    order: tuple[str, ...]  # (P,) names of the rows of `covariance`
    covariance: Floats  # (P, P)
    supply: Mapping[str, float]
    origin: str
    title: str
    path: str

    @property
    def alpha(self) -> float:
        """Price coefficient, < 0, utils per unit of money at median income."""
        return self.parameters["alpha"]

    @property
    def beta_names(self) -> tuple[str, ...]:
        """(K,) names of the taste parameters: `order` without alpha."""
        return tuple(name for name in self.order if name != "alpha")

    @property
    def beta(self) -> Floats:
        """(K,) taste parameters in the order of `beta_names`."""
        return np.array([self.parameters[name] for name in self.beta_names])

    @property
    def values(self) -> Floats:
        """(P,) all parameters in the order of `order`."""
        return np.array([self.parameters[name] for name in self.order])

    def draw(self, n: int, rng: np.random.Generator) -> Floats:
        """n draws (n, P), columns as `order`, from N(estimate, Var), redrawn where alpha >= 0 (bootstrap).

        Raises InputError for n < 1, SolveError when more than half of the draws are rejected.
        """
        if n < 1:
            raise InputError(f"{n} draws asked; expected at least 1")
        eigenvalues, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(eigenvalues, 0.0))
        column = self.order.index("alpha")
        centre = self.values

        def sample(size: int) -> Floats:
            drawn: Floats = centre + rng.standard_normal((size, len(centre))) @ root.T
            return drawn

        draws = sample(n)
        bad = np.flatnonzero(draws[:, column] >= 0.0)
        tried, rejected = n, bad.size
        while bad.size:
            if tried >= _ENOUGH_TRIES and 2 * rejected > tried:
                raise SolveError(
                    f"{self.path}: {rejected} of {tried} draws have alpha >= 0 (alpha {self.alpha:.4g}, "
                    f"standard error {math.sqrt(self.covariance[column, column]):.4g}); the price "
                    f"coefficient is not told "
                    "from zero: use an estimate with a sharper alpha"
                )
            draws[bad] = sample(bad.size)
            tried += bad.size
            bad = bad[draws[bad, column] >= 0.0]
            rejected += bad.size
        return draws


class _Lines:
    """Where a key stands in the file, for messages."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.lines = path, text.splitlines()

    def at(self, key: str, table: str = "") -> str:
        """`file:line` of key inside [table]; the table's own line, else line 1, when the key is missing."""
        current, fallback = "", 1
        for number, line in enumerate(self.lines, start=1):
            header = re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line)
            if header and "=" not in line.split("#")[0]:
                current = header.group(1).strip('"')
                fallback = number if current == table else fallback
                if not key and current == table:
                    break
            elif current == table and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
                return f"{self.path}:{number}"
        return f"{self.path}:{fallback}"


def read_estimate(path: str | Path) -> Estimate:
    """Read and check a demand estimate. All faults come in one CaseError, each with file and line."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except FileNotFoundError as error:
        raise CaseError(f"{file}:1: no such file; give the path of a demand estimate (TOML)") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        found = re.search(r"line (\d+)", str(error))
        raise CaseError(f"{file}:{found.group(1) if found else 1}: not valid TOML: {error}") from error
    faults: list[str] = []
    lines = _Lines(file, text)
    tables = {name: _table(content, name, lines, faults) for name in ("price", "parameters", "covariance")}
    if content.get("kind") != "estimate":
        faults.append(f'{lines.at("kind")}: kind is {content.get("kind")!r}; expected kind = "estimate"')
    words = {name: _word(content, name, "", lines, faults) for name in ("market", "period")}
    optional = {name: _word(content, name, "", lines, faults, needed=False) for name in ("origin", "title")}
    observations = content.get("observations")
    if not isinstance(observations, int) or isinstance(observations, bool) or observations < 1:
        faults.append(
            f"{lines.at('observations')}: observations is {observations!r}; expected a whole number "
            "above zero"
        )
    parameters = _numbers(tables["parameters"], "parameters", lines, faults)
    supply = _numbers(content.get("supply", {}), "supply", lines, faults)
    form, definition, sd = _price(tables["price"], lines, faults)
    nodes = _nodes(tables["price"], lines, faults)
    if tables["parameters"] and "alpha" not in tables["parameters"]:
        faults.append(
            f"{lines.at('alpha', 'parameters')}: alpha is missing from [parameters]; give the price "
            "coefficient"
        )
    elif not parameters.get("alpha", -1.0) < 0.0:
        faults.append(
            f"{lines.at('alpha', 'parameters')}: alpha is {parameters['alpha']}; expected a number below "
            "zero: with alpha >= 0 buyers like high prices and profit has no bound"
        )
    order, covariance = _covariance(tables["covariance"], parameters, lines, faults)
    if faults:
        raise CaseError(faults)
    return Estimate(
        words["market"],
        words["period"],
        int(observations or 0),
        form,
        definition,
        sd,
        nodes,
        parameters,
        order,
        covariance,
        supply,
        optional["origin"],
        optional["title"],
        str(file),
    )


def _table(content: dict[str, Any], name: str, lines: _Lines, faults: list[str]) -> dict[str, Any]:
    table = content.get(name)
    if isinstance(table, dict):
        return table
    faults.append(
        f"{lines.at('')}: table [{name}] is missing; add it as in the first estimate of the us-japan case"
    )
    return {}


def _word(
    table: dict[str, Any], key: str, name: str, lines: _Lines, faults: list[str], *, needed: bool = True
) -> str:
    value = table.get(key, None if needed else "")
    if isinstance(value, str) and (value or not needed):
        return value
    faults.append(f"{lines.at(key, name)}: {key} is {value!r}; expected a text in quotes")
    return ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _numbers(table: object, name: str, lines: _Lines, faults: list[str]) -> dict[str, float]:
    if not isinstance(table, dict):
        faults.append(f"{lines.at('', name)}: [{name}] must be a table of numbers")
        return {}
    for key, value in table.items():
        if not _is_number(value):
            faults.append(f"{lines.at(key, name)}: {name}.{key} is {value!r}; expected a finite number")
    return {key: float(value) for key, value in table.items() if _is_number(value)}


def _nodes(table: dict[str, Any], lines: _Lines, faults: list[str]) -> int:
    nodes = table.get("nodes", _NODES)
    if not isinstance(nodes, int) or isinstance(nodes, bool) or not 1 <= nodes <= _MOST_NODES:
        faults.append(
            f"{lines.at('nodes', 'price')}: nodes is {nodes!r}; expected a whole number "
            f"from 1 to {_MOST_NODES}"
        )
        return _NODES
    return nodes


def _price(table: dict[str, Any], lines: _Lines, faults: list[str]) -> tuple[str, str, float]:
    form, definition, sd = table.get("form"), table.get("definition", "list"), table.get("log_income_sd")
    if table and form not in PRICE_FORMS:
        faults.append(
            f"{lines.at('form', 'price')}: unknown price form {form!r}; known: "
            f"{', '.join(map(repr, PRICE_FORMS))}"
        )
    if definition not in _DEFINITIONS:
        faults.append(
            f'{lines.at("definition", "price")}: definition is {definition!r}; expected "list" or "consumer"'
        )
    if table and not (_is_number(sd) and float(sd or 0.0) >= 0.0):
        faults.append(
            f"{lines.at('log_income_sd', 'price')}: log_income_sd is {sd!r}; expected a number >= 0"
        )
        sd = 0.0
    return str(form), str(definition), float(sd or 0.0)


def _covariance(
    table: dict[str, Any], parameters: dict[str, float], lines: _Lines, faults: list[str]
) -> tuple[tuple[str, ...], Floats]:
    empty: tuple[tuple[str, ...], Floats] = ((), np.zeros((0, 0)))
    if not table:
        return empty
    order, rows = table.get("order"), table.get("matrix")
    where = lines.at("order", "covariance")
    if not isinstance(order, list) or not all(isinstance(name, str) for name in order):
        faults.append(f"{where}: covariance.order must list the names of [parameters]")
        return empty
    missing, extra = [n for n in parameters if n not in order], [n for n in order if n not in parameters]
    if missing or extra or len(set(order)) != len(order):
        what = [f"misses {', '.join(missing)}"] * bool(missing) + [f"has unknown {', '.join(extra)}"] * bool(
            extra
        )
        faults.append(
            f"{where}: covariance.order {' and '.join(what) or 'repeats a name'}; list each of [parameters] "
            f"once"
        )
        return empty
    where, size = lines.at("matrix", "covariance"), len(order)
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        faults.append(f"{where}: covariance.matrix must be a list of {size} rows of {size} numbers")
        return empty
    if len(rows) != size or any(len(row) != size for row in rows):
        faults.append(
            f"{where}: covariance.matrix is not square as expected: {len(rows)} rows of "
            f"{sorted({len(row) for row in rows})} for {size} names; give {size} rows of {size} numbers"
        )
        return empty
    if not all(_is_number(value) for row in rows for value in row):
        faults.append(f"{where}: covariance.matrix holds something that is not a finite number")
        return empty
    matrix = np.array(rows, dtype=np.float64)
    largest = float(np.abs(matrix).max(initial=0.0))
    if float(np.abs(matrix - matrix.T).max(initial=0.0)) > _SYMMETRY * largest:
        j, k = np.unravel_index(int(np.abs(matrix - matrix.T).argmax()), matrix.shape)
        faults.append(
            f"{where}: covariance.matrix is not symmetric: ({order[j]}, {order[k]}) is {matrix[j, k]:.6g} "
            f"and its mirror "
            f"{matrix[k, j]:.6g}; copy the matrix again"
        )
        return empty
    matrix = (matrix + matrix.T) / 2.0
    smallest = float(np.linalg.eigvalsh(matrix).min(initial=0.0))
    if smallest < -_EIGENVALUE * largest:
        faults.append(
            f"{where}: covariance.matrix is not positive semi-definite: smallest eigenvalue {smallest:.3g}; "
            "no sample has this covariance: copy it again with more digits"
        )
        return empty
    return tuple(order), matrix
