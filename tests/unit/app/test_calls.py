"""The single calls of Python: days as text or dates, one answer by every road, tables in a notebook."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser

import pytest

import kanrin

EXACT = 1e-12  # relative: the same arithmetic by another road
CASE = "us-japan"
CAMRY = "toyota_camry_hybrid"


class _Balanced(HTMLParser):
    """Counts open tags, to see that a table closes what it opens."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("br", "meta", "img"):
            self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def case() -> kanrin.Case:
    return kanrin.load_case(CASE)


def test_a_day_is_a_date_or_text(case):
    assert (
        kanrin.law(case, "2025-10-27")
        == kanrin.law(case, date(2025, 10, 27))
        == kanrin.law(CASE, "2025-10-27")
    )


@pytest.mark.parametrize("text", ["2026-02-30", "27 October 2025", "20251027", "2025-10-27T00:00", ""])
def test_a_day_that_does_not_exist_is_refused(case, text):
    with pytest.raises(kanrin.InputError, match="expected a date YYYY-MM-DD that exists, got"):
        kanrin.law(case, text)


def test_the_law_is_looked_up_by_key(case):
    law = kanrin.law(case, "2026-04-01")
    assert law["jp.customs.hs8703.mfn"].value == 0
    assert len(law) == len(list(law)) > 50
    with pytest.raises(kanrin.UnknownName, match=r"did you mean jp\.customs\.hs8703\.mfn"):
        law["jp.customs.hs8703.mfm"]


def test_every_spell_known_stands_in_exactly_one_list(case):
    law = kanrin.law(case, "2026-04-01")
    rows = [*law.in_force, *law.pending, *law.past]
    assert len(rows) == len({(r.key, r.effective_from, r.status, r.known_from, r.value) for r in rows})
    day = date(2026, 4, 1)
    known = sum(
        s.known_from <= day and (s.known_to is None or s.known_to > day)
        for rule in case.rules.values()
        for s in rule.spells
    )
    assert len(rows) == known


def test_explain_and_waterfall_agree_on_every_line(case):
    for line in kanrin.waterfall(case, CAMRY).lines:
        figure = kanrin.explain(case, f"waterfall.{CAMRY}.{line.line}")
        assert figure.value == pytest.approx(line.amount_jpy, rel=EXACT, abs=1e-9)
        assert figure.unit == "JPY per vehicle"


def test_a_setting_moves_its_own_line(case):
    base = kanrin.waterfall(case, CAMRY)
    moved = kanrin.waterfall(case, CAMRY, overrides={"jp.pdi_jpy": 61_000})
    assert moved.amount("pdi") - base.amount("pdi") == pytest.approx(1_000)
    assert moved.amount("landed_cost") - base.amount("landed_cost") == pytest.approx(1_000)
    assert case.overrides == {}


def test_the_effect_of_a_change_of_law_is_that_of_the_two_waterfalls(case):
    diff = kanrin.diff(case, "2025-10-27", "2026-04-01")
    effect = next(e for e in diff.effects if e.model == CAMRY)
    held = {"fx.usd_jpy": diff.jpy_per_usd}
    before = kanrin.waterfall(case, CAMRY, on="2025-10-27", overrides=held)
    cheapest = kanrin.waterfall(case, CAMRY, on="2026-04-01", overrides=held)
    assert effect.landed_cost_before_jpy == pytest.approx(before.amount("landed_cost"), rel=EXACT)
    assert effect.landed_cost_cheapest_jpy == pytest.approx(cheapest.amount("landed_cost"), rel=EXACT)


def test_a_change_of_law_leaves_the_exchange_rate_out(case):
    lines = {line for e in kanrin.diff(case, "2025-10-27", "2026-04-01").effects for line, _ in e.lines}
    assert "production" not in lines
    assert "port_fee" in lines


def test_units_that_are_not_given_come_from_the_market(case):
    from kanrin.app._landed import typical_units

    abroad = sorted(m.units for m in case.market.values() if m.built_in != "JP")
    below = sum(units < typical_units(case) for units in abroad)
    above = sum(units > typical_units(case) for units in abroad)
    assert abs(below - above) <= 1


