"""What a line-up's worth may turn out to be: quantiles, chance of a loss, mean of the worst, with errors.

Errors are those of independent draws; under a Latin hypercube they are upper bounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from kanrin.base import Floats

__all__ = ["TAIL", "Outcome", "Sampled", "frontier", "objective", "outcome_of", "tail_mean"]

TAIL = 0.10  # the worst tenth, as P10 has it; the worst twentieth is half of it
_QUANTILES = (0.1, 0.5, 0.9)


class Sampled(NamedTuple):
    """A number found on draws and its standard error."""

    value: float
    error: float

    @classmethod
    def over(cls, scores: Floats) -> Sampled:
        """Mean of scores (D,) and its error; none of a single draw."""
        error = float(scores.std(ddof=1) / np.sqrt(len(scores))) if len(scores) > 1 else 0.0
        return cls(float(scores.mean()), error)


@dataclass(frozen=True)
class Outcome:
    """The distribution of a line-up's worth over the draws; money in million JPY over the programme."""

    lineup: tuple[bool, ...]
    mean: Sampled
    quantiles: tuple[Sampled, Sampled, Sampled]  # P10, P50, P90
    loss: Sampled  # P(worth < 0)
    worst_tenth: Sampled  # mean worth there; CVaR of the loss is its negative
    worst_twentieth: Sampled
    behind: Sampled  # the plan's mean less this one's, paired
    behind_in_worst_tenth: Sampled  # the same of the mean of the worst tenth


def tail_mean(worth: Floats, share: float) -> float:
    """Mean of the worst `share` of the draws of worth (D,), an atom at its edge split (cvar).

    It is CVaR of the loss with its sign turned: the largest over x of x + E[min(worth - x, 0)] / share,
    reached at an outcome (Rockafellar and Uryasev 2000, 2002).
    """
    return float(_tail_scores(worth, share).mean())


def _tail_scores(worth: Floats, share: float) -> Floats:
    """(D,) numbers whose mean is `tail_mean` and whose spread gives its error."""
    at = min(int(np.floor(share * len(worth))), len(worth) - 1)
    edge = float(np.partition(worth, at)[at])
    out: Floats = edge + np.minimum(worth - edge, 0.0) / share
    return out


def objective(worth: Floats, aversion: float) -> Floats:
    """(R,) scores of rows valued on the draws, worth (D, R) (objective).

    (1 - chi) mean - chi CVaR of the loss; `aversion` is chi, 0 to 1, the tail is the worst tenth.
    """
    mean: Floats = worth.mean(axis=0)
    if aversion == 0.0:
        return mean
    tails = np.array([tail_mean(column, TAIL) for column in worth.T])
    return np.asarray((1.0 - aversion) * mean + aversion * tails)


def frontier(means: Floats, tails: Floats) -> list[int]:
    """Rows that no other beats in both the mean and the mean of the worst tenth, the highest mean first."""
    order = sorted(range(len(means)), key=lambda r: (-means[r], -tails[r]))
    kept: list[int] = []
    best = -np.inf
    for r in order:
        if tails[r] > best:
            kept.append(r)
            best = float(tails[r])
    return kept


def outcome_of(lineup: tuple[bool, ...], worth: Floats, plan: Floats) -> Outcome:
    """The outcome of a line-up with worth (D,) beside the plan's on the same draws (p-loss), (cvar)."""
    loss = float((worth < 0.0).mean())
    tenth, plan_tenth = _tail_scores(worth, TAIL), _tail_scores(plan, TAIL)
    return Outcome(
        lineup=lineup,
        mean=Sampled.over(worth),
        quantiles=tuple(_quantile(worth, q) for q in _QUANTILES),  # type: ignore[arg-type]
        loss=Sampled(loss, float(np.sqrt(loss * (1.0 - loss) / len(worth)))),
        worst_tenth=Sampled.over(tenth),
        worst_twentieth=Sampled.over(_tail_scores(worth, TAIL / 2.0)),
        behind=Sampled.over(plan - worth),
        behind_in_worst_tenth=Sampled.over(plan_tenth - tenth),
    )


def _quantile(worth: Floats, q: float) -> Sampled:
    """A quantile; its error from the draws one binomial standard deviation of rank to either side."""
    count = len(worth)
    spread = np.sqrt(q * (1.0 - q) / count)
    low, value, high = np.quantile(worth, (max(0.0, q - spread), q, min(1.0, q + spread)))
    return Sampled(float(value), float(high - low) / 2.0)
