"""From a file of a case to its records: every fault with file, line, what was expected and the way out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kanrin.base import CaseError
from kanrin.facts._lines import line_of, read_rows, read_toml
from kanrin.facts._records import Record
from kanrin.facts._sidecar import Sidecar

__all__ = ["Placed", "read_keyed", "read_list", "read_sidecar", "read_single", "read_table"]

R = TypeVar("R", bound=Record)
Placed = list[tuple[int, R]]  # records with the line they stand on

_EXPECTED = {
    "float_parsing": "expected a number; write it with a dot and without units or spaces",
    "float_type": "expected a number; write it without quotes",
    "finite_number": "expected a finite number",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "greater_than": "expected a number greater than {gt:g}",
    "greater_than_equal": "expected a number of at least {ge:g}",
    "less_than": "expected a number below {lt:g}",
    "less_than_equal": "expected a number of at most {le:g}",
    "string_too_short": "must not be empty",
    "string_type": "expected text; put it in quotes",
    "missing": "is missing; add it",
    "extra_forbidden": "is not known here; check the spelling or remove it",
    "date_from_datetime_parsing": "expected a date that exists, written YYYY-MM-DD",
    "date_parsing": "expected a date that exists, written YYYY-MM-DD",
    "date_type": "expected a date, written YYYY-MM-DD",
    "date_from_datetime_inexact": "expected a date without a time, written YYYY-MM-DD",
    "too_short": "must not be empty",
}


def _sentence(error: ErrorDetails) -> str:
    """One fault as `column: what; expected`."""
    context = error.get("ctx", {})
    kind = error["type"]
    shown = error["input"]
    if kind == "value_error":
        what = str(context.get("error", error["msg"]))
    elif kind in ("literal_error", "enum"):
        what = f"expected one of {context.get('expected', '')}"
    elif kind == "string_pattern_mismatch":
        what = f"does not have the form {context.get('pattern')}"
    elif kind in _EXPECTED:
        what = _EXPECTED[kind].format(**context)
    else:
        what = error["msg"]
    if kind not in ("value_error", "missing", "extra_forbidden") and not isinstance(shown, (dict, list)):
        what += f", got {shown!r}"
    named = [str(p) for p in error["loc"] if isinstance(p, str)]
    return f"{named[-1]}: {what}" if named else what


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
            faults += [f"{path}:{line}: {_sentence(e)}" for e in error.errors()]
    if faults:
        raise CaseError(faults)
    if not records:
        raise CaseError(f"{path}:1: the table is empty; it needs at least one row")
    return records


def read_keyed(path: Path, model: type[R], *, name: str = "key") -> Placed[R]:
    """A TOML file of tables `["a.key"]` as records; the header becomes the field `name`."""
    data, text = read_toml(path)
    return _records(path, text, model, ((key, {name: key, **_table(path, text, key, v)}) for key, v in data.items()))


def read_list(path: Path, model: type[R], *, under: str) -> Placed[R]:
    """A TOML file of repeated tables `[[under]]` as records."""
    data, text = read_toml(path)
    items = data.get(under)
    if not isinstance(items, list) or not items:
        raise CaseError(f"{path}:1: expected at least one table [[{under}]]")
    lines = [k for k, t in enumerate(text.splitlines(), start=1) if t.strip().startswith(f"[[{under}]]")]
    records: Placed[R] = []
    faults: list[str] = []
    for line, item in zip(lines, items, strict=True):
        try:
            records.append((line, model.model_validate(item)))
        except ValidationError as error:
            tail = "\n".join(text.splitlines()[line - 1 :])
            faults += [f"{path}:{line - 1 + line_of(tail, (under, *e['loc']))}: {_sentence(e)}" for e in error.errors()]
    if faults:
        raise CaseError(faults)
    return records


def read_single(path: Path, model: type[R]) -> R:
    """A TOML file that is one record."""
    data, text = read_toml(path)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise CaseError([f"{path}:{line_of(text, e['loc'])}: {_sentence(e)}" for e in error.errors()]) from None


def read_sidecar(path: Path) -> Sidecar:
    """The sidecar of a table."""
    return read_single(path, Sidecar)


def _table(path: Path, text: str, key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CaseError(f"{path}:{line_of(text, (key,))}: {key}: expected a table [{key!r}], got {value!r}")
    return value


def _records(path: Path, text: str, model: type[R], items: Iterable[tuple[str, dict[str, Any]]]) -> Placed[R]:
    records: Placed[R] = []
    faults: list[str] = []
    for key, item in items:
        try:
            records.append((line_of(text, (key,)), model.model_validate(item)))
        except ValidationError as error:
            faults += [f"{path}:{line_of(text, (key, *e['loc']))}: {key}: {_sentence(e)}" for e in error.errors()]
    if faults:
        raise CaseError(faults)
    return records
