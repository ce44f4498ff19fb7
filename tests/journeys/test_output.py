"""What reaches pipes and terminals: no escape codes in pipes, quiet when the reader leaves, NO_COLOR kept."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

ESCAPE = "\x1b"


def test_a_pipe_gets_no_escape_codes(process):
    for arguments in (("rules", "us-japan"), ("cost", "us-japan", "toyota_tundra"), ("check", "us-japan")):
        out, err = process(*arguments).communicate(timeout=60)
        assert out
        assert ESCAPE not in out + err


def test_a_reader_that_leaves_is_no_news(process):
    running = process("rules", "us-japan", "--all")
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    assert running.stderr.read() == ""
    running.stderr.close()
    assert running.wait(timeout=60) == 1


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
