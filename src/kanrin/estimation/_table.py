"""Data in: a dict of arrays, or a frame of pandas, polars or pyarrow, as named columns of NumPy arrays."""

from __future__ import annotations

import csv
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kanrin.base import Bools, Floats, InputError, Ints, UnknownName

__all__ = ["Codes", "Table", "as_frame", "as_table", "read_csv"]

_MISSING_TEXT = ("", "NA", "NaN", "nan", "N/A", "null")
_SHOWN_ROWS = 5


@dataclass(frozen=True)
class Codes:
    """A column of labels as whole numbers: `levels[codes]` is the column."""

    codes: Ints  # (N,)
    levels: NDArray[Any]  # (G,) sorted

    @property
    def count(self) -> int:
        """Number of levels."""
        return len(self.levels)


@dataclass(frozen=True)
class Table:
    """Columns of one length. `kind` remembers what came in: dict, pandas, polars or pyarrow."""

    columns: Mapping[str, NDArray[Any]]
    rows: int
    kind: str = "dict"
    title: str = "the data"

    def __repr__(self) -> str:
        return f"Table({self.title}: {self.rows:,} rows, {len(self.columns)} columns)"

    def column(self, name: str, use: str = "") -> NDArray[Any]:
        """A column as it stands. Raises UnknownName with the nearest names."""
        if name not in self.columns:
            raise UnknownName("column", name, self.columns, f"it is asked for {use}" if use else "")
        return self.columns[name]

    def numbers(self, name: str, use: str = "") -> Floats:
        """(N,) a column of finite numbers. Raises InputError naming the column and the rows at fault."""
        values = self.column(name, use)
        if values.dtype.kind in "biuf":
            out = values.astype(np.float64)
        else:
            try:
                out = np.array([np.nan if _is_missing(v) else float(v) for v in values], dtype=np.float64)
            except (TypeError, ValueError):
                sample = next(v for v in values if not _is_missing(v) and not _is_number(v))
                raise InputError(
                    f"column {name!r} of {self.title} is not numeric (it holds {str(sample)!r}, row "
                    f"{list(values).index(sample)}); write C({name}) for dummies, or turn it into numbers"
                ) from None
        _refuse_rows(
            ~np.isfinite(out), f"column {name!r} of {self.title} has missing or infinite values", use
        )
        return out

    def labels(self, name: str, use: str = "") -> NDArray[Any]:
        """(N,) a column of labels without missing ones; numbers stay numbers, everything else is text."""
        values = self.column(name, use)
        missing = np.array([_is_missing(v) for v in values]) if values.dtype.kind in ("f", "O") else None
        if missing is not None:
            _refuse_rows(missing, f"column {name!r} of {self.title} has missing values", use)
        return values if values.dtype.kind in "biufU" else np.array([str(v) for v in values])

    def codes(self, *names: str, use: str = "") -> Codes:
        """Labels of one column, or of the combinations of several, as codes."""
        first = np.unique(self.labels(names[0], use), return_inverse=True)
        if len(names) == 1:
            return Codes(np.asarray(first[1], dtype=np.int64), first[0])
        joined = np.array(
            [":".join(parts) for parts in zip(*(map(str, self.labels(n, use)) for n in names), strict=True)]
        )
        levels, codes = np.unique(joined, return_inverse=True)
        return Codes(np.asarray(codes, dtype=np.int64), levels)

    def take(self, rows: Ints) -> Table:
        """The table of these rows, in this order."""
        columns = {name: values[rows] for name, values in self.columns.items()}
        return Table(MappingProxyType(columns), len(rows), self.kind, self.title)

    def join(self, columns: Mapping[str, NDArray[Any]]) -> Table:
        """The table with more columns."""
        return Table(MappingProxyType({**self.columns, **columns}), self.rows, self.kind, self.title)


def _is_missing(value: object) -> bool:
    return value is None or value != value or (isinstance(value, str) and value in _MISSING_TEXT)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _refuse_rows(bad: Bools, what: str, use: str) -> None:
    rows = np.flatnonzero(bad)
    if rows.size:
        shown = ", ".join(map(str, rows[:_SHOWN_ROWS]))
        more = f" and {rows.size - _SHOWN_ROWS} more" if rows.size > _SHOWN_ROWS else ""
        asked = f" (needed for {use})" if use else ""
        raise InputError(
            f"{what} in rows {shown}{more}, counted from 0{asked}; drop or fill these rows first"
        )


