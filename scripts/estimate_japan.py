"""Estimate demand and supply of new passenger cars in Japan, 2006-2016: `estimates/second.toml`.

    python scripts/estimate_japan.py [DATA] [--compare] [--out FILE]

DATA is the folder of the Japanese product data 2006-2016 (raw_products.csv, households_cpi.csv). Utility is
delta + alpha price / income with log-normal income; costs are log-linear; makers set prices. `--compare`
prints the table of specifications in `docs/explanation/estimate.md` and writes nothing. Only estimated
numbers are written; no row of the data is.
"""

from __future__ import annotations

import argparse
import csv
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kanrin.base import Floats, SolveError
from kanrin.demand import choice_probabilities, own_elasticities, read_estimate
from kanrin.estimation import (
    Clustered,
    EstimationResults,
    GaussHermite,
    Instruments,
    Iterated,
    Lognormal,
    MarketFit,
    PriceOverIncome,
    Robust,
    TwoStep,
    build_problem,
    differentiation_instruments,
    estimate,
    lognormal_income,
)
from kanrin.facts import load_case
from kanrin.lineup import build_market
from kanrin.rules import open_book

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "reference" / "japan_cars_2006_2016"
CASE = ROOT / "src" / "kanrin" / "cases" / "us_japan"
BASE_YEAR = 2016  # of prices
TREND_FROM = 2010
ALPHA = "price/income"
CONTINUOUS = "litres_per_100km + log_power_to_weight + log_size"
TASTES = ("litres_per_100km", "log_power_to_weight", "log_size", "more_than_4_seats", "kei")
DEMAND = f"0 + {' + '.join(TASTES)} | year + maker"
COSTS = "0 + log_power_to_weight + log_size + log_km_per_litre + kei + trend_per_year_from_2010 | maker"
LEAST_COST = 0.05  # million yen of 2016
ELASTIC = (-40.0, -2.5)  # of alpha: keeps the search out of the region where costs stand on their bound

HOW = (
    "Made by scripts/estimate_japan.py on the product data 2006-2016 of keisemi/empirical_business_economics "
    "(MIT): demand and supply jointly, GMM weighted anew until nothing moves, moments clustered by model, "
    "year and maker effects, log cost linear in logs with maker effects and a trend, differentiation "
    "instruments (quadratic and local, own and rival) of the three continuous attributes on both sides; "
    f"costs not below {LEAST_COST} (none is there). Units: litres_per_100km on the JC08 cycle; power to "
    "weight in PS per kg; size = length x width x height in m3; more_than_4_seats and kei are 0 or 1."
)

Columns = dict[str, Any]
MODEL = Clustered("model")
UNTIL_STILL = Iterated(most=100, tolerance=1e-8)
CLOSE_TO_FIRST = TwoStep(from_start=True)


@dataclass(frozen=True)
class Specification:
    """What is chosen beyond the data."""

    name: str
    log_income_sd: float | None = 0.85  # None: estimated
    nodes: int = 21
    demand: str = DEMAND
    costs: str = COSTS
    weighting: TwoStep | Iterated = UNTIL_STILL
    errors: Robust | Clustered = MODEL
    kinds: tuple[str, ...] = ("quadratic", "local")
    has_supply: bool = True
    has_supply_instruments: bool = True
    nest: str | None = None
    start: float = -6.0
    alpha: tuple[float, float] = ELASTIC


CHOSEN = Specification("chosen")
LIKE_FIRST = Specification("as the first", 0.8, 13, weighting=CLOSE_TO_FIRST, errors=Robust(), start=-3.0)


def compared() -> tuple[Specification, ...]:
    """One thing changed at a time."""
    year_kei = f"0 + {' + '.join(TASTES[:-1])} | year_kei + maker"
    return (
        LIKE_FIRST,
        replace(LIKE_FIRST, name="as the first, W again until still", weighting=UNTIL_STILL),
        CHOSEN,
        *(replace(CHOSEN, name=f"{n} nodes", nodes=n) for n in (7, 13, 31, 61)),
        *(
            replace(CHOSEN, name=f"income sd {sd:g}, {n} nodes", log_income_sd=sd, nodes=n)
            for sd in (0.6, 0.8, 0.9, 1.0)
            for n in (21, 61)
        ),
        replace(CHOSEN, name="income sd estimated, at most 1.6, 31 nodes", log_income_sd=None, nodes=31),
        replace(CHOSEN, name="robust, not by model", errors=Robust()),
        replace(CHOSEN, name="two steps, W of equal moments first", weighting=TwoStep()),
        replace(CHOSEN, name="year x kei", demand=year_kei),
        replace(CHOSEN, name="quadratic instruments only", kinds=("quadratic",)),
        replace(CHOSEN, name="local instruments only", kinds=("local",)),
        replace(CHOSEN, name="no instruments on the cost side", has_supply_instruments=False),
        replace(CHOSEN, name="demand alone", has_supply=False),
        replace(CHOSEN, name="nests: kei, other, foreign", nest="type"),
        replace(CHOSEN, name="alpha not kept from zero", alpha=(-40.0, -0.05), start=-0.5),
    )


