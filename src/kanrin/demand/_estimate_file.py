"""Read estimate files of every format: whole, for simulation and Python, or as the demand of a plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from kanrin.base import Floats
from kanrin.demand._estimate import MOST_NODES, PRICE_DEFINITIONS, Estimate
from kanrin.demand._estimate_covariance import square_fault
from kanrin.demand._estimate_first_format import first_format
from kanrin.demand._estimate_page import Page, is_number, open_page
from kanrin.demand._planned_estimate import planned_estimate
from kanrin.demand._saved_estimate import PlanWords, PriceWords, SavedEstimate

__all__ = ["load_estimate", "read_estimate"]

_AGAIN = "the file is not whole; write it again with `kanrin estimate SPEC --out FILE`"
_TOP = ("kind", "format_version", "market", "period", "title", "origin", "observations", "note", "price",
        "plan", "made", "estimate")  # fmt: skip
_WORDS = ("market", "period", "title", "origin", "note")
_PRICE = ("form", "definition", "unit", "log_income_sd", "nodes")
_PLAN = ("alpha", "attributes", "left_to_xi")


def read_estimate(path: str | Path) -> Estimate:
    """Read an estimate as the demand of a plan, whatever format it has.

    Raises CaseError with all faults, each with file and line: of the file, and of what a plan needs and the
    estimate lacks.
    """
    page = open_page(path)
    if page.version == 1:
        return first_format(page)
    return planned_estimate(_saved(page), page.at)


def load_estimate(path: str | Path) -> SavedEstimate:
    """Read a saved estimate, whatever format it has. Raises CaseError with all faults, with file and line."""
    page = open_page(path)
    if page.version == 1:
        return _saved_first(page)
    return _saved(page)


def _saved(page: Page) -> SavedEstimate:
    _check_kind(page)
    page.only(_TOP)
    observations = page.count("observations")
    price, plan = _price(page), _plan(page)
    made = page.table("made", _AGAIN)
    return _record(page, observations, {str(k): str(v) for k, v in made.items()}, price, plan)


def _saved_first(page: Page) -> SavedEstimate:
    """What `kanrin estimate` wrote at first, or the parameters of a plan alone."""
    if "estimate" not in page.content and "parameters" in page.content:
        found = first_format(page)
        return SavedEstimate(
            found.order, found.values, found.covariance, found.observations, float("nan"), {}, found.market,
            found.period, found.title, found.origin, path=str(page.path),
        )  # fmt: skip
    _check_kind(page)
    made = page.content.get("made", {})
    plain = {str(k): str(v) for k, v in made.items()} if isinstance(made, dict) else {}
    return _record(page, page.count("observations"), plain, None, None)


def _record(
    page: Page, observations: int, made: dict[str, str], price: PriceWords | None, plan: PlanWords | None
) -> SavedEstimate:
    """The record of a file, once nothing was found wrong in it."""
    market, period, title, origin, note = (page.word(key, needed=False) for key in _WORDS)
    names, values, covariance = _numbers(page)
    page.end()
    return SavedEstimate(
        names, values, covariance, observations, _objective(made), made, market, period, title, origin, note,
        price, plan, str(page.path),
    )  # fmt: skip


def _check_kind(page: Page) -> None:
    if page.content.get("kind") != "estimate":
        page.fault("kind", "", f'kind is {page.content.get("kind")!r}; expected kind = "estimate"')


def _objective(made: dict[str, str]) -> float:
    try:
        return float(made.get("objective", "nan"))
    except ValueError:
        return float("nan")


def _price(page: Page) -> PriceWords:
    table = page.table("price", _AGAIN)
    if not isinstance(page.content.get("price"), dict):
        return PriceWords("")
    page.only(_PRICE, "price")
    definition = page.word("definition", "price")
    if definition and definition not in PRICE_DEFINITIONS:
        page.fault("definition", "price", f'definition is {definition!r}; expected "list" or "consumer"')
    sd, nodes = table.get("log_income_sd"), table.get("nodes")
    if sd is not None and not (is_number(sd) and sd >= 0):
        page.fault("log_income_sd", "price", f"log_income_sd is {sd!r}; expected a number >= 0")
        sd = None
    if nodes is not None and not (
        isinstance(nodes, int) and not isinstance(nodes, bool) and 1 <= nodes <= MOST_NODES
    ):
        page.fault("nodes", "price", f"nodes is {nodes!r}; expected a whole number from 1 to {MOST_NODES}")
        nodes = None
    if (sd is None) != (nodes is None) and not page.faults:
        page.fault("nodes", "price", "log_income_sd and nodes belong together; give both or none")
    return PriceWords(
        page.word("form", "price"), definition, page.word("unit", "price", needed=False),
        None if sd is None else float(sd), nodes,
    )  # fmt: skip


def _plan(page: Page) -> PlanWords:
    table = page.table("plan", _AGAIN)
    if not table:
        return PlanWords()
    page.only(_PLAN, "plan")
    attributes: Any = table.get("attributes", {})
    if not isinstance(attributes, dict) or not all(isinstance(v, str) for v in attributes.values()):
        page.fault("attributes", "plan", 'attributes must be a table: attribute = "name of a parameter"')
        attributes = {}
    twice = sorted({v for v in attributes.values() if list(attributes.values()).count(v) > 1})
    if twice:
        page.fault("", "plan.attributes", f"{', '.join(twice)} is named twice; a parameter is one attribute")
    return PlanWords(
        page.word("alpha", "plan", needed=False), dict(attributes), page.words("left_to_xi", "plan")
    )


def _numbers(page: Page) -> tuple[tuple[str, ...], Floats, Floats]:
    """Names, values and covariance of [estimate]; a parameter on its bound has nan in the last alone."""
    nothing: tuple[tuple[str, ...], Floats, Floats] = ((), np.zeros(0), np.zeros((0, 0)))
    table = page.table("estimate", _AGAIN)
    if not isinstance(page.content.get("estimate"), dict):
        return nothing
    names, values, rows = (table.get(key) for key in ("names", "values", "covariance"))
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        page.fault("names", "estimate", f"names is {names!r}; expected a list of names in quotes")
        return nothing
    if len(set(names)) != len(names):
        page.fault("names", "estimate", "names repeats a name; each parameter stands once")
    if not isinstance(values, list) or len(values) != len(names):
        count = len(values) if isinstance(values, list) else 0
        page.fault("values", "estimate", f"{count} values for {len(names)} names; give one number for each")
    elif not all(map(is_number, values)):
        bad = ", ".join(n for n, v in zip(names, values, strict=True) if not is_number(v))
        page.fault("values", "estimate", f"the value of {bad} is not a finite number; estimate again")
    fault = square_fault(rows, len(names), missing=True)
    if fault:
        page.fault("covariance", "estimate", f"covariance {fault}")
    if page.faults:
        return nothing
    return tuple(names), np.array(values, dtype=np.float64), np.array(rows, dtype=np.float64)
