"""Cost: from the factory gate at the origin to the road at the destination, one car at a time.

`best_route` finds the way, `landed` the cost on arrival, `wedges` what the price game needs, `waterfall`
the table that explains them. The arithmetic is written once over a reader, and runs on Figures, numbers and
arrays of draws.
"""

from kanrin.cost._duty import Duty, DutyKeys, duty, duty_rate
from kanrin.cost._landed import Landed, landed
from kanrin.cost._levies import Levies, levies
from kanrin.cost._passage import Insured, Passage, box_volume, carrying_share, insure, passage, transfer_price
from kanrin.cost._routes import RouteChoice, RouteCost, best_route, makers_ports, route_cost, route_text
from kanrin.cost._shipment import Shipment, ship, shipment_for
from kanrin.cost._waterfall import Line, Waterfall
from kanrin.cost._waterfall_lines import sources_of, waterfall
from kanrin.cost._wedges import Wedges, wedges

__all__ = [
    "Duty",
    "DutyKeys",
    "Insured",
    "Landed",
    "Levies",
    "Line",
    "Passage",
    "RouteChoice",
    "RouteCost",
    "Shipment",
    "Waterfall",
    "Wedges",
    "best_route",
    "box_volume",
    "carrying_share",
    "duty",
    "duty_rate",
    "insure",
    "landed",
    "levies",
    "makers_ports",
    "passage",
    "route_cost",
    "route_text",
    "ship",
    "shipment_for",
    "sources_of",
    "transfer_price",
    "waterfall",
    "wedges",
]
