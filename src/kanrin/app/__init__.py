"""App: the front door, as a command line and as single calls from Python. Nothing heavy is imported here."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    try:
        from kanrin.app._main import run

        code = run(arguments)
    except KeyboardInterrupt:  # before the first import is done, or after the last word
        if sys.stderr is not None:
            sys.stderr.write("interrupted\n")
        code = 130
    sys.exit(code)
