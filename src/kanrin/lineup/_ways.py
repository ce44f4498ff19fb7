"""The ways a candidate may come: pathway, a second for what is above its cap, side of the wheel (pathway).

A way that costs no less once and a car at either end of its range, is ready no earlier, admits no more cars
and is no likelier to be approved than another of the same side is left out with that reason. A second way
needs no approval that may be refused, has no second after it, and is weighed on the side the car has now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from kanrin.base import InputError, UnknownName
from kanrin.certify import PathwayOption, cap, fixed_cost, lead_time, unit_cost
from kanrin.lineup._entry import Entries, Entry, reforecast, told
from kanrin.lineup._market import BaseMarket
from kanrin.lineup._terms import TOOLING, TOOLING_MONTHS, first_sale
from kanrin.rules import Book, Reader

__all__ = ["Way", "approval", "known_cap", "list_ways", "own_way", "take_ways", "with_way"]

_LEFT_ALLOWED = "jp.left_hand_drive.allowed"
_AS_ASKED = "as asked"
_SIDES = ("left", "right")


@dataclass(frozen=True)
class Way:
    """One way of a car: how it is certified, what follows above the first cap, where the wheel is."""

    option: PathwayOption
    right_hand: bool
    tooled: bool = False  # right-hand drive that no plant builds yet
    then: PathwayOption | None = None

    @property
    def pathway(self) -> str:
        """Id of the pathway, or of both with a plus between."""
        first = self.option.pathway.id
        return first if self.then is None else f"{first}+{self.then.pathway.id}"

    @property
    def drive(self) -> str:
        """left or right."""
        return _SIDES[self.right_hand]

    @property
    def id(self) -> str:
        """As `--way MODEL=` takes it."""
        return f"{self.pathway},{self.drive}"

    @property
    def name(self) -> str:
        """In words, without the side of the wheel."""
        first = self.option.pathway.name
        return first if self.then is None else f"{first} up to its cap, then {self.then.pathway.name}"


def own_way(entry: Entry) -> Way:
    """The way an entry has."""
    return Way(entry.choice.option, entry.right_hand, entry.tooled, entry.then)


def with_way(entry: Entry, way: Way) -> Entry:
    """The entry by another way, its reasons not told yet."""
    shipment = replace(entry.shipment, option=way.option, right_hand=way.right_hand)
    choice = replace(entry.choice, option=way.option)
    return replace(entry, choice=choice, shipment=shipment, then=way.then, tooled=way.tooled)


def list_ways(book: Book, entry: Entry) -> tuple[tuple[Way, ...], tuple[tuple[str, str], ...]]:
    """The ways open to a candidate, its own first, and those left out by (id, reason)."""
    mine = own_way(entry)
    found: list[Way] = []
    left_out: list[tuple[str, str]] = []
    for right, tooled, barred in _sides(book, entry):
        for option in entry.options:
            way = Way(option, right, tooled)
            late = _too_late(book, entry, way) if option.feasible else ""
            if option.feasible and not barred and not late:
                found.append(way)
            elif option.feasible:
                left_out.append((way.id, barred or late))
    kept = []
    for way in found:
        better = next((w for w in found if w is not way and _dominates(book, w, way)), None)
        if better is None or way == mine:
            kept.append(way)
        else:
            left_out.append(
                (
                    way.id,
                    f"{better.option.pathway.name} costs no more once or a car, is ready no later, admits as "
                    "many and is as likely to be approved",
                )
            )
    for way in tuple(kept):
        limit = known_cap(book, way.option)
        for other in kept:
            same = (other.right_hand, other.then) == (way.right_hand, None)
            if (
                limit is None
                or not same
                or way.right_hand != mine.right_hand
                or other.option is way.option
                or approval(book, other.option)[1] < 1.0
            ):
                continue
            more = known_cap(book, other.option)
            if more is None or more > limit:
                kept.append(replace(way, then=other.option))
    ways = [mine, *(w for w in kept if w != mine)]
    return tuple(ways), tuple(left_out)


def _sides(book: Book, entry: Entry) -> list[tuple[bool, bool, str]]:
    """(right, tooled, why not) for each side of the wheel."""
    built = entry.candidate.drives_built
    sides: list[tuple[bool, bool, str]] = []
    if built in ("left", "both"):
        ruled = book.regime.has(_LEFT_ALLOWED) if _LEFT_ALLOWED in book.case.rules else False
        barred = "" if not ruled or book.claims(_LEFT_ALLOWED) else "left-hand drive is not allowed"
        sides.append((False, False, barred))
    if built in ("right", "both"):
        sides.append((True, False, ""))
    elif all(key in book.case.assumptions or key in book.case.facts for key in (TOOLING, TOOLING_MONTHS)):
        sides.append((True, True, ""))
    return sides


def _too_late(book: Book, entry: Entry, way: Way) -> str:
    months = float(first_sale(book.number, with_way(entry, way)))
    horizon = 12.0 * book.number("plan.horizon_years")
    if months < horizon:
        return ""
    return f"ready after {months:g} months, not within the {horizon:g} planned"


def _ends(book: Book, amount: Callable[[Reader], float]) -> tuple[float, float, float]:
    """At the low ends of the keys, at their values, at the high ends."""

    def low(key: str) -> float:
        figure = book.figure(key)
        return figure.value if figure.low is None else figure.low

    def high(key: str) -> float:
        figure = book.figure(key)
        return figure.value if figure.high is None else figure.high

    return float(amount(low)), float(amount(book.number)), float(amount(high))


def _dominates(book: Book, a: Way, b: Way) -> bool:
    """Whether way a is nowhere worse than b of the same side, at every end of the ranges, and better once."""
    if a.right_hand != b.right_hand:
        return False
    worse, better = False, False
    for amount in (fixed_cost, unit_cost, lead_time):
        of_a = _ends(book, lambda read, amount=amount: amount(read, a.option))  # type: ignore[misc]
        of_b = _ends(book, lambda read, amount=amount: amount(read, b.option))  # type: ignore[misc]
        worse |= any(x > y for x, y in zip(of_a, of_b, strict=True))
        better |= any(x < y for x, y in zip(of_a, of_b, strict=True))
    for x, y in (
        (_caps(book, a.option), _caps(book, b.option)),
        (approval(book, a.option), approval(book, b.option)),
    ):
        worse |= any(p < q for p, q in zip(x, y, strict=True))
        better |= any(p > q for p, q in zip(x, y, strict=True))
    return better and not worse


def _caps(book: Book, option: PathwayOption) -> tuple[float, float, float]:
    if not option.pathway.cap_key:
        return (float("inf"),) * 3
    return _ends(book, lambda read: float(cap(read, option) or 0.0))


def known_cap(book: Book, option: PathwayOption) -> float | None:
    """A cap of law or one that is assumed; an assumption at the top of its range stands for none found."""
    key = option.pathway.cap_key
    if not key:
        return None
    assumed = book.case.assumptions.get(key)
    if assumed is not None and assumed.value == assumed.high:
        return None
    return float(book.number(key))


def approval(book: Book, option: PathwayOption) -> tuple[float, float, float]:
    """Chance of approval at its low end, its value and its high end; one where the case doubts nothing.

    A number set by the user has no range.
    """
    key = option.pathway.approval_key
    if not key:
        return 1.0, 1.0, 1.0
    figure = book.figure(key)
    if key in book.case.overrides or figure.low is None or figure.high is None:
        return (figure.value,) * 3
    return figure.low, figure.value, figure.high


def take_ways(book: Book, market: BaseMarket, entries: Entries, asked: Mapping[str, str]) -> Entries:
    """The candidates with the ways the user asked for, `PATHWAY[+PATHWAY][,left|right]` by model.

    Raises UnknownName for a model that is not weighed, InputError for a way it does not have, with the list.
    """
    if not asked:
        return entries
    for model in asked:
        if model not in entries.ids:
            raise UnknownName("model in --way", model, entries.ids)
    changed = []
    for e in entries.entries:
        text = asked.get(e.candidate.id)
        changed.append(e if text is None else _asked(book, e, text))
    return reforecast(book, market, replace(entries, entries=tuple(changed)))


def _asked(book: Book, entry: Entry, text: str) -> Entry:
    pathway, comma, side = (part.strip() for part in text.partition(","))
    ways, left_out = list_ways(book, entry)
    every = list(dict.fromkeys([*(w.id for w in ways), *(name for name, _ in left_out)]))
    default = _SIDES[entry.right_hand]
    wanted = f"{pathway},{side if comma else default}"
    option = next((o for o in entry.options if o.pathway.id == pathway), None)
    if option is not None and not option.feasible:
        raise InputError(
            f"--way {entry.candidate.id}={text}: {option.pathway.name} is not open to it: "
            f"{'; '.join(option.obstacles)}; the ways it has: {_listed(every)}"
        )
    if wanted not in every:
        raise InputError(
            f"--way {entry.candidate.id}={text}: no such way; expected PATHWAY or PATHWAY,left|right, one of "
            f"{_listed(every)}"
        )
    way = next((w for w in ways if w.id == wanted), None)
    if way is None:
        way = _plain(book, entry, wanted, dict(left_out)[wanted])
    units = 0.0
    asked = replace(with_way(entry, way), why=_AS_ASKED)
    return replace(asked, choice=told(book, asked.options, way.option, _AS_ASKED, units))


def _plain(book: Book, entry: Entry, wanted: str, reason: str) -> Way:
    """A way left out as no better than another may still be asked for; one that cannot serve may not."""
    for right, tooled, barred in _sides(book, entry):
        for option in entry.options:
            way = Way(option, right, tooled)
            if way.id == wanted and option.feasible and not barred and not _too_late(book, entry, way):
                return way
    raise InputError(f"--way {entry.candidate.id}={wanted}: {reason}")


def _listed(names: Sequence[str]) -> str:
    return " ".join(names)
