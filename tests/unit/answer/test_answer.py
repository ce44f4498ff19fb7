"""plan.json of real plans: valid by its published schema, sourced, and saying what was not in force."""

from __future__ import annotations

import json
import math
from datetime import date

import jsonschema
import pytest

from kanrin.report import schema
from made_plans import TWO, dear, small

OCTOBER = date(2025, 10, 27)


def october():
    return small(on=OCTOBER, candidates=TWO, draws=8)


@pytest.mark.parametrize("made", [small, dear, october], ids=["april", "nothing", "october"])
def test_answer_is_valid_by_the_published_schema(made):
    jsonschema.Draft202012Validator(schema()).validate(made().answer)


def test_answer_holds_plain_finite_data():
    text = json.dumps(small().answer, allow_nan=False)
    assert json.loads(text) == small().answer


def test_every_waterfall_source_and_figure_source_is_listed():
    answer = small().answer
    known = {s["id"] for s in answer["sources"]}
    for lines in answer["waterfalls"].values():
        for line in lines:
            for source in filter(None, (s.strip() for s in line["source"].split(";"))):
                assert source in known
    for rule in answer["rules"]:
        if rule["used"]:
            assert rule["source"] in known


def test_used_assumptions_have_ranges_and_reasons():
    for row in small().answer["assumptions"]:
        if row["used"] and not row["set_by_user"]:
            assert row["low"] is not None and row["high"] is not None and row["reason"], row["key"]
            assert row["low"] <= row["value"] <= row["high"], row["key"]


def test_on_the_day_of_the_news_the_route_is_only_considered():
    answer = october().answer
    assert all(r["pathway"] != "us_made_certification" for r in answer["decision"])
    waiting = [p for p in answer["pending"] if p["key"] == "jp.us_made_certification.available"]
    assert [p["status"] for p in waiting] == ["considered"]
    assert "only under consideration (known since 2025-05-22" in answer["review"]["text"]
    then = answer["review"]["answer_if_in_force"]
    assert "Article 58-3" in " ".join(then["pathways"].values())
    assert then["total"]["profit_jpy"]["mean"] > answer["total"]["profit_jpy"]["mean"]
    assert all(c["date"] <= "2025-10-27" for c in answer["calendar"])


def test_in_april_nothing_is_left_to_review():
    assert small().answer["review"] is None
    assert all(r["pathway"] == "us_made_certification" for r in small().answer["decision"])


def test_decision_is_consistent_with_itself():
    for row in small().answer["decision"]:
        units = row["units"]
        assert 0 <= units["p10"] <= units["p50"] <= units["p90"]
        assert row["list_price_jpy"] < row["price_jpy"]
        assert row["unit_margin_jpy"] > 0 and row["landed_cost_jpy"] < row["list_price_jpy"] / 1.1
        assert row["break_even_units"] > 0
        assert 0 <= row["probability_of_loss"] <= 1
        assert sum(p["value"] for p in row["xi"]["parts"]) == pytest.approx(row["xi"]["mean"], abs=1e-6)
        assert math.isclose(row["list_price_jpy"], row["price_jpy"], rel_tol=0.05)


def test_command_reproduces_the_run():
    question = small().answer["question"]
    assert "--seed 3" in question["command"] and "--draws 16" in question["command"]
    assert question["run_id"] in small().answer["citation"]
