"""`kanrin simulate`: estimated and calibrated markets through changes, and bad input."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
ROUNDING = 1e-9  # the same sums in another order
SOLVED = 1e-9  # relative, prices of two solutions of one game


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped examples, to be changed; without draws, which only cost time."""
    made = Path(shutil.copytree(EXAMPLES, tmp_path / "examples"))
    edit(made / "tariff.toml", ("draws = 50", "draws = 0"))
    return made


def edit(path: Path, *changes: tuple[str, str]) -> None:
    """Replace texts that must be there."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def changed(folder: Path, change: str, spec: str = "merger.toml") -> Path:
    """The example with another list of changes."""
    path = folder / spec
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("[[changes]]")] + change, encoding="utf-8")
    return path


def only(result, market: str | None = None) -> dict:
    """The one market of a JSON answer."""
    assert result.code == 0, result.err
    markets = result.json["markets"]
    return markets[market] if market else next(iter(markets.values()))


def by(rows: list[dict], key: str) -> dict[str, dict]:
    """Rows by name."""
    return {row[key]: row for row in rows}


def test_a_merger_raises_the_prices_of_those_who_merge(run, folder):
    edit(folder / "merger.toml", ("cost_saving = 0.02", "cost_saving = 0.0"))
    result = run("simulate", folder / "merger.toml", "--json")
    found = only(result)
    assert result.json["calibration"]["fitted"] == ["alpha", "rho"]
    for row in found["products"]:
        assert row["price after"] > row["price before"]
    welfare = by(found["welfare"], "who")
    assert welfare["buyers"]["change"] < 0
    parts = [row["change"] for name, row in welfare.items() if name != "total"]
    np.testing.assert_allclose(sum(parts), welfare["total"]["change"], rtol=ROUNDING)
    certificate = found["certificate"]
    assert certificate["second_order_ok"]
    assert certificate["starts"] == certificate["starts_agreeing"]
    assert by(found["concentration"], "of")["quantity"]["change"] > 0
    assert {row["product"] for row in found["screens"]} == {"Ada", "Bo", "Cleo", "Dot", "Eos"}


@pytest.mark.parametrize("form", ["text", "markdown", "latex"])
def test_every_form_of_the_tables(run, folder, form):
    result = run("simulate", folder / "merger.toml", "--table", form)
    assert result.code == 0
    for mark in ("Ada", "owner South", "revenue"):
        assert mark in result.out
    if form == "text":
        for mark in ("Who gains", "Concentration", "How sure the prices after are", "Targets"):
            assert mark in result.out


def test_who_remits_does_not_matter_for_prices(run, folder):
    spec = folder / "tariff.toml"
    maker = only(run("simulate", spec, "--json"))
    edit(spec, ('remitted_by = "maker"', 'remitted_by = "buyer"'))
    buyer = only(run("simulate", spec, "--json"))
    for one, two in zip(maker["products"], buyer["products"], strict=True):
        np.testing.assert_allclose(one["price after"], two["price after"], rtol=SOLVED)


def test_a_saved_estimate_gives_what_a_fresh_one_does(run, folder):
    spec = folder / "tariff.toml"
    fresh = only(run("simulate", spec, "--json"), "2024")
    assert run("estimate", folder / "estimate.toml", "--out", folder / "saved.toml").code == 0
    edit(spec, ('spec = "estimate.toml"', 'spec = "estimate.toml"\nfile = "saved.toml"'))
    saved = only(run("simulate", spec, "--json"), "2024")
    for one, two in zip(fresh["products"], saved["products"], strict=True):
        for name in ("price before", "price after", "quantity after"):
            np.testing.assert_allclose(one[name], two[name], rtol=SOLVED)


def test_an_estimate_of_another_specification_is_refused(run, folder):
    assert run("estimate", folder / "estimate.toml", "--out", folder / "saved.toml").code == 0
    edit(folder / "estimate.toml", ("1 + price + size", "1 + price + size + I(size ** 2)"))
    edit(folder / "tariff.toml", ('spec = "estimate.toml"', 'spec = "estimate.toml"\nfile = "saved.toml"'))
    result = run("simulate", folder / "tariff.toml")
    assert result.code == 2
    assert (
        "tariff.toml:5: file: saved.toml was not made by estimate.toml: it lacks I(size ** 2)" in result.err
    )


def test_an_estimate_gives_intervals(run, folder):
    edit(folder / "tariff.toml", ("draws = 0", "draws = 8"))
    result = run("simulate", folder / "tariff.toml", "--json")
    outcomes = by(result.json["draws"]["outcomes"], "outcome")
    buyers = by(only(result, "2024")["welfare"], "who")["buyers"]["change"]
    assert outcomes["buyers"]["low"] < outcomes["buyers"]["high"] < 0
    assert outcomes["buyers"]["low"] < buyers < outcomes["buyers"]["high"]
    assert outcomes["buyers"]["estimate"] == pytest.approx(buyers, rel=SOLVED)
    products = by(only(result, "2024")["products"], "product")
    for row in result.json["draws"]["products"]:
        for head in ("price %", "quantity %"):
            assert row[head] == pytest.approx(products[row["product"]][head], abs=1e-6)
            assert row[f"{head} low"] <= row[f"{head} median"] <= row[f"{head} high"]
            assert row[f"{head} low"] < row[f"{head} high"]
    assert len(result.json["draws"]["products"]) == len(products) == 8
    assert "over draws of the estimate" in run("simulate", folder / "tariff.toml").out


CHANGES = {
    "divestiture": 'kind = "divestiture"\nproducts = ["Bo"]\nto = "New"',
    "stake": 'kind = "stake"\nholder = "North"\nheld = "East"\nweight = 0.3',
    "cost": 'kind = "cost"\nowners = ["West"]\nfactor = 1.05\namount = 0.1',
    "tax": 'kind = "tax"\nrate = 0.05',
    "specific tax": 'kind = "specific-tax"\namount = 0.5\nproducts = ["Ada"]\nremitted_by = "buyer"',
    "tariff on a fixed value": 'kind = "tariff"\nrate = 0.1\nbase = { kind = "fixed-value", amount = 12 }',
    "tariff on a value tied to the price": (
        'kind = "tariff"\nrate = 0.1\nbase = { kind = "deductive-value", usual_margin = 0.1 }'
    ),
    "quota": 'kind = "quota"\nowners = ["North"]\nfraction = 0.9\neach = false\nrent = "treasury"',
    "entry": 'kind = "entry"\nproduct = "Ivy"\nowner = "East"\ncost = 15\nlike = "Ada"',
    "exit": 'kind = "exit"\nproducts = ["Gil"]',
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change(run, folder, name):
    found = only(run("simulate", changed(folder, f"[[changes]]\n{CHANGES[name]}\n"), "--json"))
    assert found["certificate"]["residual"] < SOLVED
    moved = [row["price %"] for row in found["products"] if row["price %"] is not None]
    assert any(abs(m) > 1e-3 for m in moved)
    if name == "quota":
        (cap,) = found["quotas"]
        assert cap["shadow price"] > 0
        np.testing.assert_allclose(cap["sold"], cap["cap"], rtol=SOLVED)


def test_changes_come_one_after_the_other(run, folder):
    exit_then_merger = (
        '[[changes]]\nkind = "exit"\nproducts = ["Gil"]\n\n[[changes]]\nkind = "merger"\n'
        'owner = "North"\ntakes_over = "South"\n\n'
        '[[changes]]\nkind = "cost"\nowners = ["North"]\namount = 1\n'
    )
    found = only(run("simulate", changed(folder, exit_then_merger), "--json"))
    assert by(found["products"], "product")["Gil"]["price after"] is None
    assert by(found["products"], "product")["Dot"]["owner"] == "North"


def test_fixed_prices_stay(run, folder):
    edit(folder / "merger.toml", ("[calibration]", 'fixed_prices = ["Hana"]\n\n[calibration]'))
    found = only(run("simulate", folder / "merger.toml", "--json"))
    assert by(found["products"], "product")["Hana"]["price %"] == 0.0


FAMILIES = {
    "logit": 'family = "logit"\noutside_share = 0.3',
    "ces": 'family = "ces"\noutside_over_inside = 0.5',
    "aids": 'family = "aids"\nmarket_elasticity = -1.1',
    "linear": 'family = "linear"',
    "random-coefficients": 'family = "random-coefficients"\noutside_share = 0.55\nlog_income_sd = 0.4',
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family(run, folder, family):
    edit(
        folder / "merger.toml",
        ('family = "nested-logit"', FAMILIES[family]),
        ('nest = "segment"\noutside_share = 0.55\n', ""),
        ("cost_saving = 0.02", "cost_saving = 0.0"),
    )
    found = only(run("simulate", folder / "merger.toml", "--json"))
    products = by(found["products"], "product")
    assert products["Ada"]["price %"] > 0 and products["Dot"]["price %"] > 0


def test_a_policy_in_force_stays_in_force(run, folder):
    in_force = '[[policies]]\nkind = "tax"\nrate = 0.1\n\n'
    spec = changed(folder, f'{in_force}[[changes]]\nkind = "tax"\nrate = 0.0\n')
    found = only(run("simulate", spec, "--json"))
    assert by(found["welfare"], "who")["treasury"]["change"] < 0
    assert all(row["price %"] < 0 for row in found["products"])


def test_several_markets_and_one_that_fails_is_marked(run, folder):
    edit(folder / "tariff.toml", ("markets = [2024]", "markets = [2023, 2024]"))
    assert run("simulate", folder / "tariff.toml").out.count("solved") == 2
    data = (folder / "cars.csv").read_text()
    (folder / "cars.csv").write_text(data.replace("2023,Hana,East", "2023,Hanna,East"))
    edit(folder / "tariff.toml", ('owners = ["North", "East"]', 'products = ["Hana"]'))
    result = run("simulate", folder / "tariff.toml")
    assert result.code == 1
    assert "unknown product 'Hana'" in result.out
    assert "1 of 2 markets could not be simulated: 2023" in result.err
    answer = run("simulate", folder / "tariff.toml", "--json").json
    assert set(answer["markets"]) == {"2024"}
    assert "did you mean Hanna" in answer["failed"]["2023"]


BAD = {
    "unknown kind": (
        "merger.toml",
        [('kind = "merger"', 'kind = "mergr"')],
        ["kind is 'mergr'", "mean merger?"],
    ),
    "unknown key": (
        "merger.toml",
        [("takes_over", "takes_ovr")],
        ["takes_ovr: unknown key; did you mean takes_over?"],
    ),
    "unknown owner": (
        "merger.toml",
        [('owner = "North"', 'owner = "Nort"')],
        ["merger.toml:20: changes: unknown owner 'Nort'"],
    ),
    "unknown product": (
        "merger.toml",
        [('to = "Bo"', 'to = "Boo"')],
        ["targets: unknown product 'Boo'", "mean Bo?"],
    ),
    "unknown column": (
        "merger.toml",
        [('quantity = "units"', 'quantity = "unit"')],
        [":9: quantity: unknown column of makes.csv 'unit'; did you mean units?"],
    ),
    "unknown market": ("tariff.toml", [("2024", "2042")], [":5: markets: unknown market '2042'"]),
    "no file": ("merger.toml", [('"makes.csv"', '"make.csv"')], [":5: file:", "no such file"]),
    "no estimate": ("tariff.toml", [('"estimate.toml"', '"estimat.toml"')], [":4: spec:", "no such file"]),
    "a fault in the estimate": (
        "estimate.toml",
        [('price = "price"', 'price = "prise"')],
        ["estimate.toml:8: price: unknown column"],
    ),
    "a saved file that is none": (
        "tariff.toml",
        [('spec = "estimate.toml"', 'spec = "estimate.toml"\nfile = "cars.csv"')],
        ["cars.csv:1: not valid TOML"],
    ),
    "both sources": (
        "tariff.toml",
        [
            (
                "[estimate]",
                '[calibration]\nfamily = "linear"\nfile = "makes.csv"\nquantity = "units"\n\n[estimate]',
            )
        ],
        ["[estimate] or [calibration]"],
    ),
    "no changes": (
        "tariff.toml",
        [("[[changes]]", "[calibrate]")],
        ["changes: is missing", "did you mean calibration"],
    ),
    "shares above one": (
        "merger.toml",
        [('quantity = "units"', 'share = "units"'), ("outside_share = 0.55\n", "")],
        ["shares sum to", "expected at most one"],
    ),
    "nothing to identify": (
        "merger.toml",
        [('markup = "markup"', ""), ('leaving = "Ada"', 'leaving = "Gil"')],
        ["at least 2 to identify alpha, rho, targets given: 1", "give it as a number"],
    ),
    "a parameter of another family": (
        "merger.toml",
        [("outside_share = 0.55", "outside_share = 0.55\ngamma = 3")],
        ["gamma is no parameter of nested-logit"],
    ),
    "markup in per cent": ("makes.csv", [("0.23", "23")], ["markup of Ada is 23", "as a fraction"]),
    "price below zero": ("makes.csv", [("18.5", "-18.5")], ["price", "Ada"]),
    "rate in per cent": ("tariff.toml", [("rate = 0.10", "rate = 10")], ["give rates as fractions"]),
    "merger with itself": (
        "merger.toml",
        [('takes_over = "South"', 'takes_over = "North"')],
        ["merge with itself"],
    ),
    "entry into nests without one": (
        "merger.toml",
        [
            (
                'kind = "merger"\nowner = "North"\ntakes_over = "South"\ncost_saving = 0.02',
                'kind = "entry"\nproduct = "Ivy"\nowner = "East"\ncost = 15\nmean_value = 1',
            )
        ],
        ["Ivy: demand has nests", "as like"],
    ),
    "products and owners": (
        "tariff.toml",
        [('owners = ["North", "East"]', 'owners = ["North"]\nproducts = ["Ada"]')],
        ["name products or owners"],
    ),
    "a quota of nothing": (
        "merger.toml",
        [('kind = "merger"\nowner = "North"\ntakes_over = "South"\ncost_saving = 0.02', 'kind = "quota"')],
        ["expected fraction (of quantities before) or quantity"],
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(run, folder, name):
    file, changes, fragments = BAD[name]
    edit(folder / file, *changes)
    spec = folder / ("tariff.toml" if file in ("tariff.toml", "estimate.toml") else "merger.toml")
    result = run("simulate", spec)
    assert result.code == 2, result.err
    assert result.out == ""
    assert "Traceback" not in result.err
    for fragment in fragments:
        assert fragment in result.err