def read_columns(folder: Path) -> Columns:
    """The estimation sample: rows with a fuel economy, prices in million yen of 2016."""
    with (folder / "raw_products.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["FuelEfficiency"] not in ("", "NA")]
    with (folder / "households_cpi.csv").open(encoding="utf-8-sig", newline="") as handle:
        years = {int(row["year"]): row for row in csv.DictReader(handle)}

    def column(name: str) -> Floats:
        return np.array([float(row[name]) for row in rows])

    year = np.array([int(row["Year"]) for row in rows])
    level = np.array([float(years[t]["cpi_2015_100"]) for t in year.tolist()])
    level /= float(years[BASE_YEAR]["cpi_2015_100"])
    kei = np.array([float(row["Type"] == "KEI") for row in rows])
    box = column("overall_length") * column("overall_width") * column("overall_height") / 1e9
    return {
        "year": year,
        "maker": np.array([row["Maker"] for row in rows]),
        "model": np.array([f"{row['Maker']} {row['Name']}" for row in rows]),
        "type": np.array([row["Type"] for row in rows]),
        "year_kei": np.array([f"{t} {k:.0f}" for t, k in zip(year, kei, strict=True)]),
        "price": column("price") / level / 100,
        "share": column("Sales") / np.array([float(years[t]["households"]) for t in year.tolist()]),
        "litres_per_100km": 100 / column("FuelEfficiency"),
        "log_km_per_litre": np.log(column("FuelEfficiency")),
        "log_power_to_weight": np.log(column("HorsePower") / column("weight")),
        "log_size": np.log(box),
        "more_than_4_seats": (column("capacity") > 4).astype(np.float64),
        "kei": kei,
        "trend_per_year_from_2010": year.astype(np.float64) - TREND_FROM,
    }


def fit(data: Columns, how: Specification) -> EstimationResults:
    """Estimate one specification."""

    def made(kind: str, nest: str | None = None) -> Instruments:
        return differentiation_instruments(
            data, CONTINUOUS, market="year", firm="maker", kind=kind, nest=nest
        )

    instruments = [made(kind) for kind in how.kinds]
    on_costs = instruments if how.has_supply and how.has_supply_instruments else None
    if how.nest:
        instruments = [*instruments, made("local", how.nest)]
    over_income = how.log_income_sd is not None
    problem = build_problem(
        data, how.demand, shares="share", market="year", price="price", random="0 + price",
        agents=lognormal_income(how.log_income_sd, how.nodes)
        if how.log_income_sd is not None
        else GaussHermite(how.nodes),
        forms={"price": PriceOverIncome() if over_income else Lognormal(-1)},
        instruments=instruments, nest=how.nest, firms="maker", product="model",
        costs=how.costs if how.has_supply else None,
        cost_bounds=(LEAST_COST, None) if how.has_supply else None, supply_instruments=on_costs,
    )  # fmt: skip
    start: dict[str, Any] = {"alpha": how.start, "bounds": {ALPHA: how.alpha}}
    if not over_income:
        # -alpha / income is log-normal: its mean is log -alpha, its spread that of log income
        start = {"sigma": 0.8, "mean": {"price": math.log(-how.start)}}
        start["bounds"] = {"sigma[price]": (0.3, 1.6), "mean[price]": (math.log(2.5), 5.0)}
    return estimate(problem, weighting=how.weighting, errors=how.errors, **start)


def elasticities(results: EstimationResults) -> Floats:
    """(N,) own-price elasticities in the data, markets one after the other."""
    parts = []
    for name in results.problem.market_names:
        m = results.market(name)
        inside, slope = _choices(m)
        parts.append(m.prices * ((m.alpha * slope) @ m.weights) / (inside @ m.weights))
    return np.concatenate(parts)


def _choices(m: MarketFit) -> tuple[Floats, Floats]:
    """Choice probabilities (J, I) and their slopes in own utility, by nests where there are any."""
    utility = m.delta[:, None] + m.mu
    if m.nests is None:
        inside = np.exp(utility)
        inside /= 1 + inside.sum(axis=0)
        return inside, inside * (1 - inside)
    r = m.rho[:, None]
    within, inclusive = np.empty_like(utility), np.empty_like(utility)
    total = np.ones(utility.shape[1])
    for nest in np.unique(m.nests):
        at = m.nests == nest
        scaled = utility[at] / (1 - r[at])
        top = scaled.max(axis=0)
        sums = np.exp(scaled - top).sum(axis=0)
        within[at] = np.exp(scaled - top) / sums
        inclusive[at] = np.exp((1 - r[at]) * (top + np.log(sums)))
        total += inclusive[at][0]
    inside = within * inclusive / total
    return inside, inside * (1 / (1 - r) - r / (1 - r) * within - inside)


def on_the_base_market(file: Path) -> tuple[float, float, float, int]:
    """5 %, median and 95 % own-price elasticity on the base market of the case, and costs below zero."""
    book = open_book(load_case(CASE))
    market = build_market(book, book.number, file)
    alpha = market.slopes(market.estimate.alpha)
    inside, _ = choice_probabilities(market.inversion.delta, alpha, market.list_price)
    own = own_elasticities(alpha, inside, market.agents.weights, market.list_price)
    low, middle, high = (float(v) for v in np.quantile(own, (0.05, 0.5, 0.95)))
    return low, middle, high, len(market.costs.negative)


def costs_not_above_zero(results: EstimationResults) -> int | None:
    """How many; None where they cannot be recovered."""
    try:
        return int((results.costs <= 0).sum())
    except SolveError:
        return None


def row_text(how: Specification, results: EstimationResults) -> str:
    """One line of the table of specifications."""
    own = elasticities(results)
    low, middle, high = np.quantile(own, (0.05, 0.5, 0.95))
    J, degrees, p = results.overidentification()
    negative = costs_not_above_zero(results)
    alpha = f"{results[ALPHA]:.2f} ({results.error(ALPHA):.2f})" if ALPHA in results.names else "-"
    if ALPHA not in results.names:
        alpha = f"{-math.exp(results['mean[price]']):.2f}, income sd {results['sigma[price]']:.2f}"
    if "rho" in results.names:
        alpha += f", rho {results['rho']:.2f}"
    base = "-"
    fits_the_plan = ALPHA in results.names and "rho" not in results.names and "kei" in results.names
    if fits_the_plan and np.isfinite(results.error(ALPHA)):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "estimate.toml"
            save(file, how, results)
            base = f"{on_the_base_market(file)[1]:.2f}"
    return (
        f"| {how.name} | {alpha} | {results['log_size']:.2f} | {J:.0f} ({degrees}) | {p:.3f} "
        f"| {'-' if negative is None else negative} | {int(results.clipped.sum())} "
        f"| {middle:.2f} ({low:.2f} to {high:.2f}) | {base} |"
    )


def save(file: Path, how: Specification, results: EstimationResults, note: str = "") -> None:
    """The estimate file, as every estimate is saved."""
    results.save(
        file,
        title="Second demand estimate for Japan, 2006-2016",
        origin="kanrin.estimate_second",
        market="Japan, new passenger cars",
        period="2006-2016",
        note=f"{HOW} {note}".strip(),
        price_unit=f"million JPY of {BASE_YEAR}",
        log_income_sd=how.log_income_sd,
    )


def note_of(results: EstimationResults, base: tuple[float, float, float, int]) -> str:
    """The criteria, in words."""
    own = elasticities(results)
    low, middle, high = np.quantile(own, (0.05, 0.5, 0.95))
    J, degrees, _ = results.overidentification()
    negative = costs_not_above_zero(results)
    return (
        f"In the data: median own-price elasticity {middle:.2f} (5 %: {low:.2f}, 95 %: {high:.2f}), "
        f"{negative or 'no'} negative cost, sd of xi {results.xi.std():.2f}. On the 2025 market: "
        f"median {base[1]:.2f} (5 %: {base[0]:.2f}, 95 %: {base[2]:.2f}), {base[3] or 'no'} negative cost. "
        f"The over-identifying restrictions are rejected (J {J:.1f} on {degrees}). The spread of log income "
        "is set, not estimated. Near alpha zero lies a degenerate solution in which costs stand on their "
        f"bound; the search is kept out of it (alpha at most {ELASTIC[1]:g})."
    )


def differences(results: EstimationResults, first: Mapping[str, float], errors: Floats) -> str:
    """Ours, the first estimate's, and the difference in standard errors of the first."""
    lines = []
    for k, (word, value) in enumerate(first.items()):
        name = ALPHA if word == "alpha" else word
        lines.append(
            f"| {word} | {value:.3f} | {results[name]:.3f} | {(results[name] - value) / errors[k]:+.2f} |"
        )
    return "\n".join(lines)


def compare(data: Columns, say: Callable[[str], object] = print) -> None:
    """The table of specifications and the first estimate beside ours."""
    first = read_estimate(CASE / "estimates" / "first.toml")
    say("| parameter | first | ours | difference, standard errors |\n|---|---|---|---|")
    errors = np.sqrt(np.diagonal(first.covariance))
    say(differences(fit(data, LIKE_FIRST), dict(first.parameters), errors))
    say("")
    say("| specification | alpha | log size | J (degrees) | p | costs <= 0 | on bound | in the data | 2025 |")
    say("|---|---|---|---|---|---|---|---|---|")
    for how in compared():
        try:
            say(row_text(how, fit(data, how)))
        except SolveError as error:
            say(f"| {how.name} | no end: {error} |")


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, estimate, write, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--compare", action="store_true")
    parser.add_argument("--out", type=Path, default=CASE / "estimates" / "second.toml")
    asked = parser.parse_args(arguments)
    data = read_columns(asked.data)
    if asked.compare:
        compare(data)
        return
    results = fit(data, CHOSEN)
    print(results.summary())
    save(asked.out, CHOSEN, results)
    save(asked.out, CHOSEN, results, note_of(results, on_the_base_market(asked.out)))


if __name__ == "__main__":
    main()
