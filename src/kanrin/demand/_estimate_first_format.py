"""The first format of estimate files: the parameters of a plan alone, with their covariance."""

from __future__ import annotations

from typing import Any

import numpy as np

from kanrin.base import Floats
from kanrin.demand._estimate import MOST_NODES, NODES, PRICE_DEFINITIONS, PRICE_FORMS, Estimate
from kanrin.demand._estimate_covariance import square_fault, unsound
from kanrin.demand._estimate_page import Page, is_number

__all__ = ["first_format"]


def first_format(page: Page) -> Estimate:
    """The estimate of a plan. All faults come in one CaseError, each with file and line."""
    if "estimate" in page.content and "parameters" not in page.content:
        page.fault(
            "estimate", "", "the estimate was saved without the words a plan needs; estimate again with "
            "[save] price_unit in the specification",
        )  # fmt: skip
        page.end()
    way_out = "add it as in the first estimate of the us-japan case"
    price, given, covariance = (page.table(name, way_out) for name in ("price", "parameters", "covariance"))
    if page.content.get("kind") != "estimate":
        page.fault("kind", "", f'kind is {page.content.get("kind")!r}; expected kind = "estimate"')
    market, period = page.word("market"), page.word("period")
    origin, title = page.word("origin", needed=False), page.word("title", needed=False)
    observations = page.count("observations")
    parameters = page.numbers("parameters") if given else {}
    supply = page.numbers("supply")
    form, definition, sd = _price(page, price)
    nodes = _nodes(page, price)
    if given and "alpha" not in given:
        page.fault("alpha", "parameters", "alpha is missing from [parameters]; give the price coefficient")
    elif not parameters.get("alpha", -1.0) < 0.0:
        page.fault(
            "alpha", "parameters", f"alpha is {parameters['alpha']}; expected a number below "
            "zero: with alpha >= 0 buyers like high prices and profit has no bound",
        )  # fmt: skip
    order, matrix = _covariance(page, covariance, parameters)
    left = page.words("left_to_xi", "plan") if isinstance(page.content.get("plan", {}), dict) else ()
    page.end()
    return Estimate(
        market, period, observations, form, definition, sd, nodes, parameters, order, matrix, supply, origin,
        title, str(page.path), left_to_xi=left,
    )  # fmt: skip


def _nodes(page: Page, table: dict[str, Any]) -> int:
    nodes = table.get("nodes", NODES)
    if isinstance(nodes, int) and not isinstance(nodes, bool) and 1 <= nodes <= MOST_NODES:
        return nodes
    page.fault("nodes", "price", f"nodes is {nodes!r}; expected a whole number from 1 to {MOST_NODES}")
    return NODES


def _price(page: Page, table: dict[str, Any]) -> tuple[str, str, float]:
    form, definition, sd = table.get("form"), table.get("definition", "list"), table.get("log_income_sd")
    if table and form not in PRICE_FORMS:
        known = ", ".join(map(repr, PRICE_FORMS))
        page.fault("form", "price", f"unknown price form {form!r}; known: {known}")
    if definition not in PRICE_DEFINITIONS:
        page.fault("definition", "price", f'definition is {definition!r}; expected "list" or "consumer"')
    if table and not (is_number(sd) and float(sd or 0.0) >= 0.0):
        page.fault("log_income_sd", "price", f"log_income_sd is {sd!r}; expected a number >= 0")
        sd = 0.0
    return str(form), str(definition), float(sd or 0.0)


def _covariance(
    page: Page, table: dict[str, Any], parameters: dict[str, float]
) -> tuple[tuple[str, ...], Floats]:
    empty: tuple[tuple[str, ...], Floats] = ((), np.zeros((0, 0)))
    if not table:
        return empty
    order, rows = table.get("order"), table.get("matrix")
    if not isinstance(order, list) or not all(isinstance(name, str) for name in order):
        page.fault("order", "covariance", "covariance.order must list the names of [parameters]")
        return empty
    missing, extra = [n for n in parameters if n not in order], [n for n in order if n not in parameters]
    if missing or extra or len(set(order)) != len(order):
        what = [f"misses {', '.join(missing)}"] * bool(missing)
        what += [f"has unknown {', '.join(extra)}"] * bool(extra)
        told = " and ".join(what) or "repeats a name"
        page.fault("order", "covariance", f"covariance.order {told}; list each of [parameters] once")
        return empty
    fault = square_fault(rows, len(order), missing=False)
    matrix: Floats = np.zeros((0, 0)) if fault else np.array(rows, dtype=np.float64)
    fault = fault or unsound(matrix, order)
    if fault:
        page.fault("matrix", "covariance", f"covariance.matrix {fault}")
        return empty
    return tuple(order), (matrix + matrix.T) / 2.0
