"""`--set KEY=VALUE`: a new case with one number changed, and a clear refusal of what cannot be set."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from kanrin.base import OverrideError, UnknownName, same_unit
from kanrin.facts._case import Case
from kanrin.facts._cells import case_figure, known_keys, split_cell
from kanrin.facts._faults import fault_sentence

__all__ = ["apply_overrides", "parse_setting"]

_VALUE = re.compile(r"^\s*([-+]?(?:\d[\d_,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(%?)\s*(.*)$")


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
            raise OverrideError(f"--set {key}={value}: expected a number in {unit!r}, got {value!r}")
        number = float(found.group(1).replace(",", "").replace("_", ""))
        given = found.group(3).strip()
        if found.group(2):
            if not same_unit(unit, "ratio"):
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


def _apply(case: Case, key: str, value: str | float) -> Case:
    overrides = dict(case.overrides)
    if key in case.rules:
        unit = case.rules[key].unit
        number = _number(key, unit, value)
        _check_range(key, unit, number, 0.0)
        overrides[key] = number
        return replace(case, overrides=MappingProxyType(overrides))
    if key in case.assumptions:
        old = case.assumptions[key]
        number = _number(key, old.unit, value)
        _check_range(key, old.unit, number, old.low)
        new = old.model_copy(
            update={"value": number, "low": min(old.low, number), "high": max(old.high, number)}
        )
        overrides[key] = number
        return replace(
            case,
            assumptions=MappingProxyType({**case.assumptions, key: new}),
            overrides=MappingProxyType(overrides),
        )
    if key in case.facts:
        fact = case.facts[key]
        number = _number(key, fact.unit, value)
        _check_range(key, fact.unit, number, fact.low)
        overrides[key] = number
        changed = fact.model_copy(update={"value": number})
        return replace(
            case, facts=MappingProxyType({**case.facts, key: changed}), overrides=MappingProxyType(overrides)
        )
    place = split_cell(case, key)
    if place is None:
        raise UnknownName(
            "key", key, known_keys(case), f"`kanrin explain {case.name} KEY` shows what a key means"
        )
    return _apply_cell(case, key, value, *place)


def _apply_cell(case: Case, key: str, value: str | float, table: str, name: str, column: str) -> Case:
    figure = case_figure(case, key)
    if figure is None:
        raise OverrideError(f"--set {key}={value}: {column} has no number to replace")
    number: Any = _number(key, figure.unit, value)
    records = dict(getattr(case, table))
    old = records[name]
    if isinstance(getattr(old, column), int) and number == int(number):
        number = int(number)
    try:
        records[name] = type(old).model_validate({**old.model_dump(), column: number})
    except ValidationError as error:
        raise OverrideError(
            f"--set {key}={value}: " + "; ".join(fault_sentence(e) for e in error.errors())
        ) from None
    overrides = {**case.overrides, key: float(number)}
    changes: dict[str, Any] = {table: MappingProxyType(records), "overrides": MappingProxyType(overrides)}
    return replace(case, **changes)
