"""Reading an estimate and drawing from it (bootstrap)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kanrin.base import CaseError, InputError, SolveError
from kanrin.demand import Estimate, read_estimate

GOOD = """kind = "estimate"
market = "somewhere"
period = "2001-2002"
observations = 100

[price]
form = "alpha * price / income"
log_income_sd = 0.8

[parameters]
alpha = -4.0
size = 2.0

[covariance]
order = ["alpha", "size"]
matrix = [
  [0.25, -0.1],
  [-0.1, 0.5],
]
"""

SAMPLE_MEAN = 5.0  # standard errors of the mean of the draws: one chance in a million


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "estimate.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_is_read_whole(tmp_path: Path) -> None:
    estimate = read_estimate(written(tmp_path, GOOD))
    assert estimate.alpha == -4.0
    assert estimate.order == ("alpha", "size")
    assert estimate.beta_names == ("size",)
    assert estimate.beta.tolist() == [2.0]
    assert estimate.covariance.tolist() == [[0.25, -0.1], [-0.1, 0.5]]
    assert (estimate.price_definition, estimate.origin, estimate.supply) == ("list", "", {})


def test_optional_keys_are_kept(tmp_path: Path) -> None:
    text = 'origin = "ours"\ntitle = "first"\n' + GOOD.replace(
        "log_income_sd", 'definition = "consumer"\nlog_income_sd'
    )
    estimate = read_estimate(written(tmp_path, text + "\n[supply]\nkei = 0.2\n"))
    assert (estimate.origin, estimate.title, estimate.price_definition) == ("ours", "first", "consumer")
    assert estimate.supply == {"kei": 0.2}


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("alpha = -4.0", "alpha = 4.0", 11, "below zero"),
        ("alpha = -4.0", "alpha = 0.0", 11, "below zero"),
        ("alpha = -4.0\n", "", 10, "alpha is missing"),
        ("size = 2.0", 'size = "two"', 12, "finite number"),
        ("size = 2.0", "size = nan", 12, "finite number"),
        ('order = ["alpha", "size"]', 'order = ["alpha"]', 15, "misses size"),
        ('order = ["alpha", "size"]', 'order = ["alpha", "size", "kei"]', 15, "unknown kei"),
        ('order = ["alpha", "size"]', 'order = ["alpha", "size", "size"]', 15, "repeats"),
        ("  [-0.1, 0.5],\n", "", 16, "not square"),
        ("[-0.1, 0.5]", "[-0.2, 0.5]", 16, "not symmetric"),
        ("[0.25, -0.1]", "[0.01, -0.1]", 16, "positive semi-definite"),
        ("[0.25, -0.1]", '["x", -0.1]', 16, "not a finite number"),
        ('form = "alpha * price / income"', 'form = "alpha * price"', 7, "unknown price form"),
        ("log_income_sd = 0.8", "log_income_sd = -0.8", 8, "log_income_sd"),
        ("log_income_sd = 0.8\n", "", 6, "log_income_sd"),
        ("log_income_sd", 'definition = "dealer"\nlog_income_sd', 8, "definition"),
        ('kind = "estimate"', 'kind = "guess"', 1, "kind"),
        ("observations = 100", "observations = 0", 4, "whole number"),
        ('market = "somewhere"', "market = 3", 2, "market"),
        ("[covariance]", "[sampling]", 1, "[covariance] is missing"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(CaseError) as caught:
        read_estimate(path)
    assert any(fault.startswith(f"{path}:{line}:") and words in fault for fault in caught.value.faults)


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("-4.0", "4.0").replace("0.8", "-0.8").replace('"estimate"', '"guess"')
    with pytest.raises(CaseError) as caught:
        read_estimate(written(tmp_path, text))
    assert len(caught.value.faults) == 3


def test_broken_toml_and_missing_file_are_case_errors(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"estimate.toml:1: not valid TOML"):
        read_estimate(written(tmp_path, "kind = = 3"))
    with pytest.raises(CaseError, match="no such file"):
        read_estimate(tmp_path / "nothing.toml")


def sharp(tmp_path: Path) -> Estimate:
    return read_estimate(written(tmp_path, GOOD))


def test_draws_have_the_estimate_s_mean_and_covariance(tmp_path: Path) -> None:
    estimate, n = sharp(tmp_path), 20_000
    draws = estimate.draw(n, np.random.default_rng(0))
    error = (draws.mean(axis=0) - estimate.values) / np.sqrt(np.diag(estimate.covariance) / n)
    assert np.abs(error).max() < SAMPLE_MEAN
    assert np.abs(np.cov(draws.T) - estimate.covariance).max() < SAMPLE_MEAN * 0.5 * np.sqrt(2.0 / n)


def test_same_seed_same_draws(tmp_path: Path) -> None:
    one, two = (sharp(tmp_path).draw(5, np.random.default_rng(7)) for _ in range(2))
    assert one.tobytes() == two.tobytes()


def test_draws_with_alpha_at_or_above_zero_are_drawn_again(tmp_path: Path) -> None:
    wide = replace(sharp(tmp_path), covariance=np.array([[16.0, 0.0], [0.0, 0.5]]))
    assert (wide.draw(2_000, np.random.default_rng(0))[:, 0] < 0.0).all()


def test_mostly_rejected_draws_are_refused(tmp_path: Path) -> None:
    hopeless = replace(sharp(tmp_path), parameters={"alpha": 1.0, "size": 2.0})
    with pytest.raises(SolveError, match="alpha >= 0"):
        hopeless.draw(200, np.random.default_rng(0))
    with pytest.raises(InputError):
        sharp(tmp_path).draw(0, np.random.default_rng(0))
