"""Numbers as a reader wants them: thin, with a unit, ranges in one scale. Nothing is computed here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import floor, isfinite, log10
from typing import Any

__all__ = [
    "YES_NO",
    "cars",
    "chance",
    "counted",
    "date_span",
    "flag",
    "interval",
    "jpy",
    "jpy_range",
    "number",
    "per_cent",
    "rate_per_cent",
    "shown",
    "signed",
    "thousands",
    "tiny",
    "usd",
    "usd_range",
    "value_with_unit",
]

MINUS = "\u2212"
YES_NO = "1 yes, 0 no"
_HYPHEN = re.compile(r"(?:(?<=^)|(?<=[\s(:;,]))-(?=\d)", re.MULTILINE)
_PLURALS = {"years": "year", "days": "day", "months": "month", "vehicles": "vehicle", "types": "type"}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SCALES = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def _significant(x: float, digits: int) -> float:
    if x == 0 or not isfinite(x):
        return x
    return round(x, digits - 1 - floor(log10(abs(x))))


def _minus(text: str) -> str:
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def thousands(x: float | None) -> str:
    """A whole number with separators: 5,182,000."""
    return "" if x is None else _minus(f"{round(x):,}")


def cars(x: float | None) -> str:
    """A forecast of units, two significant digits from a hundred upward: 3,100."""
    if x is None:
        return ""
    return thousands(_significant(x, 2) if abs(x) >= 100 else x)


def number(x: Any) -> str:
    """A value as it is typed, with separators from ten thousand on and at most six significant digits."""
    if isinstance(x, bool):
        return "yes" if x else "no"
    if not isinstance(x, int | float):
        return "" if x is None else str(x)
    if abs(x) >= 1e4:
        return thousands(x)
    if x == 0 or abs(x) >= 1e-4:
        return _minus(_trim(f"{_significant(float(x), 6):.10f}"))
    return _minus(f"{x:.2g}")


def _money(x: float, mark: str, scale: tuple[float, str] | None = None) -> str:
    value = _significant(abs(x), 3)
    sign = MINUS if x < 0 and value >= 0.5 else ""
    scale = scale or next((s for s in _SCALES if value >= s[0]), None)
    if scale is None:
        return f"{sign}{mark}{value:,.0f}"
    return f"{sign}{mark}{_trim(f'{_significant(value / scale[0], 3):.6f}')} {scale[1]}"


def jpy(x: float | None) -> str:
    """Yen to three significant digits: ¥4.93 million, −¥412,000."""
    return "" if x is None else _money(x, "¥")


def usd(x: float | None) -> str:
    """Dollars to three significant digits: $162 million."""
    return "" if x is None else _money(x, "$")


def _range(low: float, high: float, mark: str) -> str:
    top = _significant(max(abs(low), abs(high)), 3)
    scale = next((s for s in _SCALES if top >= s[0]), None)
    if scale is None or 0 < min(abs(low), abs(high)) < scale[0] / 1e3:
        return f"{_money(low, mark)} to {_money(high, mark)}"
    ends = [_money(x, mark, scale) if x else mark + "0" for x in (low, high)]
    return f"{ends[0].removesuffix(' ' + scale[1])} to {ends[1]}"


def jpy_range(low: float, high: float) -> str:
    """A range of yen in one scale: −¥0.61 to ¥3.3 billion."""
    return _range(low, high, "¥")


def usd_range(low: float, high: float) -> str:
    """A range of dollars in one scale: $56 to $370 million."""
    return _range(low, high, "$")


def signed(text: str, x: float) -> str:
    """Put a plus before a rise; a fall has its minus already."""
    return f"+{text}" if x > 0 else text


def per_cent(x: float | None) -> str:
    """A share: 24 %, 2.4 %, 0.24 %; never a bare fraction."""
    if x is None:
        return ""
    hundred = 100.0 * x
    size = abs(hundred)
    if size == 0:
        text = "0"
    elif size >= 10:
        text = f"{hundred:.0f}"
    else:
        text = _trim(f"{_significant(hundred, 2):.8f}") if size >= 1e-4 else f"{hundred:.1g}"
    return _minus(f"{text} %")


def rate_per_cent(x: float) -> str:
    """A rate as the law states it, up to four significant digits: 3.75 %, 10 %, 0.0125 %."""
    return _minus(f"{_trim(f'{_significant(100.0 * x, 4):.8f}')} %")


def tiny(x: float) -> str:
    """A residual, two significant digits with its power of ten: 1.3 × 10⁻¹⁶; 0 for none."""
    if x == 0:
        return "0"
    digits, _, power = f"{x:.1e}".partition("e")
    return _minus(f"{digits} × 10{str(int(power)).translate(_RAISED)}")


def counted(x: Any, unit: str) -> str:
    """A number with its unit in the singular after 1: 4 years, 1 year."""
    first, space, rest = unit.partition(" ")
    singular = _PLURALS.get(first, first) if x == 1 else first
    return f"{number(x)} {singular}{space}{rest}".strip()


def flag(x: Any, unit: str | None) -> str:
    """A value of a table: yes or no where the unit says so, else a number."""
    return ("yes" if x else "no") if unit == YES_NO and x in (0, 1) else number(x)


def shown(text: str) -> str:
    """A text of the plan as it is shown: a true minus before a number, `yes` without its code."""
    return _HYPHEN.sub(MINUS, text.replace(f" ({YES_NO})", ""))


def chance(p: float, se: float | None = None) -> str:
    """A probability with its simulation error: 24 % ± 3."""
    if p == 0:
        return "none in the draws"
    if p == 1:
        return "all of the draws"
    return per_cent(p) if not se else f"{per_cent(p)} ± {_trim(f'{_significant(100 * se, 1):.4f}')}"


def interval(values: Mapping[str, float], kind: str, unit: str = "") -> str:
    """Mean with the 80 % range: `3,100 cars a year (80 %: 900 to 6,700)`; kind is cars, jpy or usd."""
    low, high = values["p10"], values["p90"]
    unit = f" {unit}" if unit else ""
    if kind == "cars":
        return f"{cars(values['mean'])}{unit} (80 %: {cars(low)} to {cars(high)})"
    point, span = (jpy, jpy_range) if kind == "jpy" else (usd, usd_range)
    return f"{point(values['mean'])}{unit} (80 %: {span(low, high)})"


def value_with_unit(value: Any, unit: str | None) -> str:
    """A value of a rule in words: `yes`, `10 % of customs value`, `45 days`."""
    unit = unit or ""
    if unit == YES_NO and value in (0, 1):
        return flag(value, unit)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if unit == "fraction":
            return rate_per_cent(value)
        if unit.startswith("fraction of "):
            return f"{rate_per_cent(value)} of {unit.removeprefix('fraction of ')}"
        if unit.startswith("JPY ") and "USD" not in unit:
            return f"{jpy(value)} {unit.removeprefix('JPY ')}"
    return counted(value, unit)


def date_span(start: str | None, end: str | None) -> str:
    """Days a value is in force: `from 2019-10-01`, `2019-10-01 up to 2026-02-16` (the last day exclusive)."""
    if start and end:
        return f"{start} up to {end}"
    if start:
        return f"from {start}"
    return f"up to {end}" if end else ""
