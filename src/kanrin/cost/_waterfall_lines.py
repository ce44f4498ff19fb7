"""The lines of a waterfall, from the same arithmetic that sweeps, run on Figures: amounts, words and where they come from."""

from __future__ import annotations

from collections.abc import Iterator

from kanrin.base import Figure, Kind
from kanrin.cost._landed import Landed
from kanrin.cost._passage import box_volume
from kanrin.cost._shipment import Shipment
from kanrin.cost._waterfall import SUBTOTAL, Line, Waterfall
from kanrin.cost._wedges import Wedges, wedges
from kanrin.rules import Book

__all__ = ["sources_of", "waterfall"]


def waterfall(book: Book, shipment: Shipment, *, list_price: float | Figure | None = None) -> Waterfall:
    """Every line from the factory gate to the road, JPY per vehicle [L2].

    Without a list price it is the cost view: the price at which the maker just breaks even [L9]. With one (tax included,
    levies left out) the maker's margin is a line. Raises NotInForce where the law of the day is not known.
    """
    cut = wedges(book.figure, shipment)
    lines = [*_to_landed(book, shipment, cut.landed), *_to_the_road(cut, list_price)]
    return Waterfall(shipment.candidate.id, tuple(lines))


def sources_of(figure: Figure) -> tuple[str, ...]:
    """Ids of the sources behind a figure, each once, nearest first."""
    found: dict[str, None] = {}
    seen: set[int] = set()
    stack = [figure]
    while stack:
        here = stack.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        if here.source:
            found[here.source] = None
        stack.extend(reversed(here.parents))
    return tuple(found)


def _line(
    name: str,
    label: str,
    amount: Figure,
    key: str,
    base: str = "",
    rate: Figure | None = None,
    note: str = "",
) -> Line:
    share = None if rate is None else rate.value
    return Line(
        name, label, base, share, amount.value, amount.kind.value, "; ".join(sources_of(amount)), key, note
    )


def _total(name: str, label: str, amount: Figure) -> Line:
    return Line(name, label, "", None, amount.value, SUBTOTAL, "", "")


def _to_landed(book: Book, shipment: Shipment, of: Landed) -> Iterator[Line]:
    read, case = book.figure, book.case
    car, route, option = shipment.candidate, shipment.route, shipment.option
    cell, way = f"candidate.{car.id}.", f"route.{route.id}."
    msrp = f"U.S. list price {_usd(read(cell + 'msrp_usd'))}"
    moved, fx = of.passage, of.fx

    def dollars(name: str, label: str, amount: Figure, key: str, base: str = "", note: str = "") -> Line:
        return _line(name, label, amount * fx, key, base or _usd(amount), note=note)

    yield _line(
        "production", "Factory gate, variable cost", of.production_usd * fx, "us.variable_cost_factor", msrp,
        read("us.variable_cost_factor"), f"at {fx.value:,.2f} JPY per USD, {fx.note}",
    )  # fmt: skip
    yield _line(
        "parts_duty", "Duties on imported parts, not refunded on export", of.parts_duty_usd * fx,
        "us.parts_tariff_cost_share_of_msrp", msrp, read("us.parts_tariff_cost_share_of_msrp"),
    )  # fmt: skip
    if of.msrp_offset_usd.value:
        yield _line(
            "msrp_offset", "U.S. import adjustment offset", -of.msrp_offset_usd * fx,
            "us.msrp_offset.applies_to_exports", msrp, read("us.msrp_offset.rate"),
        )  # fmt: skip
    yield dollars(
        "inland", f"{route.inland_mode.capitalize()} to {case.ports[route.us_port].name}", moved.inland,
        f"us.inland.{route.inland_mode}_usd_per_mile", f"{route.inland_km:,.0f} km, {_usd(moved.inland)}",
    )  # fmt: skip
    yield dollars("port_origin", "U.S. port handling", moved.port_handling, "us.port_handling_usd")
    yield dollars("documents", "Export documents", moved.documents, "us.export_documents_usd")
    yield _total("fob", "FOB, true cost", of.fob_usd * fx)
    freight = read(way + "freight_usd_per_m3")
    yield dollars(
        "ocean", f"Ocean freight to {case.ports[route.jp_port].name}", moved.ocean, way + "freight_usd_per_m3",
        f"{box_volume(read, car).value:.1f} m3, {_usd(moved.ocean)}",
        f"global average {freight.value:g} USD per m3, cut for the back leg, raised for surcharges; not by distance",
    )  # fmt: skip
    if moved.canal is not None:
        yield dollars("canal", "Panama Canal toll", moved.canal, "ocean.panama_toll_usd_per_vehicle")
    yield dollars(
        "port_fee", "U.S. port fee passed on", moved.port_fee, "us.port_fee.vehicle_carrier",
        note=read("us.port_fee.vehicle_carrier").note,
    )  # fmt: skip
    factor = read("insurance.insured_value_factor").value
    yield _line(
        "insurance", "Marine insurance", of.insurance_usd * fx, "insurance.rate",
        f"insured value {_usd(of.insured_value_usd)}: {factor:.0%} of CIF {_usd(of.cif_usd)} at the transfer price",
        read("insurance.rate"),
    )  # fmt: skip
    duty_key = f"jp.customs.hs{car.hs_heading}.mfn"
    yield _line(
        "duty", "Customs duty", of.duty, duty_key, f"customs value {_jpy(of.customs_value)}, CIF at the transfer price",
        of.duty_rate, read(duty_key).note,
    )  # fmt: skip
    yield _line(
        "import_tax_carrying", "Carrying import consumption tax until it is credited", of.import_tax_carrying,
        "capital.annual_rate", f"import consumption tax {_jpy(of.import_tax)}",
    )  # fmt: skip
    yield _line("port", "Port handling in Japan", of.port_handling, "jp.port_handling_jpy")
    yield _line("clearance", "Customs clearance", of.clearance, "jp.customs_clearance_jpy")
    pathway = option.pathway
    yield _line(
        "certification",
        "Certification of each car",
        of.certification_unit,
        pathway.unit_cost_key,
        note=pathway.name,
    )
    yield _line(
        "modification", "Changes for the pathway", of.modification, "certify.unknown_treatment_share",
        note="; ".join(f"{t.requirement.lower()}: {t.treatment}" for t in option.treatments if _changes(t.per, t.cost_key)),
    )  # fmt: skip
    yield _line(
        "localisation", "Navigation and telematics in Japanese", of.localisation, "mod.navigation_telematics_jpy",
        note="with a charging port" if car.powertrain == "battery_electric" else "",
    )  # fmt: skip
    if of.right_hand_unit is not None:
        yield _line("right_hand", "Right-hand drive", of.right_hand_unit, "rhd.unit_cost_usd")
    yield _line("recall", "Reserve for recalls", of.recall_reserve, "recall.reserve_jpy")
    days = route.transit_days + read("jp.inland_delivery_days").value
    yield _line(
        "capital", "Capital in the car on the way", of.capital, "capital.annual_rate",
        f"CIF {_usd(of.cif_usd)} for {days:.0f} days", read("capital.annual_rate"), "rate a year",
    )  # fmt: skip
    yield _line("pdi", "Inspection before delivery", of.pdi, "jp.pdi_jpy")
    if of.goodwill.value:
        key = "jp.us_market_access_goodwill_usd_per_vehicle"
        yield _line("goodwill", "Goodwill to the maker", -of.goodwill, key)
    yield _total("landed_cost", "Landed cost", of.landed_cost)


