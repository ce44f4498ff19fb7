"""The law of a case on a day as a table, and what changed between two days: values for tables, JSON and
notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from html import escape
from typing import Any

from kanrin.base import Figure
from kanrin.facts import Rule, Spell
from kanrin.rules import Book, known_spells

__all__ = ["Law", "LawChange", "LawDiff", "LawRow", "law_of"]


@dataclass(frozen=True)
class LawRow:
    """A dated value of a rule, as known on the day of asking."""

    key: str
    label: str
    value: float
    unit: str
    effective_from: str
    effective_to: str | None
    status: str
    known_from: str
    source: str
    locus: str
    note: str


@dataclass(frozen=True)
class Law:
    """The law on a day as known on a day: `in_force`, `pending` (announced, considered, reported) and
    `past` spells."""

    case: str
    on: str
    known_on: str
    in_force: tuple[LawRow, ...]
    pending: tuple[LawRow, ...]
    past: tuple[LawRow, ...]
    book: Book = field(repr=False, compare=False)

    def __getitem__(self, key: str) -> Figure:
        """The value in force of a rule with its source. Raises UnknownName or NotInForce."""
        return self.book.regime.figure(key)

    def __iter__(self) -> Iterator[LawRow]:
        return iter(self.in_force)

    def __len__(self) -> int:
        return len(self.in_force)

    def as_dict(self) -> dict[str, Any]:
        """The rows as plain values, for JSON."""
        return {
            "case": self.case,
            "on": self.on,
            "known_on": self.known_on,
            "in_force": [asdict(row) for row in self.in_force],
            "pending": [asdict(row) for row in self.pending],
            "past": [asdict(row) for row in self.past],
        }

    def _repr_html_(self) -> str:
        head = f"Law of {self.case} in force on {self.on}, as known on {self.known_on}"
        return _html(head, _LAW_COLUMNS, [_law_cells(row) for row in (*self.in_force, *self.pending)])


@dataclass(frozen=True)
class LawChange:
    """A rule whose value in force differs between two days; None where it has none."""

    key: str
    label: str
    unit: str
    before: float | None
    after: float | None
    sentence: str
    source: str
    note: str


@dataclass(frozen=True)
class Effect:
    """What the change of law does to one candidate, JPY per vehicle, at one exchange rate and zero margin.

    `after` keeps the pathway of the first day where it is still open; `cheapest` takes the cheapest of the
    second day. `lines` are the lines of the waterfall that move, largest first.
    """

    model: str
    name: str
    landed_cost_before_jpy: float | None
    landed_cost_after_jpy: float | None
    price_before_jpy: float | None
    price_after_jpy: float | None
    pathway_before: str
    pathway_after: str
    landed_cost_cheapest_jpy: float | None
    pathway_cheapest: str
    lines: tuple[tuple[str, float], ...]
    note: str

    @property
    def landed_cost_change_jpy(self) -> float | None:
        """Landed cost after less before."""
        return _less(self.landed_cost_after_jpy, self.landed_cost_before_jpy)

    @property
    def cheapest_change_jpy(self) -> float | None:
        """Landed cost with the cheapest pathway of the second day, less before."""
        return _less(self.landed_cost_cheapest_jpy, self.landed_cost_before_jpy)

    @property
    def price_change_jpy(self) -> float | None:
        """On-the-road price at zero margin after less before."""
        return _less(self.price_after_jpy, self.price_before_jpy)


@dataclass(frozen=True)
class LawDiff:
    """What changed in the law between two days, and what that does to each candidate."""

    case: str
    before: tuple[str, str]  # (day, as known on)
    after: tuple[str, str]
    jpy_per_usd: float  # at which the effects are read, on both days
    changes: tuple[LawChange, ...]
    pending: tuple[str, ...]  # what entered or left the list of what is announced, considered or reported
    effects: tuple[Effect, ...]

    def as_dict(self) -> dict[str, Any]:
        """The rows as plain values, for JSON."""
        return {
            "case": self.case,
            "before": {"on": self.before[0], "known_on": self.before[1]},
            "after": {"on": self.after[0], "known_on": self.after[1]},
            "jpy_per_usd": self.jpy_per_usd,
            "changes": [asdict(change) for change in self.changes],
            "pending": list(self.pending),
            "effects": [
                {
                    **asdict(effect),
                    "landed_cost_change_jpy": effect.landed_cost_change_jpy,
                    "cheapest_change_jpy": effect.cheapest_change_jpy,
                    "price_change_jpy": effect.price_change_jpy,
                    "lines": [{"line": line, "change_jpy": change} for line, change in effect.lines],
                }
                for effect in self.effects
            ],
        }

    def _repr_html_(self) -> str:
        head = f"Law of {self.case}: {self.before[0]} and {self.after[0]}"
        rows = [(c.key, _text(c.before), _text(c.after), c.unit, c.sentence) for c in self.changes]
        moved = [
            (
                e.name,
                _yen(e.landed_cost_change_jpy),
                _yen(e.price_change_jpy),
                _yen(e.cheapest_change_jpy),
                e.pathway_cheapest,
                e.note,
            )
            for e in self.effects
        ]
        columns = (
            "model",
            "landed cost, JPY",
            "on the road, JPY",
            "landed cost, cheapest pathway, JPY",
            "cheapest pathway",
            "note",
        )
        return _html(head, ("key", "before", "after", "unit", "what"), rows) + _html(
            "Effect per car", columns, moved
        )


_LAW_COLUMNS = ("key", "value", "unit", "from", "to", "status", "source")


def law_of(book: Book) -> Law:
    """The law of an open book as rows."""
    regime = book.regime
    in_force = regime.in_force()
    pending = [(p.rule, p.spell, p.effective_to) for p in regime.pending()]
    shown = {id(spell) for _, spell, _ in (*in_force, *pending)}
    past = [
        (rule, spell, end)
        for rule in book.case.rules.values()
        for spell, end in known_spells(rule, regime.known_on)
        if id(spell) not in shown
    ]
    return Law(
        book.case.name,
        book.on.isoformat(),
        book.known_on.isoformat(),
        tuple(_row(*item) for item in in_force),
        tuple(_row(*item) for item in pending),
        tuple(_row(*item) for item in past),
        book,
    )


def _row(rule: Rule, spell: Spell, end: date | None) -> LawRow:
    return LawRow(
        rule.key,
        rule.label or rule.key,
        spell.value,
        rule.unit,
        spell.effective_from.isoformat(),
        end.isoformat() if end else None,
        spell.status,
        spell.known_from.isoformat(),
        spell.source,
        spell.locus,
        spell.note,
    )


def _law_cells(row: LawRow) -> tuple[str, ...]:
    return (
        row.key,
        f"{row.value:g}",
        row.unit,
        row.effective_from,
        row.effective_to or "",
        row.status.replace("_", " "),
        row.source,
    )


def _less(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _yen(value: float | None) -> str:
    return "" if value is None else f"{value:+,.0f}"


def _html(head: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    header = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    caption = f"<caption>{escape(head)}</caption>"
    return f"<table>{caption}<thead><tr>{header}</tr></thead><tbody>{body}</tbody></table>"
