"""Bad input: exit code 2, a message that says what and the way out, no traceback, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

CASE = "us-japan"
PLAN = ("plan", CASE, "--draws", "2")

BAD = {
    "unknown command": (("plam", CASE), ["no command 'plam'", "did you mean plan"]),
    "unknown case": (
        ("plan", "us-jpan"),
        ["unknown case 'us-jpan'", "did you mean us-japan?", "case folder"],
    ),
    "unknown case, rules": (("rules", "nowhere"), ["unknown case 'nowhere'", "us-japan"]),
    "unknown model": (
        ("cost", CASE, "toyota_camri"),
        ["unknown model 'toyota_camri'", "toyota_camry_hybrid"],
    ),
    "unknown candidate": ((*PLAN, "--candidates", "toyota_tundr"), ["'toyota_tundr'", "toyota_tundra"]),
    "unknown maker": ((*PLAN, "--maker", "Toyta"), ["unknown maker 'Toyta'", "Toyota"]),
    "no candidates": ((*PLAN, "--candidates", " , "), ["expected model ids with commas between"]),
    "own rival": ((*PLAN, "--rivals", "toyota"), ["Toyota is the maker", "Honda", "Nissan"]),
    "rival without candidates": ((*PLAN, "--rivals", "Honda,Suzuki"), ["Suzuki has no candidate", "Nissan"]),
    "no rivals": ((*PLAN, "--rivals", ","), ["expected names of makers with commas between"]),
    "unknown way": (
        (*PLAN, "--candidates", "toyota_sequoia", "--way", "toyota_sequoia=phpp"),
        ["no such way", "us_made_certification,left", "php,right"],
    ),
    "way that is closed": (
        (*PLAN, "--candidates", "toyota_sequoia", "--way", "toyota_sequoia=common_structure"),
        ["not open to it", "not for cars of heading 8703", "the ways it has"],
    ),
    "way of a car not weighed": (
        (*PLAN, "--candidates", "toyota_sequoia", "--way", "toyota_tundra=php"),
        ["model in --way 'toyota_tundra'"],
    ),
    "way without a pathway": ((*PLAN, "--way", "toyota_sequoia"), ["--way", "expected MODEL=PATHWAY"]),
    "chance above one": (
        (*PLAN, "--set", "cert.us_made_certification.approval_probability=1.2"),
        ["a probability lies between 0 and 1"],
    ),
    "too late for the horizon": (
        (
            *PLAN,
            "--candidates",
            "toyota_tundra",
            *(
                part
                for p in ("common_structure", "php", "type_designation", "un_1958", "parallel_import")
                for part in ("--set", f"cert.{p}.lead_time_months=60")
            ),
        ),
        ["no candidate has a feasible pathway", "after 60 months, not within the 48 months"],
    ),
    "no line-ups to search": (
        (*PLAN, "--search-lineups", "0"),
        ["--search-lineups", "0 is not in the range"],
    ),
    "no time to search": ((*PLAN, "--search-seconds", "0"), ["--search-seconds", "0.0 is not in the range"]),
    "date before any rule": (
        ("rules", CASE, "--on", "1950-01-01"),
        ["1950-01-01", "the rules begin on", "later date"],
    ),
    "plan before any rule": ((*PLAN, "--on", "1950-01-01"), ["1950-01-01", "later date"]),
    "impossible date": (
        (*PLAN, "--on", "2026-02-30"),
        ["expected a date YYYY-MM-DD that exists, got '2026-02-30'"],
    ),
    "date in words": (
        ("rules", CASE, "--on", "yesterday"),
        ["expected a date YYYY-MM-DD that exists, got 'yesterday'"],
    ),
    "unknown key": ((*PLAN, "--set", "fx.usd_jp=150"), ["unknown key 'fx.usd_jp'", "fx.usd_jpy"]),
    "no value": ((*PLAN, "--set", "fx.usd_jpy"), ["expected KEY=VALUE", "fx.usd_jpy=150"]),
    "text for a number": (
        (*PLAN, "--set", "fx.usd_jpy=much"),
        ["expected a number in 'JPY per USD'", "got 'much'"],
    ),
    "wrong unit": ((*PLAN, "--set", "fx.usd_jpy=150 EUR"), ["unit 'EUR' does not fit", "JPY per USD"]),
    "per cent of money": ((*PLAN, "--set", "jp.pdi_jpy=5%"), ["not in percent"]),
    "negative": ((*PLAN, "--set", "fx.usd_jpy=-150"), ["at least 0"]),
    "flag": ((*PLAN, "--set", "jp.eco_car_rate_for_us_made=2"), ["1 for yes or 0 for no"]),
    "negative cell": (
        ("cost", CASE, "toyota_tundra", "--set", "candidate.toyota_tundra.msrp_usd=-1"),
        ["greater than 0"],
    ),
    "unknown column": (("explain", CASE, "candidate.toyota_tundra.prize"), ["unknown column", "'prize'"]),
    "unknown line": (
        ("explain", CASE, "waterfall.toyota_tundra.dut"),
        ["unknown line of the waterfall", "duty"],
    ),
    "unknown figure": (("explain", CASE, "fx.usdjpy"), ["unknown key 'fx.usdjpy'", "fx.usd_jpy"]),
    "too few draws": (("plan", CASE, "--draws", "1"), ["--draws", "1 is not in the range"]),
    "too many draws": (
        ("plan", CASE, "--draws", "1000000000"),
        ["not in the range 2<=x<=20000", "memory"],
    ),
    "set twice": (
        (*PLAN, "--set", "fx.usd_jpy=150", "--set", "fx.usd_jpy=140"),
        ["fx.usd_jpy is set twice, to 150 and to 140"],
    ),
    "no case": (("plan", ""), ["'CASE'", "expected a shipped case or a case folder, got an empty text"]),
    "empty out": ((*PLAN, "--out", ""), ["'--out'", "expected a folder, got an empty text"]),
    "empty maker": ((*PLAN, "--maker", " "), ["'--maker'", "expected the name of a maker"]),
    "empty init": (("init", ""), ["'DIR'", "expected a folder"]),
    "nothing to explain": (("explain", CASE), ["give KEY-OR-FIGURE, or --keys"]),
    "nothing like it": (("explain", CASE, "nope"), ["unknown key 'nope'", "kanrin explain us-japan --keys"]),
    "nothing like it to set": ((*PLAN, "--set", "zzz=1"), ["unknown key 'zzz'", "explain us-japan --keys"]),
    "no key holds it": (("explain", CASE, "--keys", "zzz"), ["unknown key 'zzz'", "--keys"]),
    "draws in words": (("plan", CASE, "--draws", "many"), ["--draws", "'many' is not a valid integer"]),
    "end of law": (("plan", CASE, "--end-of-law", "hope"), ["refuse", "carry", "assume"]),
    "no units": (
        ("cost", CASE, "toyota_tundra", "--units", "0"),
        ["expected a number of cars a year above 0"],
    ),
    "no price": (("cost", CASE, "toyota_tundra", "--list-price", "-1"), ["expected JPY per car above 0"]),
    "comparable": ((*PLAN, "--comparable", "toyota_tundra"), ["expected MODEL=MARKETMODEL"]),
    "unknown comparable": (
        (*PLAN, "--comparable", "toyota_camry_hybrid=toyota_crwn"),
        ["toyota_crwn", "toyota_crown"],
    ),
    "unknown option": ((*PLAN, "--sed", "1"), ["No such option", "--seed"]),
    "missing case": (("plan",), ["Missing argument 'CASE'"]),
    "init from nowhere": (("init", "somewhere", "--from", "us-jpan"), ["unknown case 'us-jpan'", "us-japan"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(run, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments, fragments = BAD[name]
    result = run(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert "Traceback" not in result.err
    for fragment in fragments:
        assert fragment in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_case(run, tmp_path):
    result = run("check", tmp_path)
    assert result.code == 2
    assert "case.toml: file is missing" in result.err
    assert "kanrin init" in result.err


@pytest.mark.parametrize("command", ["plan", "init"])
def test_a_folder_that_is_not_empty(run, tmp_path, command):
    kept = tmp_path / "mine.txt"
    kept.write_text("kept")
    result = run(*(("plan", CASE, "--out", tmp_path) if command == "plan" else ("init", tmp_path)))
    assert result.code == 2
    assert "is not empty" in result.err
    assert "--force" in result.err
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("command", ["plan", "init"])
def test_a_file_where_a_folder_should_be(run, tmp_path, command):
    target = tmp_path / "file"
    target.write_text("kept")
    result = run(*(("plan", CASE, "--out", target) if command == "plan" else ("init", target)))
    assert result.code == 2
    assert "is a file, not a folder" in result.err
    assert target.read_text() == "kept"


def test_a_folder_under_a_file(run, tmp_path):
    (tmp_path / "file").write_text("kept")
    result = run("plan", CASE, "--out", tmp_path / "file" / "below" / "brief")
    assert result.code == 2
    assert "which is a file" in result.err


def test_a_folder_that_cannot_be_written(run, tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)  # a permission that also binds root
    result = run("plan", CASE, "--out", tmp_path / "brief")
    assert result.code == 2
    assert "cannot be written" in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_defect_is_one_line_with_a_way_to_report_it(run, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("wheels came off")

    monkeypatch.setattr("kanrin.facts.load_case", broken)
    result = run("rules", CASE)
    assert result.code == 1
    assert result.err.splitlines() == [
        "Error: unexpected RuntimeError: wheels came off; this is a defect of Kanrin; "
        "set KANRIN_TRACEBACK=1 for the traceback"
    ]
    monkeypatch.setenv("KANRIN_TRACEBACK", "1")
    assert "Traceback" in run("rules", CASE).err


def test_a_missing_file_of_a_case_is_named(run, copied: Path):
    (copied / "fx.csv").unlink()
    result = run("plan", copied)
    assert result.code == 2
    assert "fx.csv: file is missing" in result.err
