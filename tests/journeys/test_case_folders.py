"""A case copied, checked, edited, broken and mended."""

from __future__ import annotations

from pathlib import Path


def test_init_then_check_then_use(run, copied: Path):
    checked = run("check", copied)
    assert checked.code == 0
    assert "every candidate has a feasible pathway" in checked.out
    assert run("cost", copied, "toyota_tundra").code == 0
    assert run("rules", copied, "--json").json["in_force"]


def test_the_shipped_case_is_sound(run):
    result = run("check", "us-japan", "--json")
    assert result.code == 0
    assert result.json["sound"] is True
    assert len(result.json["checks"]) >= 10


def test_init_tells_what_it_copied(run, tmp_path):
    result = run("init", tmp_path / "mine", "--json")
    assert "case.toml" in result.json["files"]
    assert "rules/jp_customs.toml" in result.json["files"]
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_force_writes_over_and_keeps_the_rest(run, copied: Path):
    (copied / "notes.txt").write_text("mine")
    (copied / "fx.csv").write_text("broken")
    assert run("init", copied).code == 2
    assert run("init", copied, "--force").code == 0
    assert (copied / "notes.txt").read_text() == "mine"
    assert run("check", copied).code == 0


def test_an_edited_value_reaches_the_cost(run, copied: Path):
    path = copied / "assumptions.toml"
    head, after = path.read_text().split('["jp.pdi_jpy"]')
    assert "value = 60000\n" in after
    path.write_text(head + '["jp.pdi_jpy"]' + after.replace("value = 60000\n", "value = 90000\n", 1))
    lines = run("cost", copied, "toyota_tundra", "--json").json["lines"]
    assert next(line["amount_jpy"] for line in lines if line["line"] == "pdi") == 90000


def test_every_fault_is_listed_at_once(run, copied: Path):
    market = copied / "market.csv"
    rows = market.read_text().splitlines()
    cells = rows[5].split(",")
    cells[rows[0].split(",").index("price_jpy")] = "cheap"
    rows[5] = ",".join(cells)
    market.write_text("\n".join(rows) + "\n")
    (copied / "ports.csv").unlink()
    result = run("check", copied)
    assert result.code == 2
    assert "2 faults" in result.err
    assert "market.csv:6: price_jpy: expected a number" in result.err
    assert "ports.csv: file is missing" in result.err
    assert "Traceback" not in result.err


def test_a_candidate_without_a_feasible_pathway(run, copied: Path):
    path = copied / "pathways.toml"
    path.write_text(
        path.read_text()
        .replace('users = ["maker", "importer"]', 'users = ["importer"]')
        .replace('users = ["anyone"]', 'users = ["importer"]')
        .replace('users = ["maker"]', 'users = ["importer"]')
    )
    result = run("check", copied)
    assert result.code == 2
    assert "has no feasible pathway" in result.err
    assert "candidates.csv:" in result.err
    assert "pathways.toml" in result.err
