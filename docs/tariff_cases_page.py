"""The page of the tariff cases, written from the cases: `python docs/tariff_cases_page.py` renews it.

Needs the reference data beside the project.
"""

from __future__ import annotations

from pathlib import Path

from replication_table import beside, comparison, nine_digits

PAGE = Path(__file__).resolve().parent / "replications" / "tariff-cases.md"

HEAD = """# Tariffs and mergers on six beers

<!-- Written by docs/tariff_cases_page.py; a test keeps the two equal. -->

Given answers: R packages `antitrust` 0.99.29 and `trade` 0.8.1 (C. Taragin, M. Sandfort; CC0), data of
Epstein and Rubinfeld (2004). Their solver stops near 1e-8 in prices. Every case is a few lines:

```python
from kanrin.simulation import Sales, Surplus, Tariff, calibrate_ces, markups, simulate

beers = Sales.from_table(table)  # columns product, owner, price, quantity
known = markups(table["product"], table["margin"])  # (p - c)/p
ces = calibrate_ces(beers, targets=known)  # gamma and the outside good fitted
found = simulate(ces.market, Tariff(0.10, ("OTHER-LITE", "OTHER-REG")))
found.products()
found.welfare()
found.compensating_variation(Surplus.PACKAGES)
```

`Surplus.PACKAGES` is the packages' formula of the compensating variation; `Surplus.EXACT`, the default, is
what the demand system implies. They differ for CES, where the packages divide the exponent by one plus
outside over inside expenditure, and for AIDS, where they multiply the change of the index by an expenditure
moved to first order. The alpha of the logit cases and of the merger is an input, as the package's own fit is
not a least-squares fit of the margins.

## Theirs, ours, the difference
"""

FURTHER = """
## Other cases of the same specification

No answer was at hand to compare with; the numbers are ours.

A tariff in force when prices were seen belongs to `Sales(policies=(Tariff(0.10, ...),))`; a later `Tariff`
takes its place. `Conduct` chooses Bertrand, monopolistic competition or a second-score auction; `FITTED` in
place of a number has least squares of the targets find it. `Quota(products, fraction=0.8)` caps each product
at 80 % of what it sold; its shadow price is in `found.quotas()`. Cournot has its own `CournotMarket`.
The treasury's row is the change of its receipts.

"""


def page() -> str:
    """The whole page."""
    tc = beside("tariff_cases")
    ours: dict[str, float] = {}
    for case, (found, how) in tc.cases().items():
        ours |= tc.answers(case, found, how)
    rows = (
        (r["table"], r["quantity"], r["value"], ours[r["id"]], float(r["tolerance"]))
        for r in tc.rows("given.csv")
    )
    table = comparison(rows, ours=nine_digits, theirs=nine_digits)
    further = ["| case | quantity | ours |", "|---|---|---:|"]
    for case, values in tc.further().items():
        further += [f"| {case} | {name} | {value:.8g} |" for name, value in values.items()]
    return HEAD + "\n" + table + "\n" + FURTHER + "\n".join(further) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
