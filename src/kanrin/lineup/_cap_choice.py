"""Which caps a plan is under: those of the case's caps.toml and those the user asks for, made one a group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from kanrin.base import InputError, Kind, UnknownName
from kanrin.equilibrium import Rent
from kanrin.facts import Port
from kanrin.lineup._entry import Entries
from kanrin.lineup._group_caps import GroupCap
from kanrin.rules import Book

__all__ = ["AskedCap", "asked_caps", "choose_caps"]

_KINDS = {"all": "quota", "maker": "restraint", "plant": "plant", "port": "port"}
_LABELS = {
    "all": "Quota on all cars weighed",
    "maker": "Restraint of the maker",
    "plant": "Cars that {} sends",
    "port": "Cars through {}",
}


@dataclass(frozen=True)
class AskedCap:
    """A cap the user asks for: cars a year, and who holds its rent; None: as the case says, or the maker."""

    limit: float
    rent: Rent | None = None

    def __str__(self) -> str:
        return f"{self.limit:.12g}" + (f":{self.rent.value}" if self.rent else "")


def asked_caps(given: Mapping[str, object] | None) -> dict[str, AskedCap]:
    """Caps by name: a number of cars, or `CARS:HOLDER` as a text or a pair. Raises InputError."""
    found: dict[str, AskedCap] = {}
    for name, value in (given or {}).items():
        if isinstance(value, AskedCap):
            found[name] = value
            continue
        parts = value.split(":", 1) if isinstance(value, str) else value
        cars, holder = (
            (parts[0], parts[1]) if isinstance(parts, list | tuple) and len(parts) == 2 else
            (parts[0], None) if isinstance(parts, list | tuple) and len(parts) == 1 else (parts, None)
        )  # fmt: skip
        found[name] = AskedCap(_cars(name, cars), _holder(name, holder))
    return found


def _cars(name: str, value: object) -> float:
    expected = f"cap {name}: expected a number of cars a year above 0, got {value!r}"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise InputError(expected)
    try:
        cars = float(value)
    except ValueError:
        raise InputError(expected) from None
    if cars == 0.0:
        raise InputError(
            f"cap {name}: a cap of 0 lets no car in; leave the cars out with --candidates, which names those "
            "to weigh"
        )
    if not (np.isfinite(cars) and cars > 0.0):
        raise InputError(expected)
    return cars


def _holder(name: str, value: object) -> Rent | None:
    if value is None or isinstance(value, Rent):
        return value
    try:
        return Rent(str(value).strip())
    except ValueError:
        raise UnknownName(f"holder of the rent of cap {name}", str(value), [r.value for r in Rent]) from None


def choose_caps(book: Book, entries: Entries, asked: Mapping[str, AskedCap]) -> tuple[GroupCap, ...]:
    """The caps of the case and of the user over these candidates; one the user names again takes his limit.

    A name is `all`, `maker`, `plant`, `port`, `plant:NAME`, `port:ID`, a candidate, or a cap of the case.
    Raises UnknownName, InputError for a cap on nothing.
    """
    found: list[GroupCap] = []
    case = book.case
    for row in case.caps.values():
        own = asked.get(row.key)
        for name, label, members in _groups(row.covers, entries, book.case.ports):
            first = entries.entries[members[0]].candidate.id
            made = GroupCap(
                row.key + (f":{name}" if name else ""), label if name else row.label, row.kind, members,
                tuple(key.replace("{candidate}", first) for key in row.limit), None, Rent(row.rent),
                row.status, row.source, row.note,
            )  # fmt: skip
            found.append(made if own is None else _as_asked(made, own))
    for name, wanted in asked.items():
        if name in case.caps:
            continue
        word, colon, which = name.partition(":")
        groups = (
            list(_groups(name, entries, book.case.ports)) if word in _KINDS or name in entries.ids else []
        )
        if not groups:
            _refuse(book, entries, name, word, which if colon else "")
        for part, label, members in groups:
            made = GroupCap(
                f"{word}:{part}" if part else name, label, _KINDS.get(word, "car"), members, (), None,
                Rent.MAKER, Kind.ASSUMPTION, "",
            )  # fmt: skip
            found.append(_as_asked(made, wanted))
    return tuple(found)


def _as_asked(cap: GroupCap, asked: AskedCap) -> GroupCap:
    rent = asked.rent or cap.rent
    return replace(cap, limit=asked.limit, rent=rent, keys=(), status=Kind.ASSUMPTION, source="", note="")


def _groups(
    covers: str, entries: Entries, ports: Mapping[str, Port]
) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """(name within the family, label, candidates) of each group that `covers` names."""
    cars = entries.entries
    word, _, which = covers.partition(":")
    if covers in ("all", "maker"):
        yield "", _LABELS[covers], tuple(range(len(cars)))
    elif word in ("plant", "port"):
        of = [
            (e.candidate.plant,) if word == "plant" else (e.route.route.us_port, e.route.route.jp_port)
            for e in cars
        ]
        names = [which] if which else dict.fromkeys(places[0] for places in of)
        for name in names:
            members = tuple(k for k, places in enumerate(of) if name in places)
            if members:
                told = ports[name].name if name in ports else name
                yield name, _LABELS[word].format(told), members
    elif covers in entries.ids:
        at = entries.ids.index(covers)
        yield "", cars[at].candidate.name, (at,)


def _refuse(book: Book, entries: Entries, name: str, word: str, which: str) -> None:
    """The error of a cap that covers nothing here."""
    case, cars = book.case, entries.entries
    if name in case.candidates:
        raise InputError(
            f"cap {name}: it covers nothing: this plan does not weigh {name}; weigh it with --candidates, or "
            "leave the cap out"
        )
    plants = list(dict.fromkeys(e.candidate.plant for e in cars))
    ports = list(dict.fromkeys(p for e in cars for p in (e.route.route.us_port, e.route.route.jp_port)))
    if word == "plant" and which:
        raise UnknownName("plant of the cars weighed", which, plants, "a cap on nothing is refused")
    if word == "port" and which:
        raise UnknownName("port of the cars weighed", which, ports, "a cap on nothing is refused")
    known = [
        *_KINDS,
        *(f"plant:{p}" for p in plants),
        *(f"port:{p}" for p in ports),
        *entries.ids,
        *case.caps,
    ]
    raise UnknownName("cap", name, known, "name cars, `maker`, `plant`, `port`, `all` or a cap of caps.toml")
