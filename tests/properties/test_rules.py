"""Laws of the reading of spells, on spells of all sorts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kanrin.base import NotInForce
from kanrin.facts import STATUS_ORDER, Rule, Spell, load_case
from kanrin.rules import at, known_spells, spell_on

CASE = load_case("us-japan")
DAY = st.dates(date(2020, 1, 1), date(2030, 12, 31))
FIRST = date(2020, 1, 1)


@st.composite
def spells(draw: st.DrawFn) -> Spell:
    begin, known = draw(DAY), draw(DAY)
    days = st.one_of(st.none(), st.integers(1, 2000))
    length, held = draw(days), draw(days)
    return Spell(
        value=draw(st.integers(0, 5)), effective_from=begin,
        effective_to=begin + timedelta(days=length) if length else None,
        status=draw(st.sampled_from(sorted(STATUS_ORDER))), known_from=known,
        end_known_from=draw(st.one_of(st.none(), DAY)) if length else None,
        known_to=known + timedelta(days=held) if held else None, source="a.source",
    )  # fmt: skip


RULES = st.lists(spells(), min_size=1, max_size=6).map(
    lambda s: Rule(key="a.rule", unit="count", spells=tuple(s))
)


@given(RULES, DAY, DAY, st.sampled_from(sorted(STATUS_ORDER)))
def test_a_look_up_gives_the_same_answer_twice_and_its_spell_holds_the_day(
    rule: Rule, on: date, known_on: date, least: str
):
    try:
        found = spell_on(rule, on, known_on, least=least)
    except NotInForce as error:
        with pytest.raises(NotInForce, match="values on") as again:
            spell_on(rule, on, known_on, least=least)
        assert str(again.value) == str(error)
        return
    assert spell_on(rule, on, known_on, least=least) == found
    if found is not None:
        spell, end = found
        assert spell.known_from <= known_on and spell.effective_from <= on and (end is None or on < end)
        assert STATUS_ORDER[spell.status] >= STATUS_ORDER[least]
        rivals = [
            s for s, e in known_spells(rule, known_on) if s.effective_from <= on and (e is None or on < e)
        ]
        assert spell.known_from == max(
            s.known_from for s in rivals if STATUS_ORDER[s.status] >= STATUS_ORDER[least]
        )


@given(RULES, DAY, st.integers(0, 3000))
def test_later_knowledge_removes_no_spell_that_was_never_withdrawn(rule: Rule, known_on: date, days: int):
    early = [s for s, _ in known_spells(rule, known_on) if s.known_to is None]
    late = [s for s, _ in known_spells(rule, known_on + timedelta(days=days))]
    assert all(any(s is t for t in late) for s in early)


@given(RULES, DAY, st.integers(0, 3000))
def test_an_end_once_read_stays_read(rule: Rule, known_on: date, days: int):
    late = {id(s): end for s, end in known_spells(rule, known_on + timedelta(days=days))}
    for spell, end in known_spells(rule, known_on):
        if end is not None and id(spell) in late:
            assert late[id(spell)] == end


@given(spells(), st.integers(1, 5))
def test_two_values_known_since_the_same_day_are_a_tie(spell: Spell, more: int):
    other = spell.model_copy(update={"value": spell.value + more})
    rule = Rule(key="a.rule", unit="count", spells=(spell, other))
    with pytest.raises(NotInForce, match="end one spell where the other begins"):
        spell_on(rule, spell.effective_from, spell.known_from, least="reported")


@given(DAY.filter(lambda d: d < date(2026, 11, 1)))
def test_a_regime_asked_twice_is_the_same(on: date):
    one, two = at(CASE, on), at(CASE, on)
    assert [(r.key, s.value, e) for r, s, e in one.in_force()] == [
        (r.key, s.value, e) for r, s, e in two.in_force()
    ]
    assert [(p.rule.key, p.spell) for p in one.pending()] == [(p.rule.key, p.spell) for p in two.pending()]


@given(DAY)
def test_what_is_pending_is_never_what_is_in_force(on: date):
    regime = at(CASE, on)
    law = {id(spell) for _, spell, _ in regime.in_force()}
    for p in regime.pending():
        assert id(p.spell) not in law and p.spell.known_from <= on
        assert p.effective_to is None or p.effective_to > on
