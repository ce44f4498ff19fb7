"""`kanrin backtest` through the front door."""

from __future__ import annotations

import csv

import pytest

import kanrin
from kanrin.base import InputError

CASE = "us-japan"
PRODUCTS, HOUSEHOLDS = "raw_products.csv", "households_cpi.csv"
HEAD = (
    "Maker,Type,Name,Year,Sales,price,MinRideHeight,weight,capacity,NumofDoor,FuelType,HorsePower,"
    "FuelEfficiency,overall_length,overall_width,overall_height"
)
CAR = "A,Regular,one,{year},1000,200,NA,1200,5,5,x,100,20,4000,1700,1500"


def folder(tmp_path, products, households="year,households,cpi_2015_100\n2015,5e7,100\n2016,5e7,100\n"):
    (tmp_path / PRODUCTS).write_text(products, encoding="utf-8")
    (tmp_path / HOUSEHOLDS).write_text(households, encoding="utf-8")
    return tmp_path


def test_told_in_words_a_table_and_bars(run):
    result = run("backtest", CASE, "--draws", "20")
    assert result.code == 0
    assert "inside the 80 %" in result.out
    assert "built in US" in result.out
    assert "highest tenth of its forecast" in result.out
    assert "Farthest from their forecast" in result.out


def test_written_and_printed_alike(run, tmp_path):
    out = tmp_path / "told"
    page = run("backtest", CASE, "--draws", "20", "--out", out, "--json").json
    assert {p.name for p in out.iterdir()} == {"backtest.json", "backtest.csv", "calibration.svg"}
    with (out / "backtest.csv").open(encoding="utf-8") as handle:
        assert len(list(csv.DictReader(handle))) == len(page["table"])
    assert "aria-label" in (out / "calibration.svg").read_text(encoding="utf-8")
    again = run("backtest", CASE, "--draws", "20", "--out", out)
    assert (again.code, "not empty" in again.err) == (2, True)


def test_the_factor_of_the_case_is_that_of_its_results():
    case = kanrin.load_case(CASE)
    result = kanrin.backtest(case, draws=20)
    book = kanrin.book(case)
    assert book.number("backtest.xi_scale") == pytest.approx(result.factor, abs=5e-4)
    assert result.used_by_plan == book.number("backtest.xi_scale")
    assert str(book.figure("backtest.xi_scale").kind) == "estimate"
    scaled = result.score("entries", kanrin.backtesting.AT_PRICE + ", scaled", "after a factor was known")
    assert 0.75 <= scaled.at(0.8).share <= 0.85


def test_a_wider_factor_holds_more(run):
    held = [
        kanrin.backtest(CASE, draws=20, overrides={"backtest.xi_scale": k})
        .score("market", "left out, scaled", "all").at(0.8).hits
        for k in (0.5, 1.0, 2.0)
    ]  # fmt: skip
    assert held[0] < held[1] < held[2]


@pytest.mark.parametrize(
    ("products", "said"),
    [
        (None, "no such folder"),
        ("", "no column"),
        ("Maker,Name\nA,one\n", "no column Year"),
        (HEAD + "\n", "the table is empty"),
        (HEAD + "\n" + CAR.format(year=2016).replace("1200", "heavy") + "\n", "raw_products.csv:2: weight"),
        (HEAD + "\n" + CAR.format(year=2014) + "\n", "no row for 2014"),
        (HEAD + "\n" + CAR.format(year=2016) + "\n", "no car entered"),
        (HEAD + "\n" + (CAR.format(year=2016) + "\n") * 2, "stands twice"),
    ],
)
def test_bad_data_is_told(run, tmp_path, products, said):
    data = tmp_path / "missing" if products is None else folder(tmp_path, products)
    result = run("backtest", CASE, "--data", data)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err


def test_bad_calls_are_told(run):
    assert run("backtest", CASE, "--data", " ").code == 2
    assert run("backtest", "no-case").code == 2
    with pytest.raises(InputError, match="draws"):
        kanrin.backtest(CASE, draws=1)


def test_a_case_without_results_says_so(run, copied):
    head = copied / "case.toml"
    text = head.read_text(encoding="utf-8")
    head.write_text("\n".join(x for x in text.split("\n") if not x.startswith("backtest")), encoding="utf-8")
    result = run("backtest", copied)
    assert (result.code, "no backtest named" in result.err) == (2, True)
    head.write_text(text, encoding="utf-8")
    (copied / "estimates" / "backtest.toml").write_text("factor = 'x'\n", encoding="utf-8")
    result = run("backtest", copied)
    assert (result.code, "not the results of a backtest" in result.err) == (2, True)
