"""Interrupts held back while files are put in place, so that a message about them is true."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["held", "listen_to_terminate"]

INTERRUPTS = (signal.SIGINT, signal.SIGTERM)


def listen_to_terminate() -> None:
    """A polite kill ends a run the way Ctrl-C does, so that half-written folders are cleared."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop)


@contextmanager
def held() -> Iterator[None]:
    """Let an interrupt wait for the end of the block, and raise it there as KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []
    before = {number: signal.getsignal(number) for number in INTERRUPTS}
    for number in INTERRUPTS:
        signal.signal(number, lambda got, frame: waiting.append(got))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if waiting:
        raise KeyboardInterrupt
