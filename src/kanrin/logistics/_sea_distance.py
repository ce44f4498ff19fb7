"""Ways over sea: great circles between waypoints."""

from __future__ import annotations

from kanrin.logistics._great_circle import along

__all__ = ["sea_path"]

_POINTS = 40


def sea_path(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    """Points (lat, lon) of a way over open sea, for a picture."""
    return along(start[0], start[1], end[0], end[1], _POINTS)
