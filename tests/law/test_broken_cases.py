"""One broken file per mistake: the message names file, line, what is wrong and the way out."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from breaking import (
    FIRST,
    A,
    Mistake,
    blank,
    brand_past_total,
    cell,
    copied_row,
    emptied,
    fewer_cells,
    in_latin_1,
    months_too_few,
    more_column,
    needed_key_gone,
    no_column,
    no_spread,
    nothing_left,
    page_lost,
    probability_off,
    rows_of,
    rule,
    spell,
    text,
    without,
)

from kanrin.app._checks import checks_of
from kanrin.base import CaseError
from kanrin.facts import check_case, load_case
from kanrin.facts._case import SHIPPED


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "case"
    shutil.copytree(SHIPPED / "us_japan", target)
    return target


MISTAKES: list[tuple[str, Mistake, str]] = [
    # files
    ("missing file", without("routes.csv"), r"file is missing; every case needs it.*kanrin init"),
    ("missing sidecar", without("ports.toml"), r"file is missing; every case needs it.*kanrin init"),
    ("missing head", without("case.toml"), r"file is missing; a case folder begins with it.*kanrin init"),
    ("wrong encoding", in_latin_1, r"text is not UTF-8 \(byte 0xeb\); save the file as UTF-8"),
    (
        "syntax of TOML",
        text("facts.toml", r"^unit = .*", 'unit = "USD'),
        r"not valid TOML: .*check quotes, brackets",
    ),
    (
        "same table twice",
        text("assumptions.toml", r"\Z", "\n" + A + "value = 1\n", A),
        r"not valid TOML: Cannot declare .*twice",
    ),
    (
        "quotes of CSV",
        text("calendar.csv", r"\Z", 'C999,2026-01-01,"open'),
        r"not readable as CSV .*check the quotes",
    ),
    # times, capacities and regions of a schedule
    (
        "negative lead time",
        text(
            "assumptions.toml",
            r'^value = 5\nlow = 2\nhigh = 9\nunit = "months"',
            'value = -5\nlow = -6\nhigh = 9\nunit = "months"',
        ),
        r"cert.us_made_certification.lead_time_months: value is -\d months; a time is at least 0",
    ),
    (
        "no room on ships",
        text("assumptions.toml", r"^value = 0.15\nlow = 0.05\nhigh = 0.5", "value = 0\nlow = 0\nhigh = 0.5"),
        r"logistics.share_of_vessel_available is 0 fraction of capacity; no car could pass",
    ),
    (
        "months too few for any car",
        months_too_few,
        r"toyota_camry_hybrid cannot be sold within 3 months: the quickest pathway takes 3 and .* route 2",
    ),
    ("regions past the whole", cell("regions", "share", "0.2", row=0), r"share: .* sum to 1.159; expected 1"),
    (
        "chance of approval above one",
        text(
            "assumptions.toml",
            r'label = "Article 58-3, chance of approval"\nvalue = .*\nlow = .*\nhigh = .*',
            'label = "Chance"\nvalue = 0.9\nlow = 0.6\nhigh = 1.2',
            "high = 1.2",
        ),
        r"approval_probability is 1.2; a chance of approval lies between 0 and 1: correct the number",
    ),
    (
        "cap below zero",
        text(
            "rules/jp_certification.toml",
            r"value = 2000, effective_from = 2013-04-12, effective_to = 2013-05-10",
            "value = -1, effective_from = 2013-04-12, effective_to = 2013-05-10",
        ),
        r"jp.php.cap_per_type is -1; a cap is at least 0: correct the number",
    ),
    # columns and rows
    (
        "missing column",
        rows_of("candidates", no_column("msrp_usd")),
        r"column msrp_usd is missing; the header has",
    ),
    ("unknown column", rows_of("market", more_column), r"column colour is not known; expected id, brand"),
    ("empty table", rows_of("ports", nothing_left), r"the table is empty; it needs at least one row"),
    (
        "short row",
        rows_of("gaps", fewer_cells),
        r"row has \d+ cells, the header has \d+; quote a text that contains",
    ),
    (
        "duplicate row",
        copied_row("market"),
        r"duplicate 'toyota_\w+'; it stands already on market.csv:4: remove one",
    ),
    (
        "one car, two ids",
        copied_row("market", id="again"),
        r"duplicate row: again is the Toyota .* of toyota_\w+ \(line 4\); remove one, or tell them apart",
    ),
    (
        "one candidate, two ids",
        copied_row("candidates", id="again"),
        r"duplicate row: again .*\(line 4\); remove one",
    ),
    # numbers and dates
    (
        "non-number",
        cell("market", "price_jpy", "2.7 million"),
        r"price_jpy: expected a number; write it with a dot and without units.*got '2.7 million'",
    ),
    ("decimal comma", cell("routes", "inland_days", "4,6"), r"inland_days: expected a number.*got '4,6'"),
    (
        "negative price",
        cell("candidates", "msrp_usd", "-1"),
        r"msrp_usd: expected a number greater than 0, got '-1'",
    ),
    (
        "zero length",
        cell("market", "length_mm", "0"),
        r"length_mm: expected a number greater than 0, got '0'",
    ),
    ("half a car", cell("market", "units", "10.5"), r"units: expected a whole number, got '10.5'"),
    ("infinite", cell("fx", "value", "inf"), r"value: expected a finite number, got 'inf'"),
    ("empty cell", cell("candidates", "plant", ""), r"plant: must not be empty"),
    (
        "word not of the list",
        cell("market", "body", "truck"),
        r"body: expected one of 'hatchback',.*got 'truck'",
    ),
    (
        "heading not of the form",
        cell("candidates", "hs_heading", "87.03"),
        r"hs_heading: does not have the form",
    ),
    (
        "impossible date in CSV",
        cell("events", "date_from", "2026-02-30"),
        r"date_from: expected a date that exists, written YYYY-MM-DD, got '2026-02-30'",
    ),
    (
        "impossible date in TOML",
        rule(spell(begin="2026-02-30"), line=4),
        r"not valid TOML: .*check quotes, brackets and",
    ),
    (
        "date as text",
        rule(spell(begin='"soon"'), line=4),
        r"test.rule: effective_from: expected a date that exists, written YYYY-MM-DD, got 'soon'",
    ),
    (
        "event ends before it begins",
        cell("events", "date_to", "2020-01-01"),
        r"the event ends on 2020-01-01, before it",
    ),
    (
        "number in quotes",
        text("assumptions.toml", FIRST + r"\nlabel = .*\nvalue = .*", A + 'value = "much"', "value ="),
        r"capital.annual_rate: value: expected a number.*'much'",
    ),
    (
        "assumption outside its range",
        text("assumptions.toml", FIRST + r"\nlabel = .*\nvalue = .*", A + "value = 9"),
        r"capital.annual_rate: value 9 lies outside its range 0\.\d+\.\.0\.\d+; widen it or correct",
    ),
    (
        "assumption without a reason",
        text(
            "assumptions.toml",
            FIRST,
            '["new.key"]\nvalue = 1\nlow = 0\nhigh = 2\nunit = "ratio"\n\n' + A[:-1],
        ),
        r"new.key: reason: is missing; add it",
    ),
    (
        "assumed fact without a range",
        text(
            "facts.toml",
            r'^\["trade\.(?s:.*?)kind = "fact"',
            '["trade.x"]\nvalue = 1\nunit = "USD"\nkind = "assumption"',
        ),
        r"an assumption needs low and high",
    ),
    (
        "assumed column without a spread",
        no_spread,
        r"destination_fee_usd is an assumption and has no low and high; state `spread`.*candidates.toml:\d+",
    ),
    (
        "plausible range upside down",
        text(
            "fx.toml",
            r"^\[columns\.value\](?s:.*?)plausible = .*",
            '[columns.value]\nunit = "JPY per USD"\nplausible = [200, 70]',
        ),
        r"plausible \[200.0, 70.0\] is empty; expected \[lowest, highest\]",
    ),
    # spells of law
    (
        "empty spell",
        rule(spell(more=", effective_to = 2020-01-01"), line=4),
        r"test.rule: empty spell 2020-01-01\.\.2020-01-01; the end is exclusive",
    ),
    (
        "empty knowledge",
        rule(spell(more=", known_to = 2020-01-01"), line=4),
        r"test.rule: empty knowledge span 2020-01-01\.\.2020-01-01; the end is exclusive",
    ),
    ("no spell", rule(line=3), r"test.rule: spells: must not be empty"),
    (
        "overlapping spells",
        rule(spell(), spell("0.2", "2021-01-01"), line=5),
        r"test.rule: 0.2 and 0.1 \(line 4\) are both in force on 2021-01-01 as known on 2020-01-01; end",
    ),
    (
        "overlap while an end is not known",
        rule(
            spell(more=", effective_to = 2021-01-01, end_known_from = 2020-06-01"),
            spell("0.2", "2021-01-01"),
            line=5,
        ),
        r"both in force on 2021-01-01 as known on 2020-01-01",
    ),
    (
        "unknown status",
        rule(spell().replace("in_force", "rumoured"), line=4),
        r"status: expected one of 'reported',",
    ),
    (
        "unknown field of a spell",
        rule(spell(more=", colour = 1"), line=4),
        r"colour: is not known here; check the spell",
    ),
    (
        "missing field of a spell",
        rule(spell().replace('status = "in_force", ', ""), line=4),
        r"status: is missing; add",
    ),
    # names
    (
        "unknown source in CSV",
        cell("market", "price_source", "jada-2025-top11"),
        r"price_source: unknown source 'jada-2025-top11'; did you mean jada-2025-top10.*\? correct the id",
    ),
    (
        "unknown source of a spell",
        rule(spell(source="nowhere"), line=4),
        r"test.rule: unknown source 'nowhere'.*correct the id, or add the source to sources.csv",
    ),
    ("unknown source of a part", cell("equipment", "source", "nowhere"), r"source: unknown source 'nowhere'"),
    (
        "fact without a page",
        rows_of("ports", page_lost),
        r"latlon_status: kanrin.assumption is an internal source and supports no fact; cite the page",
    ),
    (
        "unknown unit of a rule",
        rule(spell(), unit="fraction of custom value", line=2),
        r"unknown unit 'fraction of custom value'; did you mean fraction of customs.*use one of units",
    ),
    ("unknown unit of a row", cell("fx", "unit", "yen"), r"unknown unit 'yen'.*use one of units.csv"),
    (
        "unknown unit of a fact",
        text("facts.toml", r'^unit = "USD"', 'unit = "dollars"'),
        r"unknown unit 'dollars'",
    ),
    (
        "unknown unit of a column",
        text("ports.toml", r'^unit = "degrees"', 'unit = "degree"'),
        r"lat: unknown unit 'degree'",
    ),
    (
        "sidecar without its column",
        text("ports.toml", r"^\[columns\.lat\]", "[columns.latitude]"),
        r"columns: unknown column 'latitude'; did you mean .*lat.*ports.csv has no such column",
    ),
    (
        "unknown port",
        cell("routes", "us_port", "baltimor"),
        r"us_port: unknown port 'baltimor'; did you mean baltimore\? correct the id, or add the port",
    ),
    (
        "port on the wrong side",
        cell("routes", "jp_port", "baltimore"),
        r"jp_port: baltimore is a port of export; expected a port of import: correct the id",
    ),
    (
        "plant without a route",
        cell("candidates", "plant", "Toyota Nowhere"),
        r"plant: unknown plant in routes.csv 'Toyota Nowhere'.*add its routes to routes.csv",
    ),
    (
        "part of an unknown car",
        cell("equipment", "candidate", "toyota_tundr"),
        r"candidate: unknown model 'toyota_tundr'; did you mean toyota_tundra",
    ),
    (
        "part for no requirement",
        cell("equipment", "requirement", "wings"),
        r"requirement: unknown requirement 'wings'",
    ),
    (
        "pathway without treatments",
        text("pathways.toml", r'^\[\[pathway\]\]\nid = "php"', '[[pathway]]\nid = "php2"'),
        r"php2: gaps.csv has no column 'php2'; name the pathway as its column there",
    ),
    (
        "unknown key of a pathway",
        text("pathways.toml", r"(?m)^fixed_cost_key = .*", 'fixed_cost_key = "cert.nothing"'),
        r"fixed_cost_key: unknown key 'cert.nothing'.*add it to a rule file or to assumptions.toml",
    ),
    (
        "unknown cost key of a requirement",
        cell("gaps", "unit_cost_assumption_key", "mod.side_jpy"),
        r"unit_cost_assumption_key: unknown key 'mod.side_jpy'",
    ),
    (
        "unknown rule of a requirement",
        cell("gaps", "rule_key", "jp.nothing"),
        r"rule_key: unknown key 'jp.nothing'",
    ),
    (
        "event that sets an unknown key",
        cell("events", "overrides", "jp.nothing=1"),
        r"overrides: unknown key 'jp.nothing'",
    ),
    (
        "event that sets no number",
        cell("events", "overrides", "fx.usd_jpy=dear"),
        r"overrides: --set fx.usd_jpy=dear: expected a number in 'JPY per USD'",
    ),
    (
        "event that sets nothing",
        cell("events", "overrides", "fx.usd_jpy"),
        r"overrides: expected key=value\|key=value",
    ),
    ("claim about nothing", cell("calendar", "about", "jp.nothing"), r"about: unknown key 'jp.nothing'"),
    (
        "rule that assumes nothing",
        rule(spell(), unit='ratio"\nassume = "no.key', line=3),
        r"test.rule: assume: unknown key",
    ),
    (
        "unknown maker",
        text("case.toml", r"^default_maker = .*", 'default_maker = "Toyoda"'),
        r"default_maker: unknown maker 'Toyoda'; did you mean Toyota.*name a firm of candidates.csv",
    ),
    (
        "review of nothing",
        text("case.toml", r"^key = .*", 'key = "jp.nothing"'),
        r"review: unknown key 'jp.nothing'",
    ),
    (
        "missing estimate",
        text("case.toml", r"^estimate = .*", 'estimate = "estimates/none.toml"'),
        r"estimate: .*none.toml is missing; correct the name, or copy the file",
    ),
    (
        "assumption that every case needs",
        needed_key_gone,
        r"demand.market_size is missing; every case needs it: add it with value, low, high",
    ),
    (
        "exchange rate in another unit",
        cell("fx", "unit", "USD"),
        r"unit: 'USD' is not the unit of fx.usd_jpy, 'JPY per USD' \(.*assumptions.toml:\d+\); correct",
    ),
    (
        "heading without a duty",
        cell("candidates", "hs_heading", "8705"),
        r"hs_heading: unknown heading '8705'.*add the rule jp.customs.hs8705.mfn",
    ),
    (
        "no row and no header",
        blank("routes.csv"),
        r"the file is empty; it needs the header \w+,.* and its rows; copy it",
    ),
    ("no fact at all", emptied("facts.toml"), r"the file is empty; it needs at least one table"),
    # sums
    (
        "probabilities",
        rows_of("events", probability_off),
        r"the probabilities of \w+ sum to 1.01 \(.*\); expected 1: correct",
    ),
    (
        "probability outside its range",
        cell("events", "probability_high", "0.01"),
        r"probability .* lies outside",
    ),
    (
        "brand past its total",
        rows_of("market", brand_past_total),
        r"Lexus, registered: the models sum to .* units, past the total of .*market_totals.csv:\d+",
    ),
    (
        "shares past the market size",
        text(
            "assumptions.toml",
            r'(?s)^\["demand\.market_size"\]\nlabel = [^\n]*\nvalue = \d+\nlow = \d+',
            '["demand.market_size"]\nvalue = 3800000\nlow = 3000000',
        ),
        r"demand.market_size: shares sum past the market size: .* has 3,8\d\d,\d+ units.* is 3,000,000",
    ),
]


@pytest.mark.parametrize(("mistake", "expected"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_message_of_a_mistake(folder: Path, mistake: Mistake, expected: str) -> None:
    name, line = mistake(folder)
    with pytest.raises(CaseError) as caught:
        load_case(folder)
    place = re.escape(name) + (rf":{line}: " if line else ": ")
    told = [fault for fault in caught.value.faults if re.search(rf"(^|/){place}.*({expected})", fault)]
    assert told, f"expected {place}{expected}, got:\n" + "\n".join(caught.value.faults[:5])
    assert all(fault.startswith(str(folder)) for fault in caught.value.faults)
    assert ("; " in told[0]) or (": remove one" in told[0]), "the message has no way out"


def test_the_copy_itself_is_sound(folder: Path) -> None:
    assert load_case(folder).digest == load_case("us-japan").digest


def test_faults_of_several_files_are_told_together(folder: Path) -> None:
    places = [
        cell("market", "price_jpy", "-1")(folder),
        cell("market", "length_mm", "0", row=7)(folder),
        cell("candidates", "seats", "many")(folder),
        text("assumptions.toml", FIRST + r"\nlabel = .*\nvalue = .*", A + "value = 9")(folder),
        without("fx.toml")(folder),
    ]
    with pytest.raises(CaseError) as caught:
        load_case(folder)
    assert len(caught.value.faults) == len(places)
    for name, line in places:
        assert f"{name}:{line}" in str(caught.value) or (line is None and name in str(caught.value))


def test_integrity_faults_are_told_together(folder: Path) -> None:
    rule(spell(source="nowhere"), spell("0.2", "2021-01-01"))(folder)
    cell("market", "price_source", "nowhere")(folder)
    cell("candidates", "plant", "Toyota Nowhere")(folder)
    with pytest.raises(CaseError) as caught:
        load_case(folder)
    assert len(caught.value.faults) == 4


def test_line_of_a_row_after_quoted_commas_and_line_breaks(folder: Path) -> None:
    cell("market", "note", 'a note, with "quotes"\nand a second\nand a third line', row=0)(folder)
    name, line = cell("market", "price_jpy", "dear", row=1)(folder)
    assert line == 5
    with pytest.raises(CaseError, match=rf"{name}:5: price_jpy"):
        load_case(folder)


def test_number_out_of_its_plausible_range_is_a_fault_of_the_check(folder: Path) -> None:
    name, line = cell("market", "price_jpy", "100000000")(folder)
    report = check_case(load_case(folder))
    assert not report.ok
    expected = (
        rf"{name}:{line}: price_jpy is 100,000,000, outside the plausible 500,000 to 60,000,000 JPY"
        r" per vehicle; "
        r"correct the cell, or widen `plausible` at .*market.toml:\d+$"
    )
    assert [bool(re.search(expected, fault)) for fault in report.faults] == [True]


def test_a_month_without_a_rate_is_a_fault_of_the_check(folder: Path) -> None:
    path = folder / "fx.csv"
    rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    del rows[3]
    path.write_text("".join(rows), encoding="utf-8")
    (fault,) = check_case(load_case(folder)).faults
    assert fault.startswith(
        f"{path}:4: date: the month 2006-03 is missing after 2006-02; expected one row a month"
    )


def test_an_estimate_that_cannot_be_read_is_a_fault_of_the_check(folder: Path) -> None:
    name, line = text("estimates/first.toml", r"^kei = .*", 'kei = "much"')(folder)
    expected = f"{folder / name}:{line}: parameters.kei is 'much'; expected a finite number"
    assert checks_of(folder).faults[0] == expected


def test_an_estimate_of_an_unknown_attribute_is_a_fault_of_the_check(folder: Path) -> None:
    path = folder / "estimates" / "first.toml"
    path.write_text(re.sub(r'\bkei\b(?=[" ])', "keis", path.read_text(encoding="utf-8")), encoding="utf-8")
    line = path.read_text(encoding="utf-8").splitlines().index("keis = 2.673864") + 1
    (fault,) = checks_of(folder).faults
    expected = "parameters: unknown attribute 'keis'; did you mean kei? name one that a car sheet gives"
    assert fault == f"{path}:{line}: {expected}"
