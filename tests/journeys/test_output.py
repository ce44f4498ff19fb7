"""What reaches pipes and terminals: no escape codes in pipes, quiet when the reader leaves, NO_COLOR kept."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from contextlib import redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from kanrin.app._streams import json_for_output, prepare_streams

ESCAPE = "\x1b"


def test_a_pipe_gets_no_escape_codes(process):
    for arguments in (("rules", "us-japan"), ("cost", "us-japan", "toyota_tundra"), ("check", "us-japan")):
        out, err = process(*arguments).communicate(timeout=60)
        assert out
        assert ESCAPE not in out + err


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_reader_that_leaves_is_no_news(process, more):
    running = process("rules", "us-japan", "--all", *more)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    assert running.stderr.read() == ""
    running.stderr.close()
    assert running.wait(timeout=60) == 0


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_narrow_encoding_gets_plain_characters(process, encoding):
    arguments = ("cost", "us-japan", "toyota_tundra")
    out, err = process(*arguments, PYTHONIOENCODING=encoding, COLUMNS="160").communicate(timeout=60)
    assert "ON THE ROAD" in out
    assert err == ""


def test_json_survives_a_narrow_encoding(process):
    arguments = ("check", "us-japan", "--json")
    narrow, wide = (
        process(*arguments, PYTHONIOENCODING=encoding).communicate(timeout=60)[0]
        for encoding in ("ascii", "utf-8")
    )
    assert json.loads(narrow) == json.loads(wide)


def test_the_plain_characters_keep_the_meaning():
    out = TextIOWrapper(BytesIO(), encoding="ascii")
    with redirect_stdout(out):
        prepare_streams()
        print("\u2212\u00a53.2 \u00b7 \u20ac")
        escaped = json_for_output('{"a": "\u00a5 \U0001d11e"}')
    out.flush()
    assert out.buffer.getvalue() == b"-JPY 3.2 | ?\n"
    assert json.loads(escaped) == {"a": "\u00a5 \U0001d11e"}


def _in_a_shell(redirection: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = f'exec "$0" -m kanrin "$@" {redirection}'
    return subprocess.run(
        ["sh", "-c", command, sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("more", [(), ("--json",)])
@pytest.mark.parametrize(
    ("redirection", "told"),
    [
        (">/dev/full", "standard output cannot be written (no space left"),
        (">&-", "standard output is closed"),
    ],
)
def test_an_output_that_takes_nothing_is_one_line(redirection, told, more):
    if redirection == ">/dev/full" and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    ended = _in_a_shell(redirection, "rules", "us-japan", *more)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Error: {told}")
    assert len(ended.stderr.splitlines()) == 1


def test_without_standard_error_the_answer_still_comes():
    ended = _in_a_shell("2>&-", "explain", "us-japan", "fx.usd_jpy")
    assert ended.returncode == 0
    assert "JPY per USD" in ended.stdout


def _on_a_terminal(**environment: str) -> str:
    """What `kanrin cost` writes to a terminal."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", **environment}
    command = [sys.executable, "-m", "kanrin", "explain", "us-japan", "fx.usd_jpy"]
    running = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(ours)
    assert running.wait(timeout=60) == 0
    return b"".join(parts).decode()


def test_a_terminal_gets_style_and_no_color_keeps_it_plain():
    assert ESCAPE in _on_a_terminal()
    colours = {f"{ESCAPE}[3{n}m" for n in range(8)}
    assert not any(code in _on_a_terminal(NO_COLOR="1") for code in colours)
