"""Write the made-up data of the examples: `python docs/examples/make_cars.py`.

Ten years of a small market in which buyers differ in how they like size; what they like is known, so that
the estimate can be held against it.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
CARS = (("Ada", "North"), ("Bo", "North"), ("Cleo", "North"), ("Dot", "South"), ("Eos", "South"),
        ("Fig", "West"), ("Gil", "West"), ("Hana", "East"))  # fmt: skip
YEARS = range(2015, 2025)
BUYERS = 1_000_000
TASTE = {"constant": 1.0, "size": 1.5, "size spread": 0.8, "price": -1.6}  # price in thousands


def rows() -> list[dict[str, object]]:
    """One row a car and year; prices follow costs and what buyers see and we do not."""
    rng = np.random.default_rng(3)
    nodes, weights = np.polynomial.hermite_e.hermegauss(9)
    weights = weights / weights.sum()
    out: list[dict[str, object]] = []
    base = rng.uniform(0.8, 2.2, len(CARS))
    for year in YEARS:
        size = np.round(base + rng.normal(0, 0.25, len(CARS)), 2)
        steel = np.round(rng.uniform(0.5, 1.5, len(CARS)), 3)
        xi = 0.3 * rng.standard_normal(len(CARS))
        price = np.round(1.4 + 0.6 * size + 0.8 * steel + 0.25 * xi, 3)
        mean = TASTE["constant"] + TASTE["size"] * size + TASTE["price"] * price + xi
        e = np.exp(mean[:, None] + TASTE["size spread"] * size[:, None] * nodes)
        sold = np.round(BUYERS * (e / (1.0 + e.sum(axis=0))) @ weights)
        for j, (model, maker) in enumerate(CARS):
            out.append({
                "year": year, "model": model, "maker": maker, "price": price[j], "size": size[j],
                "steel": steel[j], "units": int(sold[j]), "buyers": BUYERS,
            })  # fmt: skip
    return out


def main() -> None:
    """Write cars.csv beside this file."""
    made = rows()
    with (FOLDER / "cars.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(made[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(made)


if __name__ == "__main__":
    main()
