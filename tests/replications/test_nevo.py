"""Nevo's cereal demand (PyBLP's tutorial): logit, nested logit, full model with demographics."""

from __future__ import annotations

import pytest
from nevo_data import nevo_answer, nevo_results, pyblp_files
from published import assert_meets, assert_page_is_current, given

COUNTS = {"logit": 2, "nested_one": 2, "nested_mushy": 2, "full": 8}
FOLDER = "blp_nevo"
pytestmark = pytest.mark.skipif(not given(FOLDER), reason="the given answers are not beside the project")


@pytest.mark.parametrize("which", list(COUNTS))
def test_given(which: str) -> None:
    pyblp_files()
    rows = given(FOLDER, f"nv.{which}.")
    assert len(rows) == COUNTS[which]
    assert_meets(rows, {row.name: nevo_answer(row.name) for row in rows})
    assert nevo_results(which).converged


def test_the_page_holds_these_numbers() -> None:
    pyblp_files()
    assert_page_is_current("replications_pages", "nevo", "nevo")
