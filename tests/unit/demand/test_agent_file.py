"""Buyers of the user's own: read, refused with the line, and used by the market of a case."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kanrin.base import CaseError
from kanrin.demand import lognormal_income_agents, read_agents, read_estimate
from kanrin.facts import init_case, load_case
from kanrin.lineup import build_market
from kanrin.rules import open_book

EXACT = 1e-10  # the same nodes through a text file


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_income_and_weight_are_read(tmp_path):
    found = read_agents(written(tmp_path / "agents.csv", "income,weight\n0.5,0.25\n2,0.75\n"))
    assert found.alpha_scale.tolist() == [2.0, 0.5]
    assert found.weights.tolist() == [0.25, 0.75]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("income,weight\n-1,1\n", r"agents.csv:2: income: expected a number greater than 0"),
        ("income,weight\n1,0.5\n", r"agents.csv:2: agent weights sum to 0.5, expected 1"),
        ("income\n1\n", r"agents.csv:1: column weight is missing"),
        ("income,weight\n", r"agents.csv:1: the table is empty"),
    ],
)
def test_faults_have_their_line(tmp_path, text, said):
    with pytest.raises(CaseError, match=said):
        read_agents(written(tmp_path / "agents.csv", text))


def test_a_case_with_the_same_buyers_gives_the_same_market(tmp_path):
    folder = init_case(tmp_path / "case")
    estimate = read_estimate(folder / "estimates" / "second.toml")
    nodes = lognormal_income_agents(estimate.log_income_sd, estimate.nodes)
    rows = "".join(
        f"{1 / s!r},{w!r}\n" for s, w in zip(nodes.alpha_scale.tolist(), nodes.weights.tolist(), strict=True)
    )
    written(folder / "agents.csv", "income,weight\n" + rows)
    plain = load_case(folder)
    head = folder / "case.toml"
    head.write_text(
        head.read_text("utf-8").replace('estimate = "', 'agents = "agents.csv"\nestimate = "', 1), "utf-8"
    )
    own = load_case(folder)
    a, b = (build_market(open_book(c), open_book(c).number) for c in (plain, own))
    assert np.abs(a.inversion.delta - b.inversion.delta).max() < EXACT


def test_nodes_are_those_of_the_estimate(tmp_path):
    folder = init_case(tmp_path / "case")
    path = folder / "estimates" / "second.toml"
    path.write_text(path.read_text("utf-8").replace("nodes = 21", "nodes = 31"), "utf-8")
    assert read_estimate(path).nodes == 31
    market = build_market(open_book(load_case(folder)), open_book(load_case(folder)).number)
    assert market.agents.weights.size == 31
    path.write_text(path.read_text("utf-8").replace("nodes = 31", "nodes = 0"), "utf-8")
    with pytest.raises(CaseError, match=r"second.toml:\d+: nodes is 0; expected a whole number from 1"):
        read_estimate(path)
