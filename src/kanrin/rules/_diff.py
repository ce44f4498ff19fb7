"""What changed in the law between two days, each as known on its own day of asking; and in what is pending.

A change carries its key: what it does in yen per car is told by the rooms that know cars.
"""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.facts import Rule, Spell
from kanrin.rules._regime import Regime
from kanrin.rules._tables import rule_value

__all__ = ["Change", "PendingChange", "diff", "pending_diff"]


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
    def unit(self) -> str:
        """The unit of the rule."""
        return self.rule.unit

    @property
    def source(self) -> str:
        """Id of the source that gives the law after, or the law that ended."""
        spell = self.after or self.before
        return spell.source if spell else ""

    @property
    def sentence(self) -> str:
        """What happened, in one sentence."""
        key, before, after = self.key, self.before, self.after
        if after is None:
            assert before is not None
            end = f" on {before.effective_to}" if before.effective_to else ""
            return f"{key} ends{end}; it was {rule_value(before.value, self.unit)}"
        to = rule_value(after.value, self.unit)
        if before is None:
            return f"{key} comes into force from {after.effective_from}: {to}"
        return f"{key} goes from {rule_value(before.value, self.unit)} to {to} on {after.effective_from}"


@dataclass(frozen=True)
class PendingChange:
    """A value that is pending on one of two days only; `news` says what became of it."""

    rule: Rule
    spell: Spell
    news: str  # new, in force, withdrawn, lapsed

    @property
    def key(self) -> str:
        """The key of the rule."""
        return self.rule.key

    @property
    def sentence(self) -> str:
        """What became of it, in one sentence."""
        status = self.spell.status.replace("_", " ") if self.spell.status != "in_force" else "enacted"
        value = rule_value(self.spell.value, self.rule.unit)
        known = (
            f"{self.key}: {value}, {status}, for {self.spell.effective_from} (known {self.spell.known_from})"
        )
        return f"{known} is {self.news}" if self.news != "new" else f"{known} is newly pending"


def diff(before: Regime, after: Regime) -> tuple[Change, ...]:
    """The rules whose value in force differs between two regimes of one case, in the order of the files.

    A rule set by the user stands still, and so does one that begins or ends with no value on either day.
    """
    changes = []
    for key, rule in before.case.rules.items():
        if key in before.case.overrides and key in after.case.overrides:
            continue
        old, new = before.spell(key), after.spell(key)
        if (old.value if old else None) != (new.value if new else None):
            changes.append(Change(rule, old, new))
    return tuple(changes)


def pending_diff(before: Regime, after: Regime) -> tuple[PendingChange, ...]:
    """What entered or left the list of pending values between two regimes of one case."""
    old, new = before.pending(), after.pending()
    changes = []
    for p in old:
        if not any(p.spell is q.spell for q in new):
            changes.append(PendingChange(p.rule, p.spell, _fate(p.spell, p.rule, after)))
    for p in new:
        if not any(p.spell is q.spell for q in old):
            changes.append(PendingChange(p.rule, p.spell, "new"))
    return tuple(changes)


def _fate(spell: Spell, rule: Rule, after: Regime) -> str:
    now = after.spell(rule.key)
    if now is not None and now.value == spell.value:
        return "in force"
    if spell.known_to is not None and spell.known_to <= after.known_on:
        return "withdrawn"
    return "lapsed or overtaken"
