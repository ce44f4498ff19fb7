"""Estimate what a nameplate's own past in Japan says of its future: `nameplates.csv` and `nameplates.toml`.

    python scripts/estimate_nameplates.py [DATA] [--estimate FILE] [--out FOLDER]

DATA is the folder of the Japanese product data 2006-2016 (raw_products.csv, households_cpi.csv). xi of every
model and year is recovered with the shipped estimate (log-normal income), then split by (xi-model)
into year effects (fixed), brand, body and size-class effects, a model effect with covariance mu2 phi^|t-t'|
and yearly noise. The year in which a model enters or leaves is left out: sales of a part of a year, or of the
last cars in stock, say little of what buyers think. Only derived numbers are written; no row of the data is.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kanrin.base import Bools, Floats, InputError, Ints
from kanrin.demand import (
    Estimate,
    Recipe,
    attribute_matrix,
    invert_shares,
    lognormal_income_agents,
    read_estimate,
)
from kanrin.numerics import MixedFit, blup, fit_reml, same_label

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "reference" / "japan_cars_2006_2016"
CASE = ROOT / "src" / "kanrin" / "cases" / "us_japan"
KW_PER_PS = 0.73549875
AT_ZERO = 5e-5  # a variance printed as 0.0000
AS_IN_THE_DATA = Recipe(1.0, 1.0, 1.0, 1.0)  # prices of 2016, consumption on the JC08 cycle, no electric cars
RETRIEVED = "2026-11-24"
SOURCE = "kanrin.nameplates"


@dataclass(frozen=True)
class Known:
    """A nameplate among the U.S.-built candidates that was sold in Japan; `left` is its last year there when
    it left the market within the data's last year, which the data cannot show."""

    brand: str
    nameplate: str
    maker: str
    name: str
    note: str
    left: int | None = None


KNOWN: tuple[Known, ...] = (
    Known(
        "Toyota",
        "Camry",
        "Toyota",
        "カムリ",
        "sold in Japan until 2023 (bestcar.camry); the data end in 2016",
    ),
    Known(
        "Toyota",
        "RAV4",
        "Toyota",
        "RAV4",
        "left in 2016, back in 2019; on sale in 2025, built in Japan",
        2016,
    ),
    Known("Toyota", "Corolla", "Toyota", "カローラ", "on sale in 2025; the Corolla Cross is another car"),
    Known("Toyota", "Highlander", "Toyota", "クルーガー", "sold as Kluger; 2007, when it left, is not used"),
    Known("Honda", "Accord", "Honda", "アコード", "on sale in 2025"),
    Known("Honda", "CR-V", "Honda", "CR-V", "left in 2016, back in 2018; a fuel-cell car in 2025", 2016),
    Known(
        "Acura",
        "Integra",
        "Honda",
        "インテグラ",
        "sold as Honda Integra, a coupe; 2007, its last year, is not used",
    ),
    Known("Nissan", "Murano", "Nissan", "ムラーノ", "2015, when it left, is not used"),
)


@dataclass(frozen=True)
class Panel:
    """xi and labels of the models and years used, and xi's standard deviation in the whole data."""

    xi: Floats  # (N,) utils
    year: Ints  # (N,)
    maker: tuple[str, ...]
    body: tuple[str, ...]
    size_class: tuple[str, ...]
    model: tuple[str, ...]  # maker and name
    type_code: tuple[str, ...]  # changes with the generation
    sd_all: float


@dataclass(frozen=True)
class Process:
    """The nameplate process and the brand variance; `phi_sd` from the curvature of the restricted
    likelihood."""

    mu2: float
    mu2_sd: float
    phi: float
    phi_sd: float
    noise2: float
    noise2_sd: float
    version2: float
    version2_sd: float
    tau2_brand: float
    tau2_brand_sd: float
    fit: MixedFit


