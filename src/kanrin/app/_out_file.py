"""A file for results: asked about before the long work begins, put in place whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from kanrin.app._interrupt import held
from kanrin.base import OutputError

__all__ = ["check_out_file", "write_whole"]


def check_out_file(path: str | Path, force: bool) -> None:
    """Raise OutputError when results could not be written to `path`; nothing is created."""
    target = Path(path)
    if target.is_dir():
        raise OutputError(f"{target} is a folder; give the name of a file for --out")
    if target.exists() and not force:
        raise OutputError(f"{target} exists; choose another name or use --force to write over it")
    folder = target.absolute().parent
    if not folder.is_dir():
        raise OutputError(f"{target}: there is no folder {folder}; make it, or choose another name for --out")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{target} cannot be written; choose a folder you may write to")


def write_whole(path: str | Path, write: Callable[[Path], None], done: Callable[[], None]) -> None:
    """Let `write` fill a file beside `path`, then put it in its place and say `done`.

    An interrupt waits for the end. Raises OutputError when the place cannot be written.
    """
    target = Path(path)
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    with held():
        try:
            write(beside)
            beside.replace(target)
            done()
        except OSError as error:
            raise OutputError(
                f"{target} cannot be written ({(error.strerror or str(error)).lower()}); choose another place"
            ) from None
        finally:
            beside.unlink(missing_ok=True)
