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
    try:
        occupied = target.is_dir() and any(target.iterdir())
        is_file = target.exists() and not target.is_dir()
    except OSError as error:
        raise _refused(target, error) from None
    if is_file:
        raise OutputError(f"{target} is a file, not a folder; choose another name")
    if occupied and not force:
        raise OutputError(f"{target} is not empty; choose an empty folder or use --force to write over it")
    try:
        place = target.resolve()
        place.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    except OSError as error:
        raise _refused(target, error) from None
    try:
        _copy(origin, staging)
        if place.is_dir():
            _move_into(staging, place)
        else:
            staging.chmod(0o777 & ~_umask())
            staging.rename(place)
    except OSError as error:
        raise _refused(target, error) from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target


def _refused(target: Path, error: OSError) -> OutputError:
    return OutputError(f"{target} cannot be written ({error.strerror}); choose a folder you may write to")


def _copy(origin: Path, target: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    shutil.copytree(origin, target, dirs_exist_ok=True, ignore=ignore, copy_function=shutil.copyfile)


def _move_into(staging: Path, target: Path) -> None:
    """Each file of a whole copy put in place at once, over one of the same name."""
    for path in sorted(staging.rglob("*")):
        place = target / path.relative_to(staging)
        if path.is_dir():
            place.mkdir(exist_ok=True)
        else:
            path.replace(place)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