@dataclass(frozen=True)
class History:
    """What one nameplate's years say at `last_year`: residual, and the sd of the error in it."""

    brand: str
    nameplate: str
    first_year: int
    last_year: int
    years: int
    residual: float
    sd: float
    note: str


def read_rows(folder: Path) -> tuple[list[dict[str, str]], dict[int, dict[str, str]]]:
    """Rows with a fuel economy, and households and prices by year."""
    with (folder / "raw_products.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["FuelEfficiency"] not in ("", "NA")]
    with (folder / "households_cpi.csv").open(encoding="utf-8-sig", newline="") as handle:
        years = {int(row["year"]): row for row in csv.DictReader(handle)}
    return rows, years


def body_of(row: dict[str, str]) -> str:
    """A body the data do not name: kei, then three rows, high ground clearance, boot lid, two doors, the
    rest."""
    if row["Type"] == "KEI":
        return "kei"
    if float(row["capacity"]) >= 6:
        return "minivan"
    if row["MinRideHeight"] not in ("", "NA") and float(row["MinRideHeight"]) >= 180:
        return "suv"
    return {"4": "sedan", "3": "coupe", "2": "coupe"}.get(row["NumofDoor"], "hatchback_or_wagon")


def recover_xi(folder: Path, estimate: Estimate) -> Panel:
    """xi = delta - x beta, market by market, at the shipped estimate."""
    rows, years = read_rows(folder)

    def column(name: str) -> Floats:
        return np.array([float(row[name]) for row in rows])

    year = np.array([int(row["Year"]) for row in rows], dtype=np.int64)
    households = np.array([float(years[int(t)]["households"]) for t in year])
    level = np.array([float(years[int(t)]["cpi_2015_100"]) for t in year]) / float(
        years[2016]["cpi_2015_100"]
    )
    price = column("price") / level / 100  # 10,000 JPY to million JPY of 2016
    share = column("Sales") / households
    names = [name for name in estimate.order if name != "alpha"]
    attributes = attribute_matrix(
        names,
        {
            "length_mm": column("overall_length"),
            "width_mm": column("overall_width"),
            "height_mm": column("overall_height"),
            "kerb_weight_kg": column("weight"),
            "power_kw": column("HorsePower") * KW_PER_PS,
            "fuel_economy_km_per_l": column("FuelEfficiency"),
            "seats": column("capacity"),
            "is_kei": np.array([float(row["Type"] == "KEI") for row in rows]),
        },
        AS_IN_THE_DATA,
    )
    agents = lognormal_income_agents(estimate.log_income_sd, estimate.nodes)
    xi = -attributes @ np.array([estimate.parameters[name] for name in names])
    for t in np.unique(year):
        at = year == t
        found = invert_shares(
            share[at], price[at], agents.alpha(estimate.alpha), agents.weights, name=f"Japan {t}"
        )
        xi[at] += found.delta
    model = np.array([f"{row['Maker']} {row['Name']}" for row in rows])
    used = full_years(model, year)
    kept = [row for row, use in zip(rows, used, strict=True) if use]
    return Panel(
        xi[used],
        year[used],
        tuple(row["Maker"] for row in kept),
        tuple(body_of(row) for row in kept),
        tuple(row["Type"] for row in kept),
        tuple(model[used]),
        tuple(row["kata"] for row in kept),
        float(xi.std()),
    )


def full_years(model: np.ndarray, year: Ints) -> Bools:
    """Rows that are not the year a model enters (after the data begin) or leaves (before they end)."""
    left = {f"{k.maker} {k.name}": k.left for k in KNOWN if k.left is not None}
    begin, end = int(year.min()), int(year.max())
    used: Bools = np.ones(year.size, dtype=bool)
    for name in np.unique(model):
        rows = model == name
        first, last = int(year[rows].min()), int(year[rows].max())
        if first > begin:
            used &= ~(rows & (year == first))
        if last < end or left.get(str(name)) == last:
            used &= ~(rows & (year == last))
    return used


def _design(panel: Panel) -> Floats:
    out: Floats = (panel.year[:, None] == np.unique(panel.year)[None, :]).astype(np.float64)
    return out


def fit_at(panel: Panel, phi: float) -> MixedFit:
    """(xi-model) by REML at a given phi; components brand, body, size class, model, noise."""
    gap = np.abs(panel.year[:, None] - panel.year[None, :])
    kernels = [same_label(panel.maker), same_label(panel.body), same_label(panel.size_class)]
    return fit_reml(panel.xi, _design(panel), [*kernels, same_label(panel.model) * phi**gap], tolerance=1e-5)


def version_variance(panel: Panel, fit: MixedFit, phi: float) -> tuple[float, float]:
    """How much more the model effect moves in a year in which the type code changes, and its standard error.

    The effect's yearly move is e = u_t - phi u_(t-1); a new generation adds the difference of two versions.
    """
    gap = np.abs(panel.year[:, None] - panel.year[None, :])
    kernel = fit.components[3] * same_label(panel.model) * phi**gap
    effect = kernel @ fit.inverse @ fit.residual  # (N,) BLUP of the model effect, year by year
    place = {(m, int(t)): i for i, (m, t) in enumerate(zip(panel.model, panel.year, strict=True))}
    moves: dict[bool, list[float]] = {True: [], False: []}
    for (m, t), i in place.items():
        before = place.get((m, t - 1))
        if before is not None:
            changed = panel.type_code[i] != panel.type_code[before]
            moves[changed].append(effect[i] - phi * effect[before])
    variance = {k: float(np.var(v)) for k, v in moves.items()}
    error = {k: float(np.std((np.array(v) - np.mean(v)) ** 2) / np.sqrt(len(v))) for k, v in moves.items()}
    return max(0.0, variance[True] - variance[False]), float(np.hypot(error[True], error[False]))


def fit_process(panel: Panel, phis: tuple[float, float, float] = (0.90, 0.925, 0.95)) -> Process:
    """The process at the phi that maximises the restricted likelihood, by a parabola through three of its
    values."""
    value = np.array([fit_at(panel, phi).log_likelihood for phi in phis])
    a, b, _ = np.polyfit(phis, value, 2)
    if a >= 0 or not phis[0] < -b / (2 * a) < phis[-1]:
        raise InputError(
            f"the restricted likelihood has no maximum between phi {phis[0]} and {phis[-1]}: {value}"
        )
    phi = round(float(-b / (2 * a)), 3)
    return process_at(panel, phi, float(1 / np.sqrt(-2 * a)))


def process_at(panel: Panel, phi: float, phi_sd: float) -> Process:
    """The process at a given phi."""
    fit = fit_at(panel, phi)
    if not fit.is_converged:
        raise InputError(f"nameplates: REML did not converge: {fit.advice}")
    c, se = fit.components, np.nan_to_num(fit.components_se)
    version2, version2_sd = version_variance(panel, fit, phi)
    return Process(
        float(c[3]),
        float(se[3]),
        phi,
        phi_sd,
        float(c[4]),
        float(se[4]),
        version2,
        version2_sd,
        float(c[0]),
        float(se[0]),
        fit,
    )


def histories(panel: Panel, process: Process) -> tuple[History, ...]:
    """A residual h with error variance v such that mu2/(mu2 + v) h and its variance are the posterior of the
    model effect in the last year used: what (blup) needs to carry it forward."""
    out = []
    for known in KNOWN:
        rows = np.array([m == f"{known.maker} {known.name}" for m in panel.model])
        if not rows.any():
            continue
        last = int(panel.year[rows].max())
        cov = process.mu2 * np.where(rows, process.phi ** np.abs(panel.year - last), 0.0)
        none: Floats = np.zeros((1, process.fit.X.shape[1]))
        found = blup(process.fit, none, cov[None, :], np.array([[process.mu2]]))
        posterior = float(found.covariance[0, 0])
        variance = 1 / (1 / posterior - 1 / process.mu2)
        residual = float(found.mean[0]) * (process.mu2 + variance) / process.mu2
        out.append(
            History(
                known.brand,
                known.nameplate,
                int(panel.year[rows].min()),
                last,
                int(rows.sum()),
                residual,
                float(np.sqrt(variance)),
                known.note,
            )
        )
    return tuple(out)


def csv_text(found: tuple[History, ...]) -> str:
    """`nameplates.csv`."""
    lines = ["brand,nameplate,first_year,last_year,years,residual,sd,kind,source,note"]
    for h in found:
        note = f'"{h.note}"' if "," in h.note else h.note
        lines.append(
            f"{h.brand},{h.nameplate},{h.first_year},{h.last_year},{h.years},"
            f"{h.residual:.4f},{h.sd:.4f},estimate,{SOURCE},{note}"
        )
    return "\n".join(lines) + "\n"


def toml_text(process: Process, panel: Panel, estimate: Estimate) -> str:
    """`nameplates.toml`: the table's sidecar with the parameters of the process."""
    parameters = (
        ("mu2", process.mu2, process.mu2_sd, "utils squared", "variance of a nameplate's effect"),
        (
            "phi",
            process.phi,
            process.phi_sd,
            "ratio",
            "correlation of that effect from year to year",
        ),
        (
            "noise2",
            process.noise2,
            process.noise2_sd,
            "utils squared",
            "variance of one year alone" + ("; at its bound 0" if process.noise2 < AT_ZERO else ""),
        ),
        (
            "version2",
            process.version2,
            process.version2_sd,
            "utils squared",
            "part of mu2 that another version of the nameplate does not share: how much more the effect "
            "moves in a year of a new type code",
        ),
        (
            "brand_tau2",
            process.tau2_brand,
            process.tau2_brand_sd,
            "utils squared",
            "variance of brand effects",
        ),
    )
    note = (
        f"xi at {estimate.origin}, {panel.xi.size} models and years, entry and exit years left out. "
        "A residual is in utils beyond what year, brand, body and size class say, as of last_year, the last "
        "year used; sd is the error in it."
    )
    lines = [
        'title = "Nameplate histories in Japan"',
        'origin = "our own estimate on Japanese product data 2006-2016 (scripts/estimate_nameplates.py)"',
        f'retrieved = "{RETRIEVED}"',
        f'note = "{note}"',
        "",
        "[columns.residual]",
        'unit = "utils"',
        'meaning = "residual utility of the nameplate in last_year"',
        "",
        "[columns.sd]",
        'unit = "utils"',
        'meaning = "standard deviation of the error in the residual"',
    ]
    for name, value, sd, unit, meaning in parameters:
        lines += [
            "",
            f"[parameters.{name}]",
            f"value = {value:.4f}",
            f"sd = {sd:.4f}",
            f'unit = "{unit}"',
            f'note = "{meaning}"',
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Read, estimate, write, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--estimate", type=Path, default=CASE / "estimates" / "second.toml")
    parser.add_argument("--out", type=Path, default=CASE)
    asked = parser.parse_args()
    estimate = read_estimate(asked.estimate)
    panel = recover_xi(asked.data, estimate)
    process = fit_process(panel)
    found = histories(panel, process)
    (asked.out / "nameplates.csv").write_text(csv_text(found), encoding="utf-8")
    (asked.out / "nameplates.toml").write_text(toml_text(process, panel, estimate), encoding="utf-8")
    print(f"sd of xi {panel.sd_all:.3f}; {panel.xi.size} models and years used")
    print("components brand, body, size class, model, noise:", process.fit.components.round(4))
    print(csv_text(found))
    print(toml_text(process, panel, estimate))


if __name__ == "__main__":
    main()
