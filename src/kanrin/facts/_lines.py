"""Files as text: CSV rows with the line each begins on, and TOML tables."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from pathlib import Path
from typing import Any

from kanrin.base import CaseError

__all__ = ["read_rows", "read_text", "read_toml"]


def read_text(path: Path) -> str:
    """The text of a case file. Raises CaseError when it is missing or not UTF-8."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise CaseError(
            f"{path}: file is missing; every case needs it: copy it from a shipped case with `kanrin init`"
        ) from None
    except OSError as error:
        raise CaseError(
            f"{path}: cannot be read ({error.strerror}); check the folder and its permissions"
        ) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise CaseError(
            f"{path}:{line}: text is not UTF-8 (byte 0x{raw[error.start]:02x}); save the file as UTF-8"
        ) from None


def read_rows(
    path: Path, required: tuple[str, ...], optional: tuple[str, ...]
) -> list[tuple[int, dict[str, str]]]:
    """Rows of a CSV file as (line, {column: text}).

    Raises CaseError for a missing or unknown column or a row of another length.
    """
    text = read_text(path)
    if not text.strip():
        raise CaseError(
            f"{path}:1: the file is empty; it needs the header {','.join(required)} and its rows; "
            "copy it from a shipped case"
        )
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    faults: list[str] = []
    try:
        header = next(reader, [])
        missing = [c for c in required if c not in header]
        if missing:
            raise CaseError(
                f"{path}:1: column {', '.join(missing)} is missing; the header has {', '.join(header)}"
            )
        doubled = sorted({c for c in header if header.count(c) > 1})
        if doubled:
            raise CaseError(f"{path}:1: column {', '.join(doubled)} stands twice in the header; remove one")
        unknown = [c for c in header if c not in required and c not in optional]
        if unknown:
            raise CaseError(
                f"{path}:1: column {', '.join(unknown)} is not known; "
                f"expected {', '.join((*required, *optional))}"
            )
        begin = reader.line_num + 1
        for cells in reader:
            if cells and len(cells) != len(header):
                faults.append(
                    f"{path}:{begin}: row has {len(cells)} cells, the header has {len(header)}; "
                    "quote a text that contains a comma"
                )
            elif cells:
                rows.append((begin, dict(zip(header, cells, strict=True))))
            begin = reader.line_num + 1
    except csv.Error as error:
        raise CaseError(
            f"{path}:{reader.line_num}: not readable as CSV ({error}); check the quotes"
        ) from None
    if faults:
        raise CaseError(faults)
    return rows


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """A TOML file and its text. Raises CaseError with the line of a syntax fault."""
    text = read_text(path)
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found.group(1)) if found else text.count("\n") + 1
        what = re.sub(r" \(at .*\)$", "", str(error))
        raise CaseError(f"{path}:{line}: not valid TOML: {what}; check quotes, brackets and dates") from None
