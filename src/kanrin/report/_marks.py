"""Small marks: each figure that can be traced links to its line in the register, `#fig-<key>`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kanrin.report._page import Piece, Words

__all__ = ["Marks", "anchor", "once", "source_anchor"]

LETTERS = {"fact": "F", "derived": "D", "estimate": "E", "assumption": "A"}
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


def anchor(key: str) -> str:
    """Identifier of a key's line in the register."""
    return "fig-" + _UNSAFE.sub("-", key)


def source_anchor(source: str) -> str:
    """Identifier of a source's line in the register."""
    return "src-" + _UNSAFE.sub("-", source)


def once(anchors: Iterable[str]) -> list[str]:
    """Blank every anchor after its first appearance: an id stands once in a page."""
    seen: set[str] = set()
    out: list[str] = []
    for one in anchors:
        out.append("" if one in seen else one)
        seen.add(one)
    return out


@dataclass(frozen=True)
class Marks:
    """What the register holds: kind by key, where the key is listed, and the ids of the sources."""

    kinds: Mapping[str, str]
    homes: Mapping[str, str]  # key -> figures | assumptions | rules
    sources: frozenset[str]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Marks:
        """Read the three lists with lines in the register; a key listed twice lives in the first of them."""
        kinds: dict[str, str] = {}
        homes: dict[str, str] = {}
        taken: set[str] = set()

        def put(key: str, kind: str, home: str) -> None:
            if key and anchor(key) not in taken:
                kinds[key], homes[key] = kind, home
                taken.add(anchor(key))

        for item in answer.get("assumptions") or ():
            put(item["key"], "assumption", "assumptions")
        for item in answer.get("rules") or ():
            put(item["key"], "fact", "rules")
        for key, item in (answer.get("figures") or {}).items():
            put(key, item.get("kind", "derived"), "figures")
        return cls(kinds, homes, frozenset(s["id"] for s in answer.get("sources") or ()))

    def mark(self, *keys: str) -> Words:
        """The mark of the first key that has a line; nothing when none has."""
        for key in keys:
            if key in self.kinds:
                kind = self.kinds[key]
                title = f"{kind}: {key}, see the register"
                return (Piece(LETTERS.get(kind, "D"), href="#" + anchor(key), tone="mark", title=title),)
        return ()

    def lives(self, key: str, home: str) -> str:
        """Anchor to print on a line of `home`, or nothing when the key lives elsewhere."""
        return anchor(key) if self.homes.get(key) == home else ""

    def source(self, ids: str | None) -> Words:
        """Source ids as links to their lines; an id that is not listed stays text."""
        out: list[Piece] = []
        for one in (part.strip() for part in (ids or "").split(";")):
            if one:
                if out:
                    out.append(Piece("; "))
                out.append(Piece(one, href="#" + source_anchor(one) if one in self.sources else ""))
        return tuple(out)
