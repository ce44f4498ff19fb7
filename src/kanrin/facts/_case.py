"""A case: a folder of small tables, read once into frozen records.

`load_case("us-japan")` reads a shipped case, `load_case(folder)` one of the user's. Nothing is changed in
place: `with_overrides` gives a new case.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from pydantic import Field

from kanrin.base import CaseError, UnknownName
from kanrin.facts._law_records import (
    Assumption,
    CapRow,
    Claim,
    Equipment,
    EventOutcome,
    Fact,
    GapRow,
    Pathway,
    Rule,
    Source,
    UnitName,
)
from kanrin.facts._market_records import (
    Candidate,
    ExchangeRate,
    MarketModel,
    MarketTotal,
    Nameplate,
    Port,
    Region,
    Route,
)
from kanrin.facts._read import Placed, read_keyed, read_list, read_sidecar, read_single, read_table
from kanrin.facts._record import Record
from kanrin.facts._sidecar import Sidecar

__all__ = ["About", "Case", "case_folder", "load_case", "shipped_cases"]

SHIPPED = Path(__file__).resolve().parent.parent / "cases"
TABLES = (
    "units", "sources", "candidates", "equipment", "market", "market_totals", "ports", "routes", "regions",
    "fx", "gaps", "calendar", "events", "nameplates",
)  # fmt: skip


class About(Record):
    """The head of a case: what it is about and what its commands take for granted."""

    name: str = Field(min_length=1)
    title: str
    origin: str = Field(pattern=r"^[A-Z]{2}$")
    origin_adjective: str
    destination: str = Field(pattern=r"^[A-Z]{2}$")
    destination_name: str
    origin_currency: str
    destination_currency: str
    default_maker: str
    default_on: date
    compiled: date
    market_year: int
    estimate: str
    alternative_estimates: tuple[str, ...] = ()
    estimate_price: str = Field(
        "", pattern=r"^(million [A-Z]{3} of \d{4})?$"
    )  # money of the estimates' price
    market_known_from: date | None = None  # the day the base market was published
    agents: str = ""  # a CSV of buyers (income, weight); empty: Gauss-Hermite nodes of the estimate
    backtest: str = ""  # results of a backtest (TOML), beside which forecasts are told
    note: str = ""
    review: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """All facts of a case. Mappings keep the order of the files; `lines` tells where a record stands."""

    folder: Path
    about: About
    units: Mapping[str, UnitName]
    sources: Mapping[str, Source]
    rules: Mapping[str, Rule]
    assumptions: Mapping[str, Assumption]
    facts: Mapping[str, Fact]
    pathways: Mapping[str, Pathway]
    gaps: Mapping[str, GapRow]
    candidates: Mapping[str, Candidate]
    equipment: Mapping[str, Equipment]
    market: Mapping[str, MarketModel]
    market_totals: tuple[MarketTotal, ...]
    ports: Mapping[str, Port]
    routes: Mapping[str, Route]
    regions: Mapping[str, Region]
    fx: tuple[ExchangeRate, ...]
    calendar: Mapping[str, Claim]
    events: tuple[EventOutcome, ...]
    nameplates: Mapping[str, Nameplate]
    sidecars: Mapping[str, Sidecar]
    digest: str
    lines: Mapping[tuple[str, str], tuple[Path, int]] = field(repr=False)
    overrides: Mapping[str, float | str] = field(default_factory=dict)
    caps: Mapping[str, CapRow] = field(default_factory=dict)  # empty without a caps.toml

    @property
    def name(self) -> str:
        """The name of the case, as the command line takes it."""
        return self.about.name

    def place(self, table: str, name: str) -> str:
        """`file:line` of a record, for messages."""
        path, line = self.lines[(table, name)]
        return f"{path}:{line}"

    def makers(self) -> tuple[str, ...]:
        """Makers with candidates, in the order of the table."""
        return tuple(dict.fromkeys(c.firm for c in self.candidates.values()))

    def candidates_of(self, maker: str) -> dict[str, Candidate]:
        """The candidates of a maker. Raises UnknownName."""
        found = {k: c for k, c in self.candidates.items() if c.firm == maker}
        if not found:
            same = [m for m in self.makers() if m.lower() == maker.lower()]
            if same:
                return self.candidates_of(same[0])
            raise UnknownName("maker", maker, self.makers())
        return found

    def candidate(self, name: str) -> Candidate:
        """A candidate by id. Raises UnknownName with near names."""
        try:
            return self.candidates[name]
        except KeyError:
            raise UnknownName(
                "model", name, self.candidates, f"the ids stand in {self.folder / 'candidates.csv'}"
            ) from None

    def total(self, scope: str, item: str, period: str = "") -> MarketTotal:
        """A row of the market totals. Raises UnknownName."""
        for row in self.market_totals:
            if row.scope == scope and row.item == item and row.period.startswith(period):
                return row
        raise UnknownName(
            "market total", f"{scope}: {item}", [f"{r.scope}: {r.item}" for r in self.market_totals]
        )

    def with_overrides(self, settings: Mapping[str, str | float]) -> Case:
        """A new case with numbers set by key. Raises OverrideError, UnknownName."""
        from kanrin.facts._override import apply_overrides

        return apply_overrides(self, settings)


def shipped_cases() -> tuple[str, ...]:
    """Names of the cases that come with Kanrin."""
    return tuple(sorted(p.name.replace("_", "-") for p in SHIPPED.iterdir() if (p / "case.toml").is_file()))


def case_folder(name: str | Path) -> Path:
    """The folder of a case given by shipped name or by path. Raises UnknownName or CaseError."""
    shipped = SHIPPED / str(name).replace("-", "_")
    if isinstance(name, str) and "/" not in name and (shipped / "case.toml").is_file():
        return shipped
    folder = Path(name)
    if folder.is_dir():
        if (folder / "case.toml").is_file():
            return folder
        raise CaseError(
            f"{folder / 'case.toml'}: file is missing; a case folder begins with it: "
            "copy one with `kanrin init DIR --from us-japan`"
        )
    raise UnknownName("case", str(name), shipped_cases(), "or give the path of a case folder")


R = TypeVar("R", bound=Record)


class _Reader:
    """Reads the files of a folder, gathers the faults of all of them and remembers lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[str] = []
        self.lines: dict[tuple[str, str], tuple[Path, int]] = {}

    def keyed(
        self, table: str, path: Path, read: Callable[[], Placed[R]], key: Callable[[R], str]
    ) -> dict[str, R]:
        found: dict[str, R] = {}
        for line, record in self._try(read):
            name = key(record)
            if (table, name) in self.lines:
                first = self.lines[(table, name)]
                self.faults.append(
                    f"{path}:{line}: duplicate {name!r}; it stands already on {first[0].name}:{first[1]}: "
                    "remove one of the two"
                )
                continue
            found[name] = record
            self.lines[(table, name)] = (path, line)
        return found

    def csv(self, table: str, model: type[R], key: Callable[[R], str]) -> dict[str, R]:
        path = self.folder / f"{table}.csv"
        return self.keyed(table, path, lambda: read_table(path, model), key)

    def toml(self, table: str, path: Path, model: type[R], key: Callable[[R], str]) -> dict[str, R]:
        return self.keyed(table, path, lambda: read_keyed(path, model), key)

    def one(self, read: Callable[[], R]) -> R | None:
        try:
            return read()
        except CaseError as error:
            self.faults += error.faults
            return None

    def _try(self, read: Callable[[], Placed[R]]) -> Placed[R]:
        try:
            return read()
        except CaseError as error:
            self.faults += error.faults
            return []


