"""What an array must be before a kernel may see it; the only place where arrays are checked, none is
copied.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kanrin.base import Bools, Floats, InputError, Ints

__all__ = ["flags", "numbers", "starts", "whole"]

Size = int | str  # a fixed length, or the letter of a length that is free


def _shape_text(shape: Sequence[Size]) -> str:
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def _wanted(shapes: Sequence[Sequence[Size]]) -> str:
    return " or ".join(map(_shape_text, shapes))


_OWN: dict[type, np.dtype[Any]] = {kind: np.dtype(kind) for kind in (np.float64, np.int64, np.bool_)}


def _fits(found: tuple[int, ...], wanted: Sequence[Size]) -> bool:
    return found == wanted or (
        len(found) == len(wanted)
        and all(isinstance(size, str) or size == n for size, n in zip(wanted, found, strict=True))
    )


def _well_formed(name: str, array: object, dtype: type, shapes: Sequence[Sequence[Size]]) -> NDArray[Any]:
    if (
        type(array) is np.ndarray
        and array.dtype is _OWN[dtype]
        and array.flags.c_contiguous
        and array.flags.aligned
        and any(_fits(array.shape, shape) for shape in shapes)
    ):  # the common case at the price of nothing
        return array
    if not isinstance(array, np.ndarray):
        raise InputError(
            f"{name} must be a NumPy array {_wanted(shapes)}; got {type(array).__name__}; use "
            f"np.asarray({name})"
        )
    if array.dtype != np.dtype(dtype):
        kind = np.dtype(dtype).name
        raise InputError(
            f"{name} must be {kind}, got {array.dtype}; convert with {name}.astype('{kind}')"
            + ("" if array.dtype.kind != "c" else " after looking why it is complex")
        )
    if not any(_fits(array.shape, shape) for shape in shapes):
        raise InputError(f"{name} must have shape {_wanted(shapes)}; got {_shape_text(array.shape)}")
    if not array.flags.c_contiguous:
        raise InputError(f"{name} must be C-contiguous; use np.ascontiguousarray({name})")
    if not array.flags.aligned or not array.dtype.isnative:
        raise InputError(f"{name} must be aligned, in the byte order of the machine; use np.array({name})")
    return array


def numbers(name: str, array: object, *shapes: Sequence[Size], finite: bool = True) -> Floats:
    """The array itself, float64, C-contiguous, of one of the shapes, every number finite (unless told)."""
    checked: Floats = _well_formed(name, array, np.float64, shapes)
    # a sum of squares is finite when every number is, unless they are huge: the second look tells
    if finite and not math.isfinite(np.vdot(checked, checked)) and not np.isfinite(checked).all():
        at = tuple(int(k) for k in np.argwhere(~np.isfinite(checked))[0])
        raise InputError(
            f"{name} holds {checked[at]} at {list(at)}; every number must be finite: drop the row or mend it"
        )
    return checked


def whole(name: str, array: object, *shapes: Sequence[Size], below: int | None = None) -> Ints:
    """The array itself, int64, from 0 to `below` less one."""
    checked: Ints = _well_formed(name, array, np.int64, shapes)
    if checked.size and (checked.min() < 0 or (below is not None and checked.max() >= below)):
        top = "" if below is None else f" and below {below}"
        raise InputError(
            f"{name} must hold whole numbers from 0{top}; it goes from {checked.min()} to {checked.max()}"
        )
    return checked


def flags(name: str, array: object, *shapes: Sequence[Size]) -> Bools:
    """The array itself, of dtype bool."""
    checked: Bools = _well_formed(name, array, np.bool_, shapes)
    return checked


def starts(name: str, array: object, total: int, what: str, markets: int | None = None) -> Ints:
    """Where each market begins, and at last where the last one ends: (T+1,) int64, strictly rising."""
    checked: Ints = _well_formed(name, array, np.int64, (("T+1",) if markets is None else (markets + 1,),))
    if checked.size < 1 or checked[0] != 0 or checked[-1] != total:
        raise InputError(f"{name} must begin with 0 and end with {total}, the number of {what}")
    if not (np.diff(checked) > 0).all():
        t = int(np.argmin(np.diff(checked)))
        raise InputError(
            f"{name}: market {t} has no {what} ({checked[t]} to {checked[t + 1]}); drop the market, or sort "
            f"the {what} by market"
        )
    return checked
