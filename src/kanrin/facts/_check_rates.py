"""Exchange rates and duties: one unit, month after month, and a duty for the heading of each car."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from kanrin.facts._case import Case
from kanrin.facts._check_names import unknown

__all__ = ["headings_have_rules", "months_follow", "rates_in_one_unit"]

RATE = "fx.usd_jpy"  # the assumption that spreads the rates of the table
DUTY = "jp.customs.hs{heading}.mfn"


def rates_in_one_unit(case: Case) -> Iterator[str]:
    """The exchange rates of the table are in the unit of the key they stand for."""
    spread = case.assumptions.get(RATE)
    if spread is None:
        return  # told by keys_known
    for rate in case.fx:
        if rate.unit != spread.unit and rate.unit in case.units:
            yield (
                f"{case.place('fx', rate.name)}: unit: {rate.unit!r} is not the unit of {RATE}, "
                f"{spread.unit!r} ({case.place('assumptions', RATE)}); correct unit and value"
            )


def months_follow(case: Case) -> Iterator[str]:
    """The exchange rates are of one month after another, in order and without a hole."""
    for before, after in pairwise(case.fx):
        months = 12 * (after.date.year - before.date.year) + after.date.month - before.date.month
        if months != 1:
            what = "is missing" if months > 1 else "is out of order"
            shown = _next(before.date.year, before.date.month) if months > 1 else f"{after.date:%Y-%m}"
            yield (
                f"{case.place('fx', after.name)}: date: the month {shown} {what} after {before.date:%Y-%m}; "
                "expected one row a month: add the rows, or put them in order"
            )


def _next(year: int, month: int) -> str:
    return f"{year + month // 12}-{month % 12 + 1:02d}"


def headings_have_rules(case: Case) -> Iterator[str]:
    """The rules know the duty of the customs heading of every candidate."""
    known = {key.split(".")[2].removeprefix("hs") for key in case.rules if _is_duty(key)}
    for name, candidate in case.candidates.items():
        if candidate.hs_heading not in known:
            key = DUTY.format(heading=candidate.hs_heading)
            way_out = f"correct the heading, or add the rule {key}"
            place = case.place("candidates", name)
            yield unknown(place, "hs_heading", "heading", candidate.hs_heading, known, way_out)


def _is_duty(key: str) -> bool:
    return key.startswith(DUTY.split("{", 1)[0]) and key.endswith(".mfn") and key.count(".") == 3
