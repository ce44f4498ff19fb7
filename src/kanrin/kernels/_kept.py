"""What an inversion leaves for the kernels that look at the same point: the exponentials of every cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kanrin.base import Floats, InputError
from kanrin.kernels._markets import Markets

__all__ = ["Kept", "native_part"]


@dataclass(frozen=True)
class Kept:
    """The work of one inversion, good for its own markets and delta and for nothing else.

    Spares `margins`, `adjoint` and `adjoint_supply` the exponentials they would make anew. Beyond 16 million
    cells nothing is kept, and they make them.
    """

    markets: Markets
    delta: Floats  # (N,) not to be written to
    native: Any


def native_part(kept: Kept | None, markets: Markets, delta: Floats) -> Any:
    """What the compiled kernels take. Raises InputError when it belongs to other markets or another delta."""
    if kept is None:
        return None
    if kept.markets is not markets or kept.delta is not delta:
        raise InputError(
            "kept belongs to another inversion; pass the markets it was made for and the delta it returned, "
            "or None"
        )
    return kept.native
