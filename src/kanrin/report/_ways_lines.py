"""How a car comes, other ways and what they would give up, side of the wheel, a refusal: a line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kanrin.report._model_name import sentence
from kanrin.report._page import Words, words

__all__ = ["ways_lines"]

_SHOWN = 4  # other ways


def ways_lines(ways: Mapping[str, Any]) -> list[Words]:
    """Lines for the details of a model; none where plan.json tells no ways."""
    if not ways:
        return []
    lines = [words(sentence(f"First sale possible in {ways['first_sale']}"))]
    taken = ways["taken"]
    others = [w for w in ways.get("others") or () if w["drive"] == taken["drive"]]
    lines += [words(sentence(f"In the plan, {w['name']} instead: {w['words']}")) for w in others[:_SHOWN]]
    lines.append(words(sentence(f"Side of the wheel, {taken['drive']}: {ways['drive_reason']}")))
    refusal = ways.get("refusal")
    if refusal:
        lines.append(
            words(
                f"Chance of a refusal: {100 * refusal['probability']:.0f} % (mean of its range). "
                f"{refusal['words']}"
            )
        )
    lines.append(words(sentence(f"Ways compared: {ways['compared']}")))
    return lines
