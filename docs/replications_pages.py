"""Pages of replications by estimation: `python docs/replications_pages.py` renews those whose data are there.

Needs the reference data beside the project; Nevo and BLP 1995 also PyBLP, which ships their data.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Any

from replication_table import beside, comparison, one_more

FOLDER = Path(__file__).resolve().parent / "replications"
MARK = "<!-- Written by docs/replications_pages.py; a test keeps the two equal. -->"
TABLE = "## Theirs, ours, the difference\n"

NEVO = """# Cereals (Nevo)

$mark

Given answers: PyBLP 1.3.0 (Conlon and Gortmaker; MIT), which ships the data (94 markets, 2,256 products);
equal to the printed digits of its tutorials. The full model, as in Nevo (2000):

```python
from kanrin.estimation import BFGS, OneStep, OwnAgents, build_problem, estimate, read_csv

problem = build_problem(
    read_csv(products), "0 + prices | product_ids", random="1 + prices + sugar + mushy",
    agents=OwnAgents(read_csv(agents), market="market_ids", nodes=[f"nodes{k}" for k in range(4)]),
    demographics="0 + income + income_squared + age + child", instruments=instruments,
    shares="shares", market="market_ids", price="prices",
)
results = estimate(problem, sigma=sigma, pi=pi, weighting=OneStep(), search=BFGS(slope=1e-5))
print(results)
```

`product_ids` is absorbed; zeros among the starts stay zero. The nested logits have no effects, price alone,
one more instrument (the number of products in the market and nest) and rho started at 0.7.

**The plain logit is two-step GMM.** The note that comes with the given answer says 2SLS weights; the number
is what PyBLP's default gives: 2SLS weights first, then one update. So is ours, `estimate(problem)`. With
2SLS weights throughout, `OneStep()`, the price coefficient is $price (standard error $error).

"""

BLP = """# Cars in the United States, 1971-1990 (Berry, Levinsohn and Pakes 1995)

$mark

2,217 cars in 20 years, demand and supply jointly, price through income. Given answers: PyBLP 1.3.0 on the
data that it ships, to two digits, since the published search did not converge.

```python
from kanrin.estimation import LBFGSB, Clustered, OwnAgents, TwoStep, build_problem, estimate

problem = build_problem(
    table, "1 + hpwt + air + mpd + space", random="1 + prices + hpwt + air + mpd + space",
    shares="shares", market="market_ids", price="prices", product="car_ids", firms="firm_ids",
    costs="1 + log(hpwt) + air + log(mpg) + log(space) + trend", cost_bounds=(0.001, None),
    instruments=demand_instruments, supply_instruments=supply_instruments,
    agents=OwnAgents(agents, market="market_ids", nodes=nodes, rest_never_buys=True),
    demographics="0 + I(1 / income)",
)
results = estimate(
    problem, sigma=sigma, pi=pi, errors=Clustered("clustering_ids"),
    weighting=TwoStep(from_start=True), search=LBFGSB(slope=1e-4),
)
```

`rest_never_buys` leaves to non-buyers what the agents' weights lack of one; `cost_bounds` keeps the logarithm
of costs defined during the search; `from_start` updates the weights at the starts too. The search converged
at an objective of $objective with no cost below zero. The over-identifying restrictions are rejected: J on
$degrees degrees of freedom has a p-value below 1e-6. Matching the number is not believing the model.

"""

JAPAN = """# Cars in Japan, 2006-2016

$mark

1,823 models in 11 years, prices in million yen of 2016. Given answers: the tables of a Japanese textbook on
empirical industrial organisation and its programs (keisemi, *empirical_business_economics*; MIT). Errors are
HC1, the first-stage F is homoskedastic.

```python
from kanrin.estimation import blp_instruments, differentiation_instruments, estimate_logit

cars = "hppw + FuelEfficiency + size"
spread = differentiation_instruments(table, cars, market="year", firm="Maker")  # sums: blp_instruments
logit = estimate_logit(
    table, f"1 + price + {cars}", shares="share", market="year", price="price", instruments=spread
)
nested = estimate_logit(
    table, f"1 + price + {cars}", shares="share", market="year", price="price", nest="Type"
)
```

The instruments that the data ship with, sums and squared differences in the market and within the size class,
are regenerated to 1e-8. In table 3.2, `blp` are the sums and `gh` the differentiation instruments; in 4.2
sigma is the coefficient of the log of the share within the size class (`rho` here). FE is fuel efficiency,
hppw horse power per kilogram.

"""

EUROPE = """# Cars in five European countries, 1970-1999

$mark

