"""Which pathways are open to a car on a day: availability, who may use them, which cars, what bars them."""

from __future__ import annotations

from kanrin.certify._gap import treatments_of
from kanrin.certify._option import PathwayOption, Treatment
from kanrin.certify._pending import only_pending
from kanrin.facts import Candidate, Pathway
from kanrin.rules import Book

__all__ = ["assess"]


def assess(book: Book, candidate: Candidate, *, user: str = "maker") -> tuple[PathwayOption, ...]:
    """All pathways of the case for a candidate, in file order, at any volume; infeasible ones say why.

    `user` is who certifies: maker, importer or anyone. Raises InputError for a fault in the gap table.
    """
    return tuple(_assess_one(book, candidate, pathway, user) for pathway in book.case.pathways.values())


def _assess_one(book: Book, candidate: Candidate, pathway: Pathway, user: str) -> PathwayOption:
    treatments, warnings = treatments_of(book, candidate, pathway)
    open_obstacle = _not_open(book, pathway)
    heading_obstacle, heading_warning = _heading(book, candidate, pathway)
    obstacles = [open_obstacle, _not_for(book, pathway, user), heading_obstacle]
    obstacles += [_blocking(book, t) for t in treatments if t.treatment == "blocking"]
    found = tuple(obstacle for obstacle in obstacles if obstacle)
    told = (heading_warning, *warnings)
    return PathwayOption(pathway, candidate, not found, found, treatments, tuple(w for w in told if w))


def _not_open(book: Book, pathway: Pathway) -> str:
    """Why a pathway is not available on the day; empty when it is. Where there is a rule key it decides."""
    key, on = pathway.available_key, book.on
    if key:
        if book.claims(key):
            return ""
        pending = only_pending(book, key, 1.0)
        return f"{pending}; not available on {on}" if pending else f"not available on {on}"
    since = "known to be open" if pathway.note.startswith("coverage start") else "open"
    if pathway.available_from is not None and on < pathway.available_from:
        return f"not {since} before {pathway.available_from}; not available on {on}"
    if pathway.available_to is not None and on >= pathway.available_to:
        return f"ended on {pathway.available_to}; not available on {on}"
    if pathway.status != "in_force":
        return f"only {pathway.status.replace('_', ' ')}; not available on {on}"
    return ""


def _not_for(book: Book, pathway: Pathway, user: str) -> str:
    if user not in pathway.users and "anyone" not in pathway.users:
        return f"only for {pathway.who_may_use}, not for {user}"
    if pathway.origins and book.case.about.origin not in pathway.origins:
        return f"not for cars built in {book.case.about.origin}; it is for {', '.join(pathway.origins)}"
    return ""


def _blocking(book: Book, treatment: Treatment) -> str:
    asked = book.case.gaps[treatment.requirement_id].japan_standard
    name = treatment.requirement
    return f"{name[:1].lower()}{name[1:]} is blocking ({book.case.about.destination_name} asks for: {asked})"


def _heading(book: Book, candidate: Candidate, pathway: Pathway) -> tuple[str, str]:
    """(obstacle, warning) from the tariff heading of the car."""
    heading = candidate.hs_heading
    if pathway.hs_headings and heading not in pathway.hs_headings:
        return f"not for cars of heading {heading}; it is for {', '.join(pathway.hs_headings)}", ""
    key = pathway.limited_heading_key.get(heading, "")
    if not key or book.claims(key):
        return "", ""
    if book.regime.has(key):
        return f"not for a {candidate.body} (heading {heading}): {book.figure(key).note}", ""
    pending = only_pending(book, key, 1.0)
    if pending:
        return (
            f"{candidate.body} eligibility (heading {heading}) is {pending}, not in force; to plan with "
            f"it, --set {key}=1",
            "",
        )
    return f"whether a {candidate.body} (heading {heading}) may use it was not known on {book.known_on}", ""
