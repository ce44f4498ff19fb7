"""The entry of the command line: exit codes, messages without tracebacks, and a quiet end when interrupted.

Exit codes: 0 done; 2 bad input; 1 anything else, an interrupt included.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from types import FrameType

import click

from kanrin.app._group import app

__all__ = ["main"]

DONE, FAILED, BAD_INPUT = 0, 1, 2
TRACEBACK = "KANRIN_TRACEBACK"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    _listen_to_terminate()
    code = _run(arguments)
    sys.exit(_flushed(code))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        result = app.main(list(arguments) if arguments is not None else None, "kanrin", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted; nothing was written")
        return FAILED
    except BrokenPipeError:
        return FAILED
    except Exception as error:
        return _failure(error)
    return result if isinstance(result, int) else DONE


def _failure(error: Exception) -> int:
    """The exit code of an error, after its message."""
    from kanrin.base import CaseError, InputError, KanrinError

    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    if isinstance(error, CaseError) and len(error.faults) > 1:
        _say(
            f"Error: {len(error.faults)} faults in the case\n"
            + "\n".join(f"  {fault}" for fault in error.faults)
        )
    elif isinstance(error, KanrinError):
        _say(f"Error: {error}")
    else:
        first = (str(error).splitlines() or [""])[0]
        text = f"Error: unexpected {type(error).__name__}: {first}; this is a defect of Kanrin"
        _say(text if os.environ.get(TRACEBACK) else f"{text}; set {TRACEBACK}=1 for the traceback")
    return BAD_INPUT if isinstance(error, InputError) else FAILED


def _say(text: str) -> None:
    click.echo(text, err=True)


def _listen_to_terminate() -> None:
    """A polite kill ends a run the way Ctrl-C does, so that half-written folders are cleared."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop)


def _flushed(code: int) -> int:
    """Flush what is left; a reader that has gone away is no news."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or FAILED
    return code
