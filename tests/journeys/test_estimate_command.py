"""`kanrin estimate`: a table, an estimate file, JSON; bad input told with file, line and way out."""

from __future__ import annotations

import re
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kanrin.demand import read_estimate
from kanrin.estimation import load_estimate, load_progress
from kanrin.estimation._progress import Reporter

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
ROUNDING = 1e-9  # the same sums in another order
SEARCHED = 1e-5  # two searches to a slope of 1e-6
TRUE_PRICE = -1.6  # of the made-up data
STANDARD_ERRORS = 3.0  # how far an estimate may lie from it


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped examples, to be changed."""
    return Path(shutil.copytree(EXAMPLES, tmp_path / "examples"))


def edit(path: Path, *changes: tuple[str, str]) -> None:
    """Replace texts that must be there."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")


def column(path: Path, name: str, change) -> None:
    """Change a column of a CSV file: `change` gives the cell of a row number and the old cell."""
    lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    k = lines[0].index(name)
    for n, line in enumerate(lines[1:]):
        line[k] = str(change(n, line[k]))
    path.write_text("\n".join(",".join(line) for line in lines) + "\n", encoding="utf-8")


def test_the_estimate_is_near_what_made_the_data(run, folder):
    result = run("estimate", folder / "estimate.toml", "--json")
    assert result.code == 0
    by_name = {p["name"]: p for p in result.json["parameters"]}
    price = by_name["price"]
    assert abs(price["estimate"] - TRUE_PRICE) < STANDARD_ERRORS * price["std_error"]
    assert result.json["converged"]
    assert result.json["over_identification"]["degrees"] == 1
    assert not any(stage["weak"] for stage in result.json["first_stages"])


def test_the_file_holds_what_the_table_says(run, folder):
    out = folder / "saved.toml"
    result = run("estimate", folder / "estimate.toml", "--out", out, "--json")
    assert result.code == 0
    saved = load_estimate(out)
    told = {p["name"]: p for p in result.json["parameters"]}
    assert set(saved.names) == set(told)
    for name, error in zip(saved.names, saved.errors, strict=True):
        np.testing.assert_allclose(saved[name], told[name]["estimate"], rtol=ROUNDING)
        np.testing.assert_allclose(error, told[name]["std_error"], rtol=ROUNDING)
    assert [p.name for p in folder.iterdir() if p.name.endswith(".part")] == []


@pytest.mark.parametrize(
    ("form", "marks"),
    [
        (
            "text",
            ["sigma[size]", "\u22121.5", "Over-identification", "First stage, price", "Weighting: two-step"],
        ),
        ("markdown", ["| price |", "- Observations: 80 in 10 markets"]),
        ("latex", [r"\begin{tabular}", r"\toprule", "sigma[size] &"]),
    ],
)
def test_every_form_of_the_table(run, folder, form, marks):
    result = run("estimate", folder / "estimate.toml", "--table", form)
    assert result.code == 0
    for mark in marks:
        assert mark in result.out


@pytest.mark.parametrize(
    "agents",
    [
        'rule = "sparse-grid"\nlevel = 4',
        'rule = "halton"\nagents = 60\nseed = 2',
        'rule = "sobol"\nagents = 64\nseed = 2',
        'rule = "mlhs"\nagents = 60\nseed = 2\ncommon = true',
        'rule = "monte-carlo"\nagents = 60\nseed = 2',
        'rule = "file"\nfile = "agents.csv"\nweights = "weights"\nnodes = ["v"]',
    ],
)
def test_every_rule_of_agents(run, folder, agents):
    nodes, weights = np.polynomial.hermite_e.hermegauss(5)
    rows = [f"{v:.17g},{w:.17g}" for v, w in zip(nodes, weights / weights.sum(), strict=True)]
    (folder / "agents.csv").write_text("v,weights\n" + "\n".join(rows) + "\n")
    edit(folder / "estimate.toml", ('rule = "gauss-hermite"\nnodes = 9', agents))
    assert run("estimate", folder / "estimate.toml", "--json").code == 0


