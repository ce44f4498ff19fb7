"""Every public name has a docstring and stands in the reference; every command has a section with all its
options."""

from __future__ import annotations

import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import kanrin
from kanrin.app._group import COMMANDS

DOCS = Path(__file__).resolve().parents[1] / "docs"
PYTHON_PAGE = (DOCS / "reference" / "python.md").read_text(encoding="utf-8")
COMMANDS_PAGE = (DOCS / "reference" / "commands.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", kanrin.__all__)
def test_every_public_name_is_documented(name):
    value = getattr(kanrin, name)
    own = value.__doc__ if not inspect.isclass(value) else value.__dict__.get("__doc__")
    assert own and own.strip() and not own.startswith(f"{name}("), (
        f"kanrin.{name} has no docstring of its own"
    )
    assert re.search(rf"^\.\. auto\w+:: kanrin\.{name}$", PYTHON_PAGE, flags=re.M)


def test_all_is_complete_and_the_page_holds_nothing_else():
    documented = set(re.findall(r"^\.\. auto\w+:: kanrin\.(\w+)$", PYTHON_PAGE, flags=re.M))
    assert documented == set(kanrin.__all__)
    assert set(kanrin._HOME) == set(kanrin.__all__)
    assert list(kanrin.__all__) == sorted(kanrin.__all__)
    assert set(kanrin.__all__) <= set(dir(kanrin))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'plam'"):
        kanrin.plam  # noqa: B018


def test_import_is_light_and_plan_is_a_call():
    heavy = "[m for m in ('numpy', 'pydantic', 'click') if m in sys.modules]"
    code = f"import sys, kanrin; print({heavy}, callable(kanrin.plan))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_section(name):
    assert f"## kanrin {name}\n" in COMMANDS_PAGE


def _script(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_commands_is_what_the_commands_say():
    assert _script("commands_page").page() == COMMANDS_PAGE, "renew it with `python docs/commands_page.py`"


def test_the_rooms_of_economists_are_listed_name_by_name():
    assert _script("python_page").page() == PYTHON_PAGE, "renew it with `python docs/python_page.py`"


def test_labels_live_where_the_page_says():
    """Each place on the page cites its label; each label of the list has a place."""
    module = _script("labels_page")
    found, cure = module.where(), "renew it with `python docs/labels_page.py`"
    rows = re.findall(
        r"^\| \(([a-z0-9-]+)\) \| [^|]+ \| (.+) \|$", module.PAGE.read_text("utf-8"), flags=re.M
    )
    assert [label for label, _ in rows] == [n for group in module.LABELS.values() for n in group], cure
    for label, places in rows:
        assert set(re.findall(r"`([^`]+)`", places)) <= set(found[label]), f"({label}): {cure}"


def test_every_error_is_public():
    from kanrin import base

    public = [(name, getattr(base, name)) for name in base.__all__]
    errors = {name for name, value in public if isinstance(value, type) and issubclass(value, Exception)}
    assert errors <= set(kanrin.__all__)
