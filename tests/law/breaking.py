"""Mistakes made in a copy of a case, each telling the file and line at which its message should point.

Lines are counted here by other means than the reader of the case uses.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

Place = tuple[str, int | None]  # file and line the message must begin with; None where a file has no lines
Mistake = Callable[[Path], Place]
SPELL = (
    '  {{ value = {value}, effective_from = {begin}, status = "in_force", known_from = 2020-01-01, '
    'source = "{source}"{more} }},'
)


def read(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    """Header, rows and the line each row begins on."""
    reader = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
    header, rows, lines, begin = next(reader), [], [], 2
    for cells in reader:
        rows.append(cells)
        lines.append(begin)
        begin = reader.line_num + 1
    return header, rows, lines


def write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    path.write_text(out.getvalue(), encoding="utf-8", newline="")


def cell(table: str, column: str, value: str, row: int = 3) -> Mistake:
    """Another value in one cell of the n-th row, from 0."""

    def make(folder: Path) -> Place:
        path = folder / f"{table}.csv"
        header, rows, lines = read(path)
        rows[row][header.index(column)] = value
        write(path, header, rows)
        return path.name, lines[row]

    return make


def rows_of(table: str, change: Callable[[list[str], list[list[str]]], int | None]) -> Mistake:
    """Header and rows changed in place; `change` gives the row of the fault, or None for the header."""

    def make(folder: Path) -> Place:
        path = folder / f"{table}.csv"
        header, rows, _ = read(path)
        row = change(header, rows)
        write(path, header, rows)
        return path.name, 1 if row is None else read(path)[2][row]

    return make


def text(name: str, old: str, new: str, at: str = "") -> Mistake:
    """The first text that matches `old` replaced; the fault is on the line of `at` (default: of `new`)."""

    def make(folder: Path) -> Place:
        path = folder / name
        before = path.read_text(encoding="utf-8")
        found = re.search(old, before, re.MULTILINE)
        assert found, f"{name} has no {old!r} to break"
        after = before[: found.start()] + new + before[found.end() :]
        path.write_text(after, encoding="utf-8")
        place = after.index(at, found.start()) if at else found.start()
        return name, after.count("\n", 0, place) + 1

    return make


def rule(*spells: str, unit: str = "fraction of customs value", line: int = 3) -> Mistake:
    """A rule file of its own; the fault stands on its n-th line."""

    def make(folder: Path) -> Place:
        body = "\n".join(spells)
        (folder / "rules" / "zz_broken.toml").write_text(
            f'["test.rule"]\nunit = "{unit}"\nspells = [\n{body}\n]\n', encoding="utf-8"
        )
        return "zz_broken.toml", line

    return make


def spell(value: str = "0.1", begin: str = "2020-01-01", source: str = "fx.h10", more: str = "") -> str:
    return SPELL.format(value=value, begin=begin, source=source, more=more)


def without(name: str) -> Mistake:
    def make(folder: Path) -> Place:
        (folder / name).unlink()
        return name, None

    return make


def emptied(name: str) -> Mistake:
    def make(folder: Path) -> Place:
        (folder / name).write_text("# nothing\n", encoding="utf-8")
        return name, 1

    return make


def needed_key_gone(folder: Path) -> Place:
    text("assumptions.toml", r'^\["demand\.market_size"\]', '["demand.market"]')(folder)
    return "assumptions.toml", 1


def months_too_few(folder: Path) -> Place:
    """A schedule that ends before any car is certified; told on the line of the first candidate."""
    text("assumptions.toml", r"^value = 24\nlow = 12", "value = 3\nlow = 3")(folder)
    return "candidates.csv", 2


def in_latin_1(folder: Path) -> Place:
    path = folder / "market.csv"
    header, rows, lines = read(path)
    rows[4][header.index("model")] = "Citroën"
    rows = [[value if value.isascii() or value == "Citroën" else "x" for value in row] for row in rows]
    write(path, header, rows)
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))
    return path.name, lines[4]


def copied_row(table: str, **changed: str) -> Mistake:
    """The third row once more at the end, with some cells changed."""

    def change(header: list[str], rows: list[list[str]]) -> int:
        again = list(rows[2])
        for column, value in changed.items():
            again[header.index(column)] = value
        rows.append(again)
        return len(rows) - 1

    return rows_of(table, change)


def no_column(column: str) -> Callable[[list[str], list[list[str]]], None]:
    def change(header: list[str], rows: list[list[str]]) -> None:
        at = header.index(column)
        for cells in (header, *rows):
            del cells[at]

    return change


def more_column(header: list[str], rows: list[list[str]]) -> None:
    header.append("colour")
    for cells in rows:
        cells.append("red")


def fewer_cells(header: list[str], rows: list[list[str]]) -> int:
    del rows[5][-2:]
    return 5


def nothing_left(header: list[str], rows: list[list[str]]) -> None:
    rows.clear()


def page_lost(header: list[str], rows: list[list[str]]) -> int:
    """A fact that rests on an internal source."""
    rows[0][header.index("latlon_status")] = "fact"
    rows[0][header.index("source")] = "kanrin.assumption"
    return 0


def brand_past_total(header: list[str], rows: list[list[str]]) -> int:
    """One car more than the brand has sold: the models of a brand sum to its total exactly."""
    brand, units = header.index("brand"), header.index("units")
    of_brand = [k for k, cells in enumerate(rows) if cells[brand] == "Lexus"]
    largest = max(of_brand, key=lambda k: int(rows[k][units]))
    rows[largest][units] = str(int(rows[largest][units]) + 1)
    return largest


def probability_off(header: list[str], rows: list[list[str]]) -> int:
    """A hundredth too much on the last outcome of the first event; told on the line of its first outcome."""
    event, probability = header.index("event"), header.index("probability")
    last = max(k for k, cells in enumerate(rows) if cells[event] == rows[0][event])
    rows[last][probability] = f"{float(rows[last][probability]) + 0.01:g}"
    return 0


def no_spread(folder: Path) -> Place:
    """The spread of a column taken out; told at the first row in which the column is assumed."""
    text("candidates.toml", r"(?<=source_column = .destination_source.)\nspread = .*", "")(folder)
    header, rows, lines = read(folder / "candidates.csv")
    status = header.index("destination_status")
    return "candidates.csv", next(
        n for n, cells in zip(lines, rows, strict=True) if cells[status] == "assumption"
    )


A = '["capital.annual_rate"]\n'  # an assumption of the case, whatever its numbers
FIRST = r'^\["capital\.annual_rate"\]'


def blank(name: str) -> Mistake:
    def make(folder: Path) -> Place:
        (folder / name).write_text("", encoding="utf-8")
        return name, 1

    return make
