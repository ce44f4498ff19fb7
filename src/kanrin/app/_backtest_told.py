"""A backtest told on the terminal, and its files: JSON, CSV and the calibration picture."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from kanrin.answer import backtest_words
from kanrin.app._terminal import console, minus, table
from kanrin.backtesting import AT_PRICE, Backtest, Score
from kanrin.report import TENTHS, calibration_svg, write_folder

__all__ = ["print_backtest", "write_backtest"]

_BAR = 40  # characters of the longest bar
_ALL = "all"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _skill(value: float | None) -> str:
    return "" if value is None else minus(f"{value:.2f}")


def _row(score: Score) -> tuple[str, ...]:
    held = score.coverage
    low, high = held[1].interval
    return (
        score.data, score.forecast, score.group, str(score.count), *(_percent(c.share) for c in held),
        f"{100 * low:.0f} to {100 * high:.0f} %", f"{score.crps:.2f}", minus(f"{score.bias:.2f}"),
        *(_skill(score.skill(name)) for name in ("brand", "segment", "logit")),
    )  # fmt: skip


def _calibration(result: Backtest) -> Score | None:
    return result.score("entries", AT_PRICE, _ALL)


def print_backtest(result: Backtest) -> None:
    """The answer in words, the table, bars of the tenths, the worst misses."""
    out = console()
    for sentence in backtest_words(result):
        out.print(sentence, soft_wrap=True)
    columns = (
        ("data", "key"), ("forecast", "left"), ("cars", "left"), ("number", "right"), ("50 %", "right"),
        ("80 %", "right"), ("90 %", "right"), ("80 %: 95 % range", "right"), ("CRPS", "right"), ("bias",
        "right"), ("v. brand", "right"), ("v. segment", "right"), ("v. logit", "right"),
    )  # fmt: skip
    caption = (
        "50, 80, 90 %: outcomes inside the central interval. CRPS and bias in log units. v.: part of the "
        "reference's CRPS saved; below zero, the reference is better."
    )
    out.print(table("How good such forecasts have been", columns, [_row(s) for s in result.scores], caption))
    score = _calibration(result)
    if score is not None:
        out.print(f"{score.count} cars that came, by the tenth of their forecast in which their sales fell:")
        most = max(score.pit)
        for words, n in zip(TENTHS, score.pit, strict=True):
            out.print(f"  {words:30} {'#' * round(_BAR * n / most)} {n}", soft_wrap=True)
    if result.misses:
        rows = [
            (m.data, m.name, str(m.year), f"{m.ratio:.2g}", f"{100 * m.pit:.0f} %") for m in result.misses
        ]
        heads = (
            ("data", "key"),
            ("car", "left"),
            ("year", "right"),
            ("sold / median", "right"),
            ("at", "right"),
        )
        out.print(
            table(
                "Farthest from their forecast", heads, rows, "at: per cent of the forecast below what sold."
            )
        )
    for note in (f"Numbers on cars that came: {result.source}.", *result.notes):
        out.print(f"Note: {note}", soft_wrap=True)


def write_backtest(result: Backtest, folder: Path, force: bool) -> list[Path]:
    """Write backtest.json, backtest.csv and calibration.svg. Raises OutputError."""
    rows = result.to_rows()
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    page: dict[str, Any] = {**result.to_dict(), "table": rows}
    texts = {
        "backtest.json": json.dumps(page, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "backtest.csv": text.getvalue(),
    }
    score = _calibration(result)
    if score is not None:
        texts["calibration.svg"] = calibration_svg(score.pit, f"Cars that came in {result.period}") + "\n"
    return write_folder(folder, texts, force=force)
