"""Figures of a plan, `decision.<model>.units` and the like, with what they come from, out of a plan.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kanrin.base import Figure, InputError, Kind, UnknownName

__all__ = ["is_result", "read_answer", "result_figure"]

RESULTS = ("decision.", "total.", "trade.balance_change_usd")
PLAN_JSON = "plan.json"


def is_result(key: str) -> bool:
    """Whether a key names a figure that only a plan can give."""
    return key.startswith(RESULTS)


def read_answer(place: str | Path) -> dict[str, Any]:
    """The content of a plan.json, given by file or by the folder of a brief. Raises InputError."""
    path = Path(place)
    path = path / PLAN_JSON if path.is_dir() else path
    try:
        answer = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({(error.strerror or str(error)).lower()}); "
            "name the folder that `kanrin plan --out` wrote"
        ) from None
    except ValueError as error:
        raise InputError(
            f"{path} is not JSON ({error}); name the folder that `kanrin plan --out` wrote"
        ) from None
    if not isinstance(answer, dict) or not isinstance(answer.get("figures"), dict):
        raise InputError(f"{path} holds no figures of a plan; name the folder that `kanrin plan --out` wrote")
    return answer


def result_figure(answer: Mapping[str, Any], key: str) -> Figure:
    """A figure of a plan with its parents, as far as the plan names them. Raises UnknownName with near
    names."""
    figures: Mapping[str, Any] = answer["figures"]
    if key not in figures:
        raise UnknownName("figure", key, [name for name in figures if is_result(name)])
    made: dict[str, Figure] = {}

    def figure(name: str) -> Figure:
        if name not in made:
            row = figures[name]
            parents = tuple(figure(parent) for parent in row.get("chain", ()) if parent in figures)
            kind = Kind(row["kind"]) if row["kind"] in set(Kind) else Kind.DERIVED
            made[name] = Figure(
                float(row["value"]),
                row["unit"],
                kind,
                name,
                row.get("label", ""),
                row.get("source", ""),
                row.get("note", ""),
                row.get("low"),
                row.get("high"),
                parents,
            )
        return made[name]

    return figure(key)
