"""The line of a key of a TOML text: a marker in the value tells on which line each key stands."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from kanrin.facts import load_case
from kanrin.facts._positions import header_lines, line_of

TEXT = '''# a head
title = "line 2"
"quoted.key" = "line 3"  # with a comment = "no key"

["a.b"]
value = "line 6"
text = """
value = "not a key"
["not.a.table"]
"""
spells = [
  { value = "line 12", nested = { value = "line 12" } },
  # { value = "not an element" },
  { value = "line 14", note = "a ] and } and # inside" },
]
dates = [
  1979-05-27 07:32:00, 1979-05-27,
]
last = "line 19"

[[pathway]]
id = "line 22"

[[pathway]]
id = "line 25"
keys.inner = "line 26"

[pathway.below]
id = "line 29"
'''


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [leaf for key, below in items for leaf in leaves(below, (*path, key))] or [(path, value)]


MARKED = [(p, v) for p, v in leaves(tomllib.loads(TEXT)) if isinstance(v, str) and v.startswith("line ")]


@pytest.mark.parametrize(("path", "value"), MARKED)
def test_every_key_stands_where_its_marker_says(path: tuple[str | int, ...], value: str) -> None:
    assert line_of(TEXT, path) == int(value.removeprefix("line "))


def test_a_part_that_is_not_there_points_at_what_holds_it() -> None:
    assert len(MARKED) == 11
    assert line_of(TEXT, ("a.b", "spells", 1, "status")) == 14
    assert line_of(TEXT, ("a.b", "missing")) == 5
    assert line_of(TEXT, ("nothing",)) == 1


def test_what_only_looks_like_a_header_is_not_one() -> None:
    text = '["a.b"]\nx = 1\n\n  [ plain ]\nx = """\n["a.b"]\n["c.d"]\n"""\n["c.d"]\ny = 2\n'
    keys = list(tomllib.loads(text))
    assert header_lines(text, keys) == {"a.b": 1, "plain": 4, "c.d": 9}


def test_quick_headers_agree_with_the_walk_on_the_shipped_rules() -> None:
    case = load_case("us-japan")
    for path in sorted((case.folder / "rules").glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        keys = list(tomllib.loads(text))
        assert header_lines(text, keys) == {key: line_of(text, (key,)) for key in keys}
