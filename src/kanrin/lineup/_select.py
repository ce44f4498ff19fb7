"""Which of a maker's cars are weighed, and why the others are left out."""

from __future__ import annotations

from collections.abc import Sequence

from kanrin.base import InputError
from kanrin.facts import Candidate
from kanrin.rules import Book

__all__ = ["select_candidates"]


def select_candidates(
    book: Book, maker: str, asked: Sequence[str] | None, most: int
) -> tuple[list[Candidate], list[tuple[Candidate, str]]]:
    """The candidates to weigh and those left out with the reason in words.

    Without a list: all of the maker's that are not on sale in the destination from another plant already.
    Raises UnknownName, or InputError when a car is another maker's, when none is left, or when there are more
    than `most`.
    """
    mine = book.case.candidates_of(maker)
    name = next(iter(mine.values())).firm
    left_out: list[tuple[Candidate, str]] = []
    if asked:
        chosen = []
        for key in dict.fromkeys(asked):
            car = book.case.candidate(key)
            if car.firm != name:
                raise InputError(
                    f"{key} is {car.firm}'s, not {name}'s; {name} has {', '.join(mine)}: choose among these, "
                    f"or --maker {car.firm}"
                )
            ended = _supply_ended(book, car)
            if ended:
                left_out.append((car, ended))
            else:
                chosen.append(car)
        if not chosen:
            raise InputError("none of the cars named can be had: " + " ".join(why for _, why in left_out))
        return _checked(chosen, name, most), left_out
    chosen = []
    for car in mine.values():
        ended = _supply_ended(book, car)
        if ended:
            left_out.append((car, ended))
        elif car.already_sold_in_japan == "yes":
            left_out.append((car, _sold_already(book, car)))
        else:
            chosen.append(car)
    if not chosen:
        raise InputError(
            f"{name} has no candidate left: all of {', '.join(mine)} are on sale in "
            f"{book.case.about.destination_name} already; to weigh them all the same: --candidates "
            f"{','.join(mine)}"
        )
    return _checked(chosen, name, most), left_out


def _sold_already(book: Book, car: Candidate) -> str:
    about = book.case.about
    return (
        f"a {car.brand} {car.model} is on sale in {about.destination_name} already; "
        f"the {about.origin_adjective} one would sell against itself. "
        "Name it with --candidates to weigh it all the same."
    )


def _supply_ended(book: Book, car: Candidate) -> str:
    """Why a car cannot be had, by `supply.<its id without the brand>_available`; empty when it can."""
    for key in book.case.assumptions:
        stem = key.removeprefix("supply.").removesuffix("_available")
        if key == f"supply.{stem}_available" and car.id.partition("_")[2] == stem and book.number(key) < 0.5:
            return f"The plant no longer builds it: {key} is set to no."
    return ""


def _checked(cars: list[Candidate], maker: str, most: int) -> list[Candidate]:
    if len(cars) > most:
        raise InputError(
            f"{len(cars)} candidates of {maker} make {2 ** len(cars):,} line-ups, too many to search: "
            f"at most {most} candidates are taken: name fewer with --candidates"
        )
    return cars
