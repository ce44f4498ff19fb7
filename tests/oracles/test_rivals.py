"""Rivals that answer: worths of all makers in one pass, the game by brute force over value_rows."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.answer import answer_plan
from kanrin.base import InputError
from kanrin.lineup import Row, make_plan, value_rows
from kanrin.lineup._value import maker_worths
from made_plans import TWO, shipped

MONEY = 1e-3  # million JPY over the programme
NISSAN = ("nissan_murano", "nissan_pathfinder")


@pytest.fixture(scope="module")
def made():
    return answer_plan(shipped(), candidates=TWO, draws=6, seed=4, rivals=["nissan"])


def test_worths_of_all_makers_are_each_makers_own():
    """Rows where one maker alone comes are that maker's plan; sums of forgone margins are shared out."""
    plan = make_plan(shipped(), candidates=TWO, draws=4, seed=4, sensitivity=False)
    rows = [Row((True, False)), Row((True, True)), Row((False, False))]
    args = (plan.market, plan.entries, plan.draws, [plan.terms], rows)
    me, honda = plan.maker_index, plan.market.firms.index("Honda")
    both = maker_worths(*args, [me, honda])
    assert both[:, :, 0] == pytest.approx(value_rows(*args, me).value, abs=MONEY)
    gain = value_rows(*args, honda).gain
    assert both[:, :, 1] == pytest.approx(plan.terms.annuity[:, None] * gain, abs=MONEY)
    assert (both[:, 2] == 0.0).all() and (both[:, :2, 1] < 0.0).all()


def test_the_game_lists_the_equilibria_of_its_table(made):
    game = made.plan.rivals
    assert game.makers == ("Toyota", "Nissan") and game.profiles == game.solved == 16
    assert set(game.cars[0]) == set(TWO) and set(game.cars[1]) == set(NISSAN)
    for profile, found in zip(game.told, game.deviations, strict=True):
        assert all(d.gain <= 1e-6 for d in found), profile
    assert all(path.end[0] in game.equilibria for path in game.paths if path.settled)
    for profile in game.answers:
        assert profile[0] == game.plan
    assert game.models(0, game.plan) == tuple(
        e.candidate.id for e, on in zip(made.plan.entries.entries, made.plan.lineup, strict=True) if on
    )


def test_a_rival_whose_cars_are_never_sold_changes_nothing():
    case = shipped().with_overrides({f"candidate.{c}.msrp_usd": 2e6 for c in NISSAN})
    game = make_plan(case, candidates=TWO, draws=6, seed=4, sensitivity=False, rivals=["Nissan"]).rivals
    assert game.equilibria == ((game.best_alone, 0),)
    assert game.answers == ((game.plan, 0),)
    assert game.loss[0] == pytest.approx((0.0, 0.0), abs=MONEY)


def test_rivals_leave_the_plan_itself_as_it_is(made):
    plain = make_plan(shipped(), candidates=TWO, draws=6, seed=4)
    assert plain.rivals is None and plain.lineup == made.plan.lineup
    assert (plain.valuation.value == made.plan.valuation.value).all()
    assert plain.run_id != made.plan.run_id


def test_many_makers_are_played_by_best_responses():
    rivals = ["Honda", "Nissan", "Ford", "Subaru", "Mazda"]
    game = make_plan(shipped(), candidates=TWO, draws=2, seed=4, sensitivity=False, rivals=rivals).rivals
    assert game.equilibria is None and game.solved < game.profiles
    assert len(game.told) == len(game.deviations)
    for found in game.deviations:
        assert all(d.gain <= 1e-6 for d in found)


def test_plan_json_tells_the_game(made):
    told = made.answer["rivals"]
    game = made.plan.rivals
    assert len(told["equilibria"]) == len(game.told)
    assert told["words"] and told["answers_to_plan"][0]["lineups"]["Toyota"] == list(
        game.models(0, game.plan)
    )
    alone, there = told["plan_alone_jpy"], told["answers_to_plan"][0]
    assert alone - there["worth_jpy"]["Toyota"] == pytest.approx(there["plan_loses_jpy"], abs=1e3)
    assert np.isfinite(alone)


@pytest.mark.parametrize("name", ["Toyota", "Suzuki", "Hnda", "GM"])
def test_no_rival_without_candidates(name):
    with pytest.raises(InputError, match="Honda"):
        make_plan(shipped(), candidates=TWO, draws=2, rivals=[name])
