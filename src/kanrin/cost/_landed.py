"""Landed cost per car (fob), (freight), (cif), (cv), (duty), (import-tax), (local), (c0), over a reader.

Two values of the same car: the maker's true cost begins with variable production cost, the customs value with
the transfer price between related firms (duty-a). Cost lines use the first; insurance and
duty the second.
"""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.certify import unit_cost
from kanrin.cost._duty import DutyKeys, duty
from kanrin.cost._exact import Amount, named
from kanrin.cost._passage import Passage, carrying_share, insure, passage, transfer_price
from kanrin.cost._shipment import Shipment
from kanrin.rules import FX, FX_CUSTOMS, Reader

__all__ = ["Landed", "landed"]

_USD, _JPY = "USD per vehicle", "JPY per vehicle"
CHARGING_PORT = "mod.charging_port_jpy"


@dataclass(frozen=True)
class Landed:
    """Lines of a landed cost, per vehicle: Figures, floats or arrays of draws (D,), as the reader gives.

    Names that end in `_usd` are USD; all others JPY, but for `fx` (JPY per USD) and `duty_rate`.
    `msrp_offset_usd` and `goodwill` are gains and stand as positive amounts that are taken off.
    """

    fx: Amount
    production_usd: Amount  # variable cost at the factory gate
    parts_duty_usd: Amount  # duties on imported parts, not refunded on export
    msrp_offset_usd: Amount  # U.S. import adjustment offset, a gain
    passage: Passage
    fob_usd: Amount  # true cost on the quay
    transfer_usd: Amount  # transfer price at the gate
    fas_usd: Amount  # transfer price with inland transport and terminal: value for U.S. export statistics
    insured_value_usd: Amount
    insurance_usd: Amount
    cif_usd: Amount  # at the transfer price
    customs_value: Amount
    duty_rate: Amount
    duty: Amount
    import_tax: Amount  # consumption tax at the border: creditable, no cost
    import_tax_carrying: Amount  # the cost of lending it
    port_handling: Amount
    clearance: Amount
    modification: Amount  # what the pathway asks to change on each car
    certification_unit: Amount  # what the pathway charges for each car
    localisation: Amount  # navigation and telematics; charging port of an electric car
    right_hand_unit: Amount | None  # None when the car keeps the wheel on the left
    recall_reserve: Amount
    capital: Amount  # stock from the gate to the dealer
    pdi: Amount
    goodwill: Amount  # political value to the maker, a gain; zero unless set
    landed_cost: Amount  # c0

    @property
    def inland_usd(self) -> Amount:
        """Inland transport at the origin, USD."""
        return self.passage.inland

    @property
    def terminal_usd(self) -> Amount:
        """Port handling and documents at the origin, USD."""
        return self.passage.terminal

    @property
    def freight_usd(self) -> Amount:
        """Ocean freight with canal and port fee, USD."""
        return self.passage.freight


def landed(read: Reader, shipment: Shipment) -> Landed:
    """c0 of a car, line by line, JPY per vehicle (c0). Raises what the reader raises, such as NotInForce."""
    candidate, option = shipment.candidate, shipment.option
    fx, msrp = read(FX), read(f"candidate.{candidate.id}.msrp_usd")
    production = named(read("us.variable_cost_factor") * msrp, "landed.production_usd", "factory gate", _USD)
    parts_duty = named(
        read("us.parts_tariff_cost_share_of_msrp") * msrp,
        "landed.parts_duty_usd",
        "duties on imported parts",
        _USD,
    )
    offset = read("us.msrp_offset.applies_to_exports") * read("us.msrp_offset.rate") * msrp
    moved = passage(read, candidate, shipment.route)
    fob = production + parts_duty - offset + moved.inland + moved.terminal

    transfer = transfer_price(read, candidate)
    fas = transfer + moved.inland + moved.terminal
    insured = insure(read, fas, moved.freight)
    with_freight = read("jp.customs.valuation.basis_is_cif")
    base = fas + with_freight * (insured.cif - fas)
    customs_value = named(base * read(FX_CUSTOMS), "landed.customs_value", "customs value", _JPY)
    charged = duty(read, DutyKeys(f"jp.customs.hs{candidate.hs_heading}.mfn"), customs_value)
    with_duty = read("jp.consumption_tax.import_base_includes_duty")
    import_tax = read("jp.consumption_tax.rate") * (customs_value + with_duty * charged.amount)
    delivery_days = read("jp.inland_delivery_days")
    import_tax_carrying = carrying_share(read, read("jp.port_dwell_days") + delivery_days) * import_tax

    days = read(f"route.{shipment.route.id}.transit_days") + delivery_days
    capital = named(
        carrying_share(read, days) * insured.cif * fx, "landed.capital", "capital in the car", _JPY
    )
    certification_unit = read(option.pathway.unit_cost_key)
    modification = named(
        unit_cost(read, option) - certification_unit, "landed.modification", "changes for the pathway", _JPY
    )
    localisation = read("mod.navigation_telematics_jpy")
    port_counted = any(t.cost_key == CHARGING_PORT for t in option.treatments)
    if candidate.powertrain == "battery_electric" and not port_counted:  # else it is within the modification
        localisation = localisation + read(CHARGING_PORT)
    right_hand_unit = read("rhd.unit_cost_usd") * fx if shipment.right_hand else None
    goodwill = read("jp.us_market_access_goodwill_usd_per_vehicle") * fx
    port_handling, clearance = read("jp.port_handling_jpy"), read("jp.customs_clearance_jpy")
    recall_reserve, pdi = read("recall.reserve_jpy"), read("jp.pdi_jpy")

    abroad = (fob + moved.freight + insured.insurance) * fx
    local = (
        port_handling + clearance + modification + certification_unit + localisation + recall_reserve + pdi
    )
    if right_hand_unit is not None:
        local = local + right_hand_unit
    cost = abroad + charged.amount + import_tax_carrying + local + capital - goodwill
    return Landed(
        fx=fx, production_usd=production, parts_duty_usd=parts_duty,
        msrp_offset_usd=named(offset, "landed.msrp_offset_usd", "import adjustment offset", _USD),
        passage=moved, fob_usd=named(fob, "landed.fob_usd", "FOB, true cost", _USD), transfer_usd=transfer,
        fas_usd=named(fas, "landed.fas_usd", "value alongside the ship", _USD),
        insured_value_usd=insured.insured_value, insurance_usd=insured.insurance, cif_usd=insured.cif,
        customs_value=customs_value, duty_rate=charged.rate, duty=charged.amount,
        import_tax=named(import_tax, "landed.import_tax", "consumption tax at the border, creditable", _JPY),
        import_tax_carrying=named(
            import_tax_carrying, "landed.import_tax_carrying", "carrying cost of import consumption tax", _JPY
        ),
        port_handling=port_handling, clearance=clearance, modification=modification,
        certification_unit=certification_unit, localisation=localisation, right_hand_unit=right_hand_unit,
        recall_reserve=recall_reserve, capital=capital, pdi=pdi, goodwill=goodwill,
        landed_cost=named(cost, "landed.landed_cost", "landed cost", _JPY),
    )  # fmt: skip
