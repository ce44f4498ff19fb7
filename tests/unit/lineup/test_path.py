"""The path through the rows of a draw: every row once, each begun at rows before it, weights that add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kanrin.lineup import Row, Terms
from kanrin.lineup._choose import all_lineups
from kanrin.lineup._path import path_through


def terms(scale: float, cap: float = np.inf) -> Terms:
    draws, cars = 5, 4
    one, table = np.ones(draws), np.ones((draws, cars))
    cost = scale * np.arange(1.0, cars + 1.0) * table
    return Terms(
        cost=cost, keep=table, market_keep=table, levies=table, levy_rate=table, landed=table, fixed=table,
        annuity=one, spare=table, home_margin=table, cap=cap * table, group_cap=np.ones((draws, 0)),
    )  # fmt: skip


def test_rows_begin_at_rows_before_them_and_weights_add_to_one():
    rows = [Row(s, k) for k in range(3) for s in all_lineups(4)]
    path = path_through(rows, [terms(1.0), terms(1.1), terms(1.3)])
    start = path.nearby.start
    assert sorted(path.order.tolist()) == list(range(len(rows)))
    assert (path.order[path.answer] == np.arange(len(rows))).all()
    for r in range(1, len(rows)):
        mine = slice(start[r], start[r + 1])
        assert (path.nearby.row[mine] < r).all()
        assert path.nearby.weight[mine].sum() == pytest.approx(1.0)


def test_prices_in_which_no_three_cars_act_jointly_are_begun_exactly():
    rng = np.random.default_rng(0)
    alone, pairs = rng.normal(size=4), rng.normal(size=(4, 4))
    rows = [Row(s) for s in all_lineups(4)]
    price = np.array(
        [np.array(r.offered) @ alone + np.array(r.offered) @ pairs @ np.array(r.offered) for r in rows]
    )
    path = path_through(rows, [terms(1.0)])
    start, found = path.nearby.start, price[path.order]
    many = [r for r in range(len(rows)) if start[r + 1] - start[r] == 7]
    assert len(many) == 5  # all but the full one, four that lack a car and six that lack two
    for r in many:
        mine = slice(start[r], start[r + 1])
        assert path.nearby.weight[mine] @ found[path.nearby.row[mine]] == pytest.approx(found[r])


def test_prices_linear_in_costs_are_carried_over_exactly():
    slopes = np.array([0.3, -0.2, 0.5, 0.1])
    scales = [1.0, 1.1, 1.2, 0.9]
    pair = [(True, True, True, True), (True, True, True, False)]
    rows = [Row(s, k) for k in range(4) for s in pair]
    path = path_through(rows, [terms(s) for s in scales])
    price = np.array([(np.array(r.offered) @ slopes) * scales[r.terms] for r in rows])[path.order]
    start = path.nearby.start
    carried = [r for r in range(len(rows)) if start[r + 1] - start[r] >= 2 and r >= 4]
    assert len(carried) == 4
    for r in carried:
        mine = slice(start[r], start[r + 1])
        assert path.nearby.weight[mine] @ price[path.nearby.row[mine]] == pytest.approx(price[r])


def test_rows_of_the_same_line_up_costs_and_caps_are_solved_once():
    same = replace(terms(1.0), fixed=2.0 * np.ones((5, 4)))
    rows = [Row((True,) * 4, k) for k in range(3)]
    path = path_through(rows, [terms(1.0), same, terms(1.0, cap=100.0)])
    assert path.order.tolist() == [0, 2]
    assert path.answer.tolist() == [0, 0, 1]
