"""What could be learned before the choice: the appeal of a car, the price coefficient, numbers of the case.

Each as a normal score of its draws, with the draws of what it is independent of beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats
from kanrin.lineup._draws import Draws
from kanrin.lineup._information import DEGREE, hermite, normal_scores
from kanrin.rules import FX

__all__ = ["Learnable", "appeal_axes", "learnables"]

_KEYS = 10  # numbers of the case looked at: those that move the differences between line-ups most
_PER_COLUMN = 4  # draws for each column of a fit


@dataclass(frozen=True)
class Learnable:
    """One input: its name, its kind (see `Known`), its score (D,), and (D, Q) of what is beside it."""

    input: str
    kind: str
    score: Floats
    beside: Floats


def appeal_axes(covariance: Floats, cars: Sequence[int]) -> tuple[Floats, Floats]:
    """Axes (C, C) of the standard normals: those that the appeal of `cars` lies along first; and the root.

    xi = mean + normals @ root.T has that covariance; with A the axes, the first columns of normals @ A are
    what is learned when the appeal of `cars` is, the others are independent of it.
    """
    values, vectors = np.linalg.eigh(covariance)
    root: Floats = vectors * np.sqrt(np.maximum(values, 0.0))
    along = root[list(cars)].T
    axes, _ = np.linalg.qr(np.concatenate([along, np.eye(len(root))], axis=1))
    head = slice(0, along.shape[1])
    axes[:, head] *= np.where((axes[:, head] * along).sum(axis=0) < 0.0, -1.0, 1.0)  # more is better liked
    return np.asarray(axes), root


def learnables(
    draws: Draws, ids: Sequence[str], covariance: Floats, price_coefficient: int, worth: Floats
) -> list[Learnable]:
    """Inputs whose knowledge could turn the choice among line-ups with worth (D, S).

    `ids` and `covariance` (C, C) are of the candidates and their xi; `price_coefficient` is the column of
    theta.
    """
    apart = worth - worth[:, [int(np.argmax(worth.mean(axis=0)))]]
    scores = {key: normal_scores(x) for key, x in draws.keys.items()}
    pull = {key: float(np.abs(z @ (apart - apart.mean(axis=0))).max()) for key, z in scores.items()}
    keys = sorted(scores, key=lambda key: (key != FX, -pull[key], key))[: _KEYS + 1]
    alpha = normal_scores(draws.theta[:, price_coefficient])
    room = max(0, draws.count // _PER_COLUMN - DEGREE)
    found = []

    def add(name: str, kind: str, score: Floats, *, normals: Floats, without: str) -> None:
        beside = [normals.T]
        if without != "alpha":
            beside.append(alpha[None, :])
        beside += [scores[key][None, :] for key in keys if key != without]
        beside += [np.stack([hermite(c, 2)[:, 1] for c in normals.T])] if normals.shape[1] else []
        found.append(Learnable(name, kind, score, np.concatenate(beside)[:room].T))

    for j, name in enumerate(ids):
        turned = draws.normals @ appeal_axes(covariance, [j])[0]
        add(name, "appeal", normal_scores(turned[:, 0]), normals=turned[:, 1:], without="")
    add("alpha", "demand", alpha, normals=draws.normals, without="alpha")
    for key in keys:
        add(key, "key", scores[key], normals=draws.normals, without=key)
    return found
