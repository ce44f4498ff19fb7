"""Berry, Levinsohn & Pakes 1995: demand and supply of U.S. cars, to the two digits of the given table."""

from __future__ import annotations

import pytest
from nevo_data import blp_answer, blp_results, pyblp_files
from published import assert_meets, assert_page_is_current, given

from kanrin.estimation import EstimationResults


@pytest.fixture(scope="module")
def results() -> EstimationResults:
    pyblp_files()
    return blp_results()


needs_answers = pytest.mark.skipif(
    not given("blp_nevo"), reason="the given answers are not beside the project"
)


@needs_answers
def test_two_digits(results: EstimationResults) -> None:
    rows = given("blp_nevo", "blp95")
    assert len(rows) == 18 and results.converged
    assert_meets(rows, {row.name: blp_answer(row.name) for row in rows})


@needs_answers
def test_the_page_holds_these_numbers(results: EstimationResults) -> None:
    assert results.converged
    assert_page_is_current("replications_pages", "blp-1995", "blp-1995")


def test_what_the_table_says(results: EstimationResults) -> None:
    text = results.summary()
    assert "clustered by clustering_ids" in text and "cost: trend" in text and "nan" not in text
    J, degrees, p = results.overidentification()
    assert (J, degrees) == (results.objective, 31 - 17) and p < 1e-6
    assert results.positive_slope_weight == 0.0
    assert (results.costs > 0).all()
