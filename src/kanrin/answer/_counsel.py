"""What to do, in words first: what to bring over now, what to prepare, what to wait for; how many by month,
what could turn it, what one more piece of knowledge is worth, how good such forecasts have been.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.answer._words import listed, number_text, short_name, yen

__all__ = ["counsel"]

Answer = Mapping[str, Any]


def counsel(answer: Answer) -> list[dict[str, str]]:
    """Advice drawn from the other parts of plan.json, each with a heading; nothing is computed here."""
    told = [
        ("Now", _now(answer)),
        ("Prepare", _prepare(answer)),
        ("Wait for", _wait(answer)),
        ("By month", _by_month(answer.get("logistics"))),
        ("It turns", _turns(answer)),
        ("Worth knowing", _worth_knowing(answer)),
        ("How good such forecasts were", _belief(answer)),
    ]
    return [{"heading": heading, "text": text} for heading, text in told if text]


def _names(answer: Answer, items: Sequence[Mapping[str, Any]]) -> str:
    maker = str(answer["question"]["maker"])
    named = [re.sub(r" \([^()]*\)$", "", str(item.get("name") or item["model"])) for item in items]
    return listed([f"the {short_name(name, maker)}" for name in named])


def _settled(answer: Answer, item: Mapping[str, Any]) -> bool:
    """Whether a car is in every line-up nearly as good as the best."""
    search = answer.get("search")
    return not search or item["model"] in search["in_all"]


def _now(answer: Answer) -> str:
    items = [item for item in answer["decision"] if _settled(answer, item)]
    if not items:
        return ""
    first = sorted({item["ways"]["first_sale"] for item in items if item.get("ways")})
    since = f"; the first can be sold in {first[0]}" if first else ""
    later = f", the last in {first[-1]}" if len(first) > 1 else ""
    return f"Apply for the certification of {_names(answer, items)}{since}{later}."


def _prepare(answer: Answer) -> str:
    said = []
    loose = [item for item in answer["decision"] if not _settled(answer, item)]
    if loose:
        said.append(
            f"{_capital(_names(answer, loose))}: line-ups within 1 % of the best do without, "
            "so spend on launch last."
        )
    hopes = [hope for item in answer["decision"] if (hope := _other_way(answer, item))]
    if hopes:
        said.append(f"Another way may be worth more, not yet told apart from chance: {'; '.join(hopes)}.")
    return " ".join(said)


def _other_way(answer: Answer, item: Mapping[str, Any]) -> str:
    """The best of the other ways of a car, where it came out ahead of the one taken; else nothing."""
    ahead = [o for o in (item.get("ways") or {}).get("others", ()) if o["gives_up_jpy"] < 0.0]
    if not ahead:
        return ""
    best = min(ahead, key=lambda o: float(o["gives_up_jpy"]))
    side = "right-hand drive developed" if best.get("developed") else str(best["name"])
    more, error = yen(-best["gives_up_jpy"]), yen(best["gives_up_se_jpy"])
    return f"{_names(answer, [item])} with {side}, {more} more, give or take {error}"


def _wait(answer: Answer) -> str:
    search = answer.get("search") or {"in_some": ()}
    chosen = {item["model"] for item in answer["decision"]}
    near = [r for r in answer["rejected"] if r["model"] in search["in_some"] and r["model"] not in chosen]
    said = [f"{_capital(_names(answer, near))}: in some line-up within 1 % of the best."] if near else []
    for item in answer["rejected"]:
        short = item.get("profit_if_added_jpy")
        if short is not None and short < 0.0:
            said.append(f"{_capital(_names(answer, [item]))}, which would cost the plan {yen(-short)} today.")
    used = {rule["key"] for rule in answer.get("rules") or () if rule.get("used", True)}
    rules = [item for item in answer.get("pending") or () if item["key"] in used]
    if rules:
        said.append(
            f"{len(rules)} rules that the plan rests on are to change: see what would turn it."
            if len(rules) > 1
            else "1 rule that the plan rests on is to change: see what would turn it."
        )
    return " ".join(said)


def _turns(answer: Answer) -> str:
    flips = [s for s in answer.get("sensitivity") or () if s.get("flips_at") is not None][:2]
    if not flips:
        return "" if not answer["decision"] else "No number within its range was seen to turn the choice."
    said = [
        f"{s['label']} at {number_text(s['flips_at'], s['unit'])} in place of "
        f"{number_text(s['value'], s['unit'])}{_unit(s['unit'])} ({s['flips_to']})"
        for s in flips
    ]
    return f"{_capital(listed(said))}."


def _unit(unit: str) -> str:
    """A unit after its number; a pure number has none."""
    return "" if unit == "ratio" else f" {unit}"


def _worth_knowing(answer: Answer) -> str:
    found = ((answer.get("risk") or {}).get("information") or {}).get("inputs") or ()
    if not found:
        return ""
    most = max(found, key=lambda i: i["study_jpy"]["value"])
    if most["study_jpy"]["value"] <= 0.0:
        return "No single input is worth a study: the choice would stay what it is."
    label = str(most["label"])
    return (
        f"{label}: a study that halves its spread is worth {yen(most['study_jpy']['value'])}, give or take "
        f"{yen(most['study_jpy']['error'])}."
    )


def _belief(answer: Answer) -> str:
    words = list((answer.get("backtest") or {}).get("words") or ())
    return str(words[min(1, len(words) - 1)]) if words else ""


def _by_month(part: Mapping[str, Any] | None) -> str:
    """When the first cars sell and how many go over; buyers who are not served are not passed over."""
    words = list((part or {}).get("words") or ())
    return " ".join(str(w) for k, w in enumerate(words) if k == 0 or "not served" in w)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
