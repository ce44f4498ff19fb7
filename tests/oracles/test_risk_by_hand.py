"""Risk by another road: CVaR by linear programme, value of information and an option in closed form."""

from __future__ import annotations

from itertools import product
from statistics import NormalDist

import numpy as np
import pytest

from kanrin.lineup._information import (
    conditional,
    hermite,
    known,
    normal_scores,
    perfect_information,
    worth_of_curves,
)
from kanrin.lineup._outcome import outcome_of, tail_mean
from kanrin.lineup._staged import Course, staged_value

EXACT = 1e-9
NORMAL = NormalDist()


def unit_normal_loss(x: float) -> float:
    """E max(z - x, 0) of a standard normal."""
    return NORMAL.pdf(x) - x * (1.0 - NORMAL.cdf(x))


@pytest.mark.parametrize("share", [0.05, 0.1, 0.13, 0.5])
@pytest.mark.parametrize("count", [7, 40, 101])
def test_mean_of_the_worst_is_the_linear_programme(share, count):
    linprog = pytest.importorskip("scipy.optimize").linprog
    worth = np.random.default_rng(count).normal(size=count) * 3.0
    # min eta + sum u / (n share), u >= loss - eta, u >= 0
    found = linprog(
        np.concatenate([[1.0], np.full(count, 1.0 / (count * share))]),
        A_ub=np.concatenate([-np.ones((count, 1)), -np.eye(count)], axis=1),
        b_ub=worth,
        bounds=[(None, None), *[(0.0, None)] * count],
    )
    assert tail_mean(worth, share) == pytest.approx(-found.fun, abs=1e-7)


def test_mean_of_the_worst_splits_the_atom_at_its_edge():
    worth = np.array([-4.0, -1.0, 2.0, 6.0])
    assert tail_mean(worth, 0.25) == pytest.approx(-4.0)
    assert tail_mean(worth, 0.375) == pytest.approx((-4.0 * 0.25 - 1.0 * 0.125) / 0.375)
    assert tail_mean(worth, 1.0) == pytest.approx(worth.mean())


def test_errors_are_the_spread_over_fresh_samples():
    rng = np.random.default_rng(5)
    samples = [outcome_of((True,), w, w) for w in rng.normal(1.0, 2.0, size=(400, 500))]
    for pick in (
        lambda o: o.mean,
        lambda o: o.worst_tenth,
        lambda o: o.worst_twentieth,
        lambda o: o.quantiles[0],
        lambda o: o.loss,
    ):
        told = np.mean([pick(o).error for o in samples])
        seen = np.std([pick(o).value for o in samples])
        assert told == pytest.approx(seen, rel=0.15)
    truth = 1.0 - 2.0 * NORMAL.pdf(NORMAL.inv_cdf(0.1)) / 0.1
    assert np.mean([o.worst_tenth.value for o in samples]) == pytest.approx(truth, abs=0.02)


@pytest.mark.parametrize("mean", [-1.0, 0.0, 0.7])
def test_knowing_a_normal_linear_gain_is_the_unit_normal_loss(mean):
    """One act worth mean + sd z, or nothing: knowing z is worth sd times the unit normal loss."""
    sd = 2.0
    perfect, study, turns = worth_of_curves(np.array([mean, 0.0]), np.array([[sd, 0.0]]))
    assert perfect == pytest.approx(sd * unit_normal_loss(abs(mean) / sd), rel=2e-3)
    told = sd * np.sqrt(0.75)  # spread of the mean after a study that leaves half the spread
    assert study == pytest.approx(told * unit_normal_loss(abs(mean) / told), rel=2e-3)
    assert turns == pytest.approx(NORMAL.cdf(-abs(mean) / sd), abs=2e-3)


def test_fit_finds_it_among_noise_and_other_inputs():
    rng = np.random.default_rng(2)
    z, other, noise = rng.normal(size=(3, 4000))
    worth = np.stack([0.5 + 2.0 * z + 3.0 * other + noise, np.zeros(4000)], axis=1)
    most = perfect_information(worth).value
    found = known("z", "key", worth, normal_scores(z), normal_scores(other)[:, None], most)
    truth = 2.0 * unit_normal_loss(0.25)
    assert found.perfect.value == pytest.approx(truth, abs=0.08)
    assert 0.0 < found.perfect.error < 0.15
    assert 0.0 <= found.study.value <= found.perfect.value <= most


def test_curves_fit_polynomials_exactly():
    z = np.random.default_rng(3).normal(size=50)
    cubic = 1.0 + z - 2.0 * z**2 + 0.5 * z**3
    curves = conditional(cubic[:, None], hermite(z), np.zeros((50, 0)))
    own = hermite(z) - hermite(z).mean(axis=0)
    assert curves.mean[0] + own @ curves.kept()[:, 0] == pytest.approx(cubic, abs=1e-8)


def test_hermite_polynomials_are_orthonormal():
    z, w = np.polynomial.hermite_e.hermegauss(12)
    basis = np.column_stack([np.ones(12), hermite(z, 5)])
    assert (basis * (w / w.sum())[:, None]).T @ basis == pytest.approx(np.eye(6), abs=EXACT)


def small_tree():
    """Two cars, each liked or not; what one sells tells of the other. All states equally likely."""
    states = np.array(list(product((-1.0, 1.0), repeat=3)))
    first = 10.0 * states[:, 0]
    second = 6.0 * states[:, 0] + 8.0 * states[:, 1]
    both = 0.8 * (first + second) + 2.0 * states[:, 2]
    net = np.stack([np.zeros(8), first, second, both], axis=1) + np.array([0.0, 3.0, 1.0, 3.0])
    lineups = [(False, False), (True, False), (False, True), (True, True)]
    return states, net, lineups


def test_a_pilot_is_worth_what_enumeration_says():
    states, net, lineups = small_tree()
    fixed = np.array([4.0, 5.0])
    course = Course(lineups, net, fixed, pilot=0.9, later=2.0, discount=0.8, whole=2.9)
    own = hermite(states[:, 0])
    value, taken, worth = staged_value(course, (True, False), own, states[:, 1:])
    by_hand = float(0.9 * net[:, 1].mean() - fixed[0])
    for liked in (-1.0, 1.0):
        here = net[states[:, 0] == liked].mean(axis=0)
        extra = np.array([0.0, 0.0, fixed[1], fixed[1]])
        by_hand += 0.5 * float((2.0 * here - 0.8 * extra).max())
    assert value == pytest.approx(by_hand, abs=1e-9)
    assert worth.mean() == pytest.approx(by_hand, abs=1e-9)
    assert set(taken[states[:, 0] < 0]) == {0}  # not liked: nothing more is sold


def test_free_waiting_is_never_worse_than_launching_at_once():
    rng = np.random.default_rng(8)
    for _ in range(20):
        _, net, lineups = small_tree()
        net = net + rng.normal(size=(1, 4)) * np.array([0.0, 4.0, 4.0, 4.0])
        fixed = rng.random(2) * 10.0
        course = Course(lineups, net, fixed, pilot=0.0, later=2.9, discount=1.0, whole=2.9)
        full = max(
            float((2.9 * net[:, s]).mean() - fixed @ np.array(on, dtype=float))
            for s, on in enumerate(lineups)
        )
        own = hermite(small_tree()[0][:, 0])
        value, _, _ = staged_value(course, (False, False), own, np.zeros((8, 0)), pilot_cost=0.0)
        assert value >= full - 1e-9
