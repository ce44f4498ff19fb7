"""Files of a brief: schema, Markdown, CSV, JSON, and a folder written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sample_plan import CAMRY, HIGHLANDER, empty_plan, sample_plan

from kanrin.base import KanrinError, OutputError
from kanrin.report import Brief, print_plan, schema
from kanrin.report import _folder as folder_module

REQUIRED = {
    "question": ("case", "on", "known_on", "maker", "seed", "run_id"),
    "total": ("units", "profit_jpy", "probability_of_loss"),
    "market": ("own_units_lost", "rivals_units_lost", "consumer_surplus_jpy"),
    "trade": ("balance_change_usd", "share_of_deficit"),
    "certificate": ("max_foc_residual", "second_order_ok", "starts", "starts_agreeing"),
}
OF_A_MODEL = (
    "model", "units", "price_jpy", "list_price_jpy", "landed_cost_jpy", "unit_margin_jpy", "profit_jpy",
    "probability_of_loss", "break_even_units", "break_even_jpy_per_usd", "pathway", "pathway_reason", "route",
)  # fmt: skip
OF_A_LINE = ("line", "base", "rate", "amount_jpy", "kind", "source")
AT_THE_TOP = (
    "decision",
    "alternatives",
    "rejected",
    "waterfalls",
    "assumptions",
    "sources",
    "warnings",
    "notice",
)


def fault(plan: dict[str, Any]) -> str:
    validator = jsonschema.Draft202012Validator(schema())
    return "; ".join(error.message for error in validator.iter_errors(plan))


def test_schema_is_a_schema_and_the_samples_fit() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert fault(sample_plan()) == ""
    assert fault(empty_plan()) == ""
    assert schema() is not schema()


@pytest.mark.parametrize("name", [*REQUIRED, *AT_THE_TOP])
def test_a_missing_name_at_the_top_is_a_fault(name: str) -> None:
    plan = sample_plan()
    del plan[name]
    assert repr(name) in fault(plan)


@pytest.mark.parametrize(("block", "name"), [(b, n) for b, names in REQUIRED.items() for n in names])
def test_a_missing_name_inside_is_a_fault(block: str, name: str) -> None:
    plan = sample_plan()
    del plan[block][name]
    assert repr(name) in fault(plan)


@pytest.mark.parametrize("name", OF_A_MODEL)
def test_a_missing_name_of_a_model_is_a_fault(name: str) -> None:
    plan = sample_plan()
    del plan["decision"][0][name]
    assert repr(name) in fault(plan)


@pytest.mark.parametrize("name", OF_A_LINE)
def test_a_missing_name_of_a_waterfall_line_is_a_fault(name: str) -> None:
    plan = sample_plan()
    del plan["waterfalls"][CAMRY][0][name]
    assert repr(name) in fault(plan)


def test_unknown_names_and_kinds_are_faults() -> None:
    plan = sample_plan()
    plan["surprise"] = 1
    assert "surprise" in fault(plan)
    plan = sample_plan()
    plan["waterfalls"][CAMRY][0]["kind"] = "guess"
    assert "guess" in fault(plan)


def test_every_name_of_the_schema_is_described() -> None:
    def walk(node: Any, place: str) -> list[str]:
        missing = []
        for name, child in (node.get("properties") or {}).items():
            if "description" not in child:
                missing.append(f"{place}.{name}")
            missing += walk(child, f"{place}.{name}")
        for key in ("items", "additionalProperties"):
            if isinstance(node.get(key), dict):
                missing += walk(node[key], place)
        return missing

    assert walk(schema(), "plan") == []


def test_markdown_has_the_same_headings_and_words() -> None:
    brief = Brief(sample_plan())
    html, text = brief.html(), brief.markdown()
    for level, mark in ((2, "## "), (3, "### ")):
        from_html = re.findall(rf"<h{level}[^>]*>([^<]+)</h{level}>", html)
        from_markdown = [line.removeprefix(mark) for line in text.splitlines() if line.startswith(mark)]
        assert from_html == from_markdown
    captions = re.findall(r"<caption>([^<]+)</caption>", html)
    plain = text.replace("\\", "")
    for caption in captions:
        assert caption.replace("\u2060", "").replace("\u00a0", " ") in plain


def test_markdown_links_have_targets_and_tables_are_even() -> None:
    text = Brief(sample_plan()).markdown()
    targets = set(re.findall(r'<a id="([^"]+)"></a>', text))
    assert set(re.findall(r"\]\(<?#([^)>]+)>?\)", text)) <= targets
    bars = [len(re.findall(r"(?<!\\)\|", block)) for block in text.splitlines() if block.startswith("|")]
    assert bars
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_reads_back() -> None:
    plan = sample_plan()
    tables = Brief(plan).csv()
    assert set(tables) >= {
        f"{n}.csv" for n in (*AT_THE_TOP[:4], "market", "sensitivity", "rules", "assumptions", "sources")
    }
    decision = read(tables["decision.csv"])
    assert [row["model"] for row in decision] == [CAMRY, HIGHLANDER]
    assert float(decision[0]["price_jpy"]) == plan["decision"][0]["price_jpy"]
    assert decision[1]["break_even_jpy_per_usd"] == ""
    lines = [r for r in read(tables["waterfalls.csv"]) if r["model"] == CAMRY and r["kind"] != "subtotal"]
    assert sum(float(r["amount_jpy"]) for r in lines) == pytest.approx(
        plan["decision"][0]["price_jpy"], abs=1e-6
    )
    assert any("<script>" in row["title"] for row in read(tables["sources.csv"]))
    assert {row["unit"] for row in read(tables["market.csv"])} == {
        "vehicles per year",
        "JPY per year",
        "JPY per vehicle",
    }


def test_csv_of_an_empty_plan_keeps_its_headers() -> None:
    empty, full = Brief(empty_plan()).csv(), Brief(sample_plan()).csv()
    assert list(empty) == list(full)
    for name, text in empty.items():
        assert text.splitlines()[0] == full[name].splitlines()[0]


def test_json_reads_back_in_order_and_refuses_what_is_not_finite() -> None:
    plan = sample_plan()
    text = Brief(plan).json()
    assert json.loads(text) == plan
    assert list(json.loads(text)) == list(plan)
    assert text.endswith("}\n") and "¥" in text
    plan["total"]["units"]["p90"] = float("nan")
    with pytest.raises(KanrinError, match=r"plan\.total\.units\.p90 is nan"):
        Brief(plan).json()


def test_write_makes_every_file_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "plan"
    brief = Brief(sample_plan())
    written = brief.write(out)
    assert sorted(p for p in out.rglob("*") if p.is_file()) == sorted(written)
    assert (out / "brief.html").read_text(encoding="utf-8") == brief.html()
    assert (out / "plan.json").read_bytes() == brief.json().encode()
    assert (out / "csv" / "decision.csv") in written
    assert [p.name for p in out.parent.iterdir()] == ["plan"]


def test_write_refuses_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    with pytest.raises(OutputError, match="is not empty; use --force"):
        Brief(sample_plan()).write(tmp_path)
    assert list(tmp_path.iterdir()) == [mine]


def test_force_replaces_ours_and_keeps_the_rest(tmp_path: Path) -> None:
    out = tmp_path / "plan"
    Brief(sample_plan()).write(out)
    (out / "mine.txt").write_text("mine")
    Brief(empty_plan()).write(out, force=True)
    assert (out / "mine.txt").read_text() == "mine"
    assert json.loads((out / "plan.json").read_text(encoding="utf-8"))["decision"] == []
    assert [p.name for p in tmp_path.iterdir()] == ["plan"]


def test_write_refuses_a_file_and_a_place_under_a_file(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("")
    with pytest.raises(OutputError, match="is a file, not a folder"):
        Brief(sample_plan()).write(taken)
    with pytest.raises(OutputError, match="cannot write to"):
        Brief(sample_plan()).write(taken / "below")


def test_write_refuses_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(folder_module.tempfile, "mkdtemp", refuse)
    with pytest.raises(OutputError, match=r"cannot write to .*permission denied"):
        Brief(sample_plan()).write(tmp_path / "plan")


def test_an_interrupt_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(beside: Path, texts: dict[str, str]) -> None:
        (beside / "brief.html").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(folder_module, "_fill", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Brief(sample_plan()).write(tmp_path / "plan")
    assert list(tmp_path.iterdir()) == []


def test_notebook_frame_is_escaped() -> None:
    text = Brief(sample_plan())._repr_html_()
    assert text.count("<") == 2  # the frame and its end
    assert 'title="Brief"' in text


@pytest.mark.parametrize("make", [sample_plan, empty_plan])
def test_terminal_is_short_and_complete(make: Any) -> None:
    from rich.console import Console

    plan = make()
    out = io.StringIO()
    print_plan(plan, Console(file=out, width=140, color_system=None))
    text = " ".join(out.getvalue().split())
    assert plan["question"]["sentence"] in text
    assert plan["answer"] in text
    assert plan["notice"] in text
    assert all(warning in text for warning in plan["warnings"])
    assert all(item["reason"] in text for item in plan["rejected"])
    assert ("Toyota Camry Hybrid" in text) == bool(plan["decision"])
    assert "\x1b" not in out.getvalue()
    assert len(out.getvalue().splitlines()) < 60


def test_the_schema_has_the_name_that_a_plan_gives() -> None:
    from kanrin.answer._compose import SCHEMA_ID

    assert schema()["$id"] == SCHEMA_ID


def test_a_gap_is_paid_once_or_a_car_in_its_own_column() -> None:
    plan = sample_plan()
    gaps = plan["decision"][0]["certification"]["gaps"]
    gaps[:] = [
        {**gaps[0], "cost_jpy": 7e6, "per": "model"},
        {**gaps[1], "cost_jpy": 80_000.0, "per": "vehicle"},
    ]
    text = Brief(plan).markdown()
    assert "| Requirement | Treatment | Once, JPY | A car, JPY | Basis of the treatment |" in text
    assert "| 7,000,000 |  | a rule seen on a page |" in text
    assert "|  | 80,000 | judged |" in text


def test_a_scan_without_a_gain_is_told_without_a_number() -> None:
    plan = sample_plan()
    plan["certificate"]["largest_deviation_gain"] = -8.1e-11
    assert "No firm gains by another price of one of its cars (scan: at most 0)." in Brief(plan).markdown()
    plan["certificate"]["largest_deviation_gain"] = 2e-5
    assert "No firm gains more than 2.0 × 10⁻⁵ of its profit" in Brief(plan).markdown()


def _terminal(plan: Any) -> str:
    from rich.console import Console

    out = io.StringIO()
    print_plan(plan, Console(file=out, width=140, color_system=None))
    return out.getvalue()


def test_the_terminal_names_the_day_of_asking_where_it_is_another() -> None:
    plan = sample_plan()
    assert "As known on" not in _terminal(plan)
    plan["question"]["known_on"] = "2025-12-31"
    assert "As known on 2025-12-31." in " ".join(_terminal(plan).split())
    plan["question"]["sentence"] += " as known on 2025-12-31"
    assert _terminal(plan).lower().count("as known on 2025-12-31") == 1


def test_pending_law_of_an_empty_decision_stands_under_its_own_heading() -> None:
    plan = {**empty_plan(), "sensitivity": [], "pending": sample_plan()["pending"]}
    lines = _terminal(plan).splitlines()
    at = lines.index("What would turn it")
    assert lines[at + 1].startswith("  ")
