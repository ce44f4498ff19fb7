"""The page on estimating and simulating: its commands run, its tables name what the specifications know."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path
from typing import get_args

import pytest

from kanrin.app._estimate_spec import EstimateSpec
from kanrin.app._simulate_spec import CalibrationSpec, SimulateSpec

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "how-to" / "estimate-and-simulate.md").read_text(encoding="utf-8")
COMMANDS = [
    line for block in re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.M | re.S) for line in block.splitlines()
]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_run(run, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    words = [w.replace("docs/", f"{DOCS}/", 1) for w in shlex.split(command)[1:]]
    result = run(*words)
    assert result.code == 0, result.err
    assert ("cars.toml" in command) == (tmp_path / "cars.toml").exists()


def test_every_shipped_specification_is_shown_and_run():
    shipped = {path.name for path in (DOCS / "examples").glob("*.toml")}
    assert shipped == set(re.findall(r"literalinclude\} \.\./examples/(\S+)", PAGE))
    assert shipped == {Path(shlex.split(command)[2]).name for command in COMMANDS}


def test_the_data_are_what_the_script_makes():
    spec = importlib.util.spec_from_file_location("make_cars", DOCS / "examples" / "make_cars.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    lines = (DOCS / "examples" / "cars.csv").read_text(encoding="utf-8").splitlines()
    made = module.rows()
    assert lines[0].split(",") == list(made[0])
    assert [line.split(",") for line in lines[1:]] == [[str(v) for v in row.values()] for row in made]


@pytest.mark.parametrize("table", EstimateSpec.model_fields)
def test_every_table_and_key_of_an_estimate_is_named(table):
    field = EstimateSpec.model_fields[table]
    if table != "title":
        assert f"`[{table}]`" in PAGE
    for key in getattr(field.annotation, "model_fields", {}):
        assert re.search(rf"`{key}\b|`\[\[instruments.{key}\]\]`", PAGE), key


def test_every_family_and_kind_of_change_is_named():
    for family in get_args(CalibrationSpec.model_fields["family"].annotation):
        assert f"| `{family}` |" in PAGE
    changes = str(SimulateSpec.model_json_schema()["properties"]["changes"])
    kinds = set(re.findall(r"'([a-z-]+)': '#/", changes))
    assert len(kinds) == 10
    for kind in kinds:
        assert f"`{kind}`" in PAGE
