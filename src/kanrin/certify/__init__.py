"""Certify: which ways to certify a car are open to it on a day, what each asks of it, and which is cheapest.

`assess` decides structure on bare numbers (open or not, what applies); `unit_cost`, `fixed_cost`, `lead_time`
and `cap` are the arithmetic over a reader; `choose` takes the cheapest feasible pathway and says why.
"""

from kanrin.certify._assess import assess
from kanrin.certify._choose import Choice, choose, programme_cost, take
from kanrin.certify._cost import cap, fixed_cost, lead_time, unit_cost
from kanrin.certify._option import PathwayOption, Treatment

__all__ = [
    "Choice",
    "PathwayOption",
    "Treatment",
    "assess",
    "cap",
    "choose",
    "fixed_cost",
    "lead_time",
    "programme_cost",
    "take",
    "unit_cost",
]
