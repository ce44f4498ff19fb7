"""The records of cars and ways: candidates, the base market, nameplates, ports, routes, regions, exchange
rates.

What kind and source a cell has is named by the table's sidecar (`_sidecar.py`).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from kanrin.base import Kind
from kanrin.facts._record import (
    Filled,
    Latitude,
    Longitude,
    MaybePositive,
    NotNegative,
    Number,
    Percent,
    Positive,
    Record,
    Share,
    Text,
)

__all__ = ["Candidate", "ExchangeRate", "MarketModel", "MarketTotal", "Nameplate", "Port", "Region", "Route"]

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


class Region(Record):
    """A region of dealers at the destination, with its share of sales."""

    id: Filled
    name: Filled
    lat: Latitude
    lon: Longitude
    share: Share
    share_status: Kind
    source: Filled
    note: Text = ""


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
