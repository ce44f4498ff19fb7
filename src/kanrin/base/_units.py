"""Units as text with an algebra: `JPY per USD` times `USD per vehicle` is `JPY per vehicle`.

A unit reads `A per B per C`; `fraction of ...`, ratios, probabilities and flags are pure numbers that keep
their name only while nobody calculates with them. Unlike units refuse to add.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

__all__ = ["is_pure", "product_unit", "quotient_unit", "same_unit"]

_PURE_STARTS = ("fraction of", "additional fraction of", "combined fraction of", "fraction per year")
_PURE_NAMES = frozenset(
    {"", "1", "ratio", "probability", "1 yes, 0 no", "count", "index", "utils", "utils squared"}
)
_SINGULAR = {
    "vehicles": "vehicle", "years": "year", "days": "day", "months": "month", "types": "type",
    "litres": "litre", "households": "household",
}  # fmt: skip
_SPREAD = "standard deviation of"


@cache
def _powers(unit: str) -> tuple[tuple[str, int], ...]:
    if unit == "fraction per year":
        return (("year", -1),)
    if unit in _PURE_NAMES or unit.startswith(_PURE_STARTS) or unit.startswith(_SPREAD):
        return ()
    powers: Counter[str] = Counter()
    for place, part in enumerate(unit.split(" per ")):
        sign = -1 if place else 1
        for factor in part.split(" and ") if place else part.split(" x "):
            name = factor.strip()
            if name not in _PURE_NAMES:
                powers[_singular(name)] += sign
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def _singular(name: str) -> str:
    return _SINGULAR.get(name, name)


def _text(powers: dict[str, int]) -> str:
    over = [n for n, p in sorted(powers.items()) for _ in range(p)]
    under = [n for n, p in sorted(powers.items()) for _ in range(-p)]
    if not over and not under:
        return "ratio"
    return " per ".join([" x ".join(over) or "1", *under])


def is_pure(unit: str) -> bool:
    """Whether the unit is a pure number (a rate, a share, a flag)."""
    return not _powers(unit)


def same_unit(left: str, right: str) -> bool:
    """Whether two units may be added: the same dimensions, whatever their wording."""
    return _powers(left) == _powers(right)


@cache
def product_unit(left: str, right: str) -> str:
    """Unit of a product; keeps the wording of one side when the other is a pure number."""
    if is_pure(right) and not is_pure(left):
        return left
    if is_pure(left) and not is_pure(right):
        return right
    total = Counter(dict(_powers(left)))
    for name, power in _powers(right):
        total[name] += power
    return _text({n: p for n, p in total.items() if p})


@cache
def quotient_unit(left: str, right: str) -> str:
    """Unit of a quotient."""
    if is_pure(right) and not is_pure(left):
        return left
    total = Counter(dict(_powers(left)))
    for name, power in _powers(right):
        total[name] -= power
    return _text({n: p for n, p in total.items() if p})
