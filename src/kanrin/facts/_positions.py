"""Where each key of a TOML text stands: {path of keys and indices: line}, so that a fault can name its line.

The text has been read by `tomllib` before, so it is valid; this walk only keeps count of lines.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache

__all__ = ["Path", "header_lines", "line_of"]

Path = tuple[str | int, ...]

_TRIVIA = re.compile(r"(?:\s+|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|(?!""").)*"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL
)
_SCALAR = re.compile(r"\d{4}-\d\d-\d\d [\d:.+Zz-]+|[^\s,\]}#]+")
_HEADER = re.compile(r"^[ \t]*\[[ \t]*(?:\"([^\"\\\n]*)\"|([A-Za-z0-9_-]+))[ \t]*\]", re.MULTILINE)


class _Walk:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.breaks = [m.start() for m in re.finditer("\n", text)]
        self.found: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}  # how many tables an array of tables has so far

    def line(self) -> int:
        return bisect_right(self.breaks, self.at - 1) + 1

    def skip(self, pattern: re.Pattern[str] = _TRIVIA) -> str:
        found = pattern.match(self.text, self.at)
        assert found is not None, f"not valid TOML at line {self.line()}"
        self.at = found.end()
        return found.group()

    def mark(self, path: Path) -> None:
        self.found.setdefault(path, self.line())

    def keys(self) -> Path:
        parts: list[str] = []
        while True:
            self.skip(_BLANK)
            if self.text[self.at] in "\"'":
                parts.append(self.skip(_STRING)[1:-1])
            else:
                parts.append(self.skip(_BARE_KEY))
            self.skip(_BLANK)
            if self.text[self.at] != ".":
                return tuple(parts)
            self.at += 1

    def document(self) -> dict[Path, int]:
        table: Path = ()
        self.skip()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip()
        return self.found

    def header(self) -> Path:
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        begin = self.at
        self.at += brackets
        keys = self.keys()
        end, self.at = self.at + brackets, begin
        path: Path = ()
        for place, key in enumerate(keys):
            path += (key,)
            if brackets == 2 and place == len(keys) - 1:
                self.counts[path] = self.counts.get(path, 0) + 1
            self.mark(path)
            if path in self.counts:
                path += (self.counts[path] - 1,)
                self.mark(path)
        self.at = end
        return path

    def pair(self, table: Path) -> None:
        begin = self.at
        keys = self.keys()
        end, self.at = self.at + 1, begin
        for depth in range(len(keys)):
            self.mark(table + keys[: depth + 1])
        self.at = end
        self.value(table + keys)

    def value(self, path: Path) -> None:
        self.skip()
        opened = self.text[self.at]
        if opened in "\"'":
            self.skip(_STRING)
        elif opened in "[{":
            self.inside(path, "]" if opened == "[" else "}")
        else:
            self.skip(_SCALAR)

    def inside(self, path: Path, closing: str) -> None:
        self.at += 1
        nth = 0
        self.skip()
        while self.text[self.at] != closing:
            if closing == "]":
                self.mark((*path, nth))
                self.value((*path, nth))
                nth += 1
            else:
                self.pair(path)
            self.skip()
            if self.text[self.at] == ",":
                self.at += 1
                self.skip()
        self.at += 1


@lru_cache(maxsize=4)
def _positions(text: str) -> dict[Path, int]:
    return _Walk(text).document()


def line_of(text: str, loc: Path) -> int:
    """Line of the innermost part of `loc` that a valid TOML text has; 1 when it has none of it."""
    found = _positions(text)
    for depth in range(len(loc), 0, -1):
        if loc[:depth] in found:
            return found[loc[:depth]]
    return 1


def header_lines(text: str, keys: list[str]) -> dict[str, int]:
    """Lines of the top tables `["a.key"]` of a valid TOML text, by key."""
    found: dict[str, int] = {}
    line, at, seen = 1, 0, 0
    for header in _HEADER.finditer(text):
        line += text.count("\n", at, header.start())
        at = header.start()
        seen += 1
        found.setdefault(header.group(1) or header.group(2), line)
    if seen == len(keys) and all(key in found for key in keys):
        return found
    return {key: line_of(text, (key,)) for key in keys}
