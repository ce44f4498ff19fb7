"""The section by month: a plan.json without a schedule has none; the map has every way and a text for it."""

from __future__ import annotations

from kanrin.report import Brief
from kanrin.report._logistics_section import logistics_section
from kanrin.report._marks import Marks
from kanrin.report._route_map import route_map
from made_plans import dear, small


def test_a_plan_without_a_schedule_has_no_section():
    old = {k: v for k, v in small().answer.items() if k not in ("logistics", "counsel")}
    assert logistics_section(old, Marks.of(old)) is None
    assert "By month" not in Brief(old).texts()["brief.md"]


def test_nothing_moved_is_said_and_nothing_drawn():
    section = logistics_section(dear().answer, Marks.of(dear().answer))
    assert section is not None and len(section.blocks) == 1


def test_the_page_has_both_pictures_with_words_and_tables():
    page = Brief(small().answer).texts()["brief.html"]
    assert 'id="months-chart' in page and 'id="route-map' in page
    assert "Map of the ways without coastlines" in page and "What moving a car costs" in page


def test_the_map_has_the_pacific_in_the_middle():
    drawn = small().answer["logistics"]["map"]
    spec = route_map(drawn)
    low, high = spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert 100 < low < 150 and 230 < high < 310
    ways = {row["arc"] for row in spec["layer"][0]["data"]["values"]}
    assert len(ways) == len(drawn["arcs"])
    names = [row["name"] for layer in spec["layer"][2:] for row in layer["data"]["values"]]
    assert sorted(names) == sorted(p["name"] for p in drawn["points"] if p["kind"] != "region")


def test_a_schedule_that_moves_nothing_draws_no_map():
    answer = dict(small().answer)
    still = {"points": [], "arcs": []}
    answer["logistics"] = {**answer["logistics"], "map": {**answer["logistics"]["map"], **still}}
    section = logistics_section(answer, Marks.of(answer))
    assert section is not None and len(section.blocks) == 1
