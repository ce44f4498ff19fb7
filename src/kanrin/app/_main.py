"""The entry of the command line: exit codes, messages without tracebacks, and a quiet end when interrupted.

Exit codes: 0 done; 2 bad input; 130 interrupted; 1 anything else.
"""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Sequence

import click

from kanrin.app._group import app
from kanrin.app._interrupt import listen_to_terminate
from kanrin.app._streams import flush_output, output_is_closed, prepare_streams, silence_output

__all__ = ["run"]

DONE, FAILED, BAD_INPUT = 0, 1, 2
INTERRUPTED = 130  # 128 + the number of the signal of Ctrl-C, as shells have it
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
TRACEBACK = "KANRIN_TRACEBACK"


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code."""
    prepare_streams()
    listen_to_terminate()
    if output_is_closed():
        _say("Error: standard output is closed; give the command a terminal, a file or a pipe to write to")
        return FAILED
    try:
        code = _run(arguments)
        flush_output()
        return code
    except (BrokenPipeError, SystemExit):  # click and rich leave this way when the reader has gone away
        silence_output()
        return DONE
    except OSError as error:
        silence_output()
        why = (error.strerror or str(error)).lower()
        _say(f"Error: standard output cannot be written ({why}); make room there, or choose another place")
        return FAILED


def _run(arguments: Sequence[str] | None) -> int:
    try:
        result = app.main(list(arguments) if arguments is not None else None, "kanrin", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        _say(_interrupted(error))
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None and error.errno in UNWRITABLE:
            raise  # a write without a name is that of standard output
        return _failure(error)
    return result if isinstance(result, int) else DONE


def _interrupted(error: BaseException) -> str:
    """The message of an interrupt, with what the command says of the files it writes."""
    cause = error if isinstance(error, KeyboardInterrupt) else error.__cause__
    told = str(cause.args[0]) if cause is not None and cause.args else ""
    return f"interrupted; {told}" if told else "interrupted"


def _failure(error: Exception) -> int:
    """The exit code of an error, after its message."""
    from kanrin.base import CaseError, InputError, KanrinError

    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    if isinstance(error, CaseError) and len(error.faults) > 1:
        _say(
            f"Error: {len(error.faults)} faults in {getattr(error, 'of', 'the case')}\n"
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
