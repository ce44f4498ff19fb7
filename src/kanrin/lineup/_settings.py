"""What was asked of a plan, whole: with the case and the code these settings make the run's id."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from kanrin.base._version import __version__
from kanrin.facts import Case
from kanrin.lineup._branch import SearchLimits

__all__ = ["Settings", "run_id"]


@dataclass(frozen=True)
class Settings:
    """What a plan was asked, every default filled in."""

    case: str
    on: date
    known_on: date
    maker: str
    candidates: tuple[str, ...]  # ids, those weighed
    chosen_by_user: bool  # whether the candidates were named
    draws: int
    seed: int
    end_of_law: str
    comparables: Mapping[str, tuple[str, ...]]  # market models by candidate, as the user named them
    estimate: str = ""  # the file of demand, when it is another than the case names, as it was given
    estimate_id: str = ""  # hash of what a plan takes from it
    limits: SearchLimits = field(
        default_factory=SearchLimits
    )  # of a search over more candidates than are enumerated
    ways: Mapping[str, str] = field(
        default_factory=dict
    )  # ways asked for by candidate, as the user wrote them
    rivals: tuple[str, ...] = ()  # makers that answer with line-ups of their own
    caps: Mapping[str, str] = field(default_factory=dict)  # CARS or CARS:HOLDER by name, as the user asked

    def to_dict(self) -> dict[str, Any]:
        """The settings as JSON takes them, days in ISO form."""
        out = asdict(self) | {"on": self.on.isoformat(), "known_on": self.known_on.isoformat()}
        del out["estimate"]  # a path says nothing of the content
        if not self.estimate_id:
            del out["estimate_id"]
        if self.limits == SearchLimits():
            del out["limits"]
        if not self.ways:
            del out["ways"]
        if not self.rivals:
            del out["rivals"]
        if not self.caps:
            del out["caps"]
        return out


def run_id(case: Case, settings: Settings) -> str:
    """Hash of inputs, code version, settings and seed."""
    overrides = dict(sorted(case.overrides.items()))
    content = json.dumps([__version__, case.digest, overrides, settings.to_dict()], sort_keys=True)
    return "k1-" + hashlib.sha256(content.encode()).hexdigest()[:12]
