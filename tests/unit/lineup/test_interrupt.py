"""An interrupt in the middle of the draws ends the run, wherever it strikes, and leaves no thread behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

PATIENCE = 60.0  # seconds; the child takes about two, and one that hangs takes for ever
CHILD = """
import signal, threading, time
from contextlib import closing
from types import SimpleNamespace
from kanrin.lineup import _value

def interrupt(*_):
    raise KeyboardInterrupt

signal.signal(signal.SIGALRM, interrupt)
_value.solve_draws = lambda work, groups, draws: time.sleep(2e-5) or draws.start
work = SimpleNamespace(groups=lambda: None, rows=range(10_000))  # so many that each draw is a piece of work

def answers(count):
    with closing(_value._answers(work, count, 2, None, "draws")) as pieces:
        return [answer for _, answer in pieces]

struck = 0
for k in range(60):
    signal.setitimer(signal.ITIMER_REAL, 2e-3 + 3.1e-4 * k)
    try:
        answers(3000)
    except KeyboardInterrupt:
        struck += 1
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    for _ in range(200):
        if threading.active_count() > 1:
            time.sleep(0.01)
    assert threading.active_count() == 1, threading.enumerate()
assert struck > 40, struck
assert answers(50) == list(range(50))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="alarms are of POSIX")
def test_an_interrupt_never_hangs():
    done = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
