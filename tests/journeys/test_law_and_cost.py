"""Rules, diff, cost and explain through the front door."""

from __future__ import annotations

from itertools import pairwise

import pytest

ADDS_UP = 1e-9  # relative: sums of some thirty floats of order 1e6
FACTS = "us-japan"
CAMRY = "toyota_camry_hybrid"
REVIEW = "jp.us_made_certification.available"


def test_law_of_the_day_of_the_news(run):
    law = run("rules", FACTS, "--on", "2025-10-27", "--json").json
    in_force = {row["key"]: row for row in law["in_force"]}
    pending = {row["key"] for row in law["pending"]}
    assert in_force[REVIEW]["value"] == 0
    assert REVIEW in pending
    assert all(
        row["effective_from"] <= "2025-10-27" and row["known_from"] <= "2025-10-27" for row in law["in_force"]
    )


def test_rules_prints_tables(run):
    result = run("rules", FACTS, "--on", "2025-10-27", "--all")
    assert result.code == 0
    assert "In force on 2025-10-27" in result.out
    assert "considered" in result.out
    assert "Past, overtaken or withdrawn" in result.out
    assert "jp.customs.hs8703.mfn" in result.out


def test_diff_adds_up_line_by_line(run):
    diff = run("rules", FACTS, "--on", "2025-10-27", "--diff", "2026-04-01", "--json").json
    changes = {change["key"]: change for change in diff["changes"]}
    assert (changes[REVIEW]["before"], changes[REVIEW]["after"]) == (0, 1)
    assert len(diff["effects"]) == 28
    for effect in diff["effects"]:
        moved = sum(line["change_jpy"] for line in effect["lines"])
        assert moved == pytest.approx(
            effect["price_change_jpy"], abs=30
        )  # lines below half a yen are left out
        assert effect["cheapest_change_jpy"] <= effect["landed_cost_change_jpy"] + 1e-6 or effect["note"]


def test_diff_of_a_day_with_itself_is_empty(run):
    assert run("rules", FACTS, "--on", "2026-04-01", "--diff", "2026-04-01", "--json").json["changes"] == []
    assert "nothing changed" in run("rules", FACTS, "--on", "2026-04-01", "--diff", "2026-04-01").out


def test_diff_both_ways_mirrors(run):
    there = run("rules", FACTS, "--on", "2025-10-27", "--diff", "2026-04-01", "--json").json["changes"]
    back = run("rules", FACTS, "--on", "2026-04-01", "--diff", "2025-10-27", "--json").json["changes"]
    assert {(c["key"], c["before"], c["after"]) for c in there} == {
        (c["key"], c["after"], c["before"]) for c in back
    }


def test_diff_prints_yen_per_car(run):
    result = run("rules", FACTS, "--on", "2025-10-27", "--diff", "2026-04-01")
    assert result.code == 0
    assert "Toyota Camry Hybrid" in result.out
    assert "JPY per USD on both days" in result.out


def test_cost_adds_up_to_the_road(run):
    cost = run("cost", FACTS, CAMRY, "--json").json
    lines = [line["amount_jpy"] for line in cost["lines"] if line["kind"] != "subtotal"]
    road = cost["lines"][-1]
    assert road["line"] == "on_the_road"
    assert sum(lines) == pytest.approx(road["amount_jpy"], rel=ADDS_UP)
    for line in cost["lines"]:
        assert line["kind"] == "subtotal" or (line["source"] and (line["key"] or "mod." in line["note"]))
    assert "margin" not in {line["line"] for line in cost["lines"]}


def test_cost_with_a_list_price_shows_the_margin(run):
    cost = run("cost", FACTS, CAMRY, "--list-price", "7000000", "--json").json
    amounts = {line["line"]: line["amount_jpy"] for line in cost["lines"]}
    assert amounts["list_price"] == pytest.approx(7_000_000, rel=ADDS_UP)
    assert amounts["margin"] > 0


def test_cost_rises_with_the_dollar(run):
    landed = []
    for rate in (130, 150, 170):
        lines = run("cost", FACTS, CAMRY, "--set", f"fx.usd_jpy={rate}", "--json").json["lines"]
        landed.append(next(line["amount_jpy"] for line in lines if line["line"] == "landed_cost"))
    assert all(low < high for low, high in pairwise(landed))


def test_cost_prints_rule_and_reason(run):
    result = run("cost", FACTS, CAMRY)
    assert result.code == 0
    for text in ("LANDED COST", "jp.customs.hs8703.mfn", "Certified by", "  not ", "Route "):
        assert text in result.out


def test_certification_follows_the_volume_and_the_day(run):
    before = run("cost", FACTS, CAMRY, "--on", "2025-10-27", "--json").json
    after = run("cost", FACTS, CAMRY, "--on", "2026-04-01", "--json").json
    assert before["pathway"] != "us_made_certification"
    assert after["pathway"] == "us_made_certification"
    assert "us_made_certification" in {row["pathway"] for row in before["pathways_not_taken"]}


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("jp.customs.hs8703.mfn", "fact"),
        ("jp.dealer_margin", "assumption"),
        ("candidate.toyota_tundra.msrp_usd", "fact"),
        ("trade.us_goods_deficit_with_japan_usd", "fact"),
    ],
)
def test_explain_a_key(run, key, kind):
    top = run("explain", FACTS, key, "--json").json["chain"][0]
    assert (top["key"], top["kind"]) == (key, kind)
    assert top["source"]
    assert top["source_title"]


def test_explain_a_line_leads_down_to_sources(run):
    chain = run("explain", FACTS, f"waterfall.{CAMRY}.duty", "--json").json["chain"]
    keys = {link["key"] for link in chain}
    told = {line["line"]: line["kind"] for line in run("cost", FACTS, CAMRY, "--json").json["lines"]}
    assert chain[0]["kind"] == told["duty"]
    assert chain[0]["key"] == f"waterfall.{CAMRY}.duty"
    assert {
        "jp.customs.hs8703.mfn",
        f"candidate.{CAMRY}.msrp_usd",
        "fx.customs_usd_jpy",
        "insurance.rate",
    } <= keys
    ends = [a for a, b in pairwise(chain) if b["depth"] <= a["depth"] and not a["told_above"]]
    assert all(link["source"] or link["label"] for link in ends)


def test_explain_prints_a_readable_chain(run):
    result = run("explain", FACTS, f"waterfall.{CAMRY}.duty")
    assert result.code == 0
    assert "from " in result.out
    assert "cnn.zero_for_zero" in result.out


def test_explain_shows_what_the_user_set(run):
    top = run("explain", FACTS, "fx.usd_jpy", "--set", "fx.usd_jpy=150", "--json").json["chain"][0]
    assert (top["value"], top["source"], top["kind"]) == (150, "kanrin.user", "assumption")


def test_the_keys_that_hold_a_text_are_listed(run):
    keys = run("explain", FACTS, "--keys", "FX.", "--json").json
    assert "fx.usd_jpy" in keys
    assert all("fx." in key for key in keys)
    assert run("explain", FACTS, "--keys", "fx.").out.split() == keys
    assert len(run("explain", FACTS, "--keys").out.split()) > len(keys)
