"""Why a pathway was taken and why each other was not, in sentences a planner understands."""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.base import Figure, Kind
from kanrin.certify._option import PathwayOption

__all__ = ["Offer", "Programme", "chosen_reason", "refused_reason", "yen"]

Range = tuple[float, float, float]  # low, central, high


@dataclass(frozen=True)
class Programme:
    """A volume to certify for: vehicles a year, years, discount rate a year."""

    units_per_year: float
    years: float
    discount_rate: float


@dataclass(frozen=True)
class Offer:
    """A pathway with its costs for a programme."""

    option: PathwayOption
    fixed: Range  # JPY per model
    unit: Range  # JPY per vehicle
    months: Range
    total: Range  # JPY at the first sale, over the programme
    cap: Figure | None
    approval: Figure | None
    over_cap: bool


def chosen_reason(best: Offer, feasible: int, programme: Programme, why: str = "") -> str:
    """Cost once, cost a car, time and volume; then the cap, approval and whatever else is not certain.

    `why` says why it was taken where that is another reason than its cost.
    """
    volume = f"{programme.units_per_year:,.0f} cars a year over {programme.years:g} years"
    rank = (
        f"cheapest of {feasible} feasible for {volume}"
        if feasible > 1
        else f"the only one feasible for {volume}"
    )
    if why:
        rank = f"{why}, for {volume}"
    sentences = [
        f"{_money(best.fixed)} once and {_money(best.unit)} a car, about {_months(best.months)}; {rank}",
        *_uncertain(best, programme),
        *(warning[:1].upper() + warning[1:] for warning in best.option.warnings),
    ]
    return ". ".join(sentences) + "."


def refused_reason(offer: Offer, best: Offer | None, programme: Programme) -> str:
    """Every obstacle, the cap, or how much dearer it is than the one taken, and how much slower or faster."""
    reasons = list(offer.option.obstacles)
    if offer.over_cap and offer.cap is not None:
        asked = f"the {programme.units_per_year:,.0f} cars a year planned"
        reasons.append(f"its cap of {offer.cap.value:,.0f} a type and year is below {asked}")
    if reasons or best is None:
        return "; ".join(reasons)
    dearer = offer.total[1] - best.total[1]
    if dearer < 0:  # the one taken was not taken for its cost
        parts = [f"{yen(-dearer)} cheaper over the programme"]
    else:
        parts = [f"{yen(dearer)} dearer over the programme" if dearer else "no cheaper over the programme"]
    parts.append(f"{_money(offer.fixed)} once and {_money(offer.unit)} a car")
    late = offer.months[1] - best.months[1]
    if late:
        parts.append(f"about {_count(abs(late), 'month')} {'slower' if late > 0 else 'faster'}")
    ends = [end for end, place in (("low", 0), ("high", 2)) if offer.total[place] < best.total[place]]
    if ends:
        parts.append(f"cheaper if every cost is at the {' or at the '.join(ends)} end of its range")
    return "; ".join(parts)


def _uncertain(offer: Offer, programme: Programme) -> list[str]:
    sentences = []
    if offer.cap is not None and offer.cap.kind is Kind.ASSUMPTION and offer.cap.low is not None:
        if offer.cap.low < offer.cap.value:
            risk = ", which would be too few" if offer.cap.low < programme.units_per_year else ""
            sentences.append(
                f"No cap is known of; one could be as low as {offer.cap.low:,.0f} a type and year{risk}"
            )
    elif offer.cap is not None:
        sentences.append(f"Cap {offer.cap.value:,.0f} a type and year")
    if offer.approval is not None:
        low, high = offer.approval.low, offer.approval.high
        spread = f" ({100 * low:.0f} % to {100 * high:.0f} %)" if low is not None and high is not None else ""
        sentences.append(f"Approval is taken as {100 * offer.approval.value:.0f} % likely{spread}")
    if offer.option.pathway.per_vehicle_inspection == "unknown":
        sentences.append("Whether each car is inspected is not known; nothing extra is counted for it")
    return sentences


def yen(amount: float) -> str:
    """An amount in words, to three digits: 47,000 yen, 15 million yen, 1.5 billion yen."""
    scale, word = _scale(amount)
    return f"{_three(amount / scale)}{word} yen"


def _money(amounts: Range) -> str:
    low, central, high = amounts
    if low == high:
        return yen(central)
    scale, word = _scale(central)
    return f"{yen(central)} ({_three(low / scale)} to {_three(high / scale)}{word})"


def _scale(amount: float) -> tuple[float, str]:
    if abs(amount) >= 999_500_000:
        return 1e9, " billion"
    return (1e6, " million") if abs(amount) >= 999_500 else (1.0, "")


def _three(number: float) -> str:
    """Three significant digits, thousands apart."""
    rounded = float(f"{number:.3g}")
    return f"{rounded:,.0f}" if rounded == int(rounded) else f"{rounded:,g}"


def _months(months: Range) -> str:
    low, central, high = months
    return _count(central, "month") + ("" if low == high else f" ({low:g} to {high:g})")


def _count(number: float, noun: str) -> str:
    return f"{number:g} {noun}" + ("" if number == 1 else "s")
