"""The front door as a user meets it: the command run in this process, or as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kanrin.app import main


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


Run = Callable[..., Result]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in this process and give exit code, output and messages."""
    monkeypatch.delenv("KANRIN_TRACEBACK", raising=False)
    monkeypatch.setenv("COLUMNS", "160")  # the width of a terminal must not decide a test

    def call(*arguments: str | Path) -> Result:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return Result(code, out, err)

    return call


@pytest.fixture
def process() -> Callable[..., subprocess.Popen[str]]:
    """Start the command as a process of its own, with its streams in pipes."""

    def start(*arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "kanrin", *(str(argument) for argument in arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    return start


@pytest.fixture
def copied(run: Run, tmp_path: Path) -> Path:
    """A copy of the shipped case, to be broken."""
    folder = tmp_path / "case"
    assert run("init", folder, "--from", "us-japan").code == 0
    return folder
