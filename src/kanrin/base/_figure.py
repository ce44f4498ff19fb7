"""A number that carries its unit, its kind and its parents (STYLE rule 8).

Kinds, from firm to soft: a cited fact; derived by arithmetic from facts; an estimate with its error; an
assumption the user can change. One assumed input makes the result assumed. A Figure refuses to add to an
unlike unit. Everything a Figure can do, an array can do: the arithmetic of landed cost is written once and
runs on both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np

from kanrin.base._errors import UnitError
from kanrin.base._units import is_pure, product_unit, quotient_unit, same_unit

__all__ = ["Figure", "Kind", "larger", "softest"]


class Kind(StrEnum):
    """How firm a number is; later members are softer."""

    FACT = "fact"
    DERIVED = "derived"
    ESTIMATE = "estimate"
    ASSUMPTION = "assumption"


_RANK = {kind: rank for rank, kind in enumerate(Kind)}


def softest(*kinds: Kind) -> Kind:
    """The softest of several kinds; a sum of facts is derived, not a fact."""
    worst = max(kinds, key=_RANK.__getitem__)
    return Kind.DERIVED if worst is Kind.FACT else worst


@dataclass(frozen=True)
class Figure:
    """A number, its unit and where it comes from.

    `low` and `high` are set for assumptions and ranges. `parents` are the figures it was made from, `formula`
    says how.
    """

    value: float
    unit: str
    kind: Kind
    key: str = ""
    label: str = ""
    source: str = ""
    note: str = ""
    low: float | None = None
    high: float | None = None
    parents: tuple[Figure, ...] = ()
    formula: str = ""

    def __float__(self) -> float:
        return float(self.value)

    def named(self, key: str, label: str = "", note: str = "", unit: str = "") -> Figure:
        """The same number under a name of its own, with the unit in better words if `unit` is given."""
        if unit and not same_unit(unit, self.unit):
            raise UnitError(f"{key} is in {self.unit!r}, not in {unit!r}")
        return replace(
            self, key=key, label=label or self.label, note=note or self.note, unit=unit or self.unit
        )

    def walk(self) -> Iterator[tuple[int, Figure]]:
        """This figure and all it comes from, depth first: (depth, figure)."""
        stack: list[tuple[int, Figure]] = [(0, self)]
        while stack:
            depth, figure = stack.pop()
            yield depth, figure
            stack.extend((depth + 1, parent) for parent in reversed(figure.parents))

    def _made(self, value: float, unit: str, others: tuple[Figure, ...], formula: str) -> Figure:
        parents = (self, *others)
        return Figure(value, unit, softest(*(p.kind for p in parents)), parents=parents, formula=formula)

    def __add__(self, other: Any) -> Figure:
        if isinstance(other, (int, float)) and other == 0:
            return self
        right = _figure(other)
        _check_like(self, right, "add")
        return self._made(self.value + right.value, self.unit, (right,), "a + b")

    __radd__ = __add__

    def __sub__(self, other: Any) -> Figure:
        right = _figure(other)
        _check_like(self, right, "subtract")
        return self._made(self.value - right.value, self.unit, (right,), "a - b")

    def __rsub__(self, other: Any) -> Figure:
        return _figure(other) - self

    def __mul__(self, other: Any) -> Figure:
        right = _figure(other)
        return self._made(self.value * right.value, product_unit(self.unit, right.unit), (right,), "a x b")

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Figure:
        right = _figure(other)
        return self._made(self.value / right.value, quotient_unit(self.unit, right.unit), (right,), "a / b")

    def __rtruediv__(self, other: Any) -> Figure:
        return _figure(other) / self

    def __neg__(self) -> Figure:
        return self._made(-self.value, self.unit, (), "-a")


def _figure(value: Any) -> Figure:
    if isinstance(value, Figure):
        return value
    if isinstance(value, (int, float, np.floating, np.integer)):
        return Figure(float(value), "ratio", Kind.FACT, label="exact number")
    raise TypeError(f"a Figure does not combine with {type(value).__name__}")


def _check_like(left: Figure, right: Figure, verb: str) -> None:
    if not same_unit(left.unit, right.unit) and not (right.value == 0 and is_pure(right.unit)):
        raise UnitError(
            f"cannot {verb} {left.key or left.label or 'a figure'} [{left.unit}] and "
            f"{right.key or right.label or 'a figure'} [{right.unit}]; convert one of them first"
        )


Number = TypeVar("Number")


def larger(left: Any, right: Any) -> Any:
    """The larger of two numbers: Figures keep their parents, arrays go element by element."""
    if isinstance(left, Figure) or isinstance(right, Figure):
        a, b = _figure(left), _figure(right)
        _check_like(a, b, "compare")
        return a._made(max(a.value, b.value), a.unit, (b,), "the larger of a and b")
    return np.maximum(left, right)
