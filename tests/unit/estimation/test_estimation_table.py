"""Data in: the same numbers from every kind of table, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from kanrin.base import InputError, UnknownName
from kanrin.estimation import as_table, read_csv

COLUMNS = {"a": [1.0, 2.0, 3.0], "b": ["x", "y", "x"]}


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_and_dicts_are_one(library: str) -> None:
    module = pytest.importorskip(library)
    frame = module.table(COLUMNS) if library == "pyarrow" else module.DataFrame(COLUMNS)
    table = as_table(frame)
    assert table.kind == library
    np.testing.assert_array_equal(table.numbers("a"), COLUMNS["a"])
    assert list(table.labels("b")) == COLUMNS["b"]


def test_csv(tmp_path: object) -> None:
    path = tmp_path / "cars.csv"  # type: ignore[operator]
    path.write_text("name,price\nA,1.5\nB,NA\n", encoding="utf-8")
    table = read_csv(path)
    assert table.column("price")[0] == 1.5
    with pytest.raises(InputError, match=r"'price' of cars.csv has missing.*rows 1,"):
        table.numbers("price")
    path.write_text("name,price\nA,1.5\nB\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"cars.csv:3: 1 cells, the header has 2"):
        read_csv(path)
    path.write_text("name,name\nA,1.5\n", encoding="utf-8")
    with pytest.raises(InputError, match="stands twice"):
        read_csv(path)
    with pytest.raises(InputError, match="no such file"):
        read_csv(path.with_name("none.csv"))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"a": [1.0, 2.0], "b": [1.0]}, r"differ in length: b \(1\)"),
        ({"a": []}, "no rows"),
        ({}, "no rows"),
        (3, "is a int; expected a dict of arrays"),
        ({"a": np.zeros((2, 2, 2))}, r"shape \(2, 2, 2\)"),
    ],
)
def test_refused_tables(data: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        as_table(data)


def test_missing_and_text_name_column_and_rows() -> None:
    table = as_table(
        {"x": [1.0, np.nan, np.inf], "t": [None, "a", "b"], "o": np.array([1.0, "q", 2], dtype=object)}
    )
    with pytest.raises(InputError, match=r"column 'x'.*rows 1, 2"):
        table.numbers("x", "the prices")
    with pytest.raises(InputError, match=r"column 't'.*missing values in rows 0"):
        table.labels("t")
    with pytest.raises(InputError, match=r"'o'.*not numeric.*'q', row 1"):
        table.numbers("o")
    with pytest.raises(UnknownName, match="did you mean"):
        table.column("xx")
