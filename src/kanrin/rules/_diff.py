"""What changed in the law between two days, each as known on its own day of asking."""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.facts import Rule, Spell
from kanrin.rules._regime import Regime

__all__ = ["Change", "diff"]


@dataclass(frozen=True)
class Change:
    """A rule whose value in force differs; None on a side where the rule has no value in force."""

    rule: Rule
    before: Spell | None
    after: Spell | None

    @property
    def key(self) -> str:
        """The key of the rule."""
        return self.rule.key

    @property
    def sentence(self) -> str:
        """What happened, in one sentence."""
        if self.before is None and self.after is not None:
            return f"{self.key} comes into force from {self.after.effective_from} at "
            f"{self.after.value:g} {self.rule.unit}"
        if self.before is not None and self.after is None:
            end = f" on {self.before.effective_to}" if self.before.effective_to else ""
            return f"{self.key} ends{end}; it was {self.before.value:g} {self.rule.unit}"
        assert self.before is not None and self.after is not None
        return (
            f"{self.key} goes from {self.before.value:g} to {self.after.value:g} {self.rule.unit} "
            f"on {self.after.effective_from}"
        )


def diff(before: Regime, after: Regime) -> tuple[Change, ...]:
    """The rules whose value in force differs between two regimes of one case, in the order of the files."""
    changes = []
    for key, rule in before.case.rules.items():
        old, new = before.spell(key), after.spell(key)
        if (old.value if old else None) != (new.value if new else None):
            changes.append(Change(rule, old, new))
    return tuple(changes)
