"""Simulated buyers as named objects: quadrature, quasi-random, random, or one's own.

`GaussHermite(7)`, `SparseGrid(4)`, `Halton(500, seed=1)`, `Sobol(512, seed=1)`, `MLHS(200, seed=1)`,
`MonteCarlo(1000, seed=1)`; one's own stand in `_own_agents`. Nodes are standard normal. Random rules give
each market its own draws unless `common`. Sources: Owen 2017 (Halton digits permuted at random); Hess, Train
& Polak 2006 (MLHS); Heiss & Winschel 2008 (sparse grids).
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kanrin.base import Floats, InputError, Ints
from kanrin.estimation._quantile import normal_quantile
from kanrin.estimation._sobol import sobol_uniforms
from kanrin.estimation._table import Table
from kanrin.numerics import gauss_hermite

__all__ = [
    "MLHS",
    "AgentRule",
    "Drawn",
    "GaussHermite",
    "Halton",
    "MonteCarlo",
    "Sobol",
    "SparseGrid",
]

_MOST_NODES = 2_000_000


@dataclass(frozen=True)
class Drawn:
    """Agents of T markets, sorted by market. `table` holds their own columns (demographics), if any.

    `represented` (T,) is the part of potential buyers the agents stand for; the rest never buy.
    """

    agent_start: Ints  # (T+1,)
    weights: Floats  # (A,) sum one in each market
    nodes: Floats  # (A, dimensions)
    represented: Floats  # (T,)
    table: Table | None = None


@dataclass(frozen=True)
class AgentRule(ABC):
    """A rule that makes the same or fresh nodes for each market."""

    @abstractmethod
    def points(self, dimensions: int, block: int) -> tuple[Floats, Floats]:
        """Nodes (I, dimensions) and weights (I,) of one market; `block` numbers the market."""

    @property
    def is_common(self) -> bool:
        """Whether all markets share the nodes."""
        return True

    def draw(self, markets: Sequence[object], dimensions: int) -> Drawn:
        """The agents of all markets."""
        nodes: list[Floats] = []
        weights: list[Floats] = []
        for block in range(len(markets)):
            if block and self.is_common:
                nodes.append(nodes[0])
                weights.append(weights[0])
            else:
                one, w = self.points(dimensions, block)
                nodes.append(one)
                weights.append(w)
        start = np.cumsum([0, *map(len, weights)]).astype(np.int64)
        return Drawn(start, np.concatenate(weights), np.vstack(nodes), np.ones(len(markets)))


@dataclass(frozen=True)
class GaussHermite(AgentRule):
    """Product rule with `nodes` in each dimension: exact for polynomials, the default up to four
    dimensions."""

    nodes: int = 7

    def points(self, dimensions: int, block: int) -> tuple[Floats, Floats]:
        if self.nodes**dimensions > _MOST_NODES:
            raise InputError(
                f"GaussHermite({self.nodes}) in {dimensions} dimensions makes "
                f"{self.nodes**dimensions:,} agents; "
                "use SparseGrid or Halton"
            )
        x, w = gauss_hermite(self.nodes)
        return _product([x] * dimensions), _product([w] * dimensions).prod(axis=1)


@dataclass(frozen=True)
class SparseGrid(AgentRule):
    """Smolyak's combination of Gauss-Hermite rules, exact to total degree 2 level - 1; some weights are
    negative.

    A rule whose shares come out negative is refused at the inversion.
    """

    level: int = 5

    def points(self, dimensions: int, block: int) -> tuple[Floats, Floats]:
        if self.level < 1:
            raise InputError(f"SparseGrid: level is {self.level}; expected at least 1")
        sums: dict[tuple[float, ...], float] = {}
        highest = self.level + dimensions - 1
        for total in range(max(dimensions, self.level), highest + 1):
            sign = (-1) ** (highest - total) * math.comb(dimensions - 1, highest - total)
            for parts in itertools.product(range(1, self.level + 1), repeat=dimensions):
                if sum(parts) != total:
                    continue
                rules = [gauss_hermite(part) for part in parts]
                weights = _product([w for _, w in rules]).prod(axis=1)
                for point, weight in zip(_product([x for x, _ in rules]), weights, strict=True):
                    key = tuple(round(float(v), 12) + 0.0 for v in point)
                    sums[key] = sums.get(key, 0.0) + sign * float(weight)
        kept = {key: weight for key, weight in sums.items() if abs(weight) > 1e-15}
        w = np.array(list(kept.values()))
        return np.array(list(kept)).reshape(len(kept), dimensions), w / w.sum()


@dataclass(frozen=True)
class _Random(AgentRule):
    """Equal weights; `common` gives all markets the same draws."""

    agents: int = 500
    seed: int = 0
    common: bool = False

    def __post_init__(self) -> None:
        if self.agents < 1:
            raise InputError(f"{type(self).__name__}: {self.agents} agents asked; expected at least 1")

    @property
    def is_common(self) -> bool:
        return self.common

    def points(self, dimensions: int, block: int) -> tuple[Floats, Floats]:
        rng = np.random.default_rng([self.seed, 0 if self.common else block])
        return self.normals(dimensions, rng, block), np.full(self.agents, 1.0 / self.agents)

    @abstractmethod
    def normals(self, dimensions: int, rng: np.random.Generator, block: int) -> Floats:
        """Standard normals (agents, dimensions) of one market."""


@dataclass(frozen=True)
class MonteCarlo(_Random):
    """Independent draws."""

    def normals(self, dimensions: int, rng: np.random.Generator, block: int) -> Floats:
        return rng.standard_normal((self.agents, dimensions))


@dataclass(frozen=True)
class MLHS(_Random):
    """Modified Latin hypercube: an even grid with one shift a dimension, shuffled."""

    def normals(self, dimensions: int, rng: np.random.Generator, block: int) -> Floats:
        grid = np.arange(self.agents)[:, None] + rng.random((1, dimensions))
        shuffled = np.column_stack([rng.permutation(grid[:, d]) for d in range(dimensions)] or [grid[:, :0]])
        return normal_quantile(shuffled / self.agents)


@dataclass(frozen=True)
class Halton(_Random):
    """Halton's sequence, its digits permuted at random; markets take consecutive stretches of it."""

    def normals(self, dimensions: int, rng: np.random.Generator, block: int) -> Floats:
        first = 0 if self.common else block * self.agents
        index = np.arange(first, first + self.agents, dtype=np.int64)
        rng = np.random.default_rng(self.seed)  # one scramble for the whole sequence
        out = np.empty((self.agents, dimensions))
        for d, base in enumerate(_primes(dimensions)):
            digits = math.ceil(54 / math.log2(base))
            rest, values, scale = index.copy(), np.zeros(self.agents), 1.0
            for _ in range(digits):
                scale /= base
                values += rng.permutation(base)[rest % base] * scale
                rest //= base
            out[:, d] = values + scale * 0.5
        return normal_quantile(np.clip(out, 2.0**-54, 1 - 2.0**-53))


@dataclass(frozen=True)
class Sobol(_Random):
    """Sobol's sequence under a random linear scramble and shift; up to 19 dimensions, best with
    2^k agents."""

    def normals(self, dimensions: int, rng: np.random.Generator, block: int) -> Floats:
        return normal_quantile(sobol_uniforms(self.agents, dimensions, rng))


def _product(columns: Sequence[Floats]) -> Floats:
    if not columns:
        return np.ones((1, 0))
    grid = np.meshgrid(*columns, indexing="ij")
    return np.column_stack([axis.ravel() for axis in grid])


def _primes(count: int) -> list[int]:
    found: list[int] = []
    n = 2
    while len(found) < count:
        if all(n % p for p in found):
            found.append(n)
        n += 1
    return found
