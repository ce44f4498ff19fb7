"""Where a key of a TOML file of a case stands: `file:line`, found only when a message needs it."""

from __future__ import annotations

from kanrin.facts._case import Case
from kanrin.facts._lines import read_text
from kanrin.facts._positions import line_of

__all__ = ["head_place", "sidecar_place", "spell_place"]


def head_place(case: Case, *keys: str) -> str:
    """A key of case.toml."""
    path = case.folder / "case.toml"
    return f"{path}:{line_of(read_text(path), keys)}"


def sidecar_place(case: Case, table: str, *keys: str) -> str:
    """A key of the sidecar of a table."""
    path = case.folder / f"{table}.toml"
    return f"{path}:{line_of(read_text(path), keys)}"


def spell_place(case: Case, key: str, nth: int, *keys: str) -> str:
    """The n-th spell of a rule, from 0."""
    path, _ = case.lines[("rules", key)]
    return f"{path}:{line_of(read_text(path), (key, 'spells', nth, *keys))}"
