"""Between maker and buyer: what of the price reaches the maker, and what the buyer pays (wedge-map), (pc).

The chain runs y = x / (1 - m_dist) + fixed_dist, p = y / (1 - m_deal) + fixed_deal: each margin is a share of
the selling price of its stage. Turned round, the maker receives
x = r0 (p - fixed_deal) - (1 - m_dist) fixed_dist with r0 = (1 - m_dist)(1 - m_deal), and sets w p aside for
warranty, so that r p - c is its margin with

    r = r0 - w,    c = c0 + r0 fixed_deal + (1 - m_dist) fixed_dist.
"""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.cost._exact import Amount, exact, named
from kanrin.cost._landed import Landed, landed
from kanrin.cost._levies import Levies, levies
from kanrin.cost._shipment import Shipment
from kanrin.rules import Reader

__all__ = ["Wedges", "wedges"]

_JPY = "JPY per vehicle"


@dataclass(frozen=True)
class Wedges:
    """r, c, v and l of a car for the price game, with what they are made of."""

    keep: Amount  # r, part of the price before tax that the maker keeps
    consumption_tax: Amount  # t, rate on the price before tax
    levy_rate: Amount  # further rate on the price before tax
    levies: Amount  # l, JPY per vehicle, a subsidy taken off
    dealer_margin: Amount  # share of the price before tax
    distributor_margin: Amount  # share of the distributor's selling price
    warranty_share: Amount  # w, share of the price before tax
    fixed_distributor: Amount  # JPY per vehicle: delivery to the dealer
    fixed_dealer: Amount  # JPY per vehicle
    cost: Amount  # c, JPY per vehicle
    landed: Landed
    levy_parts: Levies

    @property
    def ad_valorem(self) -> Amount:
        """v = t + further rates, on the price before tax."""
        return self.consumption_tax + self.levy_rate

    @property
    def zero_margin_price(self) -> Amount:
        """The price before tax that just pays: r p = c [L9]."""
        return self.cost / self.keep

    def price_before_tax(self, list_price: Amount) -> Amount:
        """p from a list price that includes consumption tax and leaves out the levies (price-data)."""
        return list_price / (1 + self.consumption_tax)

    def list_price(self, price: Amount) -> Amount:
        """(1 + t) p."""
        return (1 + self.consumption_tax) * price

    def on_the_road(self, price: Amount) -> Amount:
        """p^c = (1 + v) p + l (pc), (otr)."""
        return (1 + self.ad_valorem) * price + self.levies

    def margin(self, price: Amount) -> Amount:
        """m = r p - c, JPY per vehicle (keep)."""
        return self.keep * price - self.cost


def wedges(read: Reader, shipment: Shipment) -> Wedges:
    """r, c, v and l of a shipment (wedge-map), (c-cut), (tax), (levies)."""
    from_gate, tax = landed(read, shipment), levies(read, shipment)
    dealer, distributor = read("jp.dealer_margin"), read(shipment.distributor_margin_key)
    warranty = read("warranty.reserve_share")
    fixed_distributor = read("jp.inland_delivery_jpy")
    fixed_dealer = exact(fixed_distributor, 0.0, _JPY, "no fixed amount of the dealer")
    passed_on = (1 - distributor) * (1 - dealer)
    cost = from_gate.landed_cost + passed_on * fixed_dealer + (1 - distributor) * fixed_distributor
    return Wedges(
        keep=named(passed_on - warranty, "wedges.keep", "part of the price before tax that the maker keeps"),
        consumption_tax=tax.consumption_tax, levy_rate=tax.levy_rate, levies=tax.total,
        dealer_margin=dealer, distributor_margin=distributor, warranty_share=warranty,
        fixed_distributor=fixed_distributor, fixed_dealer=fixed_dealer,
        cost=named(cost, "wedges.cost", "cost to set against what the maker keeps", _JPY),
        landed=from_gate, levy_parts=tax,
    )  # fmt: skip