def as_table(data: object, title: str = "the data") -> Table:
    """Columns from a dict of arrays, a pandas, polars or pyarrow frame, a structured array, or a Table.

    Raises InputError for columns of unlike length, no rows, or an object that is not a table.
    """
    if isinstance(data, Table):
        return data
    kind, raw = _columns(data, title)
    columns: dict[str, NDArray[Any]] = {}
    for name, values in raw.items():
        array = np.asarray(values)
        if array.ndim == 2:
            columns.update({f"{name}{k}": array[:, k] for k in range(array.shape[1])})
            continue
        if array.ndim != 1:
            raise InputError(f"column {name!r} of {title} has shape {array.shape}; expected one value a row")
        columns[str(name)] = array
    lengths = {name: len(values) for name, values in columns.items()}
    if not lengths or max(lengths.values()) == 0:
        raise InputError(f"{title} has no rows; give a table with at least one product")
    rows = next(iter(lengths.values()))
    odd = [f"{name} ({n})" for name, n in lengths.items() if n != rows]
    if odd:
        raise InputError(f"columns of {title} differ in length: {', '.join(odd)}, others {rows}")
    return Table(MappingProxyType(columns), rows, kind, title)


def _columns(data: Any, title: str) -> tuple[str, dict[str, Any]]:
    if isinstance(data, Mapping):
        return "dict", dict(data)
    if isinstance(data, np.ndarray) and data.dtype.names:
        return "dict", {name: data[name] for name in data.dtype.names}
    kind = type(data).__module__.split(".")[0]
    if kind in ("pandas", "polars") and hasattr(data, "columns"):
        return kind, {str(name): data[name].to_numpy() for name in data.columns}
    if kind == "pyarrow" and hasattr(data, "column_names"):
        return kind, {
            name: data.column(name).to_numpy(zero_copy_only=False)
            if not hasattr(data.column(name), "combine_chunks")
            else data.column(name).to_numpy()
            for name in data.column_names
        }
    try:
        narwhals = importlib.import_module("narwhals")
    except ModuleNotFoundError:
        narwhals = None
    if narwhals is not None:
        frame = narwhals.from_native(data, eager_only=True, pass_through=True)
        if hasattr(frame, "columns"):
            return kind, {name: frame[name].to_numpy() for name in frame.columns}
    raise InputError(
        f"{title} is a {type(data).__name__}; expected a dict of arrays or a pandas, polars or pyarrow frame"
    )


def as_frame(columns: Mapping[str, Any], kind: str) -> Any:
    """Columns as a frame of the kind that came in; a dict of arrays where the library is not at hand."""
    if kind in ("pandas", "polars"):
        return importlib.import_module(kind).DataFrame(dict(columns))
    if kind == "pyarrow":
        return importlib.import_module("pyarrow").table(dict(columns))
    return {name: np.asarray(values) for name, values in columns.items()}


def read_csv(path: str | Path, encoding: str = "utf-8") -> Table:
    """A CSV file with a header line as a Table; a column is numeric when all its filled cells are numbers.

    Raises InputError for a missing file, a row of unlike length (with its line) or a repeated header.
    """
    file = Path(path)
    try:
        with file.open(encoding=encoding, newline="") as stream:
            lines = list(csv.reader(stream))
    except FileNotFoundError:
        raise InputError(f"{file}: no such file; give the path of a CSV file with a header") from None
    if len(lines) < 2:
        raise InputError(f"{file}:1: no rows below the header")
    header = lines[0]
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InputError(f"{file}:1: column {twice[0]!r} stands twice in the header")
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            raise InputError(f"{file}:{number}: {len(line)} cells, the header has {len(header)}")
    columns: dict[str, NDArray[Any]] = {}
    for k, name in enumerate(header):
        cells = [line[k] for line in lines[1:]]
        filled = [cell for cell in cells if cell not in _MISSING_TEXT]
        if filled and all(map(_is_number, filled)):
            columns[name] = np.array([np.nan if cell in _MISSING_TEXT else float(cell) for cell in cells])
        else:
            columns[name] = np.array(cells)
    return Table(MappingProxyType(columns), len(lines) - 1, "dict", file.name)
