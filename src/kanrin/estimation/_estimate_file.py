"""Estimate files: TOML with a version, names, values, covariance and how it was made."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kanrin.base import CaseError, Floats, InputError, UnknownName

if TYPE_CHECKING:
    from kanrin.estimation._results import EstimationResults

__all__ = ["SavedEstimate", "load_estimate", "write_estimate"]

VERSION = 1


@dataclass(frozen=True)
class SavedEstimate:
    """An estimate read from a file: names, values, covariance (nan where a parameter stood on a bound)."""

    names: tuple[str, ...]
    values: Floats
    covariance: Floats
    observations: int
    objective: float
    made: Mapping[str, str]

    def __getitem__(self, name: str) -> float:
        if name not in self.names:
            raise UnknownName("parameter", name, self.names)
        return float(self.values[self.names.index(name)])

    @property
    def errors(self) -> Floats:
        """Standard errors."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.sqrt(np.diagonal(self.covariance)))


def write_estimate(
    path: str | Path,
    results: EstimationResults,
    *,
    market: str = "",
    period: str = "",
    title: str = "",
    origin: str = "",
    log_income_sd: float | None = None,
    nodes: int | None = None,
    price_definition: str = "list",
    rename: Mapping[str, str] | None = None,
) -> None:
    """See `EstimationResults.save`. Raises InputError when a name of `rename` is not a parameter."""
    rename = dict(rename or {})
    for name in rename:
        if name not in results.names:
            raise UnknownName("parameter", name, results.names, "rename= goes by the names of the parameters")
    lines = [
        'kind = "estimate"',
        f"version = {VERSION}",
        f"market = {_text(market or 'not named')}",
        f"period = {_text(period or 'not named')}",
        f"title = {_text(title)}",
        f"origin = {_text(origin)}",
        f"observations = {results.problem.rows}",
    ]
    over = [n for n in results.names if n.startswith(f"{results.problem.price}/")]
    if over and log_income_sd is not None:
        lines += _demand_tables(results, over[0], rename, log_income_sd, nodes, price_definition)
    lines += ["", "[made]"]
    lines += [
        f"linear = {_text(results.problem.x1.formula.text)}",
        f"random = {_text(results.problem.x2.formula.text if results.problem.x2 is not None else '')}",
        f"costs = {_text(results.problem.x3.formula.text if results.problem.x3 is not None else '')}",
        f"weighting = {_text(type(results.weighting).__name__)}",
        f"errors = {_text(type(results.errors_kind).__name__)}",
        f"objective = {_text(repr(float(results.objective)))}",
    ]
    lines += ["", "[estimate]", f"names = [{', '.join(map(_text, results.names))}]"]
    lines += [f"values = [{', '.join(map(_number, results.values))}]", "covariance = ["]
    lines += [f"  [{', '.join(map(_number, row))}]," for row in results.covariance]
    Path(path).write_text("\n".join([*lines, "]", ""]), encoding="utf-8")


def _demand_tables(
    results: EstimationResults,
    alpha: str,
    rename: Mapping[str, str],
    log_income_sd: float,
    nodes: int | None,
    price_definition: str,
) -> list[str]:
    """The tables `kanrin.demand.read_estimate` asks for: price over income, alpha and the renamed tastes."""
    others = [n for n in results.model.theta.names if n != alpha]
    if others:
        raise InputError(
            "a file for the plan holds price over income alone; this estimate also has "
            f"{', '.join(others)}: leave "
            "log_income_sd away to save it for simulation"
        )
    kept = [alpha, *(n for n in results.names if n in rename)]
    index = [results.names.index(n) for n in kept]
    words = ["alpha", *(rename[n] for n in kept[1:])]
    covariance = results.covariance[np.ix_(index, index)]
    if not np.isfinite(covariance).all():
        raise InputError("alpha stands on its bound; such an estimate cannot be saved for the plan")
    out = ["", "[price]", 'form = "alpha * price / income"', f'definition = "{price_definition}"']
    out += [f"log_income_sd = {_number(log_income_sd)}"] + ([f"nodes = {nodes}"] if nodes else [])
    out += ["", "[parameters]", *(f"{w} = {_number(results[n])}" for w, n in zip(words, kept, strict=True))]
    out += ["", "[covariance]", f"order = [{', '.join(map(_text, words))}]", "matrix = ["]
    out += [f"  [{', '.join(map(_number, row))}]," for row in covariance] + ["]"]
    gamma = [n for n in results.names if n.startswith("cost: ")]
    if gamma:
        out += ["", "[supply]", *(f"{_text(n[6:])} = {_number(results[n])}" for n in gamma)]
    return out


def load_estimate(path: str | Path) -> SavedEstimate:
    """Read a saved estimate. Raises CaseError with the file for a fault or a later version."""
    file = Path(path)
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CaseError(f"{file}:1: no such file; give the path of an estimate file (TOML)") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CaseError(f"{file}:1: not valid TOML: {error}") from error
    version = content.get("version", 1)
    if not isinstance(version, int) or version > VERSION:
        raise CaseError(
            f"{file}:1: version {version!r} is later than {VERSION}, which is read here; renew Kanrin"
        )
    table = content.get("estimate")
    if content.get("kind") != "estimate" or not isinstance(table, dict):
        raise CaseError(f"{file}:1: not an estimate saved by Kanrin: table [estimate] is missing")
    try:
        names = tuple(str(n) for n in table["names"])
        values = np.array(table["values"], dtype=np.float64)
        covariance = np.array(table["covariance"], dtype=np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise CaseError(f"{file}:1: [estimate] needs names, values and covariance: {error}") from error
    if values.shape != (len(names),) or covariance.shape != (len(names), len(names)):
        raise CaseError(
            f"{file}:1: [estimate] has {len(names)} names but {values.shape} and {covariance.shape} numbers"
        )
    made = {str(k): str(v) for k, v in content.get("made", {}).items()}
    return SavedEstimate(
        names,
        values,
        covariance,
        int(content.get("observations", 0)),
        float(made.get("objective", "nan")),
        made,
    )


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _number(value: float) -> str:
    value = float(value)
    return repr(value) if np.isfinite(value) else "nan"
