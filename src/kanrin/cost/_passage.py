"""From the factory gate over land and sea, in USD per vehicle, and what the days cost: (freight), (cif)."""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.cost._exact import KM_PER_MILE, Amount, exact, named
from kanrin.facts import Candidate, Route
from kanrin.rules import Reader

__all__ = ["Insured", "Passage", "box_volume", "carrying_share", "insure", "passage", "transfer_price"]

_USD = "USD per vehicle"


@dataclass(frozen=True)
class Passage:
    """The moving of one car, USD per vehicle, without insurance and without the value of time."""

    inland: Amount
    port_handling: Amount
    documents: Amount
    ocean: Amount
    canal: Amount | None  # None when the route has no canal
    port_fee: Amount

    @property
    def terminal(self) -> Amount:
        """Port handling and export documents at the origin."""
        return self.port_handling + self.documents

    @property
    def freight(self) -> Amount:
        """F$: ocean freight with canal toll and the part of the port fee that carriers pass on (freight)."""
        paid = self.ocean + self.port_fee
        return paid if self.canal is None else paid + self.canal

    @property
    def total(self) -> Amount:
        """All of it."""
        return self.inland + self.terminal + self.freight


@dataclass(frozen=True)
class Insured:
    """CIF value with insurance on a multiple of itself, USD per vehicle (cif)."""

    insured_value: Amount
    insurance: Amount
    cif: Amount


def passage(read: Reader, candidate: Candidate, route: Route) -> Passage:
    """What a route costs for a car, USD per vehicle. Freight goes by size, not by value (freight)."""
    return Passage(
        inland=named(_inland(read, route), "landed.inland_usd", "inland transport to the port", _USD),
        port_handling=read("us.port_handling_usd"),
        documents=read("us.export_documents_usd"),
        ocean=named(_ocean(read, candidate, route), "landed.ocean_usd", "ocean freight", _USD),
        canal=read("ocean.panama_toll_usd_per_vehicle") if route.via == "panama" else None,
        port_fee=named(_port_fee(read), "landed.port_fee_usd", "U.S. port fee passed on", _USD),
    )


def box_volume(read: Reader, candidate: Candidate) -> Amount:
    """Length x width x height, m3 per vehicle."""
    cell = f"candidate.{candidate.id}."
    length = read(cell + "length_mm")
    box = length * read(cell + "width_mm") * read(cell + "height_mm")
    return box * exact(
        length, 1e-9, "m3 per mm per mm per mm per vehicle", "cubic metres in a cubic millimetre"
    )


def transfer_price(read: Reader, candidate: Candidate) -> Amount:
    """Value at the gate between related firms, USD per vehicle: where FOB begins for customs (duty-a)."""
    price = read("us.maker_ex_works_factor") * read(f"candidate.{candidate.id}.msrp_usd")
    return named(price, "landed.transfer_usd", "transfer price at the gate", _USD)


def insure(read: Reader, fob: Amount, freight: Amount) -> Insured:
    """CIF = (FOB + F)/(1 - u i): insurance on u times a value that contains it, in closed form (cif) [L1]."""
    factor, rate = read("insurance.insured_value_factor"), read("insurance.rate")
    cif = named(
        (fob + freight) / (1 - factor * rate), "landed.cif_usd", "CIF value at the transfer price", _USD
    )
    insured_value = named(factor * cif, "landed.insured_value_usd", "insured value", _USD)
    return Insured(
        insured_value, named(rate * insured_value, "landed.insurance_usd", "marine insurance", _USD), cif
    )


def carrying_share(read: Reader, days: Amount) -> Amount:
    """Cost of holding something for a number of days, as a share of its value."""
    rate = read("capital.annual_rate")
    return rate * days / exact(days, 365.0, "days per year", "days in a year")


def _inland(read: Reader, route: Route) -> Amount:
    fixed, per_mile = (
        read(f"us.inland.{route.inland_mode}_fixed_usd"),
        read(f"us.inland.{route.inland_mode}_usd_per_mile"),
    )
    distance = read(f"route.{route.id}.inland_km")
    return fixed + per_mile * distance / exact(distance, KM_PER_MILE, "km per mile", "kilometres in a mile")


def _ocean(read: Reader, candidate: Candidate, route: Route) -> Amount:
    rate = read(f"route.{route.id}.freight_usd_per_m3")
    lane = rate * read("ocean.backhaul_factor") * read("ocean.gross_over_net")
    return lane * box_volume(read, candidate) * read("ocean.stowage_factor")


def _port_fee(read: Reader) -> Amount:
    """Fee a net ton of a call, over the cars on board: a car counts as one car equivalent unit."""
    tons = read("ocean.vessel_net_tons")
    cars = read("ocean.vessel_ceu") * read("ocean.vessel_fill")
    per_car = exact(
        tons, 1.0, "net ton x U.S. rotation x CEU per net tons per vehicle", "one rotation; one unit a car"
    )
    return read("us.port_fee.vehicle_carrier") * tons / cars * per_car * read("us.port_fee.pass_through")
