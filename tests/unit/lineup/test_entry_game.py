"""Games of entry against brute force over the table of payoffs, and games whose answers are known."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from kanrin.lineup._entry_game import EntryGame


def game(table, asked=None):
    """A game from payoffs (..., P), one axis a player; `asked` gathers the profiles asked for."""
    table = np.asarray(table, dtype=float)

    def payoffs(profiles):
        if asked is not None:
            asked.extend(profiles)
        return np.stack([table[p] for p in profiles])[None]

    return EntryGame(table.shape[:-1], payoffs)


def bimatrix(a, b):
    return np.stack([np.asarray(a, float), np.asarray(b, float)], axis=2)


PENNIES = bimatrix([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
SEXES = bimatrix([[2, 0], [0, 1]], [[1, 0], [0, 2]])
DILEMMA = bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]])
CHICKEN = bimatrix([[0, 0], [3, -2]], [[0, 3], [0, -2]])  # two could enter, there is room for one


def by_brute_force(table):
    found = []
    for profile in product(*(range(n) for n in table.shape[:-1])):
        stable = True
        for k, n in enumerate(table.shape[:-1]):
            for s in range(n):
                other = (*profile[:k], s, *profile[k + 1 :])
                stable &= table[other][k] <= table[profile][k] + 1e-9
        if stable:
            found.append(profile)
    return found


@pytest.mark.parametrize(
    ("table", "equilibria"),
    [(PENNIES, []), (SEXES, [(0, 0), (1, 1)]), (DILEMMA, [(1, 1)]), (CHICKEN, [(0, 1), (1, 0)])],
)
def test_games_whose_answers_are_known(table, equilibria):
    assert game(table).equilibria() == equilibria


@pytest.mark.parametrize("seed", range(30))
def test_equilibria_are_those_of_brute_force(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 5, size=rng.integers(2, 4))
    table = rng.integers(-3, 4, size=(*sizes, sizes.size)).astype(float)  # ties are likely
    found = game(table)
    assert found.equilibria() == by_brute_force(table)
    for profile in product(*(range(n) for n in sizes)):
        assert found.is_equilibrium(profile) == (profile in found.equilibria())


@pytest.mark.parametrize("seed", range(10))
def test_relabelling_players_relabels_equilibria(seed):
    table = np.random.default_rng(seed).normal(size=(3, 2, 4, 3))
    found = set(game(table).equilibria())
    for order in permutations(range(3)):
        again = game(table.transpose(*order, 3)[..., list(order)]).equilibria()
        assert {tuple(p[order.index(k)] for k in range(3)) for p in again} == found


def test_no_equilibrium_is_a_cycle_listed():
    path = game(PENNIES).path((0, 0))
    assert not path.settled and len(path.end) > 1
    assert set(game(PENNIES).path(path.end[0]).end) == set(path.end)


@pytest.mark.parametrize("seed", range(20))
def test_a_path_that_settles_ends_at_an_equilibrium(seed):
    table = np.random.default_rng(seed).normal(size=(4, 4, 2))
    found = game(table)
    for start in product(range(4), range(4)):
        path = found.path(start)
        assert path.settled == (path.end[0] in by_brute_force(table) and len(path.end) == 1)


def test_who_moves_first_takes_the_room_for_one():
    assert game(CHICKEN).path((0, 0)).end == ((1, 0),)
    assert game(CHICKEN).path((0, 1)).end == ((0, 1),)


def test_a_held_player_does_not_deviate():
    assert game(DILEMMA).equilibria(held=(0, -1)) == [(0, 1)]
    assert game(PENNIES).path((0, 0), held=(0,)).end == ((0, 1),)


def test_among_equals_the_simplest_and_what_is_done_already():
    flat = np.zeros((3, 2, 2))
    assert len(game(flat).equilibria()) == 6
    assert game(flat).path((2, 1)).end == ((2, 1),)
    up = bimatrix([[0, 0], [1, 1], [1, 1]], np.zeros((3, 2)))
    assert game(up).best((0, 0), 0) == 1


def test_a_profile_is_asked_for_once_and_a_path_leaves_most_unasked():
    asked = []
    found = game(np.random.default_rng(1).normal(size=(6, 6, 6, 3)), asked)
    found.path((0, 0, 0))
    assert len(asked) == len(set(asked)) == found.solved < found.profiles
    found.equilibria()
    assert len(asked) == len(set(asked)) == found.profiles


def test_a_deviation_has_its_paired_error():
    draws = np.random.default_rng(0).normal(size=(50, 2))
    common = np.random.default_rng(1).normal(scale=100.0, size=50)
    found = EntryGame(
        (2, 1), lambda ps: np.stack([draws[:, [p[0]] * 2] + common[:, None] for p in ps], axis=1)
    )
    gap = draws[:, 1] - draws[:, 0]
    deviation = found.deviation((0, 0), 0)
    assert deviation.gain == pytest.approx(gap.mean())
    assert deviation.error == pytest.approx(gap.std(ddof=1) / np.sqrt(50))
    assert deviation.told_apart == (abs(gap.mean()) > 2 * gap.std(ddof=1) / np.sqrt(50))
    assert found.deviation((0, 0), 1) is None
