"""A folder written whole or not at all: first beside the place, then moved into it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from kanrin.base import OutputError

__all__ = ["write_folder"]


def write_folder(folder: Path, texts: Mapping[str, str], *, force: bool = False) -> list[Path]:
    """Write `texts` (relative name to text, UTF-8) under `folder`; an interrupt leaves what was there before.

    With `force` a folder that is not empty keeps every file that is not ours; without it nothing is touched.

    Raises
    ------
    OutputError
        The folder is not empty, is a file, or cannot be written.
    """
    folder = Path(folder)
    try:
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder} is a file, not a folder; name another folder with --out")
        if folder.is_dir() and any(folder.iterdir()) and not force:
            raise OutputError(
                f"{folder} is not empty; use --force to replace the files of an earlier plan there"
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise _refused(folder, error) from error
    try:
        _fill(beside, texts)
        if folder.is_dir() and any(folder.iterdir()):
            for name in texts:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (beside / name).replace(folder / name)
        else:
            if folder.is_dir():
                folder.rmdir()
            beside.replace(folder)
    except OSError as error:
        raise _refused(folder, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return [folder / name for name in texts]


def _fill(beside: Path, texts: Mapping[str, str]) -> None:
    mask = os.umask(0)
    os.umask(mask)
    beside.chmod(0o777 & ~mask)  # mkdtemp makes it private
    for name, text in texts.items():
        (beside / name).parent.mkdir(parents=True, exist_ok=True)
        (beside / name).write_bytes(text.encode("utf-8"))


def _refused(folder: Path, error: OSError) -> OutputError:
    why = error.strerror or str(error)
    return OutputError(f"cannot write to {folder}: {why.lower()}; name a folder you may write to with --out")
