"""In which order the rows of a draw are solved, and from which rows before it each one begins.

A line-up moves the market's prices little, and two cars moved together differ from each moved alone by far
less. So with p(S) the prices of a line-up and T a set of cars put in or out,

    p(S) ~ sum over non-empty U in T of (-1)^(|U|+1) p(S with U put in or out),

wrong by what |T| cars do jointly. From one set of costs to the next the same difference carries over:
p(S, c) ~ p(S, c') + (the same sum at c) - (the same sum at c'), along a straight line through two sets of
costs where c lies on one. Only starts rest on this, no answer does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice

import numpy as np

from kanrin.base import Floats, Ints
from kanrin.kernels import Nearby
from kanrin.lineup._terms import Terms
from kanrin.lineup._valuation import Row

__all__ = ["Path", "path_through"]

_JOINT = 3  # most cars put in or out together
_TRIES = 40  # sets of cars looked at before giving up
_FARTHEST = 1.5  # of the distance between two sets of costs, how far beyond them a line is followed
_ON_LINE = 1e-6  # of that distance, how far beside it still counts as on it
_FEW = 64  # rows of one set of costs among which the middle is looked for

_Corner = tuple[int, float]  # a line-up as bits, its weight


@dataclass(frozen=True)
class Path:
    """S distinct rows in the order they are solved, and which of them answers each row asked about."""

    order: Ints  # (S,) rows asked about
    answer: Ints  # (R,) place in `order`
    nearby: Nearby  # over `order`


def path_through(rows: Sequence[Row], terms: Sequence[Terms]) -> Path:
    """A path through rows that share every keep. Rows of one line-up, costs and caps are solved once."""
    family = _families(terms, [row.terms for row in rows])
    bits = [sum(1 << j for j, on in enumerate(row.offered) if on) for row in rows]
    count = len(rows[0].offered) if rows else 0
    first: dict[tuple[int, int], int] = {}
    twin = [
        first.setdefault((family[row.terms], b), k) for k, (row, b) in enumerate(zip(rows, bits, strict=True))
    ]
    groups: dict[int, list[int]] = {}
    for (f, _), k in first.items():
        groups.setdefault(f, []).append(k)
    level = {f: terms[rows[members[0]].terms].cost.mean(axis=0) for f, members in groups.items()}
    middle = np.median([level[f].sum() for f in groups]) if groups else 0.0
    place: dict[int, dict[int, int]] = {}  # line-up to place in the order, by family
    order: list[int] = []
    near: list[dict[int, float]] = []
    for f, members in sorted(groups.items(), key=lambda g: abs(float(level[g[0]].sum() - middle))):
        carried = _carried(f, level, list(place))
        here = place[f] = {}
        for k in _outwards(members, bits):
            near.append(_begin(bits[k], count, here, carried, place))
            here[bits[k]] = len(order)
            order.append(k)
    spot = {k: at for at, k in enumerate(order)}
    return Path(
        np.array(order, dtype=np.int64), np.array([spot[k] for k in twin], dtype=np.int64), _csr(near)
    )


def _families(terms: Sequence[Terms], used: Sequence[int]) -> dict[int, int]:
    """For each set of terms in use, the first with the same costs and caps."""
    seen: dict[tuple[bytes, bytes, bytes], int] = {}
    return {
        t: seen.setdefault((terms[t].cost.tobytes(), terms[t].cap.tobytes(), terms[t].group_cap.tobytes()), t)
        for t in dict.fromkeys(used)
    }


def _outwards(members: Sequence[int], bits: Sequence[int]) -> list[int]:
    """From the line-up in the middle outwards; from the fullest where they are many: what a row lacks is
    known from rows that have it, not the other way round.
    """
    few = len(members) <= _FEW
    away = {k: sum((bits[k] ^ bits[j]).bit_count() for j in members) if few else 0 for k in members}
    middle = bits[min(members, key=lambda k: (away[k], -bits[k].bit_count(), k))]
    return sorted(members, key=lambda k: ((bits[k] ^ middle).bit_count(), k))


def _stencils(bits: int, count: int, size: int, here: Mapping[int, int]) -> Iterator[list[_Corner]]:
    """Sums as above over `size` cars, all of whose line-ups are in `here`."""
    toggles = [1 << j for j in range(count) if bits ^ (1 << j) in here]
    for chosen in islice(combinations(toggles, size), _TRIES):
        corners: list[_Corner] = []
        for m in range(1, size + 1):
            for part in combinations(chosen, m):
                corners.append((bits ^ sum(part), 1.0 if m % 2 else -1.0))
        if all(corner in here for corner, _ in corners):
            yield corners


def _carried(family: int, level: Mapping[int, Floats], known: Sequence[int]) -> list[dict[int, float]]:
    """Families that prices may be carried over from, with weights, the best first: two on a line, or one."""
    away = {g: float(np.abs(level[g] - level[family]).sum()) for g in known}
    nearest = sorted(known, key=away.__getitem__)
    found: list[dict[int, float]] = [{g: 1.0} for g in nearest]
    for first in nearest[:1]:
        step = level[family] - level[first]
        for second in nearest[1:]:
            base = level[first] - level[second]
            length = float(base @ base)
            by = float(base @ step) / length if length > 0.0 else 0.0
            on_line = float(np.abs(by * base - step).max()) <= _ON_LINE * away[first]
            if 0.0 < abs(by) <= _FARTHEST and on_line:
                return [{first: 1.0 + by, second: -by}, *found]
    return found


def _begin(
    bits: int,
    count: int,
    here: Mapping[int, int],
    carried: Sequence[Mapping[int, float]],
    place: Mapping[int, Mapping[int, int]],
) -> dict[int, float]:
    """Places and weights a row begins at; the more cars moved together, the better."""
    usable = [mix for mix in carried if all(bits in place[g] for g in mix)]
    for size in range(_JOINT, 0, -1):
        found = next(_stencils(bits, count, size, here), None)
        if found is not None:
            return {here[corner]: weight for corner, weight in found}
        if size == 1:
            break
        for corners in _stencils(bits, count, size - 1, here):
            for mix in usable:
                if all(corner in place[g] for g in mix for corner, _ in corners):
                    near = {here[corner]: weight for corner, weight in corners}
                    for g, part in mix.items():
                        near[place[g][bits]] = part
                        near |= {place[g][corner]: -part * weight for corner, weight in corners}
                    return near
    return {place[g][bits]: part for g, part in usable[0].items()} if usable else {}


def _csr(near: Sequence[dict[int, float]]) -> Nearby:
    start = np.concatenate([[0], np.cumsum([len(n) for n in near], dtype=np.int64)]).astype(np.int64)
    row = np.array([r for n in near for r in n], dtype=np.int64)
    weight: Floats = np.array([w for n in near for w in n.values()], dtype=np.float64)
    return Nearby(start, row, weight)
