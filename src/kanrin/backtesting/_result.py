"""What a backtest found: scores by group, the factor, the worst misses; one record, to and from plain
data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from kanrin.backtesting._scores import LEVELS, Coverage, skill

__all__ = ["Backtest", "Miss", "Score"]


@dataclass(frozen=True)
class Score:
    """How one kind of forecast did on one group of cars."""

    data: str  # "entries" or "market"
    forecast: str  # at which price, with what named, scaled or not
    group: str
    count: int
    hits: tuple[int, ...]  # by level of LEVELS
    pit: tuple[int, ...]  # outcomes by tenth of their forecast
    crps: float  # mean, log units
    bias: float  # mean of outcome less median forecast, log units
    miss: float  # mean distance of outcome and median forecast, log units
    crps_brand: float | None = None  # of the references, on the same cars
    crps_segment: float | None = None
    crps_logit: float | None = None

    @property
    def coverage(self) -> tuple[Coverage, ...]:
        """Coverage by level."""
        return tuple(Coverage(level, hit, self.count) for level, hit in zip(LEVELS, self.hits, strict=True))

    def at(self, level: float) -> Coverage:
        """Coverage of one level."""
        return self.coverage[LEVELS.index(level)]

    def skill(self, reference: str) -> float | None:
        """Skill against "brand", "segment" or "logit"; None where the reference was not scored."""
        other = getattr(self, f"crps_{reference}")
        return None if other is None else skill(self.crps, other)


@dataclass(frozen=True)
class Miss:
    """A car far from its forecast: sold over the median forecast, and where it fell."""

    data: str
    name: str
    year: int
    ratio: float
    pit: float


@dataclass(frozen=True)
class Backtest:
    """How good forecasts of cars not sold yet have been: `scores`, the factor of the spread, worst misses.

    `factor` multiplies the sd of xi in a plan; `factor_low` to `factor_high` holds it nine times of ten; it
    is read from `factor_count` cars. `not_full` cars came and had no full year. `source` says where the
    numbers on entries come from, `notes` what to know of them.
    """

    case: str
    period: str
    source: str
    factor: float
    factor_low: float
    factor_high: float
    factor_count: int
    used_by_plan: float | None
    not_full: int
    scores: tuple[Score, ...]
    misses: tuple[Miss, ...] = ()
    notes: tuple[str, ...] = ()
    factors_by_year: Mapping[str, float] = field(default_factory=dict)

    def score(self, data: str, forecast: str, group: str) -> Score | None:
        """One score; None when there is none of that name."""
        for s in self.scores:
            if (s.data, s.forecast, s.group) == (data, forecast, group):
                return s
        return None

    def to_dict(self) -> dict[str, Any]:
        """Plain data: what JSON and the results file hold."""
        return asdict(self)

    def to_rows(self) -> list[dict[str, Any]]:
        """One row a score: counts, coverage, CRPS in log units, skills."""
        out = []
        for s in self.scores:
            row: dict[str, Any] = {"data": s.data, "forecast": s.forecast, "group": s.group, "cars": s.count}
            for c in s.coverage:
                name = f"coverage_{100 * c.level:.0f}"
                row |= {name: c.share, f"{name}_low": c.interval[0], f"{name}_high": c.interval[1]}
            row |= {"crps": s.crps, "bias": s.bias}
            row |= {f"skill_{name}": s.skill(name) for name in ("brand", "segment", "logit")}
            out.append(row)
        return out

    def to_frame(self) -> Any:
        """The scores as a pandas frame. Needs pandas, the extra `frames`."""
        import pandas

        return pandas.DataFrame(self.to_rows())

    def __repr__(self) -> str:
        return (
            f"Backtest({self.case}, {self.factor_count} cars that came in {self.period}, "
            f"spread x {self.factor:.2f}, {len(self.scores)} scores)"
        )


def record(kind: type[Any], values: Mapping[str, Any]) -> Any:
    """A Score or Miss from plain data; lists become tuples."""
    names = {f.name for f in fields(kind)}
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if k in names})
