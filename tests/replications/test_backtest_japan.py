"""The backtest on the Japanese data 2006-2016, made anew: coverage, skill, and what the case ships."""

from __future__ import annotations

from pathlib import Path

import pytest

import kanrin
from kanrin.backtesting import AT_PRICE, read_results

DATA = Path(__file__).resolve().parents[3] / "shared" / "reference" / "japan_cars_2006_2016"
DRAWS = 60
MONTE_CARLO = 0.02  # of CRPS and factor, 60 draws against the 400 of the shipped file

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(),
    reason="the Japanese product data 2006-2016 are not at hand; they are never copied here",
)


@pytest.fixture(scope="module")
def made():
    return kanrin.backtest("us-japan", DATA, draws=DRAWS)


def test_the_scaled_interval_holds_out_of_sample(made):
    scaled = made.score("entries", f"{AT_PRICE}, scaled", "after a factor was known")
    assert scaled.count >= 50
    assert 0.75 <= scaled.at(0.8).share <= 0.85


def test_skill_over_the_brands_cars_and_none_over_a_plain_logit(made):
    """As the page says: better than the brand's spread, worse than a logit that fits its price slope."""
    came = made.score("entries", AT_PRICE, "all")
    assert came.skill("brand") > 0
    assert came.skill("logit") < 0


def test_the_shipped_results_are_these(made):
    case = kanrin.load_case("us-japan")
    shipped = read_results(case.folder / case.about.backtest)
    assert made.factor == pytest.approx(shipped.factor, abs=MONTE_CARLO)
    assert made.factor_count == shipped.factor_count == 84
    for score in shipped.scores:
        again = made.score(score.data, score.forecast, score.group)
        assert again.count == score.count
        assert again.crps == pytest.approx(score.crps, abs=MONTE_CARLO * 2)
