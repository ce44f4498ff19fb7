"""Start small with an option to expand, against launch at full scale (waiting).

The pilot sells one car, or two, for some years; what buyers think of them is then known, and through brand,
body, powertrain and side of the wheel part of what they would think of the others. With that known the best
line-up is taken for the years left, cars not launched yet paying their fixed costs then, or nothing is. With
A(T) the present value of one yen a year over T years, d the discount over the pilot,

    V_staged(P) = E[A(t) net_P] - F_P + d E[max_S (A(T - t) E[net_S | xi_P] - F_{S without P})].

What one car tells of another is fitted over the draws as in `_information.py`; a pilot is taken to tell the
appeal of what it sells without error, so the option is worth at most what is said here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from kanrin.base import Floats
from kanrin.lineup._information import conditional, hermite, normal_scores
from kanrin.lineup._learnable import appeal_axes
from kanrin.lineup._outcome import Sampled

__all__ = ["PILOT_YEARS", "Course", "Pilot", "Staged", "staged_value", "start_small"]

PILOT_YEARS = "plan.pilot_years"
_PAIRS = 3  # cars, those worth most alone, of which pairs are tried


@dataclass(frozen=True)
class Course:
    """Line-ups and what they bring: S of them on D draws, money in million JPY."""

    lineups: Sequence[tuple[bool, ...]]  # the empty one among them
    net: Floats  # (D, S) a year
    fixed: Floats  # (C,) at the first sale of each car
    pilot: float  # A(t)
    later: float  # d A(T - t)
    discount: float  # d
    whole: float  # A(T)


@dataclass(frozen=True)
class Pilot:
    """One way to start small, million JPY over the programme."""

    lineup: tuple[bool, ...]
    worth: Sampled
    gained: Sampled  # over launch at full scale, paired
    expands: float  # share of the draws in which more than the pilot is then sold
    quits: float  # share in which nothing is


@dataclass(frozen=True)
class Staged:
    """The pilots tried, the best first, beside launch at full scale on the same draws."""

    years: float  # of the pilot
    full: tuple[bool, ...]
    full_worth: Sampled
    pilots: tuple[Pilot, ...]


def staged_value(
    course: Course, pilot: tuple[bool, ...], own: Floats, beside: Floats, *, pilot_cost: float | None = None
) -> tuple[float, Floats, Floats]:
    """Worth of a pilot; the line-up then taken (D,), and the worth on each draw (D,) when it is.

    own: (D, P) what the pilot tells; `beside` only takes noise away. `pilot_cost` takes the place of the
    pilot's fixed costs.
    """
    first = course.lineups.index(pilot)
    offered = np.array(course.lineups, dtype=np.float64)
    begun = np.array(pilot, dtype=np.float64)
    curves = conditional(course.net, own, beside)
    expected = curves.mean + (own - own.mean(axis=0)) @ curves.kept()
    added = offered @ (course.fixed * (1.0 - begun))
    ahead = course.later * expected - course.discount * added
    taken = ahead.argmax(axis=1)
    start = float(course.fixed @ begun) if pilot_cost is None else pilot_cost
    here = course.pilot * course.net[:, first] - start
    value = float(here.mean() + ahead.max(axis=1).mean())
    rows = np.arange(len(taken))
    return value, taken, here + course.later * course.net[rows, taken] - course.discount * added[taken]


def start_small(
    course: Course, years: float, normals: Floats, covariance: Floats, told: Callable[[Floats], Floats]
) -> Staged:
    """The best pilots of one car and of two against launch at full scale.

    normals: (D, C) of the draws; covariance: (C, C) of the candidates' xi; `told` gives (D, Q) to put beside
    a fit, from the normals independent of what the pilot tells.
    """
    offered = np.array(course.lineups, dtype=np.float64)
    full = course.whole * course.net - offered @ course.fixed
    best = int(np.argmax(full.mean(axis=0)))
    cars = len(course.fixed)
    alone = [j for j in range(cars) if _only(cars, (j,)) in course.lineups]
    by_worth = sorted(alone, key=lambda j: -full[:, course.lineups.index(_only(cars, (j,)))].mean())
    tried: list[tuple[int, ...]] = [(j,) for j in alone]
    tried += [
        tuple(sorted(pair))
        for pair in combinations(by_worth[:_PAIRS], 2)
        if _only(cars, pair) in course.lineups
    ]
    found = []
    for members in tried:
        turned = normals @ appeal_axes(covariance, members)[0]
        scores = [normal_scores(turned[:, k]) for k in range(len(members))]
        own = np.concatenate([hermite(z) for z in scores], axis=1)
        if len(scores) == 2:
            own = np.column_stack([own, scores[0] * scores[1]])
        pilot = _only(cars, members)
        value, taken, worth = staged_value(course, pilot, own, told(turned[:, len(members) :]))
        size = offered[taken].sum(axis=1)
        gap = worth - full[:, best]
        root = np.sqrt(len(worth))
        found.append(
            Pilot(
                lineup=pilot,
                worth=Sampled(value, float(worth.std(ddof=1) / root)),
                gained=Sampled(value - float(full[:, best].mean()), float(gap.std(ddof=1) / root)),
                expands=float((offered[taken] > np.array(pilot)).any(axis=1).mean()),
                quits=float((size == 0).mean()),
            )
        )
    found.sort(key=lambda p: (-p.worth.value, p.lineup))
    mean = float(full[:, best].mean())
    error = float(full[:, best].std(ddof=1) / np.sqrt(len(full)))
    return Staged(years, course.lineups[best], Sampled(mean, error), tuple(found))


def _only(cars: int, members: tuple[int, ...]) -> tuple[bool, ...]:
    return tuple(j in members for j in range(cars))
