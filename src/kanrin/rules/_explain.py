"""The chain behind a number: the figure of a key, and every figure it was made from, each told once."""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.base import Figure
from kanrin.rules._book import Book

__all__ = ["Link", "chain", "explain"]


@dataclass(frozen=True)
class Link:
    """A figure of a chain at its depth; `told` when the same figure stands further up with its parents."""

    depth: int
    figure: Figure
    told: bool


def explain(book: Book, key: str) -> Figure:
    """The figure of a key of the case on the day of the book. Raises UnknownName with near names, or
    NotInForce."""
    return book.figure(key)


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
