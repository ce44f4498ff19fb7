"""Whether a folder for results can be written, asked before the long work begins."""

from __future__ import annotations

import os
from pathlib import Path

from kanrin.base import OutputError

__all__ = ["check_out_folder"]


def check_out_folder(folder: str | Path, force: bool) -> None:
    """Raise OutputError when results could not be written into `folder`; nothing is created."""
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise OutputError(f"{target} is a file, not a folder; choose another name for --out")
    if target.is_dir():
        if any(target.iterdir()) and not force:
            raise OutputError(
                f"{target} is not empty; choose an empty folder or use --force to write over it"
            )
        writable = os.access(target, os.W_OK)
    else:
        above = next(parent for parent in target.absolute().parents if parent.exists())
        if not above.is_dir():
            raise OutputError(f"{target} lies under {above}, which is a file; choose another name for --out")
        writable = os.access(above, os.W_OK)
    if not writable:
        raise OutputError(f"{target} cannot be written; choose a folder you may write to")
