"""Help: every command is listed and explained, and nothing heavy is imported for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kanrin.app._group import COMMANDS

HEAVY = ("numpy", "pydantic", "rich", "jinja2", "vl_convert")


def test_help_lists_every_command(run):
    result = run("--help")
    assert result.code == 0
    assert all(f"  {name} " in result.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(run, name):
    result = run(name, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: kanrin {name}")
    assert "--json" in result.out


@pytest.mark.parametrize("arguments", [["--help"], ["plan", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments):
    code = (
        "import sys\nfrom kanrin.app import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_about(run):
    result = run("about", "--json")
    assert result.code == 0
    assert {"kanrin", "python", "numpy", "cases"} <= set(result.json)
    assert "us-japan" in result.json["cases"]
    assert "numpy" in run("about").out
