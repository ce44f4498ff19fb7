"""The records of a case: one frozen model a file, so that code, checks and messages share one definition.

Every number in a record has a kind (fact, derived, estimate, assumption), a unit and a source; what kind and
source a cell has is named by the table's sidecar (`_sidecar.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from kanrin.base import Kind

__all__ = [
    "STATUS_ORDER",
    "Assumption",
    "Candidate",
    "Claim",
    "Equipment",
    "EventOutcome",
    "ExchangeRate",
    "Fact",
    "GapRow",
    "MarketModel",
    "MarketTotal",
    "Nameplate",
    "Pathway",
    "Port",
    "Route",
    "Rule",
    "Source",
    "Spell",
    "Status",
    "UnitName",
]

Status = Literal["reported", "considered", "announced", "in_force", "superseded"]
STATUS_ORDER: dict[str, int] = {
    "reported": 0,
    "considered": 1,
    "announced": 2,
    "in_force": 3,
    "superseded": 3,
}

Treatment = Literal["met", "deemed", "document", "modify", "test", "blocking", "unknown"]


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _number(value: object) -> object:
    if isinstance(value, str) and "_" in value:
        raise ValueError("a number is written without underscores here")
    return value


Text = str
Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
Positive = Annotated[float, BeforeValidator(_number), Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, BeforeValidator(_number), Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1, allow_inf_nan=False)]
Percent = Annotated[float, BeforeValidator(_number), Field(ge=0, le=100, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
MaybeDate = Annotated[date | None, BeforeValidator(_blank_is_none)]
MaybeNumber = Annotated[float | None, BeforeValidator(_blank_is_none), Field(allow_inf_nan=False)]
MaybePositive = Annotated[
    Annotated[float, Field(gt=0, allow_inf_nan=False)] | None, BeforeValidator(_blank_is_none)
]
Filled = Annotated[str, Field(min_length=1)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class Record(BaseModel):
    """A frozen row; unknown columns are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class UnitName(Record):
    """A unit of the closed list."""

    unit: Filled
    kind: Filled
    meaning: Text = ""


class Source(Record):
    """Where a number was seen. Ids that begin with `kanrin.` are internal and never support a fact."""

    id: Filled
    publisher: Filled
    title: Filled
    date: Text = ""
    url: Text = ""
    language: Text = ""
    note: Text = ""


class Spell(Record):
    """A dated value of a rule: `effective_from` inclusive, `effective_to` exclusive, known from a day on."""

    value: Number
    effective_from: date
    effective_to: date | None = None
    status: Status
    known_from: date
    end_known_from: date | None = None
    known_to: date | None = None
    source: Filled
    locus: Text = ""
    confidence: Literal["high", "medium", "low"] = "medium"
    note: Text = ""

    @model_validator(mode="after")
    def _span(self) -> Spell:
        if self.effective_to is not None and self.effective_to <= self.effective_from:
            raise ValueError(f"empty spell {self.effective_from}..{self.effective_to}; the end is exclusive")
        if self.known_to is not None and self.known_to <= self.known_from:
            raise ValueError(f"empty knowledge span {self.known_from}..{self.known_to}; the end is exclusive")
        return self


class Rule(Record):
    """A rule: key, unit and dated spells; `assume` names the assumption that may stand in past its end."""

    key: Filled
    unit: Filled
    label: Text = ""
    assume: Text = ""
    spells: Annotated[tuple[Spell, ...], Field(min_length=1)]


class Assumption(Record):
    """A number without a source: value, low, high, unit and the reason.

    `drawn` is false for a choice or a switch: it is shown at its low and high, but left to no chance.
    """

    key: Filled
    value: Number
    low: Number
    high: Number
    unit: Filled
    label: Text = ""
    reason: Filled
    used_by: tuple[str, ...] = ()
    drawn: bool = True
    source: Text = "kanrin.assumption"

    @model_validator(mode="after")
    def _range(self) -> Assumption:
        if not self.low <= self.value <= self.high:
            raise ValueError(
                f"value {self.value:g} lies outside its range {self.low:g}..{self.high:g}; "
                "widen it or correct the value"
            )
        return self


class Fact(Record):
    """A single sourced number that is neither law nor a cell of a table."""

    key: Filled
    value: Number
    unit: Filled
    kind: Kind
    label: Text = ""
    period: Text = ""
    known_from: date
    source: Filled
    low: float | None = None
    high: float | None = None
    note: Text = ""

    @model_validator(mode="after")
    def _range(self) -> Fact:
        if self.kind is Kind.ASSUMPTION and (self.low is None or self.high is None):
            raise ValueError("an assumption needs low and high; add them")
        return self


