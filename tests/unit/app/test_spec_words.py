"""Advice of the engine that names an argument of Python names a key of the specification on the way out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import kanrin.estimation
from kanrin.app._spec_words import in_spec_words

ROOM = Path(kanrin.estimation.__file__).parent
PYTHON = re.compile(r"\b(?!C\()[A-Za-z_]+\(|\b[a-z_]+=(?!=)|\b(?:True|False|None|OwnAgents|forms)\b")
ELSEWHERE = {  # not reached by a specification: closed forms, calls on results, saving
    "_linear.py", "_estimate_file.py", "_profile.py", "_tables.py", "_table.py",
}  # fmt: skip
PLAIN = ("the J statistic needs an optimal W",)  # asked of results, in Python only


def text_of(node: ast.expr) -> str:
    """The fixed words of a message."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) for part in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return "{}"


def messages() -> Iterator[tuple[str, str]]:
    """Every message of an error or note of the engine that a specification can meet."""
    for path in sorted(ROOM.glob("_*.py")):
        if path.name in ELSEWHERE:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("InputError", "SolveError", "UnknownName", "append"):
                yield from ((path.name, text_of(a)) for a in node.args if text_of(a) != "{}")


def filled(text: str) -> str:
    """A message with something in its gaps."""
    text = text.replace("{}instruments=", "instruments=").replace("GaussHermite({})", "GaussHermite(7)")
    return text.replace("{}", "x")


def test_messages_name_keys_of_the_specification() -> None:
    left = [
        (name, told)
        for name, text in messages()
        if not text.startswith(PLAIN) and PYTHON.search(told := in_spec_words(filled(text)))
    ]
    assert left == []


@pytest.mark.parametrize(
    ("python", "spec"),
    [
        ("or say rest_never_buys=True if", "or say rest_never_buys = true in [agents] if"),
        ("mean={'x': ..}: only", "[starts] mean of x: only"),
        ("no demand instruments: name them, instruments=", "no demand instruments: add [instruments]"),
        ("GaussHermite(9) in 8 dimensions", "gauss-hermite with 9 nodes in 8 dimensions"),
        ("market 3: shares not inverted", "market 3: shares not inverted"),
    ],
)
def test_some_in_full(python: str, spec: str) -> None:
    assert in_spec_words(python) == spec
