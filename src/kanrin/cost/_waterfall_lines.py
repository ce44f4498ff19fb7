"""The lines of a waterfall: the arithmetic that sweeps, run on Figures, with words and sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kanrin.base import Figure, Kind
from kanrin.cost._landed import Landed
from kanrin.cost._passage import box_volume, carrying_share
from kanrin.cost._shipment import Shipment
from kanrin.cost._waterfall import SUBTOTAL, Line, Waterfall
from kanrin.cost._wedges import Wedges, wedges
from kanrin.rules import Book

__all__ = ["sources_of", "waterfall"]

SETTLED = "zero by its rate, whatever that is applied to"


def waterfall(book: Book, shipment: Shipment, *, list_price: float | Figure | None = None) -> Waterfall:
    """Every line from the factory gate to the road, JPY per vehicle [L2].

    Without a list price it is the cost view: the price at which the maker just breaks even [L9]. With one
    (tax included, levies left out) the maker's margin is a line. Raises NotInForce where the law is unknown.
    """
    cut = wedges(book.figure, shipment)
    lines = [
        *_to_the_ship(book, shipment, cut.landed),
        *_to_the_yard(book, shipment, cut.landed),
        *_to_the_dealer(shipment, cut, list_price),
    ]
    lines += _to_the_road(book, shipment, cut, _price(cut, list_price))
    return Waterfall(shipment.candidate.id, tuple(lines))


def sources_of(figure: Figure) -> tuple[str, ...]:
    """Ids of the sources behind a figure, each once, in the order of its parents."""
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
    settled_by: Figure | None = None,
    by_law: bool = False,
) -> Line:
    """A line.

    A rate of zero settles its amount whatever it is applied to, and alone says how firm it is; so does a rate
    of law on the price (`by_law`), the price being a line of its own.
    """
    decisive = settled_by or rate
    settled = by_law or (decisive is not None and decisive.value == 0 == amount.value)
    told = decisive if settled and decisive is not None else amount
    share = None if rate is None else rate.value
    sources = "; ".join(sources_of(told))
    why = note or amount.note or ("" if told.kind is amount.kind else SETTLED)
    figure = replace(amount, kind=told.kind, note=why)
    return Line(name, label, base, share, amount.value + 0.0, told.kind.value, sources, key, note, figure)


def _total(name: str, label: str, amount: Figure) -> Line:
    return Line(name, label, "", None, amount.value, SUBTOTAL, "", "", figure=amount)


def _to_the_ship(book: Book, shipment: Shipment, of: Landed) -> Iterator[Line]:
    read, moved, fx, mode = book.figure, of.passage, of.fx, shipment.route.inland_mode
    price = read(f"candidate.{shipment.candidate.id}.msrp_usd")
    msrp = f"U.S. list price {_usd(price)}"
    key = "us.variable_cost_factor"
    rate_of_day = f"at {fx.value:,.2f} JPY per USD, {fx.note}"
    yield _line(
        "production", "Factory gate, variable cost", of.production_usd * fx, key, msrp, read(key), rate_of_day
    )
    key = "us.parts_tariff_cost_share_of_msrp"
    label = "Duties on imported parts, not refunded on export"
    yield _line("parts_duty", label, of.parts_duty_usd * fx, key, msrp, read(key))
    if of.msrp_offset_usd.value:
        key, rate = "us.msrp_offset.applies_to_exports", read("us.msrp_offset.rate")
        yield _line("msrp_offset", "U.S. import adjustment offset", -of.msrp_offset_usd * fx, key, msrp, rate)
    label = f"{mode.capitalize()} to {book.case.ports[shipment.route.us_port].name}"
    base = f"{read(f'route.{shipment.route.id}.inland_km').value:,.0f} km, {_usd(moved.inland)}"
    yield _line("inland", label, moved.inland * fx, f"us.inland.{mode}_usd_per_mile", base)
    handling, papers = moved.port_handling, moved.documents
    yield _line("port_origin", "U.S. port handling", handling * fx, "us.port_handling_usd", _usd(handling))
    yield _line("documents", "Export documents", papers * fx, "us.export_documents_usd", _usd(papers))
    yield _total("fob", "FOB, true cost", of.fob_usd * fx)
    key = f"route.{shipment.route.id}.freight_usd_per_m3"
    label = f"Ocean freight to {book.case.ports[shipment.route.jp_port].name}"
    base = f"{box_volume(read, shipment.candidate).value:.1f} m3, {_usd(moved.ocean)}"
    note = f"global average {read(key).value:g} USD per m3 by size, not by distance; less on the back leg"
    yield _line("ocean", label, moved.ocean * fx, key, base, note=note)
    if moved.canal is not None:
        key = "ocean.panama_toll_usd_per_vehicle"
        yield _line("canal", "Panama Canal toll", moved.canal * fx, key, _usd(moved.canal))
    key = "us.port_fee.vehicle_carrier"
    fee, law = moved.port_fee, read(key)
    label = "U.S. port fee passed on"
    yield _line("port_fee", label, fee * fx, key, _usd(fee), note=law.note, settled_by=law)
    key, factor = "insurance.rate", read("insurance.insured_value_factor").value
    share = f"{100 * factor:.0f} % of CIF {_usd(of.cif_usd)} (transfer price)"
    base = f"insured value {_usd(of.insured_value_usd)}, {share}"
    yield _line("insurance", "Marine insurance", of.insurance_usd * fx, key, base, read(key))


def _to_the_yard(book: Book, shipment: Shipment, of: Landed) -> Iterator[Line]:
    read, option = book.figure, shipment.option
    key = f"jp.customs.hs{shipment.candidate.hs_heading}.mfn"
    base = f"customs value {_jpy(of.customs_value)}, CIF at the transfer price"
    yield _line("duty", "Customs duty", of.duty, key, base, of.duty_rate, read(key).note)
    delivery, yearly = read("jp.inland_delivery_days"), f"{read('capital.annual_rate').value:.3g} a year"
    days = read("jp.port_dwell_days") + delivery
    label, base = "Carrying import consumption tax until credited", f"import tax {_jpy(of.import_tax)}"
    share, note = carrying_share(read, days), f"{days.value:.0f} days at {yearly}; the tax itself is credited"
    key = "capital.annual_rate"
    yield _line("import_tax_carrying", label, of.import_tax_carrying, key, base, share, note)
    yield _line("port", "Port handling in Japan", of.port_handling, "jp.port_handling_jpy")
    yield _line("clearance", "Customs clearance", of.clearance, "jp.customs_clearance_jpy")
    key, name = option.pathway.unit_cost_key, option.pathway.name
    yield _line("certification", "Certification of each car", of.certification_unit, key, note=name)
    changes = [t for t in option.treatments if t.per == "vehicle" and t.cost_key]
    keys = dict.fromkeys(t.cost_key for t in changes)
    key = next(iter(keys), "") if len(keys) == 1 else ""  # one key of several would not explain the line
    note = "; ".join(f"{t.requirement.lower()}: {t.treatment} ({t.cost_key})" for t in changes)
    yield _line("modification", "Changes for the pathway", of.modification, key, note=note)
    note = "with a charging port" if shipment.candidate.powertrain == "battery_electric" else ""
    label = "Navigation and telematics in Japanese"
    yield _line("localisation", label, of.localisation, "mod.navigation_telematics_jpy", note=note)
    if of.right_hand_unit is not None:
        yield _line("right_hand", "Right-hand drive", of.right_hand_unit, "rhd.unit_cost_usd")
    yield _line("recall", "Reserve for recalls", of.recall_reserve, "recall.reserve_jpy")
    days = read(f"route.{shipment.route.id}.transit_days") + delivery
    share, note = carrying_share(read, days), f"{days.value:.0f} days at {yearly}"
    base = f"CIF {_usd(of.cif_usd)} (transfer price)"
    label = "Capital in the car on the way"
    yield _line("capital", label, of.capital, "capital.annual_rate", base, share, note)
    yield _line("pdi", "Inspection before delivery", of.pdi, "jp.pdi_jpy")
    if of.goodwill.value:
        key = "jp.us_market_access_goodwill_usd_per_vehicle"
        yield _line("goodwill", "Goodwill to the maker", -of.goodwill, key)
    yield _total("landed_cost", "Landed cost", of.landed_cost)


def _price(cut: Wedges, list_price: float | Figure | None) -> Figure:
    """The price before tax that goes with a list price, or the one that just pays."""
    if list_price is None:
        price: Figure = cut.zero_margin_price
        return price
    given = list_price
    if not isinstance(given, Figure):
        unit, label = "JPY per vehicle", "list price asked"
        given = Figure(given, unit, Kind.ASSUMPTION, label=label, source="kanrin.user")
    before_tax: Figure = cut.price_before_tax(given)
    return before_tax


def _to_the_dealer(shipment: Shipment, cut: Wedges, list_price: float | Figure | None) -> Iterator[Line]:
    price = _price(cut, list_price)
    before = f"price before tax {_jpy(price)}"
    if list_price is not None:
        note = f"left to the maker at a list price of {_jpy(cut.list_price(price))}"
        yield _line("margin", "Maker's margin", cut.margin(price), "", note=note)
    dealer = cut.dealer_margin * (price - cut.fixed_dealer)
    selling = price - cut.fixed_dealer - dealer - cut.fixed_distributor
    key, rate = "warranty.reserve_share", cut.warranty_share
    yield _line("warranty", "Reserve for warranty", rate * price, key, before, rate)
    key, rate = shipment.distributor_margin_key, cut.distributor_margin
    yield _line(
        "distributor", "Distributor", rate * selling, key, f"distributor's price {_jpy(selling)}", rate
    )
    yield _line("delivery", "Delivery to the dealer", cut.fixed_distributor, "jp.inland_delivery_jpy")
    yield _line("dealer", "Dealer", dealer, "jp.dealer_margin", before, cut.dealer_margin)
    yield _total("price_before_tax", "Price before tax", price)


def _to_the_road(book: Book, shipment: Shipment, cut: Wedges, price: Figure) -> Iterator[Line]:
    tax, before = cut.levy_parts, f"price before tax {_jpy(price)}"
    rate = cut.consumption_tax
    note = "a rate of law; the price it is applied to is not"
    yield _line(
        "tax", "Consumption tax", rate * price, "jp.consumption_tax.rate", before, rate, note, by_law=True
    )
    yield _total("list_price", "List price, tax included", cut.list_price(price))
    key, rate = "jp.environmental_performance_levy.max_rate", cut.levy_rate
    most = book.figure(key)
    label = "Environmental performance levy"
    yield _line(
        "performance_levy", label, rate * price, key, before, rate, most.note, settled_by=most, by_law=True
    )
    key, note = "jp.tonnage_tax.standard", "by weight, paid for the years to the first inspection"
    if shipment.is_pickup and book.claims("jp.plate_class.certified_pickup_is_goods"):
        key, note = "jp.tonnage_tax.goods_over_2500kg_gvw", "as a goods vehicle, by gross weight"
    yield _line("tonnage_tax", "Tonnage tax to the first inspection", tax.tonnage_tax, key, note=note)
    yield _line("recycling", "Recycling fee", tax.recycling, "jp.recycling_fee_jpy")
    yield _line("registration", "Registration", tax.registration, "jp.registration_costs_jpy")
    key = "jp.compulsory_insurance_37_months_jpy"
    yield _line("compulsory_insurance", "Compulsory insurance", tax.insurance, key)
    if tax.subsidy is not None:
        yield _line("subsidy", "Clean-vehicle subsidy", -tax.subsidy, "jp.cev_subsidy.typical_us_ev_jpy")
    yield _total("on_the_road", "On the road", cut.on_the_road(price))


def _usd(amount: Figure) -> str:
    return f"{amount.value:,.0f} USD"


def _jpy(amount: Figure) -> str:
    return f"{amount.value:,.0f} JPY"
