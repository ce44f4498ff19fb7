"""A shipped case copied into a folder of the user's: whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from kanrin.base import OutputError
from kanrin.facts._case import case_folder

__all__ = ["init_case"]


def init_case(folder: str | Path, source: str | Path = "us-japan", *, force: bool = False) -> Path:
    """Copy the files of a case into `folder` and return it.

    The folder appears complete or not at all. With `force` an existing folder keeps what the case does not
    bring. Raises OutputError when the folder is not empty or cannot be written, UnknownName for an unknown
    case.
    """
    origin, target = case_folder(source), Path(folder)
    if target.exists() and not target.is_dir():
        raise OutputError(f"{target} is a file, not a folder; choose another name")
    if target.is_dir() and any(target.iterdir()) and not force:
        raise OutputError(f"{target} is not empty; choose an empty folder or use --force to write over it")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise OutputError(
            f"{target} cannot be written ({error.strerror}); choose a folder you may write to"
        ) from None
    try:
        _copy(origin, staging)
        if target.is_dir():
            _copy(staging, target)
        else:
            staging.chmod(0o777 & ~_umask())
            staging.rename(target)
    except OSError as error:
        raise OutputError(
            f"{target} cannot be written ({error.strerror}); choose a folder you may write to"
        ) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def _copy(origin: Path, target: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(origin, target, dirs_exist_ok=True, ignore=ignore, copy_function=shutil.copyfile)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
