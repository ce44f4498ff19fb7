"""Line-ups by another road: every subset, every draw, solved one at a time, valued by definition (delta-pi).

Tolerances: prices of the batch stop at 1e-11 of the largest price, and profits are differences of sums over
the whole market, so that a gain of a few million yen a year is compared to 1e-6 of the maker's profit change.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from kanrin.certify import assess, cap, choose, fixed_cost, lead_time, unit_cost
from kanrin.demand import invert_shares
from kanrin.equilibrium import PriceGame, recover_costs, solve_prices
from kanrin.lineup import Row, make_plan, value_rows
from kanrin.lineup._choose import all_lineups, rank_lineups
from kanrin.lineup._draws import draw_inputs
from kanrin.lineup._terms import money_terms
from kanrin.lineup._value import mean_worth
from made_plans import THREE, shipped

UNITS = 1e-4  # cars a year
MONEY = 1e-3  # million JPY a year


@pytest.fixture(scope="module")
def plan():
    return make_plan(shipped(), candidates=THREE, draws=6, seed=11, sensitivity=False)


def first_draws(plan):
    lead = float(np.mean([lead_time(plan.book.number, e.choice.option) for e in plan.entries.entries]))
    return draw_inputs(
        plan.book,
        plan.market.estimate,
        plan.entries.ids,
        plan.used,
        count=6,
        seed=11,
        stream=0,
        lead_months=lead,
    )


def by_hand(plan, draws, terms, d, lineup):
    """(gain, units) of one line-up on one draw: own inversion, own costs, own solve."""
    market, entries = plan.market, plan.entries
    alpha = market.agents.alpha(draws.theta[d, 0] / market.recipe.deflator)
    delta = invert_shares(market.units / market.size, market.list_price, alpha, market.agents.weights).delta
    beta = draws.theta[d, 1:]
    xi = delta - market.attributes @ beta
    covariance = entries.forecast.covariance
    values, vectors = np.linalg.eigh(covariance)
    shock = vectors @ (np.sqrt(np.maximum(values, 0)) * draws.normals[d])
    new = entries.attributes @ beta + entries.forecast.weights @ xi + entries.forecast.offset + shock
    costs = recover_costs(
        delta=delta,
        alpha=alpha,
        weights=market.agents.weights,
        price=market.price,
        firms=market.firm_of,
        keep=terms.market_keep[d],
        ad_valorem=market.tax,
    )
    on = [j for j, chosen in enumerate(lineup) if chosen]
    me = market.firms.index("Toyota")
    game = PriceGame(
        delta=np.append(delta, new[on]),
        alpha=alpha,
        weights=market.agents.weights,
        cost=np.append(costs.cost, terms.cost[d, on]),
        keep=np.append(terms.market_keep[d], terms.keep[d, on]),
        ad_valorem=np.asarray(market.tax),
        levies=np.asarray(0.0),
        firms=np.append(market.firm_of, np.full(len(on), me)),
    )
    found = solve_prices(game)
    assert found.converged
    profit = market.size * (found.margin * found.shares)[game.firms == me].sum()
    before = market.size * (costs.margin * market.shares)[market.firm_of == me].sum()
    units = np.zeros(len(lineup))
    units[on] = market.size * found.shares[len(delta) :]
    return profit - before, units


def test_batch_of_all_subsets_equals_one_by_one(plan):
    rows = [Row(s) for s in all_lineups(3)]
    v = value_rows(plan.market, plan.entries, plan.draws, [plan.terms], rows, plan.maker_index)
    for d in (0, 3):
        for r, row in enumerate(rows):
            gain, units = by_hand(plan, plan.draws, plan.terms, d, row.offered)
            assert v.units[d, r] == pytest.approx(units, abs=UNITS)
            assert v.gain[d, r] == pytest.approx(gain, abs=MONEY)
            fixed = sum(plan.terms.fixed[d, j] for j, on in enumerate(row.offered) if on)
            worth = plan.terms.annuity[d] * (v.gain[d, r] - v.forgone[d, r]) - fixed
            assert v.value[d, r] == pytest.approx(worth, rel=1e-12, abs=1e-9)


def test_chosen_line_up_is_the_best_of_all_subsets_on_the_first_draws(plan):
    first = first_draws(plan)
    terms = money_terms(plan.book, plan.market, plan.entries, first)
    worth = {}
    for bits in itertools.product((False, True), repeat=3):
        v = value_rows(plan.market, plan.entries, first, [terms], [Row(bits)], plan.maker_index, workers=1)
        worth[bits] = v.value.mean()
    assert plan.lineup == max(worth, key=worth.__getitem__)


def test_fresh_draws_are_not_the_ones_the_choice_was_made_on(plan):
    first = first_draws(plan)
    assert not np.isclose(first.normals, plan.draws.normals).any()


def test_where_a_row_begins_changes_nothing(plan):
    dearer = replace(plan.terms, cost=1.15 * plan.terms.cost)
    cheaper = replace(plan.terms, cost=0.85 * plan.terms.cost)
    terms = [plan.terms, dearer, cheaper]
    rows = [Row(s, k) for k in range(3) for s in all_lineups(3)]
    together = value_rows(plan.market, plan.entries, plan.draws, terms, rows, plan.maker_index)
    for r, row in enumerate(rows):
        alone = value_rows(plan.market, plan.entries, plan.draws, terms, [row], plan.maker_index)
        assert together.units[:, r] == pytest.approx(alone.units[:, 0], abs=UNITS)
        assert together.gain[:, r] == pytest.approx(alone.gain[:, 0], abs=MONEY)


def test_means_alone_are_the_means_of_the_valuation(plan):
    rows = [Row(s) for s in all_lineups(3)]
    given = (plan.market, plan.entries, plan.draws, [plan.terms], rows, plan.maker_index)
    assert mean_worth(*given) == pytest.approx(value_rows(*given).value.mean(axis=0), rel=1e-12)


def test_threads_do_not_change_a_bit(plan):
    rows = [Row(s) for s in all_lineups(3)]
    one = value_rows(plan.market, plan.entries, plan.draws, [plan.terms], rows, plan.maker_index, workers=1)
    four = value_rows(plan.market, plan.entries, plan.draws, [plan.terms], rows, plan.maker_index, workers=4)
    assert (one.value == four.value).all()
    lineups = all_lineups(3)
    assert rank_lineups(lineups, one.value.mean(axis=0)) == rank_lineups(lineups, four.value.mean(axis=0))


def test_pathway_is_the_cheapest_by_brute_force(plan):
    book = plan.book
    years, rate = book.number("plan.horizon_years"), book.number("capital.discount_rate")
    for entry in plan.entries.entries:
        units = plan.pilot_units[entry.candidate.id]
        options = assess(book, entry.candidate)
        again = choose(book, options, units_per_year=units, years=years, discount_rate=rate)
        annuity = sum((1 + rate) ** -t for t in np.arange(0, years, 0.001)) * 0.001
        total = {}
        for o in options:
            limit = cap(book.number, o)
            if o.feasible and (limit is None or limit >= units):
                total[o.pathway.id] = fixed_cost(book.number, o) + unit_cost(book.number, o) * units * annuity
        assert again.option.pathway.id == min(total, key=total.__getitem__)
        assert entry.choice.option.pathway.id == again.option.pathway.id
