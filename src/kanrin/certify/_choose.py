"""The cheapest feasible pathway for a volume: cost once, carried to the first sale, and cost a car."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kanrin.base import Figure, InputError
from kanrin.certify._cost import cap, fixed_cost, lead_time, unit_cost
from kanrin.certify._option import PathwayOption
from kanrin.certify._reason import Offer, Programme, chosen_reason, refused_reason
from kanrin.rules import Book

__all__ = ["Choice", "choose", "programme_cost", "take"]


@dataclass(frozen=True)
class Choice:
    """The pathway taken and why; the others with theirs. A reason reads on after the name of its pathway."""

    option: PathwayOption
    reason: str
    not_taken: tuple[tuple[PathwayOption, str], ...]


def programme_cost(fixed: float, unit: float, months: float, programme: Programme) -> float:
    """JPY at the first sale: fixed (1 + rho)^(months/12) + unit q A, A = (1 - (1 + rho)^-T) / ln(1 + rho).

    The cost once is paid a lead time ahead; sales are spread evenly over T years, as in the value of a plan.
    """
    rate, years = programme.discount_rate, programme.years
    annuity = -math.expm1(-years * math.log1p(rate)) / math.log1p(rate) if rate else years
    carried: float = fixed * (1.0 + rate) ** (months / 12.0)
    return carried + unit * programme.units_per_year * annuity


def choose(
    book: Book, options: Sequence[PathwayOption], *, units_per_year: float, years: float, discount_rate: float
) -> Choice:
    """The cheapest feasible pathway whose cap holds the volume; the first in the file on a tie.

    `units_per_year` vehicles a year, `years` of the programme, `discount_rate` a fraction a year. Raises
    InputError when no pathway is feasible, naming the model and what bars each, or when volume, years or rate
    make no sense.
    """
    programme = Programme(units_per_year, years, discount_rate)
    _check(programme)
    if not options:
        raise InputError(
            "no certification pathway to choose from; the case needs at least one in pathways.toml"
        )
    offers = {option.pathway.id: _offer(book, option, programme) for option in options}
    fits = [o for o in offers.values() if o.option.feasible and not o.over_cap]
    if not fits:
        car = options[0].candidate
        barred = [f"  {o.option.pathway.name}: {refused_reason(o, None, programme)}" for o in offers.values()]
        raise InputError(
            f"{car.id} ({car.name}) has no feasible certification pathway on {book.on} as known on "
            f"{book.known_on} for {units_per_year:,.0f} cars a year:\n"
            + "\n".join(barred)
            + "\nchoose a later date, a smaller volume, or leave the car out"
        )
    best = min(fits, key=lambda o: o.total[1])
    not_taken = tuple(
        (o.option, refused_reason(o, best, programme)) for o in offers.values() if o is not best
    )
    return Choice(best.option, chosen_reason(best, len(fits), programme), not_taken)


def take(
    book: Book,
    options: Sequence[PathwayOption],
    pathway: str,
    why: str,
    *,
    units_per_year: float,
    years: float,
    discount_rate: float,
) -> Choice:
    """The pathway of that id taken for another reason than its cost, `why`, told beside the others.

    `options` must hold it. Arguments and errors otherwise as `choose`.
    """
    programme = Programme(units_per_year, years, discount_rate)
    _check(programme)
    offers = {option.pathway.id: _offer(book, option, programme) for option in options}
    best = offers[pathway]
    others = tuple((o.option, refused_reason(o, best, programme)) for o in offers.values() if o is not best)
    return Choice(best.option, chosen_reason(best, len(offers), programme, why), others)


def _check(programme: Programme) -> None:
    numbers = (programme.units_per_year, programme.years, programme.discount_rate)
    if not all(math.isfinite(x) for x in numbers) or min(numbers[0], numbers[2]) < 0 or programme.years <= 0:
        raise InputError(
            f"a programme of {programme.units_per_year:g} cars a year over {programme.years:g} years at "
            f"{programme.discount_rate:g} a year makes no sense; expected at least 0 cars, more than 0 "
            "years and a rate of at least 0"
        )


def _offer(book: Book, option: PathwayOption, programme: Programme) -> Offer:
    """A pathway with its costs at this volume, central and at the ends of the ranges of its keys."""
    fixed = _range(book, lambda read: fixed_cost(read, option))
    unit = _range(book, lambda read: unit_cost(read, option))
    months = _range(book, lambda read: lead_time(read, option))
    limit: Figure | None = cap(book.figure, option)
    low, central, high = (
        programme_cost(f, u, m, programme) for f, u, m in zip(fixed, unit, months, strict=True)
    )
    key = option.pathway.approval_key
    approval = book.figure(key) if key else None
    over_cap = limit is not None and limit.value < programme.units_per_year
    return Offer(option, fixed, unit, months, (low, central, high), limit, approval, over_cap)


def _range(book: Book, amount: Callable[[Callable[[str], float]], float]) -> tuple[float, float, float]:
    """(low, central, high): keys at their low ends, as they stand, at their high ends; costs rise in keys."""

    def low(key: str) -> float:
        figure = book.figure(key)
        return figure.value if figure.low is None else figure.low

    def high(key: str) -> float:
        figure = book.figure(key)
        return figure.value if figure.high is None else figure.high

    return float(amount(low)), float(amount(book.number)), float(amount(high))
