"""Predict every car that came to Japan 2007-2015 in its first full year, and score:
`estimates/backtest.toml`.

    python scripts/backtest_japan.py [DATA] [--out FILE] [--draws N]

DATA is the folder of the Japanese product data 2006-2016 (raw_products.csv, households_cpi.csv). The
forecast is the planner's own, made on the market of the year before; see docs/explanation/backtest.md. Only
scores are written; no row of the data is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from threadpoolctl import threadpool_limits

from kanrin.app._backtested import recomputed
from kanrin.backtesting import results_text
from kanrin.facts import load_case

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "reference" / "japan_cars_2006_2016"
CASE = ROOT / "src" / "kanrin" / "cases" / "us_japan"

MADE = """How good forecasts of cars that came to Japan have been: made by scripts/backtest_japan.py on the
product data 2006-2016 of keisemi/empirical_business_economics (MIT). Scores only; no row of the data.
hits: outcomes inside the central 50, 80 and 90 % intervals. pit: outcomes by tenth of their forecast.
crps, bias, miss: log units. crps_*: of the references on the same cars. ratio: sold over the median
forecast."""


def main() -> None:
    """Read, predict, write, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, default=CASE / "estimates" / "backtest.toml")
    parser.add_argument("--draws", type=int, default=400)
    asked = parser.parse_args()
    with threadpool_limits(limits=1, user_api="blas"):
        result = recomputed(load_case(CASE), asked.data, draws=asked.draws)
    asked.out.write_text(results_text(result, MADE), encoding="utf-8")
    print(result)
    for row in result.to_rows():
        print(row)
    print(f"factor {result.factor:.3f} ({result.factor_low:.3f} to {result.factor_high:.3f})")


if __name__ == "__main__":
    main()
