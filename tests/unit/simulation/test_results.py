"""Merger screens, concentration and the tables of a simulation."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.base import InputError, SolveError
from kanrin.simulation import (
    Entry,
    Logit,
    Markup,
    Merger,
    Sales,
    Surplus,
    Table,
    calibrate_logit,
    cost_table,
    diversion_ratios,
    diversion_table,
    elasticity_table,
    hhi,
    long_run_diversion_table,
    matrix_table,
    over_draws,
    pass_through_table,
    recover_market,
    screen_merger,
    screen_table,
    second_choice_table,
    simulate,
    simulate_many,
    solve,
)
from made_markets import KINDS, PRODUCTS, market


def test_hhi_by_hand():
    assert hhi(np.array([1.0, 2.0, 1.0]), ("X", "Y", "X")) == pytest.approx(5000.0)
    assert hhi(np.array([1.0]), ("X",)) == pytest.approx(10_000.0)


@pytest.mark.parametrize("kind", KINDS)
def test_compensating_cost_reductions_leave_merging_prices_as_they_were(kind):
    here = market(kind)
    screen = screen_merger(solve(here), Merger("X", "Y"))
    assert screen.products == ("a", "b", "c")
    cost = here.cost.copy()
    cost[:3] *= 1.0 - screen.compensating_cost_reduction
    found = simulate(here.with_(cost=cost, owners=("X", "X", "X", "Z", "Z")), [], evidence=False)
    np.testing.assert_allclose(found.after.consumer_price, here.consumer_price, rtol=1e-9)


def test_upward_pricing_pressure_by_hand():
    here = market("logit")
    before = solve(here)
    screen = screen_merger(before, Merger("X", "Y", cost_saving=0.02))
    rows = diversion_ratios(here.demand, before.consumer_price).inside
    expected = rows[0, 2] * before.margin[2]
    assert screen.upp[0] == pytest.approx(expected - 0.02 * here.cost[0])
    assert screen.guppi[0] == pytest.approx(expected / before.price[0])
    both = rows[2, 0] * before.margin[0] + rows[2, 1] * before.margin[1]
    assert screen.upp[2] == pytest.approx(both - 0.02 * here.cost[2])


def test_merger_within_one_market_raises_its_concentration():
    table = simulate(market("logit"), Merger("X", "Y"), evidence=False).concentration()
    assert table["change"]["quantity"] > 0.0 and table["before"]["revenue"] < 10_000.0


def test_tables_tell_the_same_everywhere():
    pandas = pytest.importorskip("pandas")
    found = simulate(market("logit"), [Merger("X", "Y"), Entry("n", "N", 1.0, 0.5)])
    table = found.products()
    frame = table.to_frame()
    assert list(frame.index) == [*PRODUCTS, "n"] and frame.index.name == "product"
    assert pandas.isna(frame.loc["n", "price before"])
    assert frame.loc["a", "price after"] == pytest.approx(found.after.consumer_price[0])
    for text in (str(table), table.to_markdown(), table.to_latex(), table._repr_html_()):
        assert "nan" not in text.lower().replace("nan ", "") and "n" in text
    assert r"\begin{tabular}" in table.to_latex() and r"\%" in table.to_latex()
    assert found._repr_html_().count("<table>") == 3
    assert table.to_markdown().splitlines()[1].startswith("| --- | ---:")


def test_html_is_escaped():
    table = Table("", "x<", ("a&b",), {"<script>": (1.0,)})
    assert "<script>" not in table._repr_html_() and "a&amp;b" in table._repr_html_()


def test_matrix_table():
    table = matrix_table("Elasticities", "quantity of", ("a", "b"), np.array([[-2.0, 0.5], [0.3, -3.0]]))
    assert table["a"] == {"a": -2.0, "b": 0.3}


@pytest.mark.parametrize("kind", ["logit", "aids", "rc_mu"])
def test_labelled_results(kind):
    found = solve(market(kind))
    elastic = elasticity_table(found)
    assert elastic["a"]["a"] < 0.0 and "all prices together" in elastic.notes[0]
    for table in (diversion_table(found), second_choice_table(found)):
        rows = [sum(column[i] or 0.0 for column in table.columns.values()) for i in range(5)]
        np.testing.assert_allclose(rows, 1.0, atol=1e-12)
        assert table["a"]["a"] is None
    costs = cost_table(found)
    assert costs["margin"]["b"] == pytest.approx(costs["price"]["b"] - costs["cost"]["b"])
    assert pass_through_table(found)["a"]["a"] > 0.0
    assert "UPP" in str(screen_table(screen_merger(found, Merger("X", "Y"))))


def test_outcomes_over_draws_keep_their_failures():
    rng, here = np.random.default_rng(3), market("logit")
    draws = [
        recover_market(
            Logit(alpha, np.log(0.1) - alpha * here.consumer_price),
            here.consumer_price,
            PRODUCTS,
            here.owners,
        )
        for alpha in -2.5 + 0.2 * rng.normal(size=40)
    ]
    lonely = here.with_(demand=Logit(-2.0, np.zeros(5), has_outside=False), owners=("X",) * 5)

    def outcome(drawn):
        return {"cv": simulate(drawn, Merger("X", "Z"), evidence=False).compensating_variation()}

    spread = over_draws([*draws, lonely], outcome)
    assert [d for d, _ in spread.failed] == [40]
    table = spread.table()
    assert 0.0 < table["low"]["cv"] < table["median"]["cv"] < table["high"]["cv"]
    assert "40 draws" in table.notes[0] and "1 not solved" in table.notes[0]
    with pytest.raises(SolveError, match="every draw failed"):
        over_draws([lonely], outcome)
    with pytest.raises(InputError, match="no draws"):
        over_draws([], outcome)


def sold(library: str, columns: dict):
    """Columns as a frame of a library."""
    module = pytest.importorskip(library)
    return module.table(columns) if library == "pyarrow" else module.DataFrame(columns)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_tables_are_frames_of_the_kind_that_came_in(library):
    frame = sold(
        library,
        {"product": ["a", "b"], "owner": ["X", "Y"], "price": [1.0, 1.2], "quantity": [3.0, 2.0]},
    )
    made = calibrate_logit(Sales.from_table(frame), outside_share=0.4, targets=[Markup("a", 0.3)])
    found = simulate(made.market, Merger("X", "Y"))
    before = solve(made.market)
    tables = [
        made.parameter_table(), made.target_table(), found.products(), found.owners(), found.welfare(),
        found.concentration(), cost_table(before), elasticity_table(before), diversion_table(before),
        second_choice_table(before), long_run_diversion_table(before), pass_through_table(before),
        screen_table(screen_merger(before, Merger("X", "Y"))), simulate_many([made.market], []).table(),
    ]  # fmt: skip
    for table in tables:
        assert type(table.to_frame()).__module__.split(".")[0] == library
    if library != "pandas":
        rows = (
            found.products().to_frame().to_pydict() if library == "pyarrow" else found.products().to_frame()
        )
        assert list(rows["product"]) == ["a", "b"]
        assert list(rows["price before"]) == pytest.approx([1.0, 1.2])


def test_long_run_diversion_has_a_table_whose_rows_sum_to_one():
    found = solve(market("logit"))
    table = long_run_diversion_table(found)
    rows = [sum(column[i] or 0.0 for column in table.columns.values()) for i in range(5)]
    np.testing.assert_allclose(rows, 1.0, atol=1e-12)
    assert table["b"]["a"] != pytest.approx(second_choice_table(found)["b"]["a"], rel=1e-3)


def test_a_batch_shows_what_its_solutions_can_show_for_themselves():
    many = simulate_many([market("ces", name="one"), market("ces", 1, name="two")], Merger("X", "Y"))
    assert "owners at a maximum" not in many.table().columns
    seen = simulate_many({"one": market("ces")}, Merger("X", "Y"), evidence=True)
    assert seen.table()["owners at a maximum"]["one"] == "yes"
    assert seen.table()["other starts agreeing"]["one"] == "6 of 6"
    assert str(seen) == str(seen.table())
    other = seen.table(Surplus.PACKAGES)["compensating variation"]["one"]
    assert other == pytest.approx(seen.done["one"].compensating_variation(Surplus.PACKAGES))
    assert other != pytest.approx(seen.table()["compensating variation"]["one"], rel=1e-3)


def test_negative_numbers_have_a_minus_in_latex():
    table = Table("", "x", ("a-1",), {"b": (-2.5,)})
    assert r"a-1 & $-$2.5 \\" in table.to_latex()


def test_decimals_stand_under_each_other_and_nothing_small_is_lost():
    columns = {
        "percent": (49.36412, 0.4278123, -7.5, 0.0, None),
        "given": (0.23, 0.9, 0.17, 0.5, 0.11),
        "money": (276391.2, -5061.43, 17558.0, 33.0, 0.4),
        "mixed": (30_000_000.0, -1.4, 0.0, 2.0, float("nan")),
        "tiny": (2.5e-9, 1.0, 12.0, 3.0, 4.0),
    }
    table = Table("", "x", tuple("abcde"), columns)
    rows = [line.split()[1:] for line in str(table).splitlines()[1:]]
    assert [list(cells) for cells in zip(*rows, strict=True)] == [
        ["49.364", "0.428", "-7.500", "0", "–"],
        ["0.23", "0.90", "0.17", "0.50", "0.11"],
        ["276,391", "-5,061", "17,558", "33", "0.4"],
        ["3.0000e+07", "-1.4", "0", "2", "–"],
        ["2.5000e-09", "1", "12", "3", "4"],
    ]
