"""Explanations and differences: what a reader must find in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import MappingProxyType

from kanrin.facts import load_case
from kanrin.rules import at, diff, explanation, open_book, pending_diff, rules_table

CASE = load_case("us-japan")
NEWS_DAY, DEFAULT_DAY = date(2025, 10, 27), date(2026, 4, 1)
AVAILABLE = "jp.us_made_certification.available"


def test_an_explanation_of_a_rule_lists_every_spell_with_its_standing():
    told = explanation(open_book(CASE, NEWS_DAY), AVAILABLE)
    assert [row.standing for row in told.spells] == ["in force", "pending", "not known yet", "not known yet"]
    assert told.spells[0].effective_to is None  # its end was not known yet
    later = explanation(open_book(CASE, DEFAULT_DAY), AVAILABLE)
    assert [row.standing for row in later.spells] == ["past", "withdrawn", "past", "in force"]
    assert later.figure.value == 1
    assert "Car Watch (Impress)" in [s.publisher for s in later.sources]


def test_an_explanation_of_a_computed_figure_reaches_its_rules_and_assumptions():
    book = open_book(CASE, DEFAULT_DAY)
    figure = book.figure("jp.customs.hs8703.mfn") * book.figure("cert.php.unit_jpy")
    told = explanation(book, figure)
    assert {link.figure.key for link in told.links} >= {"jp.customs.hs8703.mfn", "cert.php.unit_jpy"}
    assert {row.key for row in told.spells} == {"jp.customs.hs8703.mfn"}


def test_a_figure_met_twice_is_told_once():
    book = open_book(CASE, DEFAULT_DAY)
    rate = (book.figure("cert.php.unit_jpy") * 2).named("twice")
    links = explanation(book, rate + rate).links
    assert [link.told for link in links if link.figure.key == "twice"] == [False, True]


def test_a_difference_leaves_out_what_stands_still_and_says_what_came_and_went():
    changes = {c.key: c for c in diff(at(CASE, NEWS_DAY), at(CASE, DEFAULT_DAY))}
    assert changes[AVAILABLE].sentence == f"{AVAILABLE} goes from no to yes on 2026-02-16"
    assert changes["jp.us_made_certification.rear_mark_required"].before is None
    assert changes["jp.cev_subsidy.tesla_model_3_y"].after is None
    levy = changes["jp.environmental_performance_levy.max_rate"].sentence
    assert "from 3% of acquisition value to 0% of acquisition value" in levy
    for key in CASE.rules:
        before, after = at(CASE, NEWS_DAY).spell(key), at(CASE, DEFAULT_DAY).spell(key)
        same = (before and before.value) == (after and after.value) and (before is None) == (after is None)
        assert (key in changes) != same


def test_a_difference_with_itself_is_empty_and_turns_round():
    one, two = at(CASE, NEWS_DAY), at(CASE, DEFAULT_DAY)
    assert diff(one, one) == () and pending_diff(two, two) == ()
    assert [(c.before, c.after) for c in diff(one, two)] == [(c.after, c.before) for c in diff(two, one)]


def test_what_only_becomes_known_changes_the_law_of_the_same_day():
    day = date(2025, 10, 1)
    key = "us.automobile.jp.passenger_combined_rate"
    changed = [
        c for c in diff(at(CASE, day, date(2025, 8, 15)), at(CASE, day, date(2025, 9, 20))) if c.key == key
    ]
    assert [(c.before.value, c.after.value) for c in changed if c.before and c.after] == [(0.275, 0.15)]


def test_the_fate_of_what_was_pending():
    fate = {c.key: c.news for c in pending_diff(at(CASE, NEWS_DAY), at(CASE, DEFAULT_DAY))}
    assert fate[AVAILABLE] == "in force"
    assert fate["us.section_232.automobile.kr_combined_floor"] == "new"


def test_tables_escape_what_they_show():
    rule = CASE.rules[AVAILABLE].model_copy(update={"key": "<b>&"})
    case = replace(CASE, rules=MappingProxyType({"<b>&": rule}))
    html = at(case, DEFAULT_DAY)._repr_html_()
    assert "&lt;b&gt;&amp;" in html and "<b>" not in html


def test_the_table_of_rules_has_law_first_then_what_is_pending():
    rows = rules_table(at(CASE, DEFAULT_DAY))
    standing = [row.standing for row in rows]
    assert standing == sorted(standing) and {"in force", "pending"} == set(standing)
    assert len({row.key for row in rows if row.standing == "in force"}) == standing.count("in force")
