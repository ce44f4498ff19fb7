"""Standard output and error as they are found: other encodings, a full disk, a closed or a broken pipe."""

from __future__ import annotations

import codecs
import os
import sys
from io import TextIOWrapper
from pathlib import Path

__all__ = ["flush_output", "json_for_output", "output_is_closed", "prepare_streams", "silence_output"]

PLAIN = {
    "\u2212": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u00a0": " ",
    "\u202f": " ",
    "\u2060": "",
    "\u00a5": "JPY ",
    "\u00b7": "|",
    "\u00b1": "+/-",
    "\u00b3": "3",
    "\u2026": "...",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
}
SUBSTITUTE = "kanrin.plain"


def prepare_streams() -> None:
    """A character that the encoding of a stream lacks is written as a plain one, or as `?`."""
    codecs.register_error(SUBSTITUTE, _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=SUBSTITUTE)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  for the life of the process


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(PLAIN.get(character, "?") for character in lacking), error.end


def output_is_closed() -> bool:
    """Whether the process was started without a standard output."""
    return sys.stdout is None


def json_for_output(text: str) -> str:
    """JSON as it is where standard output can write it; else with every other character escaped."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return "".join(c if c < "\x80" else _escaped(c) for c in text)
    return text


def _escaped(character: str) -> str:
    pairs = character.encode("utf-16-be").hex()
    return "".join(f"\\u{pairs[i : i + 4]}" for i in range(0, len(pairs), 4))


def flush_output() -> None:
    """Write what is left. Raises OSError when it cannot be written."""
    if sys.stdout is not None:
        sys.stdout.flush()


def silence_output() -> None:
    """Send what is left of standard output nowhere, so that the end of the process does not fail on it."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return  # a stream without a file of its own has nothing left to send
