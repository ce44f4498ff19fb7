"""Entry thresholds of Bresnahan and Reiss against the given answers: MRI scanners in Japanese cities."""

from __future__ import annotations

import pytest
from mri_scanners import FOLDER, cities, entry_answer, thresholds
from published import REFERENCE, assert_meets, assert_page_is_current, given

pytestmark = pytest.mark.skipif(
    not (REFERENCE / FOLDER / "MRIData_BR1991.csv").exists(),
    reason="the data of entry games are not beside the project",
)
pytest.importorskip("scipy")


def test_thresholds_of_the_scanners() -> None:
    rows = given(FOLDER, "en.br6.")
    assert len(rows) == 13 and len(cities()[0]) == 1459
    assert_meets(rows, {row.name: entry_answer(row.name) for row in rows})


def test_ten_sellers_can_be_asked_for() -> None:
    found = thresholds(10)
    assert found.thresholds.shape == found.threshold_errors.shape == (10,)
    assert (found.thresholds[1:] > found.thresholds[:-1]).all() and (found.threshold_errors > 0).all()


def test_the_page_holds_these_numbers() -> None:
    cities()
    assert_page_is_current("replications_pages", "entry-thresholds", "entry-thresholds")
