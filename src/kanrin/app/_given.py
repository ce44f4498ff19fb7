"""What a caller from Python hands in: taken as meant where that is plain, refused with what was expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kanrin.app._options import FEWEST_DRAWS, MOST_DRAWS, day
from kanrin.base import InputError
from kanrin.facts import Case
from kanrin.rules import EndOfLaw

if TYPE_CHECKING:
    from kanrin.demand import Estimate
    from kanrin.lineup import SearchLimits

__all__ = [
    "given_amount",
    "given_caps",
    "given_case",
    "given_comparables",
    "given_day",
    "given_draws",
    "given_end_of_law",
    "given_estimate",
    "given_limits",
    "given_names",
    "given_overrides",
    "given_seed",
    "given_text",
    "given_ways",
]


def refused(name: str, expected: str, value: object) -> InputError:
    """The error of an argument: its name, what was expected, what came."""
    return InputError(f"{name}: expected {expected}, got {value!r}")


def given_case(value: object) -> Case | str | Path:
    """A case, the name of a shipped one, or a folder. Raises InputError."""
    if isinstance(value, Case | Path) or (isinstance(value, str) and value.strip()):
        return value
    raise refused("case", "a shipped case, a case folder or a Case", value)


def given_caps(value: object) -> Mapping[str, object] | None:
    """Caps by name, each cars a year or `CARS:HOLDER`. Raises InputError."""
    if value is None:
        return None
    if not isinstance(value, Mapping) or not all(isinstance(k, str) and k.strip() for k in value):
        raise refused("caps", "a mapping such as {'maker': 3000} or {'all': '3000:treasury'}", value)
    return {name.strip(): cars for name, cars in value.items()}


def given_day(name: str, value: object) -> date | None:
    """A date, or a text YYYY-MM-DD. Raises InputError."""
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise refused(name, "a date or a text YYYY-MM-DD", value)
    try:
        return day(value)
    except ValueError as error:
        raise InputError(f"{name}: {error}") from None


def given_end_of_law(value: object) -> EndOfLaw:
    """What to do past the end of the law. Raises InputError."""
    if isinstance(value, str) and value in list(EndOfLaw):
        return EndOfLaw(value)
    raise refused("end_of_law", " or ".join(map(repr, map(str, EndOfLaw))), value)


def given_estimate(value: object) -> Path | Estimate | None:
    """The demand of a plan: a file, or read already. Raises InputError."""
    from kanrin.demand import Estimate

    if value is None or isinstance(value, Path | Estimate):
        return value
    if isinstance(value, str) and value.strip():
        return Path(value)
    if hasattr(value, "to_estimate"):
        raise InputError(
            f"estimate: {type(value).__name__} does not say in which money its price is; give "
            "estimate=results.to_estimate(price_unit='million JPY of 2016') or the like, or a file it saved"
        )
    raise refused("estimate", "the path of an estimate file, or an Estimate", value)


def given_limits(value: object) -> SearchLimits | None:
    """When a search ends, or None. Raises InputError."""
    from kanrin.lineup import SearchLimits

    if value is None or isinstance(value, SearchLimits):
        return value
    raise refused("search", "a SearchLimits, such as kanrin.lineup.SearchLimits(seconds=30)", value)


def given_overrides(value: object) -> Mapping[str, str | float]:
    """Settings by key. Raises InputError."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise refused("overrides", "a mapping such as {'fx.usd_jpy': 150}", value)
    return value


def given_text(name: str, value: object, expected: str) -> str:
    """A text that is not empty. Raises InputError."""
    if isinstance(value, str) and value.strip():
        return value
    raise refused(name, expected, value)


def given_amount(name: str, value: Any, expected: str) -> float | None:
    """A number, or None. Raises InputError."""
    if value is None:
        return None
    if isinstance(value, str | bytes | bool):
        raise refused(name, expected, value)
    try:
        return float(value)
    except (TypeError, ValueError):
        raise refused(name, expected, value) from None


def _whole(name: str, value: Any, least: int, most: int | None) -> int:
    expected = (
        f"a whole number from {least} to {most}" if most is not None else f"a whole number from {least} on"
    )
    try:
        number = index(value)
    except TypeError:
        raise refused(name, expected, value) from None
    if isinstance(value, bool) or number < least or (most is not None and number > most):
        raise refused(name, expected, value)
    return number


def given_draws(value: object) -> int:
    """A number of draws. Raises InputError."""
    return _whole("draws", value, FEWEST_DRAWS, MOST_DRAWS)


def given_seed(value: object) -> int:
    """A seed. Raises InputError."""
    return _whole("seed", value, 0, None)


def given_names(name: str, value: object, what: str = "model ids") -> tuple[str, ...] | None:
    """Names, each once: one text with commas between, or a list. Raises InputError."""
    expected = f"{what}, as a list or as one text with commas between"
    if value is None:
        return None
    parts = value.split(",") if isinstance(value, str) else value
    if isinstance(parts, Mapping) or not isinstance(parts, Sequence | set | frozenset | tuple):
        raise refused(name, expected, value)
    if not all(isinstance(part, str) for part in parts):
        raise refused(name, expected, value)
    if isinstance(parts, set | frozenset):
        parts = sorted(parts)
    names = tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
    if not names:
        raise refused(name, expected, value)
    return names


def given_ways(value: object) -> dict[str, str] | None:
    """Ways by candidate, `PATHWAY` or `PATHWAY,left|right`. Raises InputError."""
    if value is None:
        return None
    texts = isinstance(value, Mapping) and all(
        isinstance(part, str) and part.strip() for pair in value.items() for part in pair
    )
    if not isinstance(value, Mapping) or not texts:
        raise refused(
            "ways", "a mapping from a candidate to a way, such as {'toyota_sequoia': 'php,left'}", value
        )
    return dict(value) or None


def given_comparables(value: object) -> dict[str, list[str]] | None:
    """Models of the market by candidate. Raises InputError."""
    if value is None:
        return None
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise refused("comparables", "a mapping from a candidate to models of the market", value)
    return {
        key: list(given_names(f"comparables[{key!r}]", names) or ()) for key, names in value.items()
    } or None