def _digest(folder: Path) -> str:
    """SHA-256 over names and bytes of the files of a case, in order of name."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".csv", ".toml")):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def _freeze(items: dict[str, R]) -> Mapping[str, R]:
    return MappingProxyType(items)


def load_case(name: str | Path) -> Case:
    """Read a case by shipped name or folder.

    Raises UnknownName, or CaseError listing every fault with file and line.
    """
    from kanrin.facts._check import integrity_faults

    folder = case_folder(name)
    reader = _Reader(folder)
    about = reader.one(lambda: read_single(folder / "case.toml", About))
    units = reader.csv("units", UnitName, lambda r: r.unit)
    sources = reader.csv("sources", Source, lambda r: r.id)
    rules: dict[str, Rule] = {}
    rule_files = sorted((folder / "rules").glob("*.toml"))
    if not rule_files:
        reader.faults.append(f"{folder / 'rules'}: no rule file (*.toml); copy them with `kanrin init`")
    for path in rule_files:
        rules |= reader.toml("rules", path, Rule, lambda r: r.key)
    assumptions = reader.toml("assumptions", folder / "assumptions.toml", Assumption, lambda r: r.key)
    facts = reader.toml("facts", folder / "facts.toml", Fact, lambda r: r.key)
    path = folder / "pathways.toml"
    pathways = reader.keyed(
        "pathways", path, lambda: read_list(path, Pathway, under="pathway"), lambda r: r.id
    )
    gaps = reader.csv("gaps", GapRow, lambda r: r.id)
    path = folder / "caps.toml"
    caps = reader.toml("caps", path, CapRow, lambda r: r.key) if path.is_file() else {}
    candidates = reader.csv("candidates", Candidate, lambda r: r.id)
    equipment = reader.csv("equipment", Equipment, lambda r: f"{r.candidate}.{r.requirement}")
    market = reader.csv("market", MarketModel, lambda r: r.id)
    totals = reader.csv("market_totals", MarketTotal, lambda r: r.name)
    ports = reader.csv("ports", Port, lambda r: r.id)
    routes = reader.csv("routes", Route, lambda r: r.id)
    regions = reader.csv("regions", Region, lambda r: r.id)
    fx = reader.csv("fx", ExchangeRate, lambda r: r.name)
    calendar = reader.csv("calendar", Claim, lambda r: r.id)
    events = reader.csv("events", EventOutcome, lambda r: r.name)
    nameplates = reader.csv("nameplates", Nameplate, lambda r: f"{r.brand} {r.nameplate}")
    sidecars: dict[str, Sidecar] = {}
    for table in TABLES:
        note = reader.one(lambda t=table: read_sidecar(folder / f"{t}.toml"))  # type: ignore[misc]
        if note is not None:
            sidecars[table] = note
    if reader.faults or about is None:
        raise CaseError(reader.faults)
    case = Case(
        folder, about, _freeze(units), _freeze(sources), _freeze(rules), _freeze(assumptions), _freeze(facts),
        _freeze(pathways), _freeze(gaps), _freeze(candidates), _freeze(equipment), _freeze(market),
        tuple(totals.values()), _freeze(ports), _freeze(routes), _freeze(regions), tuple(fx.values()),
        _freeze(calendar),
        tuple(events.values()), _freeze(nameplates), MappingProxyType(sidecars), _digest(folder),
        MappingProxyType(reader.lines), caps=_freeze(caps),
    )  # fmt: skip
    faults = integrity_faults(case)
    if faults:
        raise CaseError(faults)
    return case
