"""Logistics: from cars a year to cars on ships, month by month, as a program with whole calls of ships.

`plan_logistics` schedules a plan's cars and lets prices answer to what moving them costs; `solve_schedule`
schedules any network; `conflict` says why demand cannot be met; `sea_distance` measures ways over sea.
"""

from kanrin.logistics._conflict import conflict
from kanrin.logistics._fixed_point import Logistics
from kanrin.logistics._network import Network
from kanrin.logistics._plan_logistics import plan_logistics
from kanrin.logistics._read_network import HORIZON
from kanrin.logistics._schedule import COST_PARTS, Schedule, ShadowPrice, solve_schedule
from kanrin.logistics._sea_distance import CANALS, SeaWay, sea_distance, sea_path, sea_way

__all__ = [
    "CANALS",
    "COST_PARTS",
    "HORIZON",
    "Logistics",
    "Network",
    "Schedule",
    "SeaWay",
    "ShadowPrice",
    "conflict",
    "plan_logistics",
    "sea_distance",
    "sea_path",
    "sea_way",
    "solve_schedule",
]
