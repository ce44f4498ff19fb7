"""A folder of product data by year, read into the panel of a backtest: each fault with file and line.

`raw_products.csv` has a row a model and year; `households_cpi.csv` has potential buyers and consumer prices.
The layout is that of the Japanese product data 2006-2016 of keisemi/empirical_business_economics.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from kanrin.backtesting import Panel, YearMarket
from kanrin.base import Bools, Floats, InputError
from kanrin.demand import Estimate, Recipe, attribute_matrix

__all__ = ["body_of", "read_panel"]

PRODUCTS, HOUSEHOLDS = "raw_products.csv", "households_cpi.csv"
KW_PER_PS = 0.73549875  # metric horsepower, by definition
_TEN_THOUSAND_YEN = 1e-2  # in million JPY
_AS_IN_THE_DATA = Recipe(1.0, 1.0, 1.0, 1.0)  # consumption on the estimate's cycle, no electricity
_NUMBERS = (
    "Year", "Sales", "price", "weight", "capacity", "HorsePower", "overall_length", "overall_width",
    "overall_height",
)  # fmt: skip
_WORDS = ("Maker", "Name", "Type", "NumofDoor", "MinRideHeight", "FuelType", "FuelEfficiency")
_FUELS = {"レギュラー": "regular", "ハイオク": "premium", "軽油": "diesel"}
_BLANK = ("", "NA")
Row = Mapping[str, str]


def body_of(row: Row) -> str:
    """A body the data do not name: kei, three rows, high ground clearance, boot lid, two doors, the rest."""
    if row["Type"] == "KEI":
        return "kei"
    if float(row["capacity"]) >= 6:
        return "minivan"
    if row["MinRideHeight"] not in _BLANK and float(row["MinRideHeight"]) >= 180:
        return "suv"
    return {"4": "sedan", "3": "coupe", "2": "coupe"}.get(row["NumofDoor"], "hatchback_or_wagon")


def _table(path: Path, columns: tuple[str, ...]) -> list[tuple[int, Row]]:
    """Rows with their lines. Raises InputError for a file that is missing, unreadable or empty, or columns it
    lacks."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            rows: list[tuple[int, Row]] = [(reader.line_num, dict(row)) for row in reader]
            names = reader.fieldnames or []
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; --data takes the folder that holds {PRODUCTS} and {HOUSEHOLDS}"
        ) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not readable as CSV in UTF-8 ({error})") from None
    missing = [c for c in columns if c not in names]
    if missing:
        raise InputError(
            f"{path}:1: no column {', '.join(missing)}; the columns are {', '.join(names) or 'none'}"
        )
    if not rows:
        raise InputError(f"{path}:1: the table is empty; expected a row for every model and year")
    return rows


def _number(path: Path, line: int, row: Row, name: str, *, least: float = 0.0) -> float:
    try:
        value = float(row[name])
    except (TypeError, ValueError):
        value = float("nan")
    if not (np.isfinite(value) and value > least):
        raise InputError(f"{path}:{line}: {name} is {row[name]!r}; expected a number above {least:g}")
    return value


def read_panel(folder: Path, estimate: Estimate, base_year: int) -> Panel:
    """The panel, prices in million JPY of `base_year`, attributes as the estimate names them.

    Rows without a fuel economy count as on sale and are otherwise left out. Raises InputError.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder}: no such folder; --data takes the folder that holds {PRODUCTS} and {HOUSEHOLDS}"
        )
    path, by_year = folder / PRODUCTS, _households(folder / HOUSEHOLDS)
    rows = _table(path, (*_NUMBERS, *_WORDS))
    on_sale: dict[str, set[int]] = {}
    kept: dict[int, list[tuple[int, Row]]] = {}
    for line, row in rows:
        year = int(_number(path, line, row, "Year"))
        on_sale.setdefault(_name(row), set()).add(year)
        if row["FuelEfficiency"] not in _BLANK:
            for name in (*_NUMBERS, "FuelEfficiency"):
                _number(path, line, row, name)
            kept.setdefault(year, []).append((line, row))
    if not kept:
        raise InputError(f"{path}: no row has a FuelEfficiency; the forecast needs it")
    for year in (*kept, base_year):
        if year not in by_year:
            raise InputError(f"{folder / HOUSEHOLDS}: no row for {year}; add its households and cpi_2015_100")
    level = {year: by_year[year][1] / by_year[base_year][1] for year in kept}
    markets = {
        year: _market(year, [row for _, row in found], by_year[year][0], level[year], estimate)
        for year, found in kept.items()
    }
    for year, (_, found) in zip(kept, kept.items(), strict=True):
        names = [_name(row) for _, row in found]
        double = {n for n in names if names.count(n) > 1}
        if double:
            raise InputError(
                f"{path}: {', '.join(sorted(double))} stands twice in {year}; keep one row a year"
            )
    return Panel(markets, {name: tuple(sorted(seen)) for name, seen in on_sale.items()})


def _name(row: Row) -> str:
    return f"{row['Maker']} {row['Name']}"


def _households(path: Path) -> dict[int, tuple[float, float]]:
    """Households and consumer prices by year."""
    found = {}
    for line, row in _table(path, ("year", "households", "cpi_2015_100")):
        year = int(_number(path, line, row, "year"))
        found[year] = (_number(path, line, row, "households"), _number(path, line, row, "cpi_2015_100"))
    return found


def _market(year: int, rows: list[Row], households: float, level: float, estimate: Estimate) -> YearMarket:
    def column(name: str) -> Floats:
        return np.array([float(row[name]) for row in rows])

    kei = np.array([row["Type"] == "KEI" for row in rows])
    foreign: Bools = np.array([row["Type"] == "Foreign" for row in rows])
    sheet = {
        "length_mm": column("overall_length"),
        "width_mm": column("overall_width"),
        "height_mm": column("overall_height"),
        "kerb_weight_kg": column("weight"),
        "power_kw": column("HorsePower") * KW_PER_PS,
        "fuel_economy_km_per_l": column("FuelEfficiency"),
        "seats": column("capacity"),
        "is_kei": kei.astype(np.float64),
    }
    return YearMarket(
        year=year,
        size=households,
        name=tuple(_name(row) for row in rows),
        brand=tuple(row["Maker"] for row in rows),
        body=tuple(body_of(row) for row in rows),
        powertrain=tuple(_FUELS.get(row["FuelType"], "other") for row in rows),
        is_foreign=foreign,
        units=column("Sales"),
        price=column("price") / level * _TEN_THOUSAND_YEN,
        attributes=attribute_matrix(estimate.beta_names, sheet, _AS_IN_THE_DATA),
    )
