"""Great circles on a sphere: distance, and points along the way for a picture."""

from __future__ import annotations

import numpy as np

from kanrin.base import Floats

__all__ = ["KM_PER_NAUTICAL_MILE", "along", "kilometres"]

_RADIUS_KM = 6371.0088  # mean radius of the Earth, IUGG
KM_PER_NAUTICAL_MILE = 1.852


def _vector(lat: float, lon: float) -> Floats:
    a, b = np.radians(lat), np.radians(lon)
    return np.array([np.cos(a) * np.cos(b), np.cos(a) * np.sin(b), np.sin(a)])


def kilometres(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Distance of two points in degrees, km; stable for near and for opposite points."""
    a, b = _vector(lat_a, lon_a), _vector(lat_b, lon_b)
    return float(_RADIUS_KM * np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b))


def along(lat_a: float, lon_a: float, lat_b: float, lon_b: float, count: int) -> list[tuple[float, float]]:
    """`count` points (lat, lon) from a to b along the great circle, ends included."""
    a, b = _vector(lat_a, lon_a), _vector(lat_b, lon_b)
    angle = float(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b))
    if angle < 1e-9:
        return [(lat_a, lon_a)] * count
    at = np.linspace(0.0, 1.0, count)[:, None]
    points = (np.sin((1 - at) * angle) * a + np.sin(at * angle) * b) / np.sin(angle)
    lat, lon = (
        np.degrees(np.arcsin(np.clip(points[:, 2], -1, 1))),
        np.degrees(np.arctan2(points[:, 1], points[:, 0])),
    )
    return [(float(x), float(y)) for x, y in zip(lat, lon, strict=True)]
