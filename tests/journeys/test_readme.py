"""The README: its commands exist, its page of Python runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, flags=re.M | re.S)


def _blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def test_each_shell_block_is_one_line_that_begins_with_a_new_environment():
    shell = _blocks("sh")
    assert len(shell) == 2
    for block in shell:
        assert len(block.strip().splitlines()) == 1
        assert block.startswith("python3 -m venv .venv && ")
    assert shell[0].strip().endswith("kanrin plan us-japan")
    assert shell[1].strip().endswith("pytest")
    assert (ROOT / "constraints.txt").is_file()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^\| `(kanrin [^`]+)` \|", README, flags=re.M))))
def test_the_commands_of_the_table_are_understood(run, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command)[1:]
    if words[0] == "plan":
        words += ["--draws", "4", "--candidates", "toyota_camry_hybrid"]
    assert run(*words).code == 0


def test_the_page_of_python_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page, _ = _blocks("python")
    quick = page.replace("draws=50", "draws=4")
    assert quick != page
    exec(compile(quick, "README.md", "exec"), {})
    assert (tmp_path / "brief" / "brief.html").exists()
    assert "jp.customs.hs8703.mfn" in capsys.readouterr().out


def test_the_page_of_economists_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    _, page = _blocks("python")
    exec(compile(page, "README.md", "exec"), {})
    told = capsys.readouterr().out
    for words in ("sigma[size]", "owner South", "buyers"):
        assert words in told
    assert len(told.splitlines()) < 80


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
