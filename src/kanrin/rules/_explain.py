"""The chain behind a number: every figure it was made from, each told once, with its source in full and,
for a rule, all its dated spells."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from kanrin.base import Figure
from kanrin.facts import Source, Spell
from kanrin.rules._book import Book
from kanrin.rules._regime import spell_on

__all__ = ["Explanation", "Link", "SpellRow", "chain", "explain", "explanation"]


@dataclass(frozen=True)
class Link:
    """A figure of a chain at its depth; `told` when the same figure stands further up with its parents."""

    depth: int
    figure: Figure
    told: bool


@dataclass(frozen=True)
class SpellRow:
    """A dated value of a rule in the file and where it stands on the day of the book.

    `standing`: in force, pending, past, not known yet, or withdrawn (no longer held by the day of asking).
    """

    key: str
    spell: Spell
    effective_to: date | None  # as read on the day of asking
    standing: str
    source: Source


@dataclass(frozen=True)
class Explanation:
    """A figure, the chain it hangs on, the sources cited in it and the spells of the rules in it."""

    book: Book = field(repr=False)
    figure: Figure
    links: tuple[Link, ...]
    spells: tuple[SpellRow, ...]

    @property
    def sources(self) -> tuple[Source, ...]:
        """Sources of the chain that the case knows, each once, in the order met."""
        ids = dict.fromkeys(link.figure.source for link in self.links)
        return tuple(self.book.case.sources[i] for i in ids if i in self.book.case.sources)

    def _repr_html_(self) -> str:
        from kanrin.rules._tables import explanation_html

        return explanation_html(self)


def explain(book: Book, key: str) -> Figure:
    """The figure of a key on the day of the book. Raises UnknownName with near names, or NotInForce."""
    return book.figure(key)


def explanation(book: Book, key: str | Figure) -> Explanation:
    """All that stands behind a key or a computed figure. Raises UnknownName or NotInForce."""
    figure = key if isinstance(key, Figure) else book.figure(key)
    links = chain(figure)
    rules = dict.fromkeys(link.figure.key for link in links if link.figure.key in book.case.rules)
    return Explanation(book, figure, links, tuple(row for rule in rules for row in spell_rows(book, rule)))


def spell_rows(book: Book, key: str) -> tuple[SpellRow, ...]:
    """Every spell of a rule in the order of the file, those not known yet or withdrawn included."""
    regime = book.regime
    rule = regime.rule(key)
    found = spell_on(rule, regime.on, regime.known_on)
    pending = [p.spell for p in regime.pending(key)]
    rows = []
    for spell in rule.spells:
        end = spell.effective_to
        if spell.known_from > regime.known_on:
            standing = "not known yet"
        elif spell.known_to is not None and spell.known_to <= regime.known_on:
            standing = "withdrawn"
        else:
            end = end if (spell.end_known_from or spell.known_from) <= regime.known_on else None
            if found is not None and spell is found[0]:
                standing = "in force"
            else:
                standing = "pending" if any(spell is p for p in pending) else "past"
        rows.append(SpellRow(key, spell, end, standing, book.case.sources[spell.source]))
    return tuple(rows)


def chain(figure: Figure) -> tuple[Link, ...]:
    """A figure and all it comes from, depth first; a figure met again is listed without its parents."""
    links: list[Link] = []
    told: set[object] = set()

    def visit(depth: int, figure: Figure) -> None:
        identity: object = figure.key or id(figure)
        again = identity in told and bool(figure.parents)
        links.append(Link(depth, figure, again))
        told.add(identity)
        if not again:
            for parent in figure.parents:
                visit(depth + 1, parent)

    visit(0, figure)
    return tuple(links)
