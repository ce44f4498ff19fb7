"""From a specification to a plan: the file of `kanrin estimate` is the demand of `kanrin plan --estimate`."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

import kanrin
from kanrin.base import CaseError, InputError
from kanrin.demand import ATTRIBUTES, read_estimate
from kanrin.estimation import load_estimate

PRINTED = 1e-6  # plan.json rounds
ROUNDING = 1e-9  # the same numbers through a file
CASE = Path(kanrin.__file__).parent / "cases" / "us_japan"
TRUE_ALPHA, INCOME_SD, NODES = -5.0, 0.6, 9
STANDARD_ERRORS = 4.0
SEARCH = 1e-4  # relative; both end within the slope of a search, here the same one
PLAN = ("--candidates", "toyota_camry_hybrid", "--draws", "4", "--json")

SPEC = """title = "Made-up cars with the sheet of a plan"

[data]
file = "cars.csv"
market = "year"
product = "model"
firm = "maker"
price = "price"
share = "share"

[model]
linear = "1 + litres_per_100km + log_power_to_weight + log(box) + more_than_4_seats + kei"
price_form = "over-income"

[instruments]
columns = ["steel"]

[[instruments.built]]
kind = "differentiation-quadratic"
of = "log_power_to_weight + log(box)"

[agents]
rule = "lognormal-income"
log_income_sd = 0.6
nodes = 9

[save]
market = "Japan, made up"
period = "2001 to 2012"
origin = "nobody"
note = "cars that never were"
price_unit = "million JPY of 2016"
rename = { "log(box)" = "log_size" }
"""

SIMULATION = """[estimate]
spec = "estimate.toml"
file = "saved.toml"
markets = [2003]

