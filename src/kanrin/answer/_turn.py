"""What would turn the decision: swings with today's value and the point where the choice flips, in words."""

from __future__ import annotations

from typing import Any

from kanrin.answer._interval import MILLION
from kanrin.answer._words import key_words, listed, number_text, short_name, yen
from kanrin.lineup import Plan, Swing

__all__ = ["flip_words", "sensitivity"]


def flip_words(plan: Plan, swing: Swing) -> str | None:
    """What the choice flips to, in words; None without a flip."""
    if swing.flips_to is None:
        return None
    if not any(swing.flips_to):
        return "bring nothing over"
    gained = [k for k, (a, b) in enumerate(zip(plan.lineup, swing.flips_to, strict=True)) if b and not a]
    lost = [k for k, (a, b) in enumerate(zip(plan.lineup, swing.flips_to, strict=True)) if a and not b]

    def names(at: list[int]) -> str:
        cars = [plan.entries.entries[k].candidate for k in at]
        return listed([f"the {short_name(c.name, c.brand)}" for c in cars])

    words = []
    if gained:
        words.append(f"add {names(gained)}")
    if lost:
        words.append(f"leave {names(lost)}")
    return " and ".join(words)


def sensitivity(plan: Plan) -> list[dict[str, Any]]:
    """Rows of `sensitivity`, most important first."""
    rows = []
    for s in plan.swings:
        figure = plan.book.figure(s.key)
        label = figure.label if figure.label and figure.label != s.key else key_words(s.key)
        to = flip_words(plan, s)
        unit = figure.unit
        ends = (
            f"{yen(s.value_low * MILLION)} at {number_text(s.low, unit)}, {yen(s.value_high * MILLION)} at "
            f"{number_text(s.high, unit)}"
        )
        if s.flips_at is not None:
            end = f"flips at {number_text(s.flips_at, unit)}: {to} · {ends}"
        else:
            end = f"no flip seen · {ends}" if s.searched else ends
            end = f"too little to turn it · {ends}" if s.too_small else end
        rows.append(
            {
                "key": s.key,
                "label": label,
                "value": s.value,
                "low": s.low,
                "high": s.high,
                "unit": unit,
                "profit_low_jpy": s.value_low * MILLION,
                "profit_high_jpy": s.value_high * MILLION,
                "swing_jpy": s.size * MILLION,
                "flips_at": s.flips_at,
                "flips_to": to,
                "text": f"{unit}: today {number_text(s.value, unit)} · {end}",
            }
        )
    return rows