11,483 models in 150 country-years. Given answers: regressions on the data of Goldberg and Verboven (2001),
Brenkers and Verboven (2006). A market is a country and year, its size a quarter of the population.

```python
from kanrin.estimation import Unadjusted, estimate_linear, estimate_logit

countries = "country2 + country3 + country4 + country5"
hedonic = estimate_linear(
    table, "log(price)", "1 + horsepower + fuel + width + height + weight + C(segment, 'subcompact') + "
    f"{countries} + domestic", errors=Unadjusted(),
)
logit = estimate_logit(
    table, f"1 + price + horsepower + fuel + width + height + domestic + year + {countries}",
    shares="share", market="market",
)
```

The hedonic regression has classical errors, the logit HC1. The logit takes prices as given: it is here to be
compared, not to be believed (its median own-price elasticity is -0.17, far too small for cars).

"""

ENTRY = """# Entry thresholds: MRI scanners in Japanese cities (Bresnahan and Reiss 1991)

$mark

1,459 cities; a seller is a hospital that owns a scanner. Given answers: the tables of a Japanese textbook on
empirical industrial organisation and its programs (keisemi, *empirical_business_economics*; MIT). The
published search stops slightly short of the maximum, hence the tolerances. Thresholds are in people.

```python
from kanrin.estimation import entry_thresholds

found = entry_thresholds(owners, million_people, top=6, unit=1e6)
found.thresholds, found.threshold_errors
```

"""

NEVO_CASES = {
    "logit": "logit, effects absorbed, two-step",
    "nested_one": "nested logit, one nest",
    "nested_mushy": "nested logit, two nests by mushy",
    "full": "full model, one-step",
}


def _fill(head: str, **words: str) -> str:
    return Template(head).substitute(words, mark=MARK)


def _table(
    given: list[Any], answer: Callable[[str], float], case: Callable[[Any], str], quantity: Any
) -> str:
    rows = [(case(g), quantity(g), g.printed, answer(g.name), g.tolerance) for g in given]
    return TABLE + "\n" + comparison(rows) + "\n"


def _nevo() -> str:
    data, given = beside("nevo_data"), beside("published").given("blp_nevo", "nv.")
    plain = data.nevo_results("logit_2sls")
    head = _fill(NEVO, price=one_more(plain["prices"], 1e-5), error=one_more(plain.error("prices"), 1e-5))
    table = _table(given, data.nevo_answer, lambda g: NEVO_CASES[g.name.split(".")[1]], _words)
    return head + table


def _words(given: Any) -> str:
    what = given.name.split(".", 2)[2]
    return "price, standard error" if what == "price.se" else what.replace("_", " ")


def _blp() -> str:
    data, given = beside("nevo_data"), beside("published").given("blp_nevo", "blp95.")
    results = data.blp_results()
    _, degrees, p = results.overidentification()
    assert results.converged and (results.costs > 0).all() and p < 1e-6
    head = _fill(BLP, objective=f"{results.objective:.1f}", degrees=str(degrees))
    cases = {"sigma": "spread of tastes", "pi": "price", "beta": "mean utility", "gamma": "log cost"}

    def case(g: Any) -> str:
        return cases.get(g.quantity.partition("_")[0], "fit")

    return head + _table(given, data.blp_answer, case, lambda g: g.quantity.partition("_")[2] or g.quantity)


def _closed(head: str, folder: str, answer: str) -> str:
    cars, given = beside("closed_form"), beside("published").given(folder)

    def case(g: Any) -> str:
        column = g.name.split(".")[2]
        return f"{g.table} {column}" if g.table in ("3.2", "3.3") else g.table

    return _fill(head) + _table(given, getattr(cars, answer), case, lambda g: g.quantity)


def _entry() -> str:
    data, given = beside("mri_scanners"), beside("published").given("entry_games", "en.br6.")
    return _fill(ENTRY) + _table(given, data.entry_answer, lambda g: g.table, lambda g: g.quantity)


PAGES: dict[str, Callable[[], str]] = {
    "nevo": _nevo,
    "blp-1995": _blp,
    "japan-2006-2016": lambda: _closed(JAPAN, "japan_cars_2006_2016", "japan_answer"),
    "european-cars": lambda: _closed(EUROPE, "european_cars_1970_1999", "europe_answer"),
    "entry-thresholds": _entry,
}


def page(name: str) -> str:
    """The whole page of that name."""
    return PAGES[name]()


if __name__ == "__main__":
    for each in sys.argv[1:] or PAGES:
        (FOLDER / f"{each}.md").write_text(page(each), encoding="utf-8")
