"""What was asked: the question in words, its settings, and the command that asks it again."""

from __future__ import annotations

import shlex
from typing import Any

from kanrin.lineup import Plan

__all__ = ["command", "question"]


def command(plan: Plan) -> str:
    """The command line that makes the same plan."""
    s = plan.settings
    words = ["kanrin", "plan", plan.case.name, "--on", str(s.on)]
    if s.known_on != s.on:
        words += ["--known-on", str(s.known_on)]
    words += ["--maker", plan.maker, "--candidates", ",".join(str(c) for c in s.candidates)]
    for key, value in plan.case.overrides.items():
        words += ["--set", f"{key}={value:.12g}" if isinstance(value, float) else f"{key}={value}"]
    for model, names in s.comparables.items():
        for name in names:
            words += ["--comparable", f"{model}={name}"]
    if s.end_of_law != "refuse":
        words += ["--end-of-law", str(s.end_of_law)]
    words += ["--draws", str(s.draws), "--seed", str(s.seed)]
    return shlex.join(words)


def question(plan: Plan) -> dict[str, Any]:
    """The `question` part of plan.json."""
    about, s = plan.case.about, plan.settings
    return {
        "case": plan.case.name,
        "case_title": about.title,
        "on": plan.book.on.isoformat(),
        "known_on": plan.book.known_on.isoformat(),
        "maker": plan.maker,
        "seed": plan.seed,
        "draws": plan.draws.count,
        "candidates": list(s.candidates),
        "overrides": dict(plan.case.overrides),
        "comparables": s.comparables,
        "end_of_law": s.end_of_law,
        "run_id": plan.run_id,
        "command": command(plan),
        "sentence": f"Which of its {about.origin_adjective} cars should {plan.maker} sell in "
        f"{about.destination_name}, under the law in force on {plan.book.on}?",
    }
