"""Each chart is a valid Vega-Lite specification, says what it shows, and draws without fetching."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import altair as alt
import pytest
from sample_plan import CAMRY, sample_plan

from kanrin.report._balance_chart import balance_chart
from kanrin.report._bridge_chart import bridge_chart
from kanrin.report._calendar_chart import calendar_chart, calendar_shown
from kanrin.report._chart_style import chart
from kanrin.report._diversion_chart import diversion_chart
from kanrin.report._interval_chart import interval_chart
from kanrin.report._svg import svg
from kanrin.report._tornado_chart import tornado_chart
from kanrin.report._waterfall_chart import waterfall_chart

PLAN = sample_plan()
SPECS = {
    "waterfall": waterfall_chart("Camry", PLAN["waterfalls"][CAMRY]),
    "interval": interval_chart(PLAN["decision"], PLAN["total"]["units"]),
    "bridge": bridge_chart(PLAN["bridge"]),
    "tornado": tornado_chart(PLAN["sensitivity"], PLAN["total"]["profit_jpy"]["mean"]),
    "balance": balance_chart(PLAN["trade"]),
    "diversion": diversion_chart(PLAN["market"], "Toyota"),
    "calendar": calendar_chart(calendar_shown(PLAN["calendar"], {r["key"] for r in PLAN["rules"]})),
}


@pytest.mark.parametrize("name", SPECS)
def test_specification_is_valid(name: str) -> None:
    alt.Chart.from_dict(SPECS[name])  # raises when it is not


@pytest.mark.parametrize("name", SPECS)
def test_picture_has_its_own_ids_a_label_and_no_address(name: str) -> None:
    text = svg(SPECS[name], f"p-{name}")
    assert text.startswith("<svg ") and text.endswith("</svg>")
    assert 'role="img"' in text and "aria-label=" in text
    assert "http" not in text and "<image" not in text and "<script" not in text
    assert all(one.startswith(f"p-{name}-") for one in re.findall(r'\bid="([^"]+)"', text))
    fonts = set(re.findall(r'font-family="([^"]+)"', text))
    assert fonts <= {"sans-serif"}
    assert svg(SPECS[name], f"p-{name}") == text


def test_a_chart_without_a_description_is_refused() -> None:
    with pytest.raises(ValueError, match="description"):
        chart("  ", width=10)


def values(spec: Any) -> Any:
    return spec["data"]["values"]


def test_waterfall_bars_join_and_end_at_the_price() -> None:
    rows = values(SPECS["waterfall"])
    for before, after in pairwise(rows):
        assert after["start"] in (0.0, before["end"])
    assert rows[-1]["end"] == pytest.approx(PLAN["decision"][0]["price_jpy"] / 1e3, rel=1e-12)
    subtotals = [(r["end"], rows[i - 1]["end"]) for i, r in enumerate(rows) if r["strong"]]
    assert all(a == pytest.approx(b, rel=1e-12) for a, b in subtotals)


def test_bridge_steps_end_at_the_total() -> None:
    rows = values(SPECS["bridge"])
    assert rows[-2]["end"] == pytest.approx(rows[-1]["end"], rel=1e-12)


def test_balance_is_drawn_to_scale() -> None:
    rows = values(SPECS["balance"])
    share = PLAN["trade"]["balance_change_usd"]["mean"] / PLAN["trade"]["deficit_usd"]
    assert rows[1]["size"] / rows[0]["size"] == pytest.approx(share, rel=1e-12)


def test_buyers_add_up() -> None:
    market = PLAN["market"]
    total = market["own_units_lost"] + market["rivals_units_lost"] + market["outside_units_gained_from"]
    assert sum(row["units"] for row in values(SPECS["diversion"])) == pytest.approx(total, rel=1e-12)


def test_tornado_places_today_and_flip_within_the_range() -> None:
    first = SPECS["tornado"]["hconcat"][1]["data"]["values"][0]
    assert first["today"] == pytest.approx((159 - 140) / 40)
    assert first["flip"] == pytest.approx((174 - 140) / 40)
    beyond = [{**PLAN["sensitivity"][0], "flips_at": 300.0}]
    assert tornado_chart(beyond, 1e9)["hconcat"][1]["data"]["values"][0]["flip"] is None
    assert len(SPECS["tornado"]["hconcat"][0]["data"]["values"]) == 5


def test_calendar_keeps_what_is_about_the_plan() -> None:
    shown = calendar_shown(PLAN["calendar"], {"jp.consumption_tax.rate"}, shown=3)
    assert [e["date"] for e in shown] == ["2019-10-01", "2026-02-16", "2026-04-01"]
