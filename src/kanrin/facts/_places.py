"""Where a key of a TOML file of a case stands: `file:line`, found only when a message needs it."""

from __future__ import annotations

from kanrin.facts._case import Case
from kanrin.facts._lines import read_text
from kanrin.facts._positions import line_of

__all__ = ["head_place", "record_place", "sidecar_place", "spell_place"]


def head_place(case: Case, *keys: str) -> str:
    """A key of case.toml."""
    path = case.folder / "case.toml"
    return f"{path}:{line_of(read_text(path), keys)}"


def sidecar_place(case: Case, table: str, *keys: str) -> str:
    """A key of the sidecar of a table."""
    path = case.folder / f"{table}.toml"
    return f"{path}:{line_of(read_text(path), keys)}"


def record_place(case: Case, table: str, name: str, *keys: str | int) -> str:
    """A key of a record that stands in a TOML file: of a rule, an assumption, a fact or a pathway."""
    path, _ = case.lines[(table, name)]
    head = ("pathway", list(case.pathways).index(name)) if table == "pathways" else (name,)
    return f"{path}:{line_of(read_text(path), (*head, *keys))}"


def spell_place(case: Case, key: str, nth: int, *keys: str) -> str:
    """The n-th spell of a rule, from 0."""
    return record_place(case, "rules", key, "spells", nth, *keys)