@pytest.mark.parametrize(
    "changes",
    [
        [('weighting = "two-step"', 'weighting = "one-step"')],
        [('errors = "robust"', 'errors = "unadjusted"')],
        [('errors = "robust"', 'errors = "clustered"\ncluster = "model"')],
        [('weighting = "two-step"', 'weighting = "iterated"\ntries = 2')],
        [('random = "0 + size"        # buyers differ in how they like size', ""),
         ('[agents]\nrule = "gauss-hermite"\nnodes = 9', "")],
        [('"differentiation-quadratic"', '"differentiation-local"')],
        [('"differentiation-quadratic"', '"blp"')],
        [('units = "units"', 'units = "units"\nzeros = "laplace"')],
        [('market_size = "buyers" ', "market_size = 1_000_000 ")],
        [("[estimation]", '[starts]\nsigma = { size = 0.4 }\n\n[estimation]')],
        [("[estimation]", '[bounds]\n"sigma[size]" = [0, inf]\n\n[estimation]')],
        [('linear = "1 + price + size"', 'linear = "price + size | model"')],
    ],
)  # fmt: skip
def test_every_choice_is_heard(run, folder, changes):
    edit(folder / "estimate.toml", *changes)
    result = run("estimate", folder / "estimate.toml", "--json")
    assert result.code == 0, result.err
    assert result.json["converged"]


def test_costs_are_estimated_beside_demand(run, folder):
    edit(
        folder / "estimate.toml",
        ("[instruments]", 'costs = "1 + size + steel"\ncost_form = "linear"\n\n[instruments]'),
        (
            "[agents]",
            '[[supply_instruments.built]]\nkind = "differentiation-quadratic"\nof = "size"\n\n[agents]',
        ),
    )
    result = run("estimate", folder / "estimate.toml", "--json")
    assert result.code == 0, result.err
    assert {"cost: size", "cost: steel"} <= {p["name"] for p in result.json["parameters"]}


