"""Given answers, read from the reference folder beside the project, and the pages that compare them."""

from __future__ import annotations

import csv
import importlib
from pathlib import Path
from typing import NamedTuple

import pytest

REFERENCE = Path(__file__).resolve().parents[2].parent / "shared" / "reference"
DOCS = Path(__file__).resolve().parents[2] / "docs"
SAME = 0.2  # of the tolerance of a given answer: twins and kernels stop a search at the same digits or nearly


class Given(NamedTuple):
    """One published number: the quantity `name` of `table`, to be met within `tolerance`."""

    name: str
    table: str
    spec: str
    quantity: str
    printed: str
    tolerance: float

    @property
    def value(self) -> float:
        return float(self.printed)


def given(folder: str, start: str = "") -> list[Given]:
    """The answers of a folder whose ids begin so, in the order of the file; none where it is absent."""
    path = REFERENCE / folder / "given.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Given(r["id"], r["table"], r["spec"], r["quantity"], r["value"], float(r["tolerance"]))
        for r in rows
        if r["id"].startswith(start)
    ]


def assert_meets(rows: list[Given], ours: dict[str, float]) -> None:
    """Each of ours is within the tolerance of theirs."""
    for row in rows:
        assert ours[row.name] == pytest.approx(row.value, abs=row.tolerance), row.name


def assert_page_is_current(script: str, page: str, name: str | None = None) -> None:
    """A page of docs/replications holds what its script makes: words equal, numbers of ours nearly so."""
    module = importlib.import_module(script)
    made = (module.page(name) if name else module.page()).splitlines()
    kept = (DOCS / "replications" / f"{page}.md").read_text(encoding="utf-8").splitlines()
    cure = f"renew it with `python docs/{script}.py`"
    assert len(made) == len(kept), cure
    for one, two in zip(made, kept, strict=True):
        a, b = _cells(one), _cells(two)
        number = {6: 3, 3: 2}.get(len(a), -1)  # the place of ours among the cells
        if number < 0 or len(b) != len(a) or not _is_number(a[number]):
            assert one == two, cure
            continue
        assert a[:number] == b[:number], cure
        slack = SAME * float(a[5]) if len(a) == 6 else 0.0
        assert float(a[number]) == pytest.approx(float(b[number]), abs=slack, rel=2e-7), cure


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split(" | ")] if line.startswith("|") else []


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