class Pathway(Record):
    """A way to certify: who may use it, its cap, its cost and time (all by key), when it is open."""

    id: Filled
    name: Filled
    name_ja: Text = ""
    who_may_use: Filled
    users: tuple[Literal["maker", "importer", "anyone"], ...]
    origins: tuple[str, ...] = ()
    hs_headings: tuple[str, ...] = ()
    limited_heading_key: dict[str, str] = Field(default_factory=dict)
    evidence: Text = ""
    tests: Text = ""
    available_key: Text = ""
    available_from: date | None = None
    available_to: date | None = None
    status: Status
    cap_key: Text = ""
    fixed_cost_key: Filled
    unit_cost_key: Filled
    lead_time_key: Filled
    approval_key: Text = ""
    per_vehicle_inspection: Literal["yes", "no", "unknown"]
    source: Filled
    source_cost: Text = ""
    note: Text = ""


class GapRow(Record):
    """A requirement with the origin's and the destination's standard and its treatment on each pathway."""

    id: Filled
    requirement: Filled
    us_standard: Text
    japan_standard: Text
    type_designation: Treatment
    common_structure: Treatment
    php: Treatment
    un_1958: Treatment
    us_made_certification: Treatment
    parallel_import: Treatment
    usual_modification: Text = ""
    unit_cost_assumption_key: Text = ""
    applies_to: Literal["all", "battery_electric"] = "all"
    rule_key: Text = ""
    basis: Kind
    source: Filled
    note: Text = ""


class Equipment(Record):
    """Whether a candidate already has the part a requirement asks for."""

    candidate: Filled
    requirement: Filled
    has: Literal["yes", "no"]
    kind: Kind
    source: Filled
    note: Text = ""


Powertrain = Literal[
    "gasoline", "diesel", "mild_hybrid", "hybrid", "plug_in_hybrid", "battery_electric", "fuel_cell"
]
Body = Literal[
    "hatchback", "sedan", "wagon", "suv", "minivan", "kei_tall", "kei_hatch", "kei_suv", "pickup", "coupe",
    "sports", "other",
]  # fmt: skip


class Candidate(Record):
    """A car built at the origin that might be sold at the destination."""

    id: Filled
    brand: Filled
    firm: Filled
    model: Filled
    grade: Text
    plant: Filled
    plant_city: Text
    plant_state: Text
    plant_lat: Latitude
    plant_lon: Longitude
    powertrain: Powertrain
    body: Body
    hs_heading: Annotated[str, Field(pattern=r"^\d{4}$")]
    msrp_usd: Positive
    destination_fee_usd: NotNegative
    length_mm: Positive
    width_mm: Positive
    height_mm: Positive
    kerb_weight_kg: Positive
    power_kw: Positive
    displacement_cc: NotNegative
    epa_mpg_combined: Positive
    wltc_km_per_l_estimate: Positive
    seats: Annotated[int, Field(ge=1, le=15)]
    drives_built: Literal["left", "right", "both"]
    us_content_percent: Percent
    japan_content_percent: Percent
    mexico_content_percent: Percent
    us_sales_2025: NotNegative
    plant_capacity: Positive
    already_sold_in_japan: Literal["yes", "no"]
    launch_status: Literal["none", "reported", "considered", "announced", "on_sale"]
    msrp_status: Kind
    msrp_source: Filled
    destination_status: Kind
    destination_source: Filled
    dims_status: Kind
    dims_source: Filled
    spec_status: Kind
    spec_source: Filled
    fuel_status: Kind
    fuel_source: Filled
    wltc_status: Kind
    wltc_source: Filled
    plant_status: Kind
    plant_source: Filled
    capacity_status: Kind
    capacity_source: Filled
    drives_status: Kind
    drives_source: Filled
    content_status: Kind
    content_source: Filled
    sales_status: Kind
    sales_source: Filled
    launch_source: Filled
    note: Text = ""

    @property
    def name(self) -> str:
        """Brand, model and powertrain where it tells, as a reader would say it."""
        shown = self.model
        if self.powertrain == "hybrid" and "hybrid" not in shown.lower():
            shown += " Hybrid"
        return f"{self.brand} {shown}"


