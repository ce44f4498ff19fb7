"""Words for numbers and names inside sentences: money, counts, chances, keys as a reader would say them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kanrin.facts import Candidate

__all__ = [
    "chance",
    "count",
    "full_name",
    "key_words",
    "listed",
    "model_name",
    "number_text",
    "short_name",
    "spread",
    "yen",
    "yen_spread",
]

_PLACES = {"jp": "Japan", "us": "U.S.", "ca": "Canada"}


def yen(amount: float) -> str:
    """An amount of yen in a readable unit: ¥4.93 million, ¥1.2 billion, ¥35,000."""
    size, sign = abs(amount), "−" if amount < 0 else ""
    if size >= 1e9:
        return f"{sign}¥{size / 1e9:,.3g} billion" if size < 1e12 else f"{sign}¥{size / 1e12:,.3g} trillion"
    if size >= 1e6:
        return f"{sign}¥{size / 1e6:,.3g} million"
    return f"{sign}¥{size:,.0f}"


def count(units: float) -> str:
    """A number of cars, two significant digits from a hundred upward, as the tables of the brief show it."""
    step = 10 ** max(0, len(str(int(abs(units)))) - 2)
    return f"{round(units / step) * step:,.0f}"


def spread(low: float, high: float, told: str = "80 %") -> str:
    """An interval in brackets."""
    return f"({told}: {count(low)} to {count(high)})"


def chance(probability: float) -> str:
    """A probability in words with its percent."""
    percent = round(100 * probability)
    if percent <= 1:
        return "hardly any chance"
    if percent >= 99:
        return "near certainty"
    steps = (
        (10, "one chance in ten"),
        (20, "one chance in five"),
        (25, "one chance in four"),
        (33, "one chance in three"),
        (50, "an even chance"),
        (67, "two chances in three"),
        (75, "three chances in four"),
    )
    near = min(steps, key=lambda s: abs(s[0] - percent))
    if abs(near[0] - percent) <= 2:
        return f"{near[1]} ({percent} %)"
    article = "an" if percent in (8, 11, 18) or 80 <= percent <= 89 else "a"
    return f"{article} {percent} % chance"


def listed(names: Sequence[str]) -> str:
    """Names with commas and an `and`."""
    if len(names) <= 1:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


def short_name(name: str, brand: str) -> str:
    """A model's name without its brand."""
    return name.removeprefix(f"{brand} ")


def model_name(brand: str, model: str) -> str:
    """Brand and model as one name; a model that begins with its brand says it once."""
    return model if model.startswith(brand) else f"{brand} {model}"


def full_name(car: Candidate) -> str:
    """A candidate's name with its grade."""
    return f"{car.name} ({car.grade})" if car.grade else car.name


def key_words(key: str) -> str:
    """A key as words: `jp.consumption_tax.rate` is `Japan: consumption tax, rate`."""
    first, *rest = key.split(".")
    words = ", ".join(part.replace("_", " ") for part in rest) or first
    words = re.sub(r" (jpy|usd)( per [a-z ]+)?$", "", words)
    if first in _PLACES:
        return f"{_PLACES[first]}: {words}"
    return f"{first.replace('_', ' ')}: {words}" if rest else words


def number_text(value: float, unit: str) -> str:
    """A number with as many digits as it needs, and thousands apart."""
    if unit == "1 yes, 0 no":
        return "yes" if value else "no"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return text.replace("-", "−", 1) if value < 0 else text


def yen_spread(mean: float, p10: float, p90: float) -> str:
    """An amount of yen with its 80 % interval; a unit that both ends share is said once."""
    low, high = yen(p10), yen(p90)
    unit = re.search(r" [a-z]+$", high)
    if unit and low.endswith(unit.group()):
        low = low.removesuffix(unit.group())
    return f"{yen(mean)} (80 %: {low} to {high})"
