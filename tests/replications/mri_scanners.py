"""MRI scanners in Japanese cities, read from the reference folder: counts of owners and sizes of cities."""

from __future__ import annotations

import csv
from functools import cache

import numpy as np
from published import REFERENCE

from kanrin.estimation import EntryThresholds, entry_thresholds

FOLDER = "entry_games"
PEOPLE = 1e6  # a unit of size
KNOWN = ("Population", "Menseki", "PopDensity", "TaxableIncome")


@cache
def cities() -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Hospitals that own a scanner, and million people, of each city where all is known."""
    with (REFERENCE / FOLDER / "MRIData_BR1991.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    numbers = {
        name: np.array([float(r[name]) if _is_number(r[name]) else np.nan for r in rows])
        for name in (*KNOWN, "CityCode", "MRIOwnDum")
    }
    known = np.all([np.isfinite(numbers[name]) for name in KNOWN], axis=0)
    city, first, at = np.unique(numbers["CityCode"][known], return_index=True, return_inverse=True)
    owners = np.bincount(at, weights=numbers["MRIOwnDum"][known], minlength=city.size)
    return tuple(owners.astype(int).tolist()), tuple((numbers["Population"][known][first] / PEOPLE).tolist())


def _is_number(text: str) -> bool:
    return text.strip().replace(".", "", 1).isdigit()


@cache
def thresholds(top: int = 6) -> EntryThresholds:
    """The estimate with counts topped at `top`."""
    return entry_thresholds(*cities(), top=top, unit=PEOPLE)


def entry_answer(name: str) -> float:
    """Our number for an id such as `en.br6.a1`, `en.br6.gamma`, `en.br6.S2`."""
    _, case, what = name.split(".")
    found = thresholds(int(case.removeprefix("br")))
    if what == "gamma":
        return found.gamma
    k = int(what[1:]) - 1
    return float(found.thresholds[k] if what[0] == "S" else found.a[k])