def test_tables_in_a_notebook_are_whole_and_escaped(case):
    shown = [
        kanrin.law(case, "2025-10-27"),
        kanrin.diff(case, "2025-10-27", "2026-04-01"),
        kanrin.waterfall(case, CAMRY),
    ]
    for value in shown:
        page = _Balanced()
        page.feed(value._repr_html_())
        assert page.open == []
        assert "table" in page.seen
        assert "script" not in page.seen


def test_progress_counts_up_to_the_end(case):
    calls: list[tuple[int, int, str]] = []
    kanrin.plan(case, candidates=[CAMRY], draws=2, progress=lambda *told: calls.append(told))
    assert calls
    assert all(0 <= done <= total and what for done, total, what in calls)
    assert any(done == total for done, total, _ in calls)


REFUSED = {
    "case": (lambda c: kanrin.plan(3), "case: expected a shipped case, a case folder or a Case, got 3"),
    "empty case": (lambda c: kanrin.book(""), "case: expected a shipped case"),
    "draws as text": (lambda c: kanrin.plan(c, draws="8"), "draws: expected a whole number from 2 to 20000"),
    "half a draw": (lambda c: kanrin.plan(c, draws=8.5), "draws: expected a whole number from 2 to 20000"),
    "a billion draws": (
        lambda c: kanrin.plan(c, draws=10**9),
        "draws: expected a whole number from 2 to 20000",
    ),
    "seed": (lambda c: kanrin.plan(c, seed=-1), "seed: expected a whole number from 0 on, got -1"),
    "day": (lambda c: kanrin.plan(c, on=20260401), "on: expected a date or a text YYYY-MM-DD, got 20260401"),
    "no day": (lambda c: kanrin.diff(c, None, "2026-04-01"), "before: expected a date"),
    "overrides": (
        lambda c: kanrin.plan(c, overrides=["fx.usd_jpy"]),
        "overrides: expected a mapping such as",
    ),
    "end of law": (
        lambda c: kanrin.plan(c, end_of_law="wish"),
        "end_of_law: expected 'refuse' or 'carry' or 'assume', got 'wish'",
    ),
    "candidates": (
        lambda c: kanrin.plan(c, candidates=7),
        "candidates: expected model ids, as a list or as one",
    ),
    "no candidates": (lambda c: kanrin.plan(c, candidates=" , "), "candidates: expected model ids"),
    "comparables": (
        lambda c: kanrin.plan(c, comparables=["a"]),
        "comparables: expected a mapping from a candi",
    ),
    "comparable": (
        lambda c: kanrin.plan(c, comparables={"toyota_tundra": 3}),
        r"comparables\['toyota_tundra'\]: expected model ids",
    ),
    "maker": (lambda c: kanrin.plan(c, maker=3), "maker: expected the name of a maker, or None, got 3"),
    "model": (lambda c: kanrin.waterfall(c, None), "model: expected the id of a candidate, got None"),
    "units": (
        lambda c: kanrin.waterfall(c, CAMRY, units="8"),
        "units: expected a number of cars a year, got '8'",
    ),
    "key": (lambda c: kanrin.explain(c, 3), "key: expected a key of the case"),
    "answer": (
        lambda c: kanrin.explain(c, "total.units", answer={}),
        "answer: expected the content of plan.json",
    ),
    "brief": (lambda c: kanrin.brief(3), r"plan: expected what kanrin\.plan\(\.\.\.\) returns, got 3"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_argument_is_refused_with_what_was_expected(case, name):
    call, told = REFUSED[name]
    with pytest.raises(kanrin.InputError, match=told):
        call(case)


def test_one_text_names_models_as_a_list_does(case):
    from kanrin.app._given import given_comparables, given_names

    assert given_names("candidates", f"{CAMRY}, toyota_tundra,") == (CAMRY, "toyota_tundra")
    assert given_names("candidates", [CAMRY, CAMRY]) == (CAMRY,)
    assert given_comparables({CAMRY: "toyota_crown"}) == {CAMRY: ["toyota_crown"]}
    one = kanrin.plan(case, candidates=CAMRY, draws=2)
    assert one.answer == kanrin.plan(case, candidates=[CAMRY], draws=2).answer
