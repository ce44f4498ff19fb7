"""Simulated buyers as named objects: quadrature, quasi-random, random, or one's own.

`GaussHermite(7)`, `SparseGrid(4)`, `Halton(500, seed=1)`, `Sobol(512, seed=1)`, `MLHS(200, seed=1)`,
`MonteCarlo(1000, seed=1)`, `OwnAgents(table, ...)`. Nodes are standard normal. Random rules give each market
its own draws unless `common`. Sources: Owen 2017 (Halton digits permuted at random); Matousek 1998 (Sobol,
random linear scramble and shift), direction numbers of Joe & Kuo 2008; Hess, Train & Polak 2006 (MLHS); Heiss
& Winschel 2008 (sparse grids).
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kanrin.base import Floats, InputError, Ints
from kanrin.estimation._table import Table, as_table
from kanrin.numerics import gauss_hermite

__all__ = [
    "MLHS",
    "AgentRule",
    "Drawn",
    "GaussHermite",
    "Halton",
    "MonteCarlo",
    "OwnAgents",
    "Sobol",
    "SparseGrid",
    "lognormal_income",
    "normal_quantile",
]

_SUM = 1e-10  # how far weights may be from one
_MOST_NODES = 2_000_000
_SOBOL: tuple[tuple[int, ...], ...] = (
    (), (0, 1), (1, 1, 3), (1, 1, 3, 1), (2, 1, 1, 1), (1, 1, 1, 3, 3), (4, 1, 3, 5, 13), (2, 1, 1, 5, 5, 17),
    (4, 1, 1, 5, 5, 5), (7, 1, 1, 7, 11, 19), (11, 1, 1, 5, 1, 1), (13, 1, 1, 1, 3, 11), (14, 1, 3, 5, 5, 31),
    (1, 1, 3, 3, 9, 7, 49), (13, 1, 1, 1, 15, 21, 21), (16, 1, 3, 1, 13, 27, 49), (19, 1, 1, 1, 15, 7, 5),
    (22, 1, 3, 1, 15, 13, 25), (25, 1, 1, 5, 5, 19, 61),
)  # fmt: skip  # polynomial, then m_1..m_s (Joe & Kuo 2008)
_BITS = 30


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


@dataclass(frozen=True)
class OwnAgents:
    """Your own agents: a table with, if wanted, columns of market, weights, nodes and demographics.

    market: column of market names, None: the same agents in every market; weights: column, None: equal;
    nodes: columns of standard normals, one for each random coefficient with a spread, in the order of the
    formula. Weights must sum to one in each market; `rest_never_buys` allows less: they stand for part of the
    potential buyers, the rest never buys (importance sampling of likely buyers, BLP 1995).
    """

    data: object
    market: str | None = None
    weights: str | None = "weights"
    nodes: Sequence[str] = ()
    rest_never_buys: bool = False

    def draw(self, markets: Sequence[object], dimensions: int) -> Drawn:
        """The agents of all markets, in their order. Raises InputError for missing markets or bad weights."""
        table = as_table(self.data, "the agents")
        if dimensions > len(self.nodes):
            raise InputError(
                f"the agents have {len(self.nodes)} columns of nodes, {dimensions} random "
                "coefficients have a spread; "
                "name a column for each, nodes=[...], or set the others' sigma to zero"
            )
        rows, start = self._rows(table, markets)
        table = table.take(rows)
        weights = (
            table.numbers(self.weights, "the weights")
            if self.weights is not None
            else np.concatenate([np.full(n, 1.0 / n) for n in np.diff(start)])
        )
        if (weights < 0).any():
            i = int(np.argmin(weights))
            raise InputError(f"agent weights must not be negative; row {int(rows[i])} has {weights[i]:.4g}")
        total = np.add.reduceat(weights, start[:-1])
        off = np.abs(total - 1) > _SUM
        if self.rest_never_buys:
            off &= total > 1
        if off.any():
            t = int(np.argmax(off))
            raise InputError(
                f"weights of the agents of market {markets[t]} sum to {total[t]:.10g}, expected "
                "1; divide them by "
                "their sum, or say rest_never_buys=True if the others never buy"
            )
        nodes = [table.numbers(name, "the nodes") for name in list(self.nodes)[:dimensions]]
        return Drawn(
            start,
            weights / np.repeat(total, np.diff(start)),
            np.column_stack(nodes) if nodes else np.zeros((len(rows), 0)),
            total if self.rest_never_buys else np.ones(len(markets)),
            table,
        )

    def _rows(self, table: Table, markets: Sequence[object]) -> tuple[Ints, Ints]:
        if self.market is None:
            rows = np.tile(np.arange(table.rows), len(markets))
            return rows, np.arange(len(markets) + 1, dtype=np.int64) * table.rows
        names = np.array([str(v) for v in table.labels(self.market, "the agents' markets")])
        by_name: dict[str, list[int]] = {}
        for row, name in enumerate(names.tolist()):
            by_name.setdefault(name, []).append(row)
        plain = {_plain(name): found for name, found in by_name.items()}
        out: list[int] = []
        start = [0]
        for market in markets:
            found = plain.get(_plain(str(market)))
            if not found:
                raise InputError(f"market {market} has no agents; add rows for it to the agents' table")
            out += found
            start.append(len(out))
        return np.array(out, dtype=np.int64), np.array(start, dtype=np.int64)


def _plain(name: str) -> str:
    return name[:-2] if name.endswith(".0") else name


def lognormal_income(log_income_sd: float, nodes: int = 13, median: float = 1.0) -> OwnAgents:
    """Agents whose log income is normal, by Gauss-Hermite: columns `income` and `weights` (price-index)."""
    x, w = gauss_hermite(nodes)
    return OwnAgents({"income": median * np.exp(log_income_sd * x), "weights": w / w.sum()})


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


def sobol_uniforms(count: int, dimensions: int, rng: np.random.Generator | None) -> Floats:
    """(count, dimensions) points in (0, 1); without `rng` the plain sequence, beginning with 0."""
    if dimensions > len(_SOBOL):
        raise InputError(f"Sobol covers {len(_SOBOL)} dimensions, {dimensions} asked; use Halton")
    out = np.empty((count, dimensions))
    for d in range(dimensions):
        directions = _directions(d)
        if rng is not None:
            directions = _scramble(directions, rng)
        state = int(rng.integers(1 << _BITS)) if rng is not None else 0
        points = np.empty(count, dtype=np.int64)
        for n in range(count):
            points[n] = state
            state ^= int(directions[(~n & (n + 1)).bit_length() - 1])
        out[:, d] = (points + (0.5 if rng is not None else 0.0)) / (1 << _BITS)
    return out


def _directions(d: int) -> NDArray[np.int64]:
    if d == 0:
        return np.array([1 << (_BITS - 1 - k) for k in range(_BITS)], dtype=np.int64)
    a, m = _SOBOL[d][0], list(_SOBOL[d][1:])
    s = len(m)
    for k in range(s, _BITS):
        value = m[k - s] ^ (m[k - s] << s)
        for j in range(1, s):
            if (a >> (s - 1 - j)) & 1:
                value ^= m[k - j] << j
        m.append(value)
    return np.array([m[k] << (_BITS - 1 - k) for k in range(_BITS)], dtype=np.int64)


def _scramble(directions: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """A random lower-triangular matrix of bits with ones on the diagonal, applied to each direction."""
    rows = []
    for bit in range(_BITS):  # bit 0 is the highest
        lower = int(rng.integers(1 << bit)) if bit else 0
        rows.append(((lower << 1) | 1) << (_BITS - 1 - bit))
    out = []
    for value in directions.tolist():
        mixed = 0
        for bit, row in enumerate(rows):
            mixed |= ((row & value).bit_count() & 1) << (_BITS - 1 - bit)
        out.append(mixed)
    return np.array(out, dtype=np.int64)


def normal_quantile(p: Floats) -> Floats:
    """Inverse of the standard normal distribution, to 16 digits (Wichura 1988, AS241)."""
    p = np.asarray(p, dtype=np.float64)
    q = p - 0.5
    centre = np.abs(q) <= 0.425
    r = 0.180625 - q * q
    middle = q * _ratio(r, _A, _B)
    tail = np.sqrt(-np.log(np.where(centre, 0.5, np.minimum(p, 1 - p))))
    near = _ratio(tail - 1.6, _C, _D)
    far = _ratio(tail - 5.0, _E, _F)
    out: Floats = np.where(centre, middle, np.sign(q) * np.where(tail <= 5.0, near, far))
    return out


def _ratio(x: Floats, top: Sequence[float], bottom: Sequence[float]) -> Floats:
    above: Floats = np.polyval(np.array(top), x)
    return np.asarray(above / np.polyval(np.array(bottom), x))


_A = (
    2.50908_09287_30122_6727e3, 3.34305_75583_58812_8105e4, 6.72657_70927_00870_0853e4,
    4.59219_53931_54987_1457e4, 1.37316_93765_50946_1125e4, 1.97159_09503_06551_4427e3,
    1.33141_66789_17843_7745e2, 3.38713_28727_96366_6080e0,
)  # fmt: skip
_B = (
    5.22649_52788_52854_5610e3, 2.87290_85735_72194_2674e4, 3.93078_95800_09271_0610e4,
    2.12137_94301_58659_5867e4, 5.39419_60214_24751_1077e3, 6.87187_00749_20579_0830e2,
    4.23133_30701_60091_1252e1, 1.0,
)  # fmt: skip
_C = (
    7.74545_01427_83414_07640e-4, 2.27238_44989_26918_45833e-2, 2.41780_72517_74506_11770e-1,
    1.27045_82524_52368_38258e0, 3.64784_83247_63204_60504e0, 5.76949_72214_60691_40550e0,
    4.63033_78461_56545_29590e0, 1.42343_71107_49683_57734e0,
)  # fmt: skip
_D = (
    1.05075_00716_44416_84324e-9, 5.47593_80849_95344_94600e-4, 1.51986_66563_61645_71966e-2,
    1.48103_97642_74800_74590e-1, 6.89767_33498_51000_04550e-1, 1.67638_48301_83803_84940e0,
    2.05319_16266_37758_82187e0, 1.0,
)  # fmt: skip
_E = (
    2.01033_43992_92288_13265e-7, 2.71155_55687_43487_57815e-5, 1.24266_09473_88078_43860e-3,
    2.65321_89526_57612_30930e-2, 2.96560_57182_85048_91230e-1, 1.78482_65399_17291_33580e0,
    5.46378_49111_64114_36990e0, 6.65790_46435_01103_77720e0,
)  # fmt: skip
_F = (
    2.04426_31033_89939_78564e-15, 1.42151_17583_16445_88870e-7, 1.84631_83175_10054_68180e-5,
    7.86869_13114_56132_59100e-4, 1.48753_61290_85061_48525e-2, 1.36929_88092_27358_05310e-1,
    5.99832_20655_58879_37690e-1, 1.0,
)  # fmt: skip
