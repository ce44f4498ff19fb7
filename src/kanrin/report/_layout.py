"""The order of the page: the question and the answer first, then eight sections, the register last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kanrin.report._answer_section import answer_section
from kanrin.report._balance_section import balance_section
from kanrin.report._belief_section import belief_section
from kanrin.report._caps_section import caps_section
from kanrin.report._cost_section import cost_section
from kanrin.report._logistics_section import logistics_section
from kanrin.report._market_section import market_section
from kanrin.report._marks import Marks
from kanrin.report._page import Page, hrefs
from kanrin.report._register_section import register_section
from kanrin.report._risk_section import risk_section
from kanrin.report._rivals_section import rivals_section
from kanrin.report._rules_section import rules_section
from kanrin.report._search_section import search_section
from kanrin.report._turn_section import turn_section

__all__ = ["lay_out"]


def lay_out(answer: Mapping[str, Any]) -> Page:
    """The page of one plan, not yet HTML or Markdown.

    Parameters
    ----------
    answer
        The dict of plan.json.
    """
    marks = Marks.of(answer)
    question = answer["question"]
    facts = [
        ("In force on", str(question["on"])),
        ("As known on", str(question["known_on"])),
        ("Run", str(question["run_id"])),
    ]
    overrides = question.get("overrides") or {}
    if overrides:
        facts.append(("Set by hand", ", ".join(f"{k} = {v}" for k, v in overrides.items())))
    sentence = question.get("sentence") or (
        f"Which cars should {question['maker']} bring over, under the law in force on {question['on']}?"
    )
    moved = logistics_section(answer, marks)
    bound = caps_section(answer, marks)
    told = (
        answer_section(answer, marks),
        turn_section(answer, marks),
        risk_section(answer, marks),
        *([search_section(answer["search"])] if answer.get("search") else []),
        *([rivals_section(answer["rivals"])] if answer.get("rivals") else []),
        *((bound,) if bound else ()),
        cost_section(answer, marks),
        *(() if moved is None else (moved,)),
        market_section(answer, marks),
        balance_section(answer, marks),
        rules_section(answer, marks),
        belief_section(answer),
    )
    linked = frozenset(href[1:] for section in told for href in hrefs(section.blocks) if href.startswith("#"))
    return Page(
        question=sentence,
        answer=str(answer.get("answer") or ""),
        facts=tuple(facts),
        notice=str(answer["notice"]),
        sections=(*told, register_section(answer, marks, linked)),
        generator=f"Kanrin {(answer.get('kanrin') or {}).get('version', '')}".strip(),
    )
