"""Games of entry: makers choose strategies at once; equilibria in pure strategies and best-response paths.

A profile gives one strategy a player, by number. Payoffs come with their draws, so that a gain from deviating
has a paired standard error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from kanrin.base import Floats

__all__ = ["Deviation", "EntryGame", "Path", "Profile"]

Profile = tuple[int, ...]
_TIE = 1e-9  # of the largest payoff: payoffs that differ by less are equal
_MOST_ROUNDS = 200


@dataclass(frozen=True)
class Deviation:
    """What a player gains at most by another strategy of its own, and the paired standard error."""

    player: int
    to: int  # the strategy
    gain: float  # mean over the draws; zero or less at an equilibrium
    error: float

    @property
    def told_apart(self) -> bool:
        """Whether the draws tell it from nothing: two standard errors."""
        return abs(self.gain) > 2.0 * self.error


@dataclass(frozen=True)
class Path:
    """Best responses one player after another, from a start."""

    start: Profile
    end: tuple[Profile, ...]  # one profile: an equilibrium; more: the cycle it runs into; none: not settled
    rounds: int

    @property
    def settled(self) -> bool:
        """Whether it ends at an equilibrium."""
        return len(self.end) == 1


class EntryGame:
    """A game of P players with `sizes` strategies each. Payoffs are asked for once a profile and kept.

    payoffs: of n profiles, (D, n, P) on D common draws; a strategy of a lower number is simpler, and is taken
    among equals.
    """

    def __init__(self, sizes: Sequence[int], payoffs: Callable[[Sequence[Profile]], Floats]) -> None:
        self.sizes = tuple(sizes)
        self._ask = payoffs
        self._known: dict[Profile, Floats] = {}

    @property
    def profiles(self) -> int:
        """How many profiles there are."""
        return int(np.prod([float(n) for n in self.sizes]))

    @property
    def solved(self) -> int:
        """Profiles whose payoffs were asked for."""
        return len(self._known)

    def need(self, profiles: Sequence[Profile]) -> None:
        """Ask for payoffs not known yet, together."""
        new = [p for p in dict.fromkeys(profiles) if p not in self._known]
        if new:
            found = self._ask(new)
            self._known.update({p: found[:, k] for k, p in enumerate(new)})

    def payoff(self, profile: Profile) -> Floats:
        """(D, P) payoffs of a profile."""
        self.need([profile])
        return self._known[profile]

    def mean(self, profile: Profile, player: int) -> float:
        """A player's mean payoff."""
        return float(self.payoff(profile)[:, player].mean())

    def turned(self, profile: Profile, player: int) -> list[Profile]:
        """The profiles a player can reach alone, by strategy."""
        return [(*profile[:player], s, *profile[player + 1 :]) for s in range(self.sizes[player])]

    def best(self, profile: Profile, player: int) -> int:
        """A player's best answer: what it does where that is as good, else the simplest of the best."""
        options = self.turned(profile, player)
        self.need(options)
        worth = np.array([self.mean(p, player) for p in options])
        slack = _TIE * max(1.0, float(np.abs(worth).max()))
        among = np.flatnonzero(worth >= worth.max() - slack)
        return profile[player] if profile[player] in among else int(among[0])

    def is_equilibrium(self, profile: Profile) -> bool:
        """Whether no player has a better answer."""
        return all(self.best(profile, player) == profile[player] for player in range(len(self.sizes)))

    def equilibria(self, held: Profile | None = None) -> list[Profile]:
        """All equilibria in pure strategies.

        held: per player a strategy it keeps to, or -1 when it is free; the held do not deviate.
        """
        hold = held or (-1,) * len(self.sizes)
        options = [range(n) if h < 0 else (h,) for n, h in zip(self.sizes, hold, strict=True)]
        every = list(product(*options))
        self.need(every)
        free = [k for k, h in enumerate(hold) if h < 0]
        return [p for p in every if all(self.best(p, k) == p[k] for k in free)]

    def path(self, start: Profile, held: Sequence[int] = ()) -> Path:
        """Best responses in the order of the players until a round changes nothing or comes back."""
        seen: list[Profile] = []
        at = start
        for rounds in range(_MOST_ROUNDS):
            if at in seen:
                return Path(start, tuple(seen[seen.index(at) :]), rounds)
            seen.append(at)
            before = at
            for player in range(len(self.sizes)):
                if player not in held:
                    at = (*at[:player], self.best(at, player), *at[player + 1 :])
            if at == before:
                return Path(start, (at,), rounds + 1)
        return Path(start, (), _MOST_ROUNDS)

    def deviation(self, profile: Profile, player: int) -> Deviation | None:
        """The best other strategy of a player, what it gains and the paired error; None with one strategy."""
        others = [p for p in self.turned(profile, player) if p != profile]
        if not others:
            return None
        self.need(others)
        best = max(others, key=lambda p: self.mean(p, player))
        gap = self.payoff(best)[:, player] - self.payoff(profile)[:, player]
        error = float(gap.std(ddof=1) / np.sqrt(len(gap))) if len(gap) > 1 else 0.0
        return Deviation(player, best[player], float(gap.mean()), error)
