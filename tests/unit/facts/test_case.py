"""The shipped case: it loads, every cell is a figure with a unit, and its digest is that of its bytes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kanrin.base import CaseError, Kind, UnknownName
from kanrin.facts import (
    Check,
    case_figure,
    case_folder,
    cell_keys,
    check_case,
    known_keys,
    load_case,
    shipped_cases,
)
from kanrin.facts._case import SHIPPED

CASE = load_case("us-japan")


def test_the_shipped_case_passes_every_check() -> None:
    report = check_case(CASE)
    assert report.ok, "\n".join(report.faults)
    assert len({result.name for result in report.results}) == len(report.results)
    assert all(result.looked_at[0] != "0" for result in report.results), "a check that looks at nothing"
    assert report.kinds["assumptions"] == {Kind.ASSUMPTION: len(CASE.assumptions)}
    assert sum(report.kinds["rules"].values()) == sum(len(rule.spells) for rule in CASE.rules.values())


def test_a_check_of_an_upper_room_can_be_added() -> None:
    extra = Check(
        "candidates are red", lambda case: "colours", lambda case: ["candidates.csv:2: not red; paint it"]
    )
    report = check_case(CASE, [extra])
    assert not report.ok
    assert report.faults == ("candidates.csv:2: not red; paint it",)
    assert report.results[-1].looked_at == "colours"


def test_every_key_of_a_cell_gives_a_figure_with_a_unit() -> None:
    keys = list(cell_keys(CASE))
    assert len(keys) == len(set(keys)) > 5000
    empty = 0
    for key in keys:
        figure = case_figure(CASE, key)
        if figure is None:  # a battery has no litres, an engine no watt hours
            empty += 1
            assert key.endswith(("fuel_economy_km_per_l", "electricity_wh_per_km"))
            continue
        assert figure.unit in CASE.units and figure.source in CASE.sources
        if figure.kind is Kind.ASSUMPTION:
            assert figure.low is not None and figure.high is not None
            assert figure.low <= figure.value <= figure.high
    assert empty == len(CASE.market)


def test_every_assumption_and_fact_gives_a_figure() -> None:
    for key in [*CASE.assumptions, *CASE.facts]:
        figure = case_figure(CASE, key)
        assert figure is not None and figure.unit in CASE.units and figure.source in CASE.sources
    assert len(known_keys(CASE)) == len(set(known_keys(CASE)))


def test_digest_changes_with_a_byte_of_any_file(tmp_path: Path) -> None:
    folder = shutil.copytree(SHIPPED / "us_japan", tmp_path / "case")
    assert load_case(folder).digest == CASE.digest
    for name in ("case.toml", "units.csv", "rules/us_trade.toml", "estimates/first.toml"):
        path = folder / name
        before = path.read_bytes()
        path.write_bytes(before + b"\n")
        assert load_case(folder).digest != CASE.digest, name
        path.write_bytes(before)
    (folder / "notes.txt").write_text("not part of the case")
    assert load_case(folder).digest == CASE.digest


def test_a_record_knows_its_line() -> None:
    seen = set()
    for (table, name), (path, line) in CASE.lines.items():
        if table in ("candidates", "rules", "assumptions", "pathways", "market"):
            seen.add(table)
            here = path.read_text(encoding="utf-8").splitlines()[line - 1 : line + 1]
            assert any(name in text for text in here), f"{path}:{line}: {name}"
    assert len(seen) == 5


def test_names_of_cases() -> None:
    assert "us-japan" in shipped_cases()
    assert case_folder("us-japan") == case_folder("us_japan") == SHIPPED / "us_japan"
    with pytest.raises(UnknownName, match="unknown case 'us-japn'; did you mean us-japan"):
        load_case("us-japn")


def test_a_folder_without_a_head_is_no_case(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"case.toml: file is missing; .*kanrin init DIR --from us-japan"):
        load_case(tmp_path)


def test_models_and_makers_by_name() -> None:
    with pytest.raises(UnknownName, match="unknown maker 'Toyata'; did you mean Toyota"):
        CASE.candidates_of("Toyata")
    assert CASE.candidates_of("toyota") == CASE.candidates_of("Toyota")
    with pytest.raises(UnknownName, match=r"unknown model 'toyota_tundar'; did you mean toyota_tundra"):
        CASE.candidate("toyota_tundar")
