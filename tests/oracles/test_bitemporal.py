"""Law on a day as known on a day (bitemporal) [S8]: hand look-ups, a brute-force reading, outside rates."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from kanrin.base import NotInForce
from kanrin.facts import Rule, load_case
from kanrin.rules import at, spell_on

CASE = load_case("us-japan")
RANK = {"reported": 0, "considered": 1, "announced": 2, "in_force": 3, "superseded": 3}
GIVEN = Path(__file__).resolve().parents[3] / "shared" / "reference" / "rules" / "given.csv"
COMBINED = "us.automobile.jp.passenger_combined_rate"


# Read by hand in the file of rules: (key, day, known on, least status, value).
BY_HAND = [
    (COMBINED, "2025-10-01", "2025-08-15", "in_force", 0.275),
    (COMBINED, "2025-10-01", "2025-08-15", "announced", 0.15),
    (COMBINED, "2025-10-01", "2025-09-20", "in_force", 0.15),
    (COMBINED, "2025-08-01", "2026-01-01", "in_force", 0.275),
    ("jp.php.cap_per_type", "2013-05-09", "2013-05-20", "in_force", 2000),
    ("jp.php.cap_per_type", "2013-05-10", "2013-05-10", "in_force", 5000),
    ("jp.php.cap_per_type", "2013-05-10", "2013-05-01", "in_force", 2000),
    ("jp.us_made_certification.available", "2026-02-15", "2026-02-15", "in_force", 0),
    ("jp.us_made_certification.available", "2026-02-16", "2026-02-16", "in_force", 1),
    ("jp.us_made_certification.available", "2026-03-01", "2026-01-05", "in_force", 0),
    ("jp.us_made_certification.available", "2026-03-01", "2026-01-05", "announced", 1),
    ("us.msrp_offset.rate", "2026-06-01", "2025-06-01", "in_force", 0.025),
    ("us.msrp_offset.rate", "2026-06-01", "2025-11-01", "in_force", 0.0375),
    ("us.port_fee.vehicle_carrier", "2025-11-15", "2025-10-20", "in_force", 46),
    ("us.port_fee.vehicle_carrier", "2025-11-15", "2025-11-02", "in_force", 0),
]


@pytest.mark.parametrize(("key", "on", "known_on", "least", "value"), BY_HAND)
def test_look_ups_by_hand(key: str, on: str, known_on: str, least: str, value: float):
    found = spell_on(CASE.rules[key], date.fromisoformat(on), date.fromisoformat(known_on), least=least)
    assert found is not None and found[0].value == value


def by_brute_force(rule: Rule, on: date, known_on: date, least: str) -> float | str | None:
    """The reading of the case's notes, said again: walk all spells, keep the best; `tie` when two differ."""
    best_known, values = date.min, set()
    for s in rule.spells:
        was_known = s.known_from <= known_on and not (s.known_to is not None and known_on >= s.known_to)
        end_seen = s.effective_to is not None and known_on >= (s.end_known_from or s.known_from)
        holds = s.effective_from <= on and not (
            end_seen and s.effective_to is not None and on >= s.effective_to
        )
        if not (was_known and holds and RANK[s.status] >= RANK[least]):
            continue
        if s.known_from > best_known:
            best_known, values = s.known_from, {s.value}
        elif s.known_from == best_known:
            values.add(s.value)
    return None if not values else "tie" if len(values) > 1 else values.pop()


def critical_days() -> list[date]:
    """Every day on which some rule could turn, and the day before."""
    days = set()
    for rule in CASE.rules.values():
        for s in rule.spells:
            for day in (s.effective_from, s.effective_to, s.known_from, s.end_known_from, s.known_to):
                if day is not None:
                    days |= {day, day - timedelta(days=1)}
    return sorted(days)


@pytest.mark.parametrize("least", ["in_force", "announced", "considered"])
def test_brute_force_reading_agrees_on_every_turning_day(least: str):
    days = critical_days()
    ties = 0
    for on in days:
        for known_on in {on, *days[::7]}:
            for rule in CASE.rules.values():
                if len(rule.spells) == 1 and on != known_on:
                    continue  # one spell: the diagonal says all
                expected = by_brute_force(rule, on, known_on, least)
                try:
                    found = spell_on(rule, on, known_on, least=least)
                except NotInForce:
                    assert expected == "tie", (rule.key, on, known_on)
                    ties += 1
                    continue
                assert (found[0].value if found else None) == expected, (rule.key, on, known_on)
    assert ties == 0 or least != "in_force"


@pytest.mark.skipif(
    not GIVEN.is_file(), reason="the outside table of tariff rates is not beside this checkout"
)
def test_tariff_rates_given_from_outside():
    with GIVEN.open(encoding="utf-8") as file:
        given = {
            r["id"]: (float(r["value"]) / 100, float(r["tolerance"]) / 100) for r in csv.DictReader(file)
        }
    regime = at(CASE, date(2025, 10, 27))
    before = at(CASE, date(2025, 8, 1))
    for name, rate in {
        "ru.japan.floor": regime.figure("us.section_232.automobile.jp_combined_floor").value,
        "ru.s232.autos": before.figure("us.section_232.automobile.jp_additional").value,
        "ru.hts.8703.40": at(CASE, date(2025, 1, 15)).figure(COMBINED).value,
    }.items():
        value, tolerance = given[name]
        assert abs(rate - value) <= tolerance, name
