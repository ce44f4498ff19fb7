"""`kanrin plan --cap`: bad caps end with 2 and the way out; a good one is told in the answer."""

from __future__ import annotations

import pytest

from made_plans import TWO

ARGS = ("plan", "us-japan", "--candidates", ",".join(TWO), "--draws", "4")


@pytest.mark.parametrize(
    ("caps", "message"),
    [
        (["maker=0"], "cap of 0 lets no car in"),
        (["maker=-3"], "above 0"),
        (["maker=nan"], "above 0"),
        (["maker"], "expected NAME=CARS"),
        (["maker=3000", "maker=5000"], "given twice, 3000 and 5000"),
        (["makkers=3000"], "did you mean maker"),
        (["maker=3000:king"], "king"),
        (["toyota_sequoia=100"], "covers nothing"),
        (["port:atlantis=100"], "atlantis"),
    ],
)
def test_a_bad_cap_ends_with_2(run, caps, message):
    found = run(*ARGS, *(part for cap in caps for part in ("--cap", cap)))
    assert found.code == 2 and found.out == ""
    assert message in found.err and "Traceback" not in found.err


def test_a_cap_is_told(run):
    found = run(*ARGS, "--cap", "all=9000000:treasury", "--json")
    assert found.code == 0, found.err
    rows = {row["id"]: row for row in found.json["caps"]["rows"]}
    assert found.json["question"]["caps"] == {"all": "9000000:treasury"}
    assert not rows or (rows["all"]["rent_to"] == "treasury" and rows["all"]["probability_binding"] == 0.0)
