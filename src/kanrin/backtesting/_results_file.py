"""The results file of a backtest (TOML): what is known of a panel that is not at hand. Numbers only."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from kanrin.backtesting._result import Backtest, Miss, Score, record
from kanrin.base import CaseError

__all__ = ["read_results", "results_text"]

_HEAD = (
    "case",
    "period",
    "source",
    "factor",
    "factor_low",
    "factor_high",
    "factor_count",
    "not_full",
    "notes",
)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return repr(round(value, 6))
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_cell(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def results_text(result: Backtest, made: str) -> str:
    """The results on cars that came, as TOML; `made` is the comment at its head."""
    page = result.to_dict()
    lines = [f"# {line}" for line in made.splitlines()] + [""]
    lines += [f"{name} = {_cell(page[name])}" for name in _HEAD]
    lines += ["", "[factors_by_year]  # read from earlier years only, applied to the year"]
    lines += [f'"{year}" = {_cell(value)}' for year, value in page["factors_by_year"].items()]
    for table in ("scores", "misses"):
        for row in page[table]:
            if row["data"] == "entries":
                lines += ["", f"[[{table}]]"]
                lines += [f"{k} = {_cell(v)}" for k, v in row.items() if v is not None]
    return "\n".join(lines) + "\n"


def read_results(path: Path) -> Backtest:
    """Results from their file. Raises CaseError with the file and what is missing."""
    try:
        page = tomllib.loads(path.read_text(encoding="utf-8"))
        return Backtest(
            **{name: page[name] for name in _HEAD if name != "notes"},
            notes=tuple(page["notes"]),
            used_by_plan=None,
            scores=tuple(record(Score, row) for row in page["scores"]),
            misses=tuple(record(Miss, row) for row in page.get("misses", ())),
            factors_by_year=page.get("factors_by_year", {}),
        )
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CaseError(f"{path}: not readable as the results of a backtest ({error})") from None
    except (KeyError, TypeError) as error:
        raise CaseError(
            f"{path}: not the results of a backtest ({error}); make it anew with scripts/backtest_japan.py, "
            "or copy "
            "it from the shipped case with `kanrin init`"
        ) from None
