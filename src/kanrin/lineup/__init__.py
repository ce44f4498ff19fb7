"""Line-up: the set of cars to bring, their prices and volumes in equilibrium, and what they are worth (plan).

`make_plan` weighs every subset of a maker's candidates on common draws and values the best one afresh.
"""

from kanrin.lineup._binding import PlanCap
from kanrin.lineup._branch import SearchLimits
from kanrin.lineup._central import Central
from kanrin.lineup._choose import Lineup, Ranking, paired_difference
from kanrin.lineup._demand_estimate import fitting_estimate, unfit
from kanrin.lineup._draws import Draws, latin_hypercube
from kanrin.lineup._entry import Entries, Entry
from kanrin.lineup._events import EventSwing
from kanrin.lineup._information import Information, Known
from kanrin.lineup._market import BaseMarket, build_market
from kanrin.lineup._outcome import Outcome, Sampled
from kanrin.lineup._plan import MOST_CANDIDATES, Plan, make_plan
from kanrin.lineup._refusal import Refusals
from kanrin.lineup._risk import Risk
from kanrin.lineup._rivals import RivalGame
from kanrin.lineup._search import Search
from kanrin.lineup._sensitivity import BreakEven, Swing
from kanrin.lineup._settings import Settings
from kanrin.lineup._staged import Pilot, Staged
from kanrin.lineup._terms import Terms, first_sale
from kanrin.lineup._thresholds import Scale, Threshold
from kanrin.lineup._valuation import Row, Valuation
from kanrin.lineup._value import Progress, value_rows
from kanrin.lineup._way_choice import CarWays, Ways, Weighed
from kanrin.lineup._ways import Way

__all__ = [
    "MOST_CANDIDATES",
    "BaseMarket",
    "BreakEven",
    "CarWays",
    "Central",
    "Draws",
    "Entries",
    "Entry",
    "EventSwing",
    "Information",
    "Known",
    "Lineup",
    "Outcome",
    "Pilot",
    "Plan",
    "PlanCap",
    "Progress",
    "Ranking",
    "Refusals",
    "Risk",
    "RivalGame",
    "Row",
    "Sampled",
    "Scale",
    "Search",
    "SearchLimits",
    "Settings",
    "Staged",
    "Swing",
    "Terms",
    "Threshold",
    "Valuation",
    "Way",
    "Ways",
    "Weighed",
    "build_market",
    "first_sale",
    "fitting_estimate",
    "latin_hypercube",
    "make_plan",
    "paired_difference",
    "unfit",
    "value_rows",
]