BAD = {
    "unknown key": ([("random =", "randon =")], [":14: [model] randon: unknown key; did you mean random"]),
    "unknown table": ([("[agents]", "[agent]")], ["agent: unknown key; did you mean agents?"]),
    "unknown rule": ([("gauss-hermite", "gauss-hermit")], ["agents: rule is", "did you mean gauss-hermite?"]),
    "key of another rule": ([("nodes = 9", "seed = 1")], ["seed: unknown key; known here: rule, nodes"]),
    "unknown column": (
        [('price = "price"', 'price = "prise"')],
        [":8: price: unknown column of cars.csv 'prise'; did you mean price?"],
    ),
    "unknown column of a formula": (
        [("1 + price + size", "1 + price + sizze")],
        [":13: linear: unknown column of cars.csv 'sizze'", "did you mean size?"],
    ),
    "unknown instrument": ([('["steel"]', '["steal"]')], [":17:", "'steal'", "did you mean steel?"]),
    "a formula that does not parse": ([("1 + price + size", "1 + price +")],
        [":13: linear: formula:", "column"],
    ),
    "collinear": ([("1 + price + size", "1 + price + size + I(2 * size)")], ["estimate.toml", "dependent"]),
    "no instruments": (
        [('[instruments]\ncolumns = ["steel"]', ""), ("[[instruments.built]]", ""),
         ('kind = "differentiation-quadratic"\nof = "size"', "")],
        ["there are no demand instruments", "add [instruments]"],
    ),
    "too few instruments": (
        [("[[instruments.built]]", ""), ('kind = "differentiation-quadratic"\nof = "size"', "")],
        ["moments cannot carry", "add instruments"],
    ),
    "no data file": ([('"cars.csv"', '"carz.csv"')], [":4: file:", "carz.csv: no such file", "relative"]),
    "share and units": (
        [('units = "units"', 'units = "units"\nshare = "units"')],
        ["data: expected share, or units and market_size"],
    ),
    "shares above one": (
        [('market_size = "buyers" ', "market_size = 300000 ")],
        ["shares sum to", "outside good", "potential buyers"],
    ),
    "clusters without a column": (
        [('errors = "robust"', 'errors = "clustered"')],
        ["estimation: errors = 'clustered' and cluster"],
    ),
    "a start outside its bounds": (
        [("[estimation]", '[bounds]\n"sigma[size]" = [5, 9]\n\n[estimation]')],
        ["outside its bounds"],
    ),
    "bounds of nothing": (
        [("[estimation]", '[bounds]\n"sigma[sizze]" = [0, 9]\n\n[estimation]')],
        ["unknown parameter 'sigma[sizze]'", "sigma[size]"],
    ),
    "built without firms": ([('firm = "maker"\n', "")], ["name firm in [data]"]),
    "not TOML": ([("[data]", "[data")], ["not valid TOML"]),
    "negative nodes": ([("nodes = 9", "nodes = -9")], ["[agents] nodes: expected a number of at least 1"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_specifications(run, folder, name):
    changes, fragments = BAD[name]
    spec = folder / "estimate.toml"
    edit(spec, *changes)
    result = run("estimate", spec, "--out", folder / "saved.toml")
    assert result.code == 2, result.err
    assert result.out == ""
    assert "Traceback" not in result.err
    assert "estimate.toml" in result.err
    for fragment in fragments:
        assert fragment in result.err
    assert not (folder / "saved.toml").exists()


def test_several_faults_are_told_at_once(run, folder):
    edit(folder / "estimate.toml", ('price = "price"', 'price = "prise"'), ('"maker"', '"maken"'))
    result = run("estimate", folder / "estimate.toml")
    assert result.code == 2
    assert "2 faults in the specification" in result.err


BAD_DATA = {
    "negative units": ("units", lambda n, v: -5 if n == 3 else v, ["below zero", "row 3"]),
    "units above the buyers": (
        "units",
        lambda n, v: 10_000_000 if n == 3 else v,
        ["row 3", "expected below 1"],
    ),
    "missing units": ("units", lambda n, v: "" if n == 4 else v, ["'units'", "missing", "rows 4"]),
    "missing steel": ("steel", lambda n, v: "" if n == 4 else v, ["'steel'", "missing", "rows 4"]),
    "size in words": ("size", lambda n, v: "big" if n == 4 else v, ["'size'", "not numeric", "'big'"]),
    "one size": ("size", lambda n, v: 4, [":19: built: the instruments do not vary"]),
    "steel of nothing": ("steel", lambda n, v: 0, ["zero in every row: steel"]),
    "zero units": ("units", lambda n, v: 0 if n == 3 else v, ["zero in row 3", "2015", "laplace"]),
    "missing price": ("price", lambda n, v: "" if n == 5 else v, ["'price'", "missing", "rows 5"]),
    "price in words": ("price", lambda n, v: "dear" if n == 5 else v, ["'price'", "not numeric", "'dear'"]),
    "one price": ("price", lambda n, v: 2, ["2 in every row"]),
    "uneven buyers": (
        "buyers",
        lambda n, v: 900000 if n == 1 else v,
        ["market_size:", "differs within market"],
    ),
}


@pytest.mark.parametrize("name", BAD_DATA)
def test_bad_data(run, folder, name):
    which, change, fragments = BAD_DATA[name]
    column(folder / "cars.csv", which, change)
    result = run("estimate", folder / "estimate.toml")
    assert result.code == 2, result.err
    assert result.out == ""
    for fragment in fragments:
        assert fragment in result.err


def test_a_file_saved_by_a_spreadsheet_is_read(run, folder):
    data = folder / "cars.csv"
    plain = run("estimate", folder / "estimate.toml", "--json").json
    data.write_bytes(b"\xef\xbb\xbf" + data.read_bytes().replace(b"\n", b"\r\n"))
    assert run("estimate", folder / "estimate.toml", "--json").json == plain


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (b"", "no rows"),
        (b"year,price\n", "no rows"),
        (b"year,maker\n1,\xff\n", "not UTF-8"),
        (b"a,b\n1\n", "cells"),
    ],
)
def test_a_data_file_that_cannot_be_read(run, folder, content, fragment):
    (folder / "cars.csv").write_bytes(content)
    result = run("estimate", folder / "estimate.toml")
    assert result.code == 2, result.err
    assert "estimate.toml:4: file:" in result.err or "estimate.toml:4: cars.csv" in result.err
    assert fragment in result.err


def test_income_divides_the_price(run, folder):
    """alpha * price / income, as the demand of a plan has it: read as such, with the spread of the agents."""
    edit(
        folder / "estimate.toml",
        ('linear = "1 + price + size"', 'linear = "1 + size"\nprice_form = "over-income"'),
        ('random = "0 + size"        # buyers differ in how they like size', ""),
        ('rule = "gauss-hermite"\nnodes = 9', 'rule = "lognormal-income"\nlog_income_sd = 0.3\nnodes = 9'),
        ("[estimation]", '[save]\nprice_unit = "thousand"\nrename = { size = "log_size" }\n\n[estimation]'),
    )  # fmt: skip
    out = folder / "saved.toml"
    result = run("estimate", folder / "estimate.toml", "--out", out, "--json")
    assert result.code == 0, result.err
    told = {p["name"]: p["estimate"] for p in result.json["parameters"]}
    read = read_estimate(out)
    assert read.alpha == pytest.approx(told["price/income"], rel=ROUNDING)
    assert read.parameters["log_size"] == pytest.approx(told["size"], rel=ROUNDING)
    assert (read.log_income_sd, read.nodes, read.price_unit) == (0.3, 9, "thousand")


def test_demographics_of_own_agents(run, folder):
    rng = np.random.default_rng(1)
    rows = [f"{y},{v:.6f},{i:.6f}" for y in range(2015, 2025)
            for v, i in zip(rng.standard_normal(60), rng.standard_normal(60), strict=True)]  # fmt: skip
    (folder / "agents.csv").write_text("year,v,kids\n" + "\n".join(rows) + "\n")
    edit(
        folder / "estimate.toml",
        ("[instruments]", 'demographics = "0 + kids"\n\n[instruments]'),
        (
            'rule = "gauss-hermite"\nnodes = 9',
            'rule = "file"\nfile = "agents.csv"\nmarket = "year"\nnodes = ["v"]',
        ),
        ("[estimation]", "[starts]\nsigma = 0.4\npi = { size = { kids = 0.1 } }\n\n[estimation]"),
    )
    result = run("estimate", folder / "estimate.toml", "--json")
    assert result.code == 0, result.err
    assert "pi[size, kids]" in {p["name"] for p in result.json["parameters"]}


def test_weights_of_agents_that_do_not_sum_to_one(run, folder):
    (folder / "agents.csv").write_text("v,w\n-1,0.5\n1,0.6\n")
    agents = 'rule = "file"\nfile = "agents.csv"\nweights = "w"\nnodes = ["v"]'
    edit(folder / "estimate.toml", ('rule = "gauss-hermite"\nnodes = 9', agents))
    result = run("estimate", folder / "estimate.toml")
    assert result.code == 2
    assert "sum to 1.1" in result.err
    assert "estimate.toml:23" in result.err
    edit(folder / "estimate.toml", ('weights = "w"', 'weights = "ww"'))
    assert "unknown column of agents.csv 'ww'" in run("estimate", folder / "estimate.toml").err


@pytest.mark.parametrize(
    ("spec", "fragment"), [("nowhere.toml", "no such file"), (".", "is a folder"), ("", "'SPEC'")]
)
def test_no_specification(run, folder, monkeypatch, spec, fragment):
    monkeypatch.chdir(folder)
    result = run("estimate", spec)
    assert result.code == 2
    assert fragment in result.err


def test_a_file_is_not_written_over_without_force(run, folder):
    out = folder / "saved.toml"
    out.write_text("kept")
    result = run("estimate", folder / "estimate.toml", "--out", out)
    assert result.code == 2
    assert "exists" in result.err and "--force" in result.err
    assert out.read_text() == "kept"
    assert run("estimate", folder / "estimate.toml", "--out", out, "--force").code == 0
    assert load_estimate(out).observations == 80


@pytest.mark.parametrize(("out", "fragment"), [(".", "is a folder"), ("no/where.toml", "there is no folder")])
def test_a_place_that_cannot_be_written(run, folder, monkeypatch, out, fragment):
    monkeypatch.chdir(folder)
    result = run("estimate", "estimate.toml", "--out", out)
    assert result.code == 2
    assert fragment in result.err


def test_a_search_that_does_not_settle_writes_nothing(run, folder):
    edit(folder / "estimate.toml", ('errors = "robust"', 'errors = "robust"\nslope = 1e-300'))
    out = folder / "saved.toml"
    result = run("estimate", folder / "estimate.toml", "--out", out)
    assert result.code == 1
    assert "price" in result.out
    assert "stopped" in result.err and "[estimation]" in result.err
    assert not out.exists()


def test_an_interrupt_leaves_nothing_half_written(run, folder, monkeypatch):
    def half(results: object, path: Path, **words: object) -> None:
        path.write_text("half")
        raise KeyboardInterrupt

    before = {p.name for p in folder.iterdir()}
    monkeypatch.setattr("kanrin.estimation.EstimationResults.save", half)
    result = run("estimate", folder / "estimate.toml", "--out", folder / "saved.toml")
    assert result.code == 130
    assert result.err.strip() == "interrupted; nothing was written"
    assert {p.name for p in folder.iterdir()} == before


def test_an_interrupt_after_the_file_says_so(run, folder, monkeypatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    out = folder / "saved.toml"
    monkeypatch.setattr("kanrin.app._estimate_command._show", stop)
    result = run("estimate", folder / "estimate.toml", "--out", out)
    assert result.code == 130
    assert result.err.strip() == f"interrupted; written to {out}"
    assert load_estimate(out).observations == 80


def after(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Interrupt a search once it has told of so many evaluations."""
    watch, told = Reporter.watch, [0]

    def counted(self: Reporter, *arguments: Any) -> None:
        watch(self, *arguments)
        told[0] += 1
        if told[0] == count:
            raise KeyboardInterrupt

    monkeypatch.setattr(Reporter, "watch", counted)


@pytest.mark.parametrize("count", [2, 6, 15])
def test_a_search_that_was_interrupted_goes_on(run, folder, monkeypatch, count):
    spec, out = folder / "estimate.toml", folder / "saved.toml"
    edit(spec, ('errors = "robust"', 'errors = "robust"\ntries = 3'))
    whole = run("estimate", spec, "--json").json
    before = {p.name for p in folder.iterdir()}
    with monkeypatch.context() as patch:
        after(patch, count)
        result = run("estimate", spec, "--out", out)
    kept = folder / "saved.toml.unfinished"
    assert result.code == 130
    told = f"interrupted; the search so far is kept in {kept}, --resume goes on with it"
    assert result.err.strip() == told
    assert result.out == ""
    assert {p.name for p in folder.iterdir()} == before | {kept.name}
    again = run("estimate", spec, "--out", out, "--resume", "--json")
    assert again.code == 0, again.err
    for one, other in zip(again.json["parameters"], whole["parameters"], strict=True):
        assert one["estimate"] == pytest.approx(other["estimate"], rel=SEARCHED)
        assert one["std_error"] == pytest.approx(other["std_error"], rel=SEARCHED)
    assert {p.name for p in folder.iterdir()} == before | {out.name}


def test_an_interrupt_without_out_says_how_to_keep_the_search(run, folder, monkeypatch):
    before = {p.name for p in folder.iterdir()}
    after(monkeypatch, 3)
    result = run("estimate", folder / "estimate.toml")
    assert result.code == 130
    assert result.err.strip() == "interrupted; nothing was written; with --out the search so far is kept"
    assert {p.name for p in folder.iterdir()} == before


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_process_that_is_interrupted(process, run, folder, how):
    """A long search in a process of its own."""
    spec, out = folder / "estimate.toml", folder / "saved.toml"
    edit(spec, ('errors = "robust"', 'errors = "robust"\ntries = 100000'))
    running = process("estimate", spec, "--out", out)
    time.sleep(4)  # past the imports, far from the end
    assert running.poll() is None, running.communicate()
    running.send_signal(how)
    told, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert told == "" and err.strip().startswith("interrupted; the search so far is kept")
    assert "\n" not in err.strip()
    assert (folder / "saved.toml.unfinished").exists() and not out.exists()
    assert load_progress(folder / "saved.toml.unfinished").starts == 100000


def test_nothing_to_go_on_with(run, folder, monkeypatch):
    spec, out = folder / "estimate.toml", folder / "saved.toml"
    result = run("estimate", spec, "--resume")
    assert result.code == 2 and "name it with --out" in result.err
    result = run("estimate", spec, "--resume", "--out", out)
    assert result.code == 2 and "no such file" in result.err and "leave --resume out" in result.err
    (folder / "saved.toml.unfinished").write_text("half")
    result = run("estimate", spec, "--resume", "--out", out)
    assert result.code == 2 and "does not hold an unfinished search" in result.err
    with monkeypatch.context() as patch:
        after(patch, 3)
        run("estimate", spec, "--out", out)
    edit(spec, ("1 + price + size", "1 + price"))
    result = run("estimate", spec, "--resume", "--out", out)
    assert result.code == 2 and "of other data, formulas" in result.err and "leave --resume out" in result.err
    assert not out.exists()


def test_progress_is_shown_on_a_terminal(run, folder, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    edit(folder / "estimate.toml", ('errors = "robust"', 'errors = "robust"\ntries = 20'))
    result = run("estimate", folder / "estimate.toml")
    assert result.code == 0
    assert re.search(r"start \d+ of 20, step \d+, \d+ evaluations: objective", result.err)
    assert "largest slope" in result.err and "objective" not in result.out.split("Objective")[0]


def test_advice_names_keys_of_the_specification(run, folder):
    (folder / "agents.csv").write_text("v,w\n-1,0.5\n1,0.6\n")
    agents = 'rule = "file"\nfile = "agents.csv"\nweights = "w"\nnodes = ["v"]'
    edit(folder / "estimate.toml", ('rule = "gauss-hermite"\nnodes = 9', agents))
    result = run("estimate", folder / "estimate.toml")
    assert "rest_never_buys = true in [agents]" in result.err and "rest_never_buys=True" not in result.err


MARKED = {  # what is answered, but with a mark
    "weak instruments": [("steel", lambda n, v: (n * 7919) % 13)],
    "a market of one product": [("year", lambda n, v: 1999 if n == 0 else v)],
}


@pytest.mark.parametrize("name", MARKED)
def test_odd_data_are_marked(run, folder, name):
    for which, change in MARKED[name]:
        column(folder / "cars.csv", which, change)
    result = run("estimate", folder / "estimate.toml", "--json")
    assert result.code == 0, result.err
    assert "NaN" not in result.out
    weak = [stage["variable"] for stage in result.json["first_stages"] if stage["weak"]]
    for variable in weak:
        assert any("weak for" in note and variable in note for note in result.json["notes"])
    assert bool(weak) == (name == "weak instruments")


STOPPED = {
    "a start at which nothing converges": (
        [("[estimation]", "[starts]\nsigma = 1e7\n\n[estimation]")],
        1,
        ["estimate.toml: market 2015: shares not inverted", "scale the columns"],
    ),
    "a price coefficient of zero": (
        [("[estimation]", "[starts]\nalpha = 0\n\n[estimation]"),
         ("[instruments]", 'costs = "1 + size + steel"\n\n[instruments]')],
        2,
        ["starts at 0", "below zero"],
    ),
    "a start in words": ([("[estimation]", '[starts]\nsigma = "wide"\n\n[estimation]')], 2, ["sigma"]),
    "a start that is no number": ([("[estimation]", "[starts]\nsigma = nan\n\n[estimation]")], 2, ["sigma"]),
    "more clusters asked than there are": (
        [('errors = "robust"', 'errors = "clustered"\ncluster = "region"')], 2,
        ["2 clusters cannot weigh", 'weighting = "one-step" in [estimation]'],
    ),
    "spreads of the same column": (
        [('"0 + size"', '"0 + size + I(2 * size)"')], 2,
        ["do not tell sigma[size], sigma[I(2 * size)] apart"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STOPPED)
def test_what_cannot_be_estimated(run, folder, name):
    changes, code, fragments = STOPPED[name]
    data = folder / "cars.csv"
    lines = data.read_text().splitlines()
    data.write_text(
        "\n".join([lines[0] + ",region", *(f"{x},{n % 2}" for n, x in enumerate(lines[1:]))]) + "\n"
    )
    edit(folder / "estimate.toml", *changes)
    result = run("estimate", folder / "estimate.toml", "--out", folder / "saved.toml")
    assert result.code == code, result.err
    assert result.out == "" and "Traceback" not in result.err
    for fragment in fragments:
        assert fragment in result.err
    assert not (folder / "saved.toml").exists()


def with_costs(folder: Path) -> Path:
    """The example with a cost side."""
    edit(
        folder / "estimate.toml",
        ("[instruments]", 'costs = "1 + size + steel"\ncost_form = "linear"\n\n[instruments]'),
        (
            "[agents]",
            '[[supply_instruments.built]]\nkind = "differentiation-quadratic"\nof = "size"\n\n[agents]',
        ),
    )
    return folder / "estimate.toml"


def test_firms_that_count_each_others_profit_have_lower_costs(run, folder):
    """The same prices with softer competition leave less for costs."""
    makers = sorted({line.split(",")[2] for line in (folder / "cars.csv").read_text().splitlines()[1:]})
    apart = run("estimate", with_costs(folder), "--json").json
    spec = folder / "estimate.toml"
    edit(spec, ("[agents]", f"[kappa.{makers[0]}]\n{makers[1]} = 0.5\n\n[agents]"))
    softer = run("estimate", spec, "--json")
    assert softer.code == 0, softer.err
    cost = {p["name"]: p["estimate"] for p in softer.json["parameters"]}["cost: 1"]
    before = {p["name"]: p["estimate"] for p in apart["parameters"]}["cost: 1"]
    assert cost < before
    edit(spec, (f"{makers[1]} = 0.5", "Nobody = 0.5"))
    result = run("estimate", spec)
    assert result.code == 2 and "unknown firm 'Nobody'" in result.err and "estimate.toml:" in result.err
