"""Which line-up: every subset of the candidates ranked on common draws (plan), (saa)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats

__all__ = ["Lineup", "Ranking", "all_lineups", "neighbours", "paired_difference", "rank_lineups"]

Lineup = tuple[bool, ...]


def all_lineups(candidates: int) -> list[Lineup]:
    """All 2^C subsets, the empty one first, then by size."""
    found = [tuple(bool(b) for b in bits) for bits in itertools.product((0, 1), repeat=candidates)]
    return sorted(found, key=lambda s: (sum(s), [not b for b in s]))


def neighbours(lineup: Lineup) -> list[Lineup]:
    """Line-ups one step away: one car dropped, one added; and the empty one."""
    found = [tuple(b != (k == j) for k, b in enumerate(lineup)) for j in range(len(lineup))]
    empty = (False,) * len(lineup)
    return list(dict.fromkeys([*found, empty]))


@dataclass(frozen=True)
class Ranking:
    """Line-ups by mean worth on the draws they were chosen on."""

    best: Lineup
    order: tuple[Lineup, ...]  # best first
    mean: tuple[float, ...]  # million JPY over the programme, in that order


def rank_lineups(lineups: Sequence[Lineup], means: Floats) -> Ranking:
    """Rank line-ups by mean worth (R,), million JPY; among equals the smaller comes first."""
    order = sorted(range(len(lineups)), key=lambda r: (-round(float(means[r]), 9), sum(lineups[r])))
    return Ranking(lineups[order[0]], tuple(lineups[r] for r in order), tuple(float(means[r]) for r in order))


def paired_difference(a: Floats, b: Floats) -> tuple[float, float]:
    """Mean of a - b, (D,) each on common draws, and its standard error.

    The error is an upper bound under Latin hypercube draws.
    """
    gap = a - b
    return float(gap.mean()), float(gap.std(ddof=1) / np.sqrt(len(gap))) if len(gap) > 1 else 0.0
