"""The plan through the front door: the answer, the folder, the same bytes, and a clean end when
interrupted."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import jsonschema
import pytest

CASE = "us-japan"
SMALL = ("--candidates", "toyota_camry_hybrid", "--draws", "4")  # the least work that is still a plan
ADDS_UP = 1e-6  # relative: amounts carry ten significant digits
LONG = ("plan", CASE, "--draws", "2000")  # long enough to be interrupted


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small plan with its brief, made once."""
    import kanrin

    made = kanrin.plan(CASE, candidates=["toyota_camry_hybrid"], draws=4)
    target = tmp_path_factory.mktemp("plan") / "brief"
    kanrin.brief(made).write(target)
    return target


def test_plan_prints_the_answer(run):
    result = run("plan", CASE, *SMALL)
    assert result.code == 0
    assert "Which of its U.S.-built cars should Toyota sell in Japan" in result.out
    assert "2026-04-01" in result.out
    assert "not advice" in result.out
    assert "\x1b" not in result.out + result.err


def test_json_is_the_file_byte_for_byte(run, tmp_path, folder):
    result = run("plan", CASE, *SMALL, "--json", "--out", tmp_path / "brief")
    assert result.code == 0
    written = (tmp_path / "brief" / "plan.json").read_text(encoding="utf-8")
    assert result.out == written
    assert written == (folder / "plan.json").read_text(encoding="utf-8")  # the same from Python
    assert [p.name for p in tmp_path.iterdir()] == ["brief"]


def test_the_folder_holds_the_brief(folder):
    names = {path.name for path in folder.iterdir()}
    assert {"brief.html", "brief.md", "plan.json", "csv"} <= names


def test_plan_json_keeps_its_published_schema(folder):
    from kanrin.report import schema

    answer = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema()).validate(answer)


def test_the_answer_holds_together(folder):
    answer = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    assert answer["question"]["on"] == "2026-04-01"
    for row in answer["decision"]:
        lines = answer["waterfalls"][row["model"]]
        total = sum(line["amount_jpy"] for line in lines if line["kind"] != "subtotal")
        assert total == pytest.approx(row["price_jpy"], rel=ADDS_UP)
    rejected = {row["model"] for row in answer["rejected"]}
    chosen = {row["model"] for row in answer["decision"]}
    assert not rejected & chosen
    assert all(row["reason"] for row in answer["rejected"])


def test_the_waterfall_of_the_plan_is_that_of_kanrin_cost(run, folder):
    answer = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    for row in answer["decision"]:
        alone = run("cost", CASE, row["model"], "--list-price", repr(row["list_price_jpy"]), "--json").json
        assert (alone["pathway"], alone["route"]) == (row["pathway"], row["route"])
        amounts = {line["line"]: line["amount_jpy"] for line in alone["lines"]}
        for line in answer["waterfalls"][row["model"]]:
            assert line["amount_jpy"] == pytest.approx(amounts[line["line"]], rel=ADDS_UP, abs=0.01), line[
                "line"
            ]


def test_the_day_of_the_news(run):
    answer = run("plan", CASE, *SMALL, "--on", "2025-10-27", "--json").json
    assert answer["question"]["known_on"] == "2025-10-27"
    assert all(row["pathway"] != "us_made_certification" for row in answer["decision"])
    assert any(row["key"] == "jp.us_made_certification.available" for row in answer["pending"])
    assert answer["review"]["text"]


def test_what_the_user_sets_is_marked_and_changes_the_run(run, folder):
    base = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    answer = run("plan", CASE, *SMALL, "--set", "fx.usd_jpy=150", "--json").json
    assert answer["question"]["run_id"] != base["question"]["run_id"]
    assert "--set fx.usd_jpy=150" in answer["question"]["command"]


def test_the_command_on_the_brief_reproduces_it(run, folder):
    base = (folder / "plan.json").read_text(encoding="utf-8")
    command = json.loads(base)["question"]["command"].split()
    assert command[0] == "kanrin"
    assert run(*command[1:], "--json").out == base


def test_force_replaces_an_earlier_plan(run, tmp_path):
    kept = tmp_path / "notes.txt"
    kept.write_text("mine")
    result = run("plan", CASE, *SMALL, "--out", tmp_path, "--force")
    assert result.code == 0
    assert "wrote" in result.out
    assert kept.read_text() == "mine"
    assert (tmp_path / "brief.html").exists()


def work(pid: int, seconds: float) -> None:
    """Wait until a process has computed for some seconds; where nobody tells, as long by the clock."""
    stat, tick = Path(f"/proc/{pid}/stat"), 0.05
    for _ in range(int(60 / tick)):
        time.sleep(tick)
        if not stat.exists():
            time.sleep(seconds)
            return
        fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        if (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") >= seconds or fields[0] == "Z":
            return


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing(process, tmp_path, how):
    running = process(*LONG, "--out", tmp_path / "brief")
    work(running.pid, 2.5)  # past the imports, far from the end
    assert running.poll() is None, running.communicate()
    running.send_signal(how)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.strip() == "interrupted; nothing was written"
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_after_the_folder_is_there_says_so(run, tmp_path, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kanrin.report.print_plan", interrupted)
    result = run("plan", CASE, *SMALL, "--out", tmp_path / "brief")
    assert result.code == 130
    assert result.err.strip() == f"interrupted; written to {tmp_path / 'brief'}"
    assert (tmp_path / "brief" / "plan.json").exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_while_files_are_put_in_place(how):
    from kanrin.app._interrupt import held

    before = signal.getsignal(how)
    done = False
    with pytest.raises(KeyboardInterrupt), held():
        os.kill(os.getpid(), how)
        time.sleep(0.01)  # the handler runs in between
        done = True
    assert done
    assert signal.getsignal(how) is before


def test_an_interrupt_of_the_imports_is_one_word(run, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kanrin.app._main.run", interrupted)
    result = run("about")
    assert (result.code, result.err) == (130, "interrupted\n")


def test_a_figure_of_the_plan_is_explained_from_its_folder(run, folder):
    answer = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    chain = run("explain", CASE, "total.profit_jpy", "--plan", folder, "--json").json["chain"]
    assert chain[0]["value"] == answer["figures"]["total.profit_jpy"]["value"]
    assert {"total.units", "capital.discount_rate"} <= {link["key"] for link in chain}
    wrong = run("explain", CASE, "total.profits", "--plan", folder)
    assert wrong.code == 2
    assert "did you mean total.profit_jpy" in wrong.err


def test_every_figure_of_the_plan_can_be_explained(folder):
    import kanrin

    answer = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    case = kanrin.load_case(CASE)
    for key in answer["figures"]:
        figure = kanrin.explain(case, key, answer=answer)
        assert figure.key == key


def test_a_plan_folder_that_holds_none(run, tmp_path):
    result = run("explain", CASE, "total.profit_jpy", "--plan", tmp_path)
    assert result.code == 2
    assert "kanrin plan --out" in result.err
    (tmp_path / "plan.json").write_text("not json")
    assert "is not JSON" in run("explain", CASE, "total.profit_jpy", "--plan", tmp_path).err
    (tmp_path / "plan.json").write_text("[]")
    assert "holds no figures" in run("explain", CASE, "total.profit_jpy", "--plan", tmp_path).err
