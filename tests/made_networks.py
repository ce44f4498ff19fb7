"""A small network of one car, one leg and one port pair, with whatever a test changes."""

from __future__ import annotations

from typing import Any

import numpy as np

from kanrin.logistics import Network

MONTHS = 6


def network(**changed: Any) -> Network:
    """15 cars a month from the third of six months; 100 + 200 + 50 + 10 or 20 JPY a car; 14 slots a call."""
    plain: dict[str, Any] = {
        "cars": ("car",),
        "exports": ("San Diego",),
        "imports": ("Nagoya",),
        "regions": ("east", "west"),
        "months": tuple(f"2026-{m:02d}" for m in range(1, MONTHS + 1)),
        "plants": ("plant",),
        "plant_of": np.array([0]),
        "size": np.array([1.0]),
        "demand": np.array([[0, 0, 15.0, 15, 15, 15]]),
        "region_share": np.array([0.5, 0.5]),
        "lost": np.array([1e6]),
        "leg_car": np.array([0]),
        "leg_port": np.array([0]),
        "leg_mode": ("rail",),
        "leg_cost": np.array([100.0]),
        "leg_months": np.array([1]),
        "pair_from": np.array([0]),
        "pair_to": np.array([0]),
        "sea_cost": np.array([[200.0]]),
        "sea_months": np.array([[1]]),
        "inspect_cost": np.array([50.0]),
        "delivery_cost": np.array([[10.0, 20.0]]),
        "waiting": np.array([5.0]),
        "slots": 14.0,
        "calls": 1,
        "least_call": 0.0,
        "call_cost": 0.0,
        "inspections": np.array([1e9]),
        "room": np.array([1e9, 1e9]),
        "plant_most": np.array([1e9]),
    }
    return Network(**{**plain, **changed})


def two_ways(**changed: Any) -> Network:
    """Two cars of two plants, two ports of export, two of import: eight ways, no two of one cost."""
    sea = np.array([[200.0, 215.0, 230.0, 205.0], [300.0, 290.0, 340.0, 315.0]])
    return network(
        **{
            "cars": ("small", "large"),
            "plants": ("north", "south"),
            "plant_of": np.array([0, 1]),
            "exports": ("Long Beach", "San Diego"),
            "imports": ("Nagoya", "Chiba"),
            "size": np.array([1.0, 1.5]),
            "demand": np.array([[0, 0, 8.0, 12, 10, 16], [0, 0, 5.0, 3, 9, 4]]),
            "lost": np.array([1e6, 2e6]),
            "leg_car": np.array([0, 0, 1, 1]),
            "leg_port": np.array([0, 1, 0, 1]),
            "leg_mode": ("rail", "rail", "truck", "rail"),
            "leg_cost": np.array([100.0, 120.0, 150.0, 110.0]),
            "leg_months": np.array([1, 1, 0, 1]),
            "pair_from": np.array([0, 0, 1, 1]),
            "pair_to": np.array([0, 1, 0, 1]),
            "sea_cost": sea,
            "sea_months": np.array([[1, 1, 1, 1], [1, 2, 1, 1]]),
            "inspect_cost": np.array([50.0, 60.0]),
            "delivery_cost": np.array([[10.0, 25.0], [22.0, 8.0]]),
            "waiting": np.array([5.0, 8.0]),
            "slots": 20.0,
            "calls": 2,
            "inspections": np.array([12.0, 30.0]),
            "room": np.array([9.0, 9.0]),
            "plant_most": np.array([18.0, 12.0]),
            **changed,
        }
    )
