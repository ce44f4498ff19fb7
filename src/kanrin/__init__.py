"""Kanrin: which cars built in one country to sell in another, with every figure traced to its source.

Each step is one call, and nothing heavy is imported before it is used:

>>> import kanrin
>>> case = kanrin.load_case("us-japan")
>>> kanrin.law(case, on="2026-04-01")["jp.customs.hs8703.mfn"].value
0.0
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kanrin.answer import Answered
    from kanrin.app._calls import backtest, book, brief, diff, explain, law, plan, waterfall
    from kanrin.app._law import Law, LawChange, LawDiff
    from kanrin.backtesting import Backtest
    from kanrin.base import (
        CaseError,
        Figure,
        InputError,
        KanrinError,
        Kind,
        NotInForce,
        OutputError,
        OverrideError,
        SolveError,
        UnitError,
        UnknownName,
    )
    from kanrin.cost import Waterfall
    from kanrin.demand import Estimate, SavedEstimate, load_estimate
    from kanrin.facts import Case, load_case, shipped_cases
    from kanrin.lineup import Plan
    from kanrin.report import Brief
    from kanrin.rules import Book, Regime, at, open_book

__version__ = "0.1.0"

__all__ = [
    "Answered",
    "Backtest",
    "Book",
    "Brief",
    "Case",
    "CaseError",
    "Estimate",
    "Figure",
    "InputError",
    "KanrinError",
    "Kind",
    "Law",
    "LawChange",
    "LawDiff",
    "NotInForce",
    "OutputError",
    "OverrideError",
    "Plan",
    "Regime",
    "SavedEstimate",
    "SolveError",
    "UnitError",
    "UnknownName",
    "Waterfall",
    "at",
    "backtest",
    "book",
    "brief",
    "diff",
    "explain",
    "law",
    "load_case",
    "load_estimate",
    "open_book",
    "plan",
    "shipped_cases",
    "waterfall",
]

_HOMES = {
    "kanrin.answer": ("Answered",),
    "kanrin.app._calls": ("backtest", "book", "brief", "diff", "explain", "law", "plan", "waterfall"),
    "kanrin.app._law": ("Law", "LawChange", "LawDiff"),
    "kanrin.backtesting": ("Backtest",),
    "kanrin.base": (
        "CaseError",
        "Figure",
        "InputError",
        "KanrinError",
        "Kind",
        "NotInForce",
        "OutputError",
        "OverrideError",
        "SolveError",
        "UnitError",
        "UnknownName",
    ),
    "kanrin.cost": ("Waterfall",),
    "kanrin.demand": ("Estimate", "SavedEstimate", "load_estimate"),
    "kanrin.facts": ("Case", "load_case", "shipped_cases"),
    "kanrin.lineup": ("Plan",),
    "kanrin.report": ("Brief",),
    "kanrin.rules": ("Book", "Regime", "at", "open_book"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    try:
        module = _HOME[name]
    except KeyError:
        raise AttributeError(f"module 'kanrin' has no attribute {name!r}") from None
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
