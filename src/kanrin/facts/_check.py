"""What must hold between the files of a case: a function a check; the message says where and how to mend it."""

from __future__ import annotations

from kanrin.facts._case import Case

__all__ = ["integrity_faults"]


def integrity_faults(case: Case) -> list[str]:
    """Faults that make a case unusable; empty when there are none."""
    return []