class MarketModel(Record):
    """A model of the destination's base market, one year."""

    id: Filled
    brand: Filled
    firm: Filled
    model: Filled
    model_ja: Text
    vehicle_class: Literal["registered", "kei"]
    body: Body
    powertrain: Powertrain
    units: Annotated[int, Field(gt=0)]
    units_status: Kind
    units_source: Filled
    price_jpy: Positive
    price_status: Kind
    price_source: Filled
    length_mm: Positive
    width_mm: Positive
    height_mm: Positive
    kerb_weight_kg: Positive
    power_kw: Positive
    displacement_cc: NotNegative
    fuel_economy_km_per_l: MaybePositive
    electricity_wh_per_km: MaybePositive
    seats: Annotated[int, Field(ge=1, le=15)]
    drive: Literal["left", "right"]
    built_in: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    spec_status: Kind
    spec_source: Filled
    note: Text = ""

    @model_validator(mode="after")
    def _energy(self) -> MarketModel:
        if self.fuel_economy_km_per_l is None and self.electricity_wh_per_km is None:
            raise ValueError("one of fuel_economy_km_per_l and electricity_wh_per_km must be given")
        return self


class MarketTotal(Record):
    """A total of the market: of a brand, of imports, of households, a price index."""

    scope: Filled
    item: Filled
    value: Number
    unit: Filled
    period: Text
    status: Kind
    source: Filled
    note: Text = ""

    @property
    def name(self) -> str:
        """Scope, item and period: what tells one total from another."""
        return f"{self.scope}.{self.item}.{self.period}"


class Port(Record):
    """A port; `makers` lists the makers known to handle their cars there."""

    id: Filled
    name: Filled
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    state_or_prefecture: Text
    lat: Latitude
    lon: Longitude
    latlon_status: Kind
    coast: Text
    role: Literal["export", "import"]
    makers: Text = ""
    source: Filled
    note: Text = ""


class Route(Record):
    """A way from a plant region over two ports."""

    id: Filled
    plant_region: Filled
    plant: Filled
    us_port: Filled
    jp_port: Filled
    inland_mode: Literal["rail", "truck"]
    inland_km: NotNegative
    inland_days: NotNegative
    inland_status: Kind
    inland_source: Filled
    sea_nm: Positive
    sea_status: Kind
    sea_source: Filled
    via: Literal["pacific", "panama"]
    sea_days_17kn: Positive
    us_port_dwell_days: NotNegative
    canal_and_calls_days: NotNegative
    jp_port_dwell_days: NotNegative
    transit_days: Positive
    freight_usd_per_m3: Positive
    freight_status: Kind
    freight_source: Filled


class ExchangeRate(Record):
    """A monthly average exchange rate."""

    date: date
    value: Positive
    unit: Filled
    status: Kind
    source: Filled
    note: Text = ""

    @property
    def name(self) -> str:
        """The month."""
        return self.date.isoformat()


class Claim(Record):
    """Who said what, via whom, about which key, how final. `date` may name a month or a year only."""

    id: Filled
    date: Annotated[str, Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
    actor: Filled
    via: Text = ""
    claim: Filled
    about: Filled
    how_final: Status
    source: Filled
    note: Text = ""


class EventOutcome(Record):
    """An outcome of an open event, with its probability and the overrides it would bring."""

    event: Filled
    question: Filled
    date_from: date
    date_to: date
    outcome: Filled
    probability: Share
    probability_low: Share
    probability_high: Share
    overrides: Text = ""
    status: Kind
    basis: Text
    note: Text = ""

    @model_validator(mode="after")
    def _span(self) -> EventOutcome:
        if self.date_to < self.date_from:
            raise ValueError(f"the event ends on {self.date_to}, before it begins on {self.date_from}")
        if not self.probability_low <= self.probability <= self.probability_high:
            raise ValueError(
                f"probability {self.probability:g} lies outside "
                f"{self.probability_low:g}..{self.probability_high:g}; widen the range or correct it"
            )
        dict(_settings(self.overrides))
        return self

    @property
    def name(self) -> str:
        """Event and outcome."""
        return f"{self.event}.{self.outcome}"

    @property
    def settings(self) -> dict[str, str]:
        """{key: value as written} of what the outcome would bring."""
        return dict(_settings(self.overrides))


def _settings(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split("|") if text else ():
        key, equals, value = part.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise ValueError(f"overrides: expected key=value|key=value, got {part!r}; correct it")
        yield key.strip(), value.strip()


class Nameplate(Record):
    """What a nameplate's own years in the market say of it: residual utility and its error."""

    brand: Filled
    nameplate: Filled
    first_year: int
    last_year: int
    years: Annotated[int, Field(ge=1)]
    residual: Number
    sd: Positive
    kind: Kind
    source: Filled
    note: Text = ""
