"""Agents of the user's own, from a CSV file: income relative to the median household, and weight."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from kanrin.base import CaseError, InputError
from kanrin.demand._agents import Agents, own_agents
from kanrin.facts import Record, read_table

__all__ = ["read_agents"]


class AgentRow(Record):
    """One kind of buyer."""

    income: float = Field(gt=0, allow_inf_nan=False)
    weight: float = Field(ge=0, allow_inf_nan=False)


def read_agents(path: Path) -> Agents:
    """Agents from a CSV with columns income (pure number, median household = 1) and weight (sum one).

    Raises CaseError with file and line.
    """
    rows = read_table(path, AgentRow)
    try:
        return own_agents([r.income for _, r in rows], [r.weight for _, r in rows])
    except InputError as error:
        raise CaseError(f"{path}:{rows[-1][0]}: {error}") from None
