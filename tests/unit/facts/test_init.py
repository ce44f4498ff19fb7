"""`init_case`: a case copied whole or not at all, and never over what the user has."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kanrin.base import OutputError, UnknownName
from kanrin.facts import init_case, load_case


def test_the_copy_loads_and_is_the_same_case(tmp_path: Path) -> None:
    target = init_case(tmp_path / "new" / "mine")
    assert load_case(target).digest == load_case("us-japan").digest
    assert [p.name for p in target.parent.iterdir()] == ["mine"], "nothing but the copy is left"
    again = init_case(tmp_path / "again", source=target)
    assert load_case(again).digest == load_case(target).digest


def test_an_empty_folder_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    init_case(".")
    assert load_case(folder).name == "us-japan"


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"is not empty; choose an empty folder or use --force"):
        init_case(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["note.txt"]


def test_force_writes_over_the_files_of_a_case_and_keeps_the_rest(tmp_path: Path) -> None:
    target = tmp_path / "case"
    init_case(target)
    (target / "note.txt").write_text("mine")
    (target / "case.toml").write_text("broken")
    init_case(target, force=True)
    assert (target / "note.txt").read_text() == "mine"
    assert load_case(target).digest == load_case("us-japan").digest


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "case").write_text("mine")
    with pytest.raises(OutputError, match="is a file, not a folder; choose another name"):
        init_case(tmp_path / "case")
    with pytest.raises(OutputError, match=r"cannot be written \(.*\); choose a folder you may write to"):
        init_case(tmp_path / "case" / "below")


def test_an_unknown_case_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="unknown case 'uk-japan'"):
        init_case(tmp_path / "case", source="uk-japan")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_interrupted_copy_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    copied = []

    def copyfile(source: str, target: str, **_: object) -> str:
        copied.append(target)
        if len(copied) > 5:
            raise error
        return str(Path(target).write_text("half"))

    monkeypatch.setattr(shutil, "copyfile", copyfile)
    with pytest.raises((OutputError, KeyboardInterrupt)):
        init_case(tmp_path / "case")
    assert not list(tmp_path.iterdir())
