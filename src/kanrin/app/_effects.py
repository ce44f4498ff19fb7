"""What a change of law does to each candidate, in yen per car: two waterfalls at zero margin, line by line.

The exchange rate of the first day is held on both, and the route and, where it is still open, the pathway
are kept, so that the difference is the law's. What the cheapest pathway of the second day would change
stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.app._landed import waterfall_of
from kanrin.app._law import Effect, LawChange, LawDiff
from kanrin.base import InputError
from kanrin.certify import PathwayOption, assess
from kanrin.cost import Shipment, Waterfall, ship, waterfall
from kanrin.facts import Candidate, Case
from kanrin.rules import FX, Book, Change, diff, open_book, pending_diff

__all__ = ["diff_of"]

SMALLEST_JPY = 0.5  # a line that moves by less is not shown
SUBTOTAL, LANDED, ON_THE_ROAD = "subtotal", "landed_cost", "on_the_road"


def diff_of(before: Book, after: Book, *, effects: bool = True) -> LawDiff:
    """What changed in the law between two books of one case, and what it does to each candidate."""
    changes = tuple(_change(change) for change in diff(before.regime, after.regime))
    rate = before.number(FX)
    moved: tuple[Effect, ...] = ()
    if effects:
        held = before.case.with_overrides({FX: rate})
        old, new = _with_case(before, held), _with_case(after, held)
        moved = tuple(_effect(old, new, car) for car in held.candidates.values())
    return LawDiff(
        before.case.name,
        (before.on.isoformat(), before.known_on.isoformat()),
        (after.on.isoformat(), after.known_on.isoformat()),
        rate,
        changes,
        tuple(change.sentence for change in pending_diff(before.regime, after.regime)),
        moved,
    )


def _with_case(book: Book, case: Case) -> Book:
    return open_book(case, book.on, book.known_on, book.regime.end_of_law)


def _change(change: Change) -> LawChange:
    shown = change.after or change.before
    assert shown is not None
    return LawChange(
        change.key,
        change.rule.label or change.key,
        change.rule.unit,
        change.before.value if change.before else None,
        change.after.value if change.after else None,
        change.sentence,
        shown.source,
        shown.note,
    )


@dataclass(frozen=True)
class _Side:
    """One car on one day, or why it cannot be brought over then."""

    shipment: Shipment | None = None
    waterfall: Waterfall | None = None
    obstacle: str = ""

    def amount(self, line: str) -> float | None:
        return None if self.waterfall is None else self.waterfall.amount(line)

    @property
    def pathway(self) -> str:
        return "" if self.shipment is None else self.shipment.option.pathway.name


def _effect(before: Book, after: Book, car: Candidate) -> Effect:
    old, cheapest = _best(before, car), _best(after, car)
    new = _like(after, car, old.shipment) if old.shipment is not None else cheapest
    return Effect(
        car.id,
        car.name,
        old.amount(LANDED),
        new.amount(LANDED),
        old.amount(ON_THE_ROAD),
        new.amount(ON_THE_ROAD),
        old.pathway,
        new.pathway,
        cheapest.amount(LANDED),
        cheapest.pathway,
        _moved(old.waterfall, new.waterfall),
        _note(old, new),
    )


def _best(book: Book, car: Candidate) -> _Side:
    try:
        brought = waterfall_of(book, car.id)
    except InputError as error:
        return _Side(obstacle=str(error))
    return _Side(brought.shipment, brought.waterfall)


def _like(book: Book, car: Candidate, model: Shipment) -> _Side:
    """The same shipment on another day; the cheapest pathway then if the old one is closed."""
    kept = _open(book, car, model.option.pathway.id)
    if kept is None:
        return _best(book, car)
    shipment = ship(book, car, model.route, kept)
    try:
        return _Side(shipment, waterfall(book, shipment))
    except InputError as error:
        return _Side(obstacle=str(error))


def _open(book: Book, car: Candidate, pathway: str) -> PathwayOption | None:
    return next((o for o in assess(book, car) if o.pathway.id == pathway and o.feasible), None)


def _moved(old: Waterfall | None, new: Waterfall | None) -> tuple[tuple[str, float], ...]:
    """Lines that are not subtotals and their change, largest first; a line that one side lacks counts as
    zero there."""
    if old is None or new is None:
        return ()
    was = {line.line: line.amount_jpy for line in old.lines if line.kind != SUBTOTAL}
    now = {line.line: line.amount_jpy for line in new.lines if line.kind != SUBTOTAL}
    change = {name: now.get(name, 0.0) - was.get(name, 0.0) for name in dict.fromkeys((*was, *now))}
    shown = [(name, amount) for name, amount in change.items() if abs(amount) >= SMALLEST_JPY]
    return tuple(sorted(shown, key=lambda pair: -abs(pair[1])))


def _note(old: _Side, new: _Side) -> str:
    if old.waterfall is None or new.waterfall is None:
        return (old.obstacle if old.waterfall is None else new.obstacle).replace("\n", "; ")
    if old.pathway != new.pathway:
        return f"{old.pathway} is closed; {new.pathway} instead"
    return ""