def _to_the_road(cut: Wedges, list_price: float | Figure | None) -> Iterator[Line]:
    if list_price is None:
        price = cut.zero_margin_price
    else:
        asked = list_price if isinstance(list_price, Figure) else _asked(list_price)
        price = cut.price_before_tax(asked)
        yield _line(
            "margin",
            "Maker's margin",
            cut.margin(price),
            "",
            note=f"what a list price of {_jpy(asked)} leaves the maker",
        )
    dealer = cut.dealer_margin * (price - cut.fixed_dealer)
    wholesale = price - cut.fixed_dealer - dealer - cut.fixed_distributor
    before = f"price before tax {_jpy(price)}"
    yield _line(
        "warranty",
        "Reserve for warranty",
        cut.warranty_share * price,
        "warranty.reserve_share",
        before,
        cut.warranty_share,
    )
    yield _line(
        "distributor", "Distributor", cut.distributor_margin * wholesale, "jp.distributor_margin",
        f"distributor's price {_jpy(wholesale)}", cut.distributor_margin,
    )  # fmt: skip
    yield _line("delivery", "Delivery to the dealer", cut.fixed_distributor, "jp.inland_delivery_jpy")
    yield _line("dealer", "Dealer", dealer, "jp.dealer_margin", before, cut.dealer_margin)
    yield _total("price_before_tax", "Price before tax", price)
    yield _line(
        "tax",
        "Consumption tax",
        cut.consumption_tax * price,
        "jp.consumption_tax.rate",
        before,
        cut.consumption_tax,
    )
    yield _total("list_price", "List price, tax included", cut.list_price(price))
    tax = cut.levy_parts
    levy_key = "jp.environmental_performance_levy.max_rate"
    yield _line(
        "performance_levy", "Environmental performance levy", cut.levy_rate * price, levy_key, before, cut.levy_rate,
        cut.levy_rate.note,
    )  # fmt: skip
    yield _line(
        "tonnage_tax", "Tonnage tax to the first inspection", tax.tonnage_tax, "jp.tonnage_tax.standard"
    )
    yield _line("recycling", "Recycling fee", tax.recycling, "jp.recycling_fee_jpy")
    yield _line("registration", "Registration", tax.registration, "jp.registration_costs_jpy")
    yield _line(
        "compulsory_insurance", "Compulsory insurance", tax.insurance, "jp.compulsory_insurance_37_months_jpy"
    )
    if tax.subsidy is not None:
        yield _line("subsidy", "Clean-vehicle subsidy", -tax.subsidy, "jp.cev_subsidy.typical_us_ev_jpy")
    yield _total("on_the_road", "On the road", cut.on_the_road(price))


def _asked(list_price: float) -> Figure:
    return Figure(
        list_price, "JPY per vehicle", Kind.ASSUMPTION, label="list price asked", source="kanrin.user"
    )


def _changes(per: str, cost_key: str) -> bool:
    return per == "vehicle" and bool(cost_key)


def _usd(amount: Figure) -> str:
    return f"{amount.value:,.0f} USD"


def _jpy(amount: Figure) -> str:
    return f"{amount.value:,.0f} JPY"
