"""`--set KEY=VALUE`: a new case with one number changed, and a clear refusal of what cannot be set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from kanrin.base import OverrideError, UnknownName
from kanrin.facts._case import Case
from kanrin.facts._cells import case_figure, known_keys, split_cell, text_cell
from kanrin.facts._faults import fault_sentence, faults_in

__all__ = ["apply_overrides", "parse_setting", "setting_number"]

_DIGITS = (
    r"(?:\d{1,3}(?:,\d{3})+|\d[\d_]*)"  # 28,000 or 28_000; a decimal comma is refused, not read as 28000
)
_VALUE = re.compile(rf"^\s*([-+]?(?:{_DIGITS}(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)(?![\d,.])\s*(%?)\s*(.*)$")
_RATIOS = ("ratio", "probability")


def parse_setting(text: str) -> tuple[str, str]:
    """`KEY=VALUE` split at the first equals sign. Raises OverrideError."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise OverrideError(f"--set {text!r}: expected KEY=VALUE, for example --set fx.usd_jpy=150")
    return key.strip(), value.strip()


def _number(key: str, unit: str, value: str | float) -> float:
    """A setting as a number in the unit of its key."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise OverrideError(f"--set {key}: expected a number in {unit!r}, got {value!r}")
    if isinstance(value, (int, float)):
        number, given = float(value), ""
    else:
        found = _VALUE.match(value)
        if not found:
            raise OverrideError(
                f"--set {key}={value}: expected a number in {unit!r}, written like 1234.5, got {value!r}"
            )
        number = float(found.group(1).replace(",", "").replace("_", ""))
        given = found.group(3).strip()
        if found.group(2) and unit != "percent":
            if "fraction" not in unit and unit not in _RATIOS:
                raise OverrideError(f"--set {key}={value}: {key} is in {unit!r}, not in percent")
            number /= 100
    if given and given != unit:
        raise OverrideError(f"--set {key}={value}: unit {given!r} does not fit; {key} is in {unit!r}")
    if number != number or number in (float("inf"), float("-inf")):
        raise OverrideError(f"--set {key}={value}: expected a finite number in {unit!r}")
    return number


def _check_range(key: str, unit: str, number: float, low: float | None) -> None:
    flags = {"1 yes, 0 no"}
    if unit in flags and number not in (0.0, 1.0):
        raise OverrideError(f"--set {key}={number:g}: expected 1 for yes or 0 for no")
    if unit == "probability" and not 0 <= number <= 1:
        raise OverrideError(f"--set {key}={number:g}: a probability lies between 0 and 1")
    if unit == "fraction of price before tax" and not 0 <= number < 1:
        raise OverrideError(f"--set {key}={number:g}: a share of the price is at least 0 and less than 1")
    if number < 0 and (low is None or low >= 0):
        raise OverrideError(f"--set {key}={number:g}: expected a number of at least 0 in {unit!r}")
    if key == "fx.usd_jpy" and number <= 0:
        raise OverrideError(f"--set {key}={number:g}: an exchange rate is greater than 0")


def apply_overrides(case: Case, settings: Mapping[str, str | float]) -> Case:
    """A new case with the settings applied; each is remembered in `overrides`.

    Raises OverrideError for a wrong type, unit or range and UnknownName for a key that does not exist.
    """
    for key, value in settings.items():
        case = _apply(case, key, value)
    return case


def setting_number(case: Case, key: str, value: str | float) -> float:
    """A setting as a number in the unit of its key. Raises OverrideError or UnknownName."""
    if key in case.rules:
        unit, low = case.rules[key].unit, 0.0
    elif key in case.assumptions:
        unit, low = case.assumptions[key].unit, case.assumptions[key].low
    elif key in case.facts:
        fact = case.facts[key]
        unit, low = fact.unit, min(fact.value, 0.0) if fact.low is None else fact.low
    else:
        return _cell_number(case, key, value)
    number = _number(key, unit, value)
    _check_range(key, unit, number, low)
    return number


def _cell_number(case: Case, key: str, value: str | float) -> float:
    text = text_cell(case, key)
    if text:
        raise OverrideError(
            f"--set {key}={value}: {key} is text, not a number; --set changes numbers only: edit {text} in a "
            f"copy of the case (`kanrin init DIR --from {case.name}`)"
        )
    place = split_cell(case, key)
    if place is None:
        raise UnknownName(
            "key", key, known_keys(case), f"`kanrin explain {case.name} --keys [TEXT]` lists them"
        )
    figure = case_figure(case, key)
    if figure is None:
        raise OverrideError(f"--set {key}={value}: {place[2]} has no number to replace")
    return _number(key, figure.unit, value)


def _apply(case: Case, key: str, value: str | float) -> Case:
    number = setting_number(case, key, value)
    changes: dict[str, Any] = {"overrides": MappingProxyType({**case.overrides, key: number})}
    if key in case.assumptions:
        old = case.assumptions[key]
        new = old.model_copy(
            update={"value": number, "low": min(old.low, number), "high": max(old.high, number)}
        )
        changes["assumptions"] = MappingProxyType({**case.assumptions, key: new})
    elif key in case.facts:
        fact = case.facts[key].model_copy(update={"value": number})
        changes["facts"] = MappingProxyType({**case.facts, key: fact})
    elif key not in case.rules:
        changes |= _changed_cell(case, key, value, number)
    return replace(case, **changes)


def _changed_cell(case: Case, key: str, value: str | float, number: float) -> dict[str, Any]:
    place = split_cell(case, key)
    assert place is not None, key
    table, name, column = place
    records = dict(getattr(case, table))
    old = records[name]
    whole = isinstance(getattr(old, column), int) and number == int(number)
    try:
        records[name] = type(old).model_validate(
            {**old.model_dump(), column: int(number) if whole else number}
        )
    except ValidationError as error:
        sentences = "; ".join(fault_sentence(e) for e in faults_in(error))
        raise OverrideError(f"--set {key}={value}: {sentences}") from None
    return {table: MappingProxyType(records)}
