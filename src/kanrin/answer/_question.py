"""What was asked: the question in words, its settings, and the command that asks it again."""

from __future__ import annotations

import shlex
from typing import Any

from kanrin.facts import case_folder, shipped_cases
from kanrin.lineup import Plan

__all__ = ["command", "question"]


def command(plan: Plan) -> str:
    """The command line that makes the same plan."""
    s = plan.settings
    words = ["kanrin", "plan", _case_words(plan), "--on", str(s.on)]
    if s.known_on != s.on:
        words += ["--known-on", str(s.known_on)]
    words += ["--maker", plan.maker]
    if s.chosen_by_user:
        words += ["--candidates", ",".join(s.candidates)]
    for key, value in plan.case.overrides.items():
        words += ["--set", f"{key}={value:.12g}" if isinstance(value, float) else f"{key}={value}"]
    for model, names in s.comparables.items():
        for name in names:
            words += ["--comparable", f"{model}={name}"]
    for model, way in s.ways.items():
        words += ["--way", f"{model}={way}"]
    for name, cap in s.caps.items():
        words += ["--cap", f"{name}={cap}"]
    if s.estimate:
        words += ["--estimate", s.estimate]
    if s.end_of_law != "refuse":
        words += ["--end-of-law", str(s.end_of_law)]
    words += ["--draws", str(s.draws), "--seed", str(s.seed)]
    return shlex.join(words)


def _case_words(plan: Plan) -> str:
    """The case as the command line takes it: its name when it is shipped, else its folder as it was given."""
    shipped = plan.case.name in shipped_cases() and plan.case.folder == case_folder(plan.case.name)
    return plan.case.name if shipped else str(plan.case.folder)


def question(plan: Plan) -> dict[str, Any]:
    """The `question` part of plan.json."""
    about, s = plan.case.about, plan.settings
    return {
        "case": plan.case.name,
        "case_title": about.title,
        "case_digest": plan.case.digest[:12],
        "on": plan.book.on.isoformat(),
        "known_on": plan.book.known_on.isoformat(),
        "maker": plan.maker,
        "seed": plan.seed,
        "draws": plan.draws.count,
        "candidates": list(s.candidates),
        "overrides": dict(plan.case.overrides),
        "comparables": s.comparables,
        "ways": dict(s.ways),
        "caps": dict(s.caps),
        "end_of_law": s.end_of_law,
        "run_id": plan.run_id,
        "command": command(plan),
        "sentence": f"Which of its {about.origin_adjective} cars should {plan.maker} sell in "
        f"{about.destination_name}, under the law in force on {plan.book.on}{_as_known(plan)}?",
    }


def _as_known(plan: Plan) -> str:
    return "" if plan.book.known_on == plan.book.on else f" as known on {plan.book.known_on}"
