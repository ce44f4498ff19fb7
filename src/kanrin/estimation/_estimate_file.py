"""Write estimate files, TOML; `kanrin.demand.load_estimate` and `read_estimate` read them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kanrin.demand import FORMAT_VERSION, PlanWords, PriceWords, SavedEstimate

__all__ = ["estimate_text", "write_estimate"]


def estimate_text(saved: SavedEstimate) -> str:
    """The file. The numbers stand last, so that a file cut short is never whole."""
    price, plan = saved.price or PriceWords("not told"), saved.plan or PlanWords()
    lines = [
        "# An estimate of demand: docs, reference, estimate files.",
        'kind = "estimate"',
        f"format_version = {FORMAT_VERSION}",
        *(f"{key} = {_text(getattr(saved, key))}" for key in ("market", "period", "title", "origin")),
        f"observations = {saved.observations}",
        f"note = {_text(saved.note)}",
        "",
        "[price]",
        *(f"{key} = {_text(getattr(price, key))}" for key in ("form", "definition", "unit")),
    ]
    if price.log_income_sd is not None:
        lines += [f"log_income_sd = {_number(price.log_income_sd)}", f"nodes = {price.nodes}"]
    lines += ["", "[plan]", f"alpha = {_text(plan.alpha)}", f"left_to_xi = {_list(plan.left_to_xi)}"]
    lines += ["", "[plan.attributes]", *(f"{_key(a)} = {_text(n)}" for a, n in plan.attributes.items())]
    lines += ["", "[made]", *(f"{_key(key)} = {_text(value)}" for key, value in saved.made.items())]
    lines += ["", "[estimate]", f"names = {_list(saved.names)}"]
    lines += [f"values = [{', '.join(map(_number, saved.values))}]", "covariance = ["]
    lines += [f"  [{', '.join(map(_number, row))}]," for row in saved.covariance]
    return "\n".join([*lines, "]", ""])


def write_estimate(path: str | Path, saved: SavedEstimate) -> None:
    """Write the file whole or not at all."""
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}.half")
    try:
        beside.write_text(estimate_text(saved), encoding="utf-8")
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _list(words: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, words))}]"


def _key(name: str) -> str:
    """Bare where TOML allows it."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(value: str) -> str:
    """A TOML basic string; JSON escapes the same, but for the delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _number(value: float) -> str:
    value = float(value)
    return repr(value) if np.isfinite(value) else "nan"
