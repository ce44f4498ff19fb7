"""Customs duty (duty): the larger of base and floor, an additional rate, and a specific amount."""

from __future__ import annotations

from dataclasses import dataclass

from kanrin.base import larger
from kanrin.cost._exact import Amount, named
from kanrin.rules import Reader

__all__ = ["Duty", "DutyKeys", "duty", "duty_rate"]


@dataclass(frozen=True)
class DutyKeys:
    """Which rules make up a duty; an empty key means that the law knows no such part."""

    base: str  # fraction of customs value: the preferential rate where origin is proven, else MFN
    floor: str = (
        ""  # combined fraction: "15 % inclusive of MFN" is the larger of the two, never their sum [L7]
    )
    additional: str = ""  # fraction of customs value that stacks
    specific: str = ""  # money per vehicle, in the currency of the customs value


@dataclass(frozen=True)
class Duty:
    """What a duty comes to."""

    rate: Amount  # fraction of customs value
    amount: Amount  # money per vehicle, in the currency of the customs value


def duty_rate(read: Reader, keys: DutyKeys) -> Amount:
    """max(base, floor) + additional, a fraction of the customs value (duty)."""
    rate = read(keys.base)
    if keys.floor:
        rate = larger(rate, read(keys.floor))
    if keys.additional:
        rate = rate + read(keys.additional)
    return rate


def duty(read: Reader, keys: DutyKeys, customs_value: Amount) -> Duty:
    """D = max(base, floor) CV + additional CV + specific (duty). Raises NotInForce through the reader."""
    rate = duty_rate(read, keys)
    amount = rate * customs_value
    if keys.specific:
        amount = amount + read(keys.specific)
    return Duty(rate, named(amount, "landed.duty", "customs duty"))
