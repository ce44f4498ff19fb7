"""Base: the few words every room shares: errors, arrays, a number with its parents, units."""

from kanrin.base._arrays import Bools, Floats, Ints
from kanrin.base._errors import (
    CaseError,
    InputError,
    KanrinError,
    NotInForce,
    OutputError,
    OverrideError,
    SolveError,
    UnitError,
    UnknownName,
)
from kanrin.base._figure import Figure, Kind, larger, softest
from kanrin.base._units import is_pure, product_unit, quotient_unit, same_unit

__all__ = [
    "Bools",
    "CaseError",
    "Figure",
    "Floats",
    "InputError",
    "Ints",
    "KanrinError",
    "Kind",
    "NotInForce",
    "OutputError",
    "OverrideError",
    "SolveError",
    "UnitError",
    "UnknownName",
    "is_pure",
    "larger",
    "product_unit",
    "quotient_unit",
    "same_unit",
    "softest",
]
