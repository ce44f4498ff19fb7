"""What the buyer pays at registration: rates on the price before tax (tax) and amounts per car (levies)."""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.cost._exact import Amount, named, smaller, started
from kanrin.cost._shipment import Shipment
from kanrin.rules import Reader

__all__ = ["Levies", "levies"]

HALF_TONNE, TONNE = 500.0, 1000.0  # kg, the steps of the two tonnage tax tables
_JPY = "JPY per vehicle"
_LEVY = "jp.environmental_performance_levy"


@dataclass(frozen=True)
class Levies:
    """Taxes at purchase. The yearly automobile tax is an owner's cost and stands outside."""

    consumption_tax: Amount  # rate on the price before tax
    levy_rate: Amount  # rate of the environmental performance levy on the price before tax
    tonnage_tax: Amount  # JPY per vehicle, for the first validity of the inspection
    recycling: Amount  # JPY per vehicle
    registration: Amount  # JPY per vehicle
    insurance: Amount  # JPY per vehicle, compulsory
    subsidy: Amount | None  # JPY per vehicle, a gain to the buyer; None when the car has no claim
    total: Amount  # l_j = sum of the amounts less the subsidy, JPY per vehicle


def levies(read: Reader, shipment: Shipment) -> Levies:
    """v_j and l_j of a car, sold through a shipment (tax), (levies). Raises NotInForce through the reader."""
    tonnage = named(
        _tonnage_tax(read, shipment), "levies.tonnage_tax", "tonnage tax to the first inspection", _JPY
    )
    recycling, registration = read("jp.recycling_fee_jpy"), read("jp.registration_costs_jpy")
    insurance = read("jp.compulsory_insurance_37_months_jpy")
    subsidy = _subsidy(read, shipment) if shipment.candidate.powertrain == "battery_electric" else None
    total = tonnage + recycling + registration + insurance
    if subsidy is not None:
        total = total - subsidy
    return Levies(
        consumption_tax=read("jp.consumption_tax.rate"),
        levy_rate=_either(read, _eco(read, shipment), f"{_LEVY}.min_rate", f"{_LEVY}.max_rate"),
        tonnage_tax=tonnage,
        recycling=recycling,
        registration=registration,
        insurance=insurance,
        subsidy=subsidy,
        total=named(total, "levies.total", "levies per car, less subsidy", _JPY),
    )


def _eco(read: Reader, shipment: Shipment) -> bool | Amount:
    """Whether eco-car rates apply: electrified, with a fuel-economy value; an electric car needs none."""
    if shipment.candidate.powertrain == "battery_electric":
        return True
    if not shipment.is_electrified:
        return False
    return True if shipment.has_fuel_economy_value else read("jp.eco_car_rate_for_us_made")


def _either(read: Reader, flag: bool | Amount, yes: str, no: str) -> Amount:
    if isinstance(flag, bool):
        return read(yes if flag else no)
    return flag * read(yes) + (1 - flag) * read(no)


def _tonnage_tax(read: Reader, shipment: Shipment) -> Amount:
    weight = read(f"candidate.{shipment.candidate.id}.kerb_weight_kg")
    rate = _either(read, _eco(read, shipment), "jp.tonnage_tax.eco", "jp.tonnage_tax.standard")
    passenger = (
        rate
        * started(weight, HALF_TONNE, "0.5 t per vehicle")
        * read("jp.inspection.first_validity.passenger")
    )
    if not shipment.is_pickup:
        return passenger
    is_goods = read("jp.plate_class.certified_pickup_is_goods")
    steps = started(read("jp.pickup_gvw_kg"), TONNE, "1 t GVW per vehicle")
    goods = read("jp.tonnage_tax.goods_over_2500kg_gvw") * steps * read("jp.inspection.first_validity.goods")
    return is_goods * goods + (1 - is_goods) * passenger


def _subsidy(read: Reader, shipment: Shipment) -> Amount:
    """The smaller of the amount by scoring and the ceiling; the scoring of U.S.-made cars is assumed."""
    scored = read("jp.cev_subsidy.typical_us_ev_jpy")
    if shipment.option.pathway.id == "us_made_certification":
        scored = scored * read("jp.cev_subsidy.us_made_factor")
    return named(
        smaller(scored, read("jp.cev_subsidy.ev.max")), "levies.subsidy", "clean-vehicle subsidy", _JPY
    )
