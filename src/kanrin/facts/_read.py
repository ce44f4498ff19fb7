"""From a file of a case to its records: every fault with file, line, what was expected and the way out."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from kanrin.base import CaseError
from kanrin.facts._faults import fault_sentence, faults_in
from kanrin.facts._lines import read_rows, read_toml
from kanrin.facts._positions import header_lines, line_of
from kanrin.facts._record import Record
from kanrin.facts._sidecar import Sidecar

__all__ = ["Placed", "read_keyed", "read_list", "read_sidecar", "read_single", "read_table"]

R = TypeVar("R", bound=Record)
Placed = list[tuple[int, R]]  # records with the line they stand on


def read_table(path: Path, model: type[R]) -> Placed[R]:
    """All rows of a CSV file as records with their lines. Raises CaseError listing every fault."""
    required = tuple(n for n, f in model.model_fields.items() if f.is_required())
    optional = tuple(n for n, f in model.model_fields.items() if not f.is_required())
    records: Placed[R] = []
    faults: list[str] = []
    for line, row in read_rows(path, required, optional):
        try:
            records.append((line, model.model_validate(row)))
        except ValidationError as error:
            faults += [f"{path}:{line}: {fault_sentence(e)}" for e in faults_in(error)]
    if faults:
        raise CaseError(faults)
    if not records:
        raise CaseError(f"{path}:1: the table is empty; it needs at least one row")
    return records


def read_keyed(path: Path, model: type[R], *, name: str = "key") -> Placed[R]:
    """A TOML file of tables `["a.key"]` as records; the header becomes the field `name`."""
    data, text = read_toml(path)
    lines = header_lines(text, list(data))
    records: Placed[R] = []
    faults: list[str] = []
    for key, value in data.items():
        if not isinstance(value, dict):
            faults.append(f"{path}:{line_of(text, (key,))}: {key}: expected a table [{key!r}], got {value!r}")
            continue
        try:
            records.append((lines[key], model.model_validate({name: key, **value})))
        except ValidationError as error:
            faults += [
                f"{path}:{line_of(text, (key, *e['loc']))}: {key}: {fault_sentence(e)}"
                for e in faults_in(error)
            ]
    if faults:
        raise CaseError(faults)
    if not records:
        raise CaseError(f'{path}:1: the file is empty; it needs at least one table ["a.key"]')
    return records


def read_list(path: Path, model: type[R], *, under: str) -> Placed[R]:
    """A TOML file of repeated tables `[[under]]` as records."""
    data, text = read_toml(path)
    items = data.get(under)
    if not isinstance(items, list) or not items:
        raise CaseError(f"{path}:1: expected at least one table [[{under}]]")
    records: Placed[R] = []
    faults: list[str] = []
    for nth, item in enumerate(items):
        try:
            records.append((line_of(text, (under, nth)), model.model_validate(item)))
        except ValidationError as error:
            faults += [
                f"{path}:{line_of(text, (under, nth, *e['loc']))}: {fault_sentence(e)}"
                for e in faults_in(error)
            ]
    if faults:
        raise CaseError(faults)
    return records


def read_single(path: Path, model: type[R]) -> R:
    """A TOML file that is one record."""
    data, text = read_toml(path)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise CaseError(
            [f"{path}:{line_of(text, e['loc'])}: {fault_sentence(e)}" for e in faults_in(error)]
        ) from None


def read_sidecar(path: Path) -> Sidecar:
    """The sidecar of a table."""
    return read_single(path, Sidecar)
