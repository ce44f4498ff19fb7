"""The demand estimate of a plan: the case's own or another, held against what the case needs of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from kanrin.base import CaseError, UnknownName
from kanrin.demand import ATTRIBUTES, Estimate, read_estimate
from kanrin.facts import Case, line_of

__all__ = ["estimate_id", "fitting_estimate", "unfit"]

_CONSTANT = "constant"  # the one attribute that the model of xi has already


def fitting_estimate(case: Case, given: Path | Estimate | None = None) -> Estimate:
    """The estimate of a plan: `given`, or the one the case names.

    A path that the head of the case names is a file of the case. Raises CaseError listing everything in
    which the estimate does not fit the case.
    """
    found = given if isinstance(given, Estimate) else read_estimate(_path(case, given))
    faults = tuple(unfit(case, found))
    if faults:
        raise CaseError(faults)
    return found


def _path(case: Case, given: Path | None) -> Path:
    about = case.about
    if given is None or given.as_posix() in (about.estimate, *about.alternative_estimates):
        return case.folder / (given or about.estimate)
    return given


def unfit(case: Case, estimate: Estimate) -> Iterator[str]:
    """In what an estimate does not fit a case, each with file and line: its price, its money, its tastes."""
    file = Path(estimate.path)
    text = file.read_text(encoding="utf-8") if estimate.path and file.is_file() else ""
    for loc, what in _misfits(case, estimate):
        place = f"{file}:{line_of(text, loc)}: {loc[0]}" if text else "the estimate"
        yield f"{place}: {what}"


def _misfits(case: Case, estimate: Estimate) -> Iterator[tuple[tuple[str, ...], str]]:
    """The key that does not fit, and why."""
    if estimate.price_definition != "list":
        yield (
            ("price", "definition"),
            f"price definition {estimate.price_definition!r} needs the levies of every car on sale, which "
            "the case does not hold; use an estimate on list prices",
        )
    wanted = case.about.estimate_price
    if estimate.price_unit and not wanted:
        yield (
            ("price", "unit"),
            f"the price is in {estimate.price_unit!r}, and {case.folder / 'case.toml'} does not say in which "
            "money its estimates are; give estimate_price there, for example 'million JPY of 2016'",
        )
    elif estimate.price_unit and estimate.price_unit != wanted:
        yield (
            ("price", "unit"),
            f"the price is in {estimate.price_unit!r}; the case reads estimates in {wanted!r}: bring the "
            "column of prices to that money, estimate again, and say so in [save] price_unit",
        )
    tastes = ("plan", "attributes") if estimate.price_unit else ("parameters",)
    expected = tuple(n for n in ATTRIBUTES if n != _CONSTANT)
    unknown = [n for n in estimate.beta_names if n not in ATTRIBUTES]
    for name in unknown:
        yield (
            (*tastes, name),
            str(UnknownName("attribute", name, ATTRIBUTES, "name one that a car sheet gives")),
        )
    missing = [n for n in expected if n not in (*estimate.beta_names, *estimate.left_to_xi)]
    if missing and not unknown:
        yield (
            tastes,
            f"no coefficient of {', '.join(missing)}; expected {', '.join(expected)}: estimate it, name the "
            "parameter that is it in [save] rename, or, where its effect is to stay in xi, list it in "
            "[save] left_to_xi ([plan] left_to_xi of the file)",
        )


def estimate_id(estimate: Estimate) -> str:
    """A hash of all a plan takes from an estimate."""
    numbers = (
        estimate.price_form, estimate.price_definition, estimate.price_unit, estimate.log_income_sd,
        estimate.nodes, estimate.order, estimate.values.tolist(), estimate.covariance.tolist(),
    )  # fmt: skip
    return hashlib.sha256(repr(numbers).encode()).hexdigest()[:16]
