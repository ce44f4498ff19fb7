"""Which kernels run: the compiled ones if they are there and not forbidden, else their NumPy twins.

KANRIN_NATIVE=0 forces the twins; KANRIN_ISA names an instruction set (base, avx2, avx512) for tests. Both are
read once, at the first call of a kernel or of `about`.
"""

from __future__ import annotations

import os
from functools import cache
from types import ModuleType

from kanrin.base import InputError

_EDITION = 2  # of the functions' arguments: raised here and in module.cpp together when they change

__all__ = ["about", "is_native", "library", "thread_count"]


@cache
def library() -> ModuleType | None:
    """The compiled kernels, or None: not built, not loadable here, or forbidden.

    Raises InputError for kernels built from another source than the Python that calls them.
    """
    if os.environ.get("KANRIN_NATIVE", "1").strip() == "0":
        return None
    try:
        from kanrin.kernels import _core
    except ImportError:
        return None
    found = getattr(_core, "edition", 1)
    if found != _EDITION:
        raise InputError(
            f"the compiled kernels are of edition {found}, this source of edition {_EDITION}; "
            "build them again: pip install --no-build-isolation --no-deps -e . in the folder of the source, "
            "or set KANRIN_NATIVE=0"
        )
    return _core


@cache
def _processors() -> int:
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:
        return max(1, os.cpu_count() or 1)


def thread_count(threads: int) -> int:
    """The number asked, or one a processor this program may use when 0 is asked. Results do not depend on
    it.
    """
    if not isinstance(threads, int) or isinstance(threads, bool) or not 0 <= threads <= 1024:
        raise InputError(f"threads is {threads!r}; expected a whole number from 0 (all processors) to 1024")
    return threads or _processors()


def is_native() -> bool:
    """Whether compiled kernels run here."""
    return library() is not None


def about() -> dict[str, str | int]:
    """What runs: kernels ("native" or "numpy"), isa (of the native ones, else "-"), threads used by
    default.
    """
    core = library()
    if core is None:
        return {"kernels": "numpy", "isa": "-", "threads": 1}
    return {"kernels": "native", "isa": core.isa(), "threads": _processors()}
