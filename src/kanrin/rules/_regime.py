"""Law on a day, as known on a day [bitemporal].

A spell counts when it was known (`known_from` <= known_on, and `known_to` empty or later), when its span
holds the day (`effective_to` is read as open while its end was not yet known), and when its status is
`in_force` or `superseded` (law as enacted). The spell known last wins; two winners are an error; none is an
error, unless the user chose what to do past the end of what is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from kanrin.base import Figure, Kind, NotInForce, UnknownName
from kanrin.facts import STATUS_ORDER, Case, Rule, Spell

__all__ = ["EndOfLaw", "Pending", "Regime", "at", "known_spells", "spell_on"]


class EndOfLaw(StrEnum):
    """What to do past the end of what is known: refuse, carry the last value, or assume."""

    REFUSE = "refuse"
    CARRY = "carry"
    ASSUME = "assume"


@dataclass(frozen=True)
class Pending:
    """A spell known but not in force on the day: announced, considered, reported, or in force only later."""

    rule: Rule
    spell: Spell
    effective_to: date | None


def known_spells(rule: Rule, known_on: date) -> Iterator[tuple[Spell, date | None]]:
    """Spells of a rule as known on a day, each with its end as it was read then."""
    for spell in rule.spells:
        if spell.known_from > known_on or (spell.known_to is not None and spell.known_to <= known_on):
            continue
        end_known = spell.end_known_from or spell.known_from
        yield spell, (spell.effective_to if end_known <= known_on else None)


def spell_on(
    rule: Rule, on: date, known_on: date, *, least: str = "in_force"
) -> tuple[Spell, date | None] | None:
    """The spell of a rule that holds a day, with its end; None when there is none.

    `least` is the lowest status asked for; the default is law as enacted. Of two known since the same day and
    alike in value the firmer one is given; otherwise two are a tie, which raises NotInForce.
    """
    holding = [
        (spell, end)
        for spell, end in known_spells(rule, known_on)
        if spell.effective_from <= on
        and (end is None or on < end)
        and STATUS_ORDER[spell.status] >= STATUS_ORDER[least]
    ]
    if not holding:
        return None
    latest = max(spell.known_from for spell, _ in holding)
    winners = [(spell, end) for spell, end in holding if spell.known_from == latest]
    firmest = max(winners, key=lambda pair: STATUS_ORDER[pair[0].status])
    alike = [spell for spell, _ in winners if STATUS_ORDER[spell.status] == STATUS_ORDER[firmest[0].status]]
    if len(alike) > 1 or len({spell.value for spell, _ in winners}) > 1:
        raise NotInForce(
            f"{rule.key} has {len(winners)} values on {on} as known on {known_on}: "
            + ", ".join(f"{s.value:g} ({s.source})" for s, _ in winners)
            + "; end one spell where the other begins"
        )
    return firmest


def _is_enacted(spell: Spell) -> bool:
    """Law as enacted, be it replaced since or not."""
    return STATUS_ORDER[spell.status] >= STATUS_ORDER["in_force"]


@dataclass(frozen=True)
class Regime:
    """The law on a day as known on a day; immutable. Look up with `figure(key)`."""

    case: Case = field(repr=False)
    on: date
    known_on: date
    end_of_law: EndOfLaw = EndOfLaw.REFUSE

    def figure(self, key: str) -> Figure:
        """The value of a rule with its source. Raises UnknownName, or NotInForce without one."""
        rule = self.rule(key)
        if key in self.case.overrides:
            value = float(self.case.overrides[key])
            return Figure(
                value, rule.unit, Kind.ASSUMPTION, key, _label(rule), "kanrin.user", "set by the user"
            )
        found = spell_on(rule, self.on, self.known_on)
        if found is not None:
            spell, _ = found
            return Figure(
                spell.value, rule.unit, _kind(spell), key, _label(rule), spell.source, _spell_note(spell)
            )
        return self._past_the_end(rule)

    def spell(self, key: str) -> Spell | None:
        """The spell in force on the day, or None (set by the user, carried, or not in force)."""
        found = spell_on(self.rule(key), self.on, self.known_on)
        return found[0] if found else None

    def rule(self, key: str) -> Rule:
        """A rule by key. Raises UnknownName with near names."""
        try:
            return self.case.rules[key]
        except KeyError:
            raise UnknownName("rule", key, self.case.rules) from None

    def has(self, key: str) -> bool:
        """Whether the rule has a value in force on the day (or one set by the user)."""
        return key in self.case.overrides or spell_on(self.rule(key), self.on, self.known_on) is not None

    def in_force(self) -> list[tuple[Rule, Spell, date | None]]:
        """All rules with a value in force on the day: (rule, spell, end as known)."""
        rows = []
        for rule in self.case.rules.values():
            found = spell_on(rule, self.on, self.known_on)
            if found is not None:
                rows.append((rule, *found))
        return rows

    def pending(self, key: str | None = None) -> list[Pending]:
        """What is known but not in force on the day, of one rule or all: not law yet, or law only later.

        Left out: what has run out, what has come (the same value was enacted since), what later law overtook.
        """
        rules = self.case.rules.values() if key is None else (self.rule(key),)
        return [p for rule in rules for p in self._pending_of(rule)]

    def _pending_of(self, rule: Rule) -> Iterator[Pending]:
        now = spell_on(rule, self.on, self.known_on)
        known = list(known_spells(rule, self.known_on))
        enacted = [spell for spell, _ in known if _is_enacted(spell)]
        for spell, end in known:
            begun = spell.effective_from <= self.on
            if end is not None and end <= self.on:
                continue  # run out
            if _is_enacted(spell):
                if not begun:
                    yield Pending(rule, spell, end)
                continue
            if any(
                law.value == spell.value
                and law.effective_from >= spell.effective_from
                and law.known_from >= spell.known_from
                for law in enacted
            ):
                continue  # it has come, or its day is law
            if begun and now is not None and spell.known_from < now[0].known_from:
                continue  # overtaken by the law in force
            yield Pending(rule, spell, end)

    def warnings(self, keys: set[str]) -> list[str]:
        """A sentence for each of these rules that stands on a carried or assumed value."""
        out = []
        for key in sorted(keys & set(self.case.rules)):
            if key in self.case.overrides or spell_on(self.rule(key), self.on, self.known_on) is not None:
                continue
            if self.end_of_law is not EndOfLaw.REFUSE:
                figure = self.figure(key)
                out.append(f"{key} has no value in force on {self.on}: {figure.note}.")
        return out

    def _repr_html_(self) -> str:
        from kanrin.rules._tables import regime_html

        return regime_html(self)

    def _past_the_end(self, rule: Rule) -> Figure:
        enacted = [(spell, end) for spell, end in known_spells(rule, self.known_on) if _is_enacted(spell)]
        before: list[tuple[Spell, date | None]] = [
            (s, e) for s, e in enacted if e is not None and e <= self.on
        ]
        if self.end_of_law is EndOfLaw.CARRY and before:
            spell, end = max(before, key=lambda pair: (pair[1] or date.min, pair[0].known_from))
            note = f"carried past its end on {end} by choice; what followed is not known"
            return Figure(spell.value, rule.unit, Kind.ASSUMPTION, rule.key, _label(rule), spell.source, note)
        if self.end_of_law is EndOfLaw.ASSUME and rule.assume and before:
            a = self.case.assumptions[rule.assume]
            note = f"assumed by {rule.assume}: {a.reason}"
            return Figure(
                a.value, rule.unit, Kind.ASSUMPTION, rule.key, _label(rule), a.source, note, a.low, a.high
            )
        raise NotInForce(self._refusal(rule, enacted, before))

    def _refusal(
        self, rule: Rule, enacted: list[tuple[Spell, date | None]], before: list[tuple[Spell, date | None]]
    ) -> str:
        asked = f"{rule.key} has no value in force on {self.on} as known on {self.known_on}"
        if not enacted:
            seen = min(s.known_from for s in rule.spells)
            way_out = f"choose a later date or --set {rule.key}=VALUE"
            return f"{asked}; nothing was enacted by then (first known {seen}); {way_out}"
        covered = ", ".join(
            f"{s.effective_from}..{e or ''}" for s, e in sorted(enacted, key=lambda p: p[0].effective_from)
        )
        text = f"{asked}; the file covers {covered}"
        if not before:
            return f"{text}; choose a date inside, or --set {rule.key}=VALUE"
        text += "; use --end-of-law carry to carry the last value"
        if rule.assume:
            text += f", --end-of-law assume to take {rule.assume}"
        return f"{text}, or --set {rule.key}=VALUE"


def _kind(spell: Spell) -> Kind:
    """Internal sources never support a fact: arithmetic on rows of the case is derived, the rest assumed."""
    if not spell.source.startswith("kanrin."):
        return Kind.FACT
    return Kind.DERIVED if spell.source == "kanrin.derived" else Kind.ASSUMPTION


def _label(rule: Rule) -> str:
    return rule.label or rule.key


def _spell_note(spell: Spell) -> str:
    parts = [f"{spell.status.replace('_', ' ')} from {spell.effective_from}"]
    if spell.locus:
        parts.append(spell.locus)
    if spell.note:
        parts.append(spell.note)
    return "; ".join(parts)


def at(
    case: Case, on: date, known_on: date | None = None, end_of_law: EndOfLaw | str = EndOfLaw.REFUSE
) -> Regime:
    """The law of a case on a day, as known on a day (default: the same day).

    Raises NotInForce when the day lies before the first spell of every rule. Asked twice, it is the same.
    """
    regime = Regime(case, on, known_on or on, EndOfLaw(end_of_law))
    first = min(spell.effective_from for rule in case.rules.values() for spell in rule.spells)
    if on < first:
        raise NotInForce(
            f"no rule of {case.name} has a value on {on}; the rules begin on {first}: choose a later date"
        )
    if not any(True for rule in case.rules.values() for _ in known_spells(rule, regime.known_on)):
        first_known = min(spell.known_from for rule in case.rules.values() for spell in rule.spells)
        raise NotInForce(
            f"nothing was known of the rules of {case.name} on {regime.known_on}; "
            f"knowledge begins on {first_known}"
        )
    return regime
