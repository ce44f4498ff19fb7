"""A search that was interrupted, kept in a small file beside the estimate file, and gone on with."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kanrin.base import InputError, OutputError

if TYPE_CHECKING:
    from kanrin.estimation import Progress

__all__ = ["Unfinished", "left_behind", "unfinished_file"]


def unfinished_file(out: str | Path) -> Path:
    """Where the search for an estimate file is kept."""
    target = Path(out)
    return target.with_name(f"{target.name}.unfinished")


def left_behind(out: str | None, wanted: bool) -> Progress | None:
    """The search that `--resume` goes on with. Raises InputError when there is none."""
    if not wanted:
        return None
    if out is None:
        raise InputError("--resume goes on with the search kept beside an estimate file; name it with --out")
    kept = unfinished_file(out)
    if not kept.is_file():
        raise InputError(f"{kept}: no such file; there is no search to go on with, leave --resume out")
    from kanrin.estimation import load_progress

    return load_progress(kept)


class Unfinished:
    """What is written where when an estimate is interrupted."""

    def __init__(self, out: str | None) -> None:
        self.out = out
        self.search: Progress | None = None  # the latest, while the search runs
        self.written = ""  # the estimate file, once it is in place

    def done(self, written: str = "") -> None:
        """The search is over; `written` names the file in place, and what was kept before goes."""
        self.search = None
        self.written = written
        if written:
            with suppress(OSError):
                unfinished_file(written).unlink(missing_ok=True)

    def interrupted(self) -> str:
        """Keep what there is to keep, and say so."""
        if self.written:
            return f"written to {self.written}"
        if self.search is None or self.out is None:
            way = "; with --out the search so far is kept" if self.search is not None else ""
            return f"nothing was written{way}"
        from kanrin.app._out_file import write_whole

        kept, search = unfinished_file(self.out), self.search
        try:
            write_whole(kept, search.save, lambda: None)
        except OutputError as error:
            return f"nothing was written ({error})"
        except KeyboardInterrupt:  # a second one, held back while the file was put in place
            pass
        return f"the search so far is kept in {kept}, --resume goes on with it"
