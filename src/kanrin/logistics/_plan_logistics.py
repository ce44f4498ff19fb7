"""The schedule of a plan, or why there is none."""

from __future__ import annotations

from kanrin.lineup import Plan
from kanrin.logistics._fixed_point import Logistics, settle
from kanrin.logistics._read_network import read_programme

__all__ = ["plan_logistics"]


def plan_logistics(plan: Plan) -> Logistics | None:
    """Months, ships and costs of the chosen line-up; None when nothing is brought over.

    Raises InputError for a car that cannot be sold within the months asked, SolveError.
    """
    if not plan.chosen:
        return None
    return settle(plan, read_programme(plan))
