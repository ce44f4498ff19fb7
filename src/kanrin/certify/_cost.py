"""Cost and time of a pathway for a car, written once over a reader: Figures to explain, arrays to sweep."""

from __future__ import annotations

from typing import Any, TypeAlias

from kanrin.base import Figure, Kind
from kanrin.certify._option import PathwayOption
from kanrin.rules import Reader

__all__ = ["Amount", "cap", "fixed_cost", "lead_time", "unit_cost"]

Amount: TypeAlias = Any  # a Figure, a float or an array of draws (D,)


def unit_cost(read: Reader, option: PathwayOption) -> Amount:
    """What certifying costs for each car, changes to it included; JPY per vehicle."""
    return _sum(read, option, "vehicle", read(option.pathway.unit_cost_key))


def fixed_cost(read: Reader, option: PathwayOption) -> Amount:
    """What certifying costs once, tests and changes to the model included; JPY per model."""
    return _sum(read, option, "model", _once_a_model(read(option.pathway.fixed_cost_key)))


def lead_time(read: Reader, option: PathwayOption) -> Amount:
    """Months from application to the first car that may be registered."""
    return read(option.pathway.lead_time_key)


def cap(read: Reader, option: PathwayOption) -> Amount | None:
    """Vehicles a type and year, or None where no cap is known of (which is not the same as none)."""
    return read(option.pathway.cap_key) if option.pathway.cap_key else None


def _sum(read: Reader, option: PathwayOption, per: str, total: Amount) -> Amount:
    for key, factor_key in _borne(option, per).items():
        total = total + (read(factor_key) * read(key) if factor_key else read(key))
    return total


def _borne(option: PathwayOption, per: str) -> dict[str, str]:
    """{cost key: share key, or empty for all}; a cost that several requirements name is met once."""
    borne: dict[str, str] = {}
    for t in option.treatments:
        if t.cost_key and t.per == per:
            in_full = "" in (t.factor_key, borne.get(t.cost_key, t.factor_key))
            borne[t.cost_key] = "" if in_full else t.factor_key
    return borne


def _once_a_model(amount: Amount) -> Amount:
    """A cost per certified type as a cost per model: a grade here is one type."""
    if isinstance(amount, Figure):
        return amount * Figure(1.0, "type per model", Kind.FACT, label="one certified type a model")
    return amount