[[changes]]
kind = "merger"
owner = "A"
takes_over = "B"
"""


def _rows() -> list[dict[str, object]]:
    """Twelve years of 24 cars; incomes relative to the median, prices in million yen of 2016."""
    rng = np.random.default_rng(8)
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    slope = TRUE_ALPHA / np.exp(INCOME_SD * nodes)
    cars, rows = 24, []
    base = {
        "litres_per_100km": rng.uniform(3, 12, cars),
        "log_power_to_weight": np.log(rng.uniform(0.05, 0.15, cars)),
        "box": rng.uniform(8, 18, cars),
        "more_than_4_seats": (np.arange(cars) % 3 > 0).astype(float),
        "kei": (np.arange(cars) % 4 == 0).astype(float),
    }
    for year in range(2001, 2013):
        sheet = {name: np.round(v + (rng.normal(0, 0.1, cars) if np.ptp(v) > 1.5 else 0), 4)
                 for name, v in base.items()}  # fmt: skip
        steel, xi = np.round(rng.uniform(0, 1, cars), 4), 0.3 * rng.standard_normal(cars)
        price = np.round(
            0.6 + 4 * np.exp(sheet["log_power_to_weight"]) + 0.05 * sheet["box"] + steel + 0.1 * xi, 4
        )
        mean = 9.0 - 0.3 * sheet["litres_per_100km"] + 3 * sheet["log_power_to_weight"] + xi
        mean += 2.0 * np.log(sheet["box"]) + 0.2 * sheet["more_than_4_seats"] + 1.5 * sheet["kei"]
        e = np.exp(mean[:, None] + price[:, None] * slope)
        share = (e / (1 + e.sum(axis=0))) @ (weights / weights.sum())
        for j in range(cars):
            car = {"year": year, "model": f"m{j}", "maker": "ABCDEF"[j % 6], "price": price[j]}
            rows.append({**car, "share": share[j], "steel": steel[j], **{k: v[j] for k, v in sheet.items()}})
    return rows


@pytest.fixture(scope="module")
def once(tmp_path_factory) -> Path:
    """A folder with data, specification and the file `kanrin estimate` saved, made once."""
    from kanrin.app import main

    folder = tmp_path_factory.mktemp("estimate")
    rows = _rows()
    with (folder / "cars.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (folder / "estimate.toml").write_text(SPEC, encoding="utf-8")
    (folder / "merger.toml").write_text(SIMULATION, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["estimate", str(folder / "estimate.toml"), "--out", str(folder / "saved.toml")])
    assert ended.value.code == 0
    return folder


@pytest.fixture
def folder(once: Path, tmp_path: Path) -> Path:
    """A copy to be changed."""
    return Path(shutil.copytree(once, tmp_path / "estimate"))


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_file_holds_the_demand_of_a_plan(once):
    saved, demand = load_estimate(once / "saved.toml"), read_estimate(once / "saved.toml")
    assert abs(demand.alpha - TRUE_ALPHA) < STANDARD_ERRORS * saved.errors[saved.names.index("price/income")]
    assert set(demand.beta_names) == set(ATTRIBUTES) - {"constant"}
    assert demand.parameters["log_size"] == saved["log(box)"]
    assert (demand.log_income_sd, demand.nodes) == (INCOME_SD, NODES)
    assert (saved.note, saved.title, saved.origin) == (
        "cars that never were", "Made-up cars with the sheet of a plan", "nobody",
    )  # fmt: skip
    at = [saved.names.index(n) for n in ("price/income", "log(box)")]
    rows = [demand.order.index(n) for n in ("alpha", "log_size")]
    np.testing.assert_allclose(
        demand.covariance[np.ix_(rows, rows)], saved.covariance[np.ix_(at, at)], rtol=ROUNDING
    )


def test_a_plan_takes_it_and_says_so(run, once):
    path = once / "saved.toml"
    result = run("plan", "us-japan", "--estimate", path, *PLAN)
    assert result.code == 0, result.err
    answer = result.json
    assert answer["estimate"]["title"] == "Made-up cars with the sheet of a plan"
    assert answer["estimate"]["alpha"] == pytest.approx(read_estimate(path).alpha, rel=PRINTED)
    assert f"--estimate {path}" in answer["question"]["command"]
    assert any(str(path) in warning and "set by the user" in warning for warning in answer["warnings"])
    again = kanrin.plan("us-japan", candidates="toyota_camry_hybrid", draws=4, estimate=path)
    assert again.answer["total"] == answer["total"]
    plain = run("plan", "us-japan", *PLAN).json
    assert plain["total"] != answer["total"]
    assert plain["question"]["run_id"] != answer["question"]["run_id"]


def test_python_takes_a_path_or_an_estimate_read_already(once):
    terms = {"candidates": "toyota_camry_hybrid", "draws": 4}
    by_path = kanrin.plan("us-japan", estimate=str(once / "saved.toml"), **terms).answer
    read = kanrin.plan("us-japan", estimate=read_estimate(once / "saved.toml"), **terms).answer
    assert read["total"] == by_path["total"]
    assert read["question"]["run_id"] == by_path["question"]["run_id"]
    for wrong in (3, "", ["a"]):
        with pytest.raises(InputError, match="estimate: expected the path"):
            kanrin.plan("us-japan", estimate=wrong, **terms)
    with pytest.raises(CaseError, match=r"nowhere\.toml:1: no such file"):
        kanrin.plan("us-japan", estimate="nowhere.toml", **terms)


def test_an_estimate_the_case_names_is_found_in_it(run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    result = run("plan", "us-japan", "--estimate", "estimates/first.toml", *PLAN)
    assert result.code == 0, result.err
    assert result.json["estimate"]["title"] == "First demand estimate for Japan, 2006-2016"


def test_the_same_demand_in_either_format_makes_the_same_plan(run, tmp_path):
    """The first format, written again in the second: nothing of the plan changes but its run."""
    old = read_estimate(CASE / "estimates" / "first.toml")
    names, pairs = list(old.order), [f'{n} = "{n}"' for n in old.beta_names]
    matrix = ",\n".join(f"  [{', '.join(map(repr, row))}]" for row in old.covariance.tolist())
    path = tmp_path / "again.toml"
    path.write_text(
        'kind = "estimate"\nformat_version = 2\nmarket = "Japan"\nperiod = "2006-2016"\n'
        f'title = "{old.title}"\norigin = "{old.origin}"\nobservations = {old.observations}\n[price]\n'
        f'form = "{old.price_form}"\ndefinition = "list"\nunit = "million JPY of 2016"\n'
        f'log_income_sd = {old.log_income_sd}\nnodes = {old.nodes}\n[plan]\nalpha = "alpha"\n'
        + "[plan.attributes]\n"
        + "\n".join(pairs) + f"\n[made]\n[estimate]\nnames = {names}\n".replace("'", '"')
        + f"values = {old.values.tolist()}\ncovariance = [\n{matrix}\n]\n", encoding="utf-8",
    )  # fmt: skip
    first, second = (
        run("plan", "us-japan", "--estimate", file, *PLAN).json for file in ("estimates/first.toml", path)
    )
    assert first["total"] == second["total"]
    assert first["decision"] == second["decision"]


def test_a_simulation_takes_it(run, folder):
    anew = run("simulate", folder / "merger.toml", "--json")
    assert anew.code == 0, anew.err
    edit(folder / "merger.toml", 'file = "saved.toml"\n', "")
    fresh = run("simulate", folder / "merger.toml", "--json")
    assert fresh.code == 0, fresh.err
    found, told = (_welfare(result.json) for result in (anew, fresh))
    np.testing.assert_allclose(found, told, rtol=SEARCH)


def _welfare(told: dict) -> list[float]:
    return [row["change"] for row in told["markets"]["2003"]["welfare"]]


def _first_number(path: Path) -> None:
    """The first number of the covariance, which is that of alpha, is made nan."""
    lines = path.read_text(encoding="utf-8").splitlines()
    at = lines.index("covariance = [") + 1
    lines[at] = "  [nan, " + lines[at].partition(", ")[2]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cut(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: len(text) - 200], encoding="utf-8")


BAD_FILES = {
    "an attribute without its parameter": (
        lambda p: edit(p, 'kei = "kei"', 'kei = "key"'),
        ["kei: parameter 'key' is not among those of [estimate]: price/income, 1,", "named for kei"],
    ),
    "an attribute that no car sheet gives": (
        lambda p: edit(p, 'kei = "kei"', 'keis = "kei"'),
        ["unknown attribute 'keis'; did you mean kei?"],
    ),
    "a taste without an attribute": (
        lambda p: edit(p, 'kei = "kei"\n', ""),
        ["[save] rename", "no attribute is named for kei", "left_to_xi"],
    ),
    "a taste read and left": (
        lambda p: edit(p, "left_to_xi = []", 'left_to_xi = ["kei"]'), ["kei is both read and left to xi"]
    ),
    "left out what is not there": (
        lambda p: edit(p, "left_to_xi = []", 'left_to_xi = ["key"]'), ["'key' is neither a parameter"]
    ),
    "another format": (
        lambda p: edit(p, "format_version = 2", "format_version = 3"),
        [":3: format_version 3 is later than 2", "renew Kanrin"],
    ),
    "a format that is no number": (
        lambda p: edit(p, "format_version = 2", 'format_version = "two"'),
        [":3: format_version is 'two'; expected a whole number from 1 to 2"],
    ),
    "cut short": (_cut, ["not valid TOML", "cut short", "kanrin estimate SPEC --out FILE"]),
    "nan in the covariance": (_first_number, ["price/income", "not a number", "[bounds]"]),
    "another money": (
        lambda p: edit(p, "million JPY of 2016", "thousand USD of 2016"),
        ["'thousand USD of 2016'", "the case reads estimates in 'million JPY of 2016'", "[save] price_unit"],
    ),
    "no money": (lambda p: edit(p, "million JPY of 2016", ""), ["unit is missing", "[save] price_unit"]),
    "the price on the road": (
        lambda p: edit(p, 'definition = "list"', 'definition = "consumer"'), ["levies of every car on sale"]
    ),
    "a price linear in utility": (
        lambda p: edit(p, 'form = "alpha * price / income"', 'form = "linear"'),
        ["the price enters as 'linear'", "over-income"],
    ),
    "no spread of income": (
        lambda p: edit(p, f"log_income_sd = {INCOME_SD}\nnodes = {NODES}\n", ""),
        ["log_income_sd is missing", "lognormal-income"],
    ),
    "an unknown key": (lambda p: edit(p, "unit = ", "units = "), ["units: unknown key; did you mean unit"]),
    "no estimate": (lambda p: edit(p, 'kind = "estimate"', 'kind = "guess"'), ["kind is 'guess'"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_a_plan_cannot_take_is_refused_whole(run, folder, name):
    change, fragments = BAD_FILES[name]
    path, out = folder / "saved.toml", folder / "brief"
    change(path)
    result = run("plan", "us-japan", "--estimate", path, "--out", out, *PLAN)
    assert result.code == 2, result.err
    assert result.out == "" and "Traceback" not in result.err
    assert str(path) in result.err
    for fragment in fragments:
        assert fragment in result.err
    assert not out.exists()


def test_a_file_cut_at_any_line_is_refused(folder):
    path = folder / "saved.toml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for count in range(len(lines)):
        path.write_text("".join(lines[:count]), encoding="utf-8")
        for read in (load_estimate, read_estimate):
            with pytest.raises(CaseError):
                read(path)


def test_an_attribute_lacking_must_be_meant(run, folder):
    """Without kei the effect stays in xi: only when the specification says so."""
    edit(folder / "estimate.toml", " + kei", "")
    path = folder / "other.toml"
    assert run("estimate", folder / "estimate.toml", "--out", path).code == 0
    result = run("plan", "us-japan", "--estimate", path, *PLAN)
    assert result.code == 2
    assert "no coefficient of kei; expected litres_per_100km" in result.err
    edit(folder / "estimate.toml", "[save]", '[save]\nleft_to_xi = ["kei"]')
    assert run("estimate", folder / "estimate.toml", "--out", path, "--force").code == 0
    result = run("plan", "us-japan", "--estimate", path, *PLAN)
    assert result.code == 0, result.err


def test_an_estimate_that_a_plan_cannot_read_is_saved_and_said(run, folder):
    edit(folder / "estimate.toml", 'price_unit = "million JPY of 2016"\n', "")
    path = folder / "other.toml"
    result = run("estimate", folder / "estimate.toml", "--out", path)
    assert result.code == 0
    assert "a plan does not" in result.err and "unit is missing" in result.err
    assert load_estimate(path).observations == 288


BAD_WORDS = {
    "unknown parameter": ('"log(box)" =', '"log(bax)" =', "parameter 'log(bax)'; did you mean log(box)?"),
    "unknown attribute": ('"log_size" }', '"log_sise" }', "attribute 'log_sise'; did you mean log_size?"),
    "left out what is not there": ("[save]", '[save]\nleft_to_xi = ["key"]', "parameter or attribute 'key'"),
    "another spread than the buyers'": ("[save]", "[save]\nlog_income_sd = 0.8", "agents were made with 0.6"),
    "other nodes than the buyers'": ("[save]", "[save]\nnodes = 13", "agents were made with 9"),
    "another definition": ("[save]", '[save]\nprice_definition = "road"', "price_definition"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_WORDS)
def test_words_of_a_file_are_checked_before_the_search(run, folder, monkeypatch, name):
    def searched(*_: object) -> None:
        raise AssertionError("the search was begun")

    monkeypatch.setattr("kanrin.app._estimated.estimated", searched)
    old, new, fragment = BAD_WORDS[name]
    edit(folder / "estimate.toml", old, new)
    path = folder / "other.toml"
    result = run("estimate", folder / "estimate.toml", "--out", path)
    assert result.code == 2, result.err
    assert fragment in result.err and "estimate.toml:" in result.err
    assert not path.exists()


def test_results_of_python_make_a_plan(folder):
    from kanrin.app._estimate_spec import EstimateSpec
    from kanrin.app._estimated import problem_of
    from kanrin.app._spec_reader import read_spec
    from kanrin.estimation import estimate

    results = estimate(problem_of(read_spec(folder / "estimate.toml", EstimateSpec, "a specification")))
    terms = {"candidates": "toyota_camry_hybrid", "draws": 4}
    with pytest.raises(InputError, match="does not say in which money"):
        kanrin.plan("us-japan", estimate=results, **terms)
    words = {"price_unit": "million JPY of 2016", "rename": {"log(box)": "log_size"}}
    made = kanrin.plan("us-japan", estimate=results.to_estimate(**words), **terms)
    results.save(folder / "python.toml", note="from Python", **words)
    read = kanrin.plan("us-japan", estimate=folder / "python.toml", **terms)
    assert made.answer["total"] == read.answer["total"]
    assert kanrin.load_estimate(folder / "python.toml").note == "from Python"
    assert not [p for p in folder.iterdir() if p.name.endswith(".half")]


def test_the_page_names_every_key():
    from kanrin.app._estimate_spec import SaveSpec
    from kanrin.demand import _estimate_file as reader

    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "estimate-file.md").read_text(
        "utf-8"
    )
    tables = ("price", "plan", "made", "estimate")
    keys = [k for k in (*reader._TOP, *reader._PRICE, *reader._PLAN) if k not in (*tables, "attributes")]
    for key in (*keys, *SaveSpec.model_fields, *(n for n in ATTRIBUTES)):
        assert f"`{key}`" in page, key
    for table in (*tables, "plan.attributes"):
        assert f"`[{table}]`" in page, table
