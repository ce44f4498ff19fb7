"""An estimate file as text: where each key stands, and values taken out with their faults told there."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from kanrin.base import CaseError

__all__ = ["FORMAT_VERSION", "Page", "is_number", "open_page"]

FORMAT_VERSION = 2  # what is written; files from 1 on are read


@dataclass
class Page:
    """The content of a file and the faults found in it so far."""

    path: Path
    content: dict[str, Any]
    lines: list[str]
    faults: list[str] = field(default_factory=list)

    @property
    def version(self) -> int:
        """The format the file names; the first named none, or `version`."""
        version: int = self.content.get("format_version", self.content.get("version", 1))
        return version

    def at(self, key: str, table: str = "") -> str:
        """`file:line` of key inside [table]; the table's own line, else line 1, when the key is missing."""
        current, fallback = "", 1
        for number, line in enumerate(self.lines, start=1):
            header = re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line)
            if header and "=" not in line.split("#")[0]:
                current = header.group(1).strip('"')
                fallback = number if current == table else fallback
                if not key and current == table:
                    break
            elif current == table and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
                return f"{self.path}:{number}"
        return f"{self.path}:{fallback}"

    def fault(self, key: str, table: str, what: str) -> None:
        """Note a fault at the line of a key."""
        self.faults.append(f"{self.at(key, table)}: {what}")

    def end(self) -> None:
        """Raise CaseError when faults were found."""
        if self.faults:
            raise CaseError(self.faults)

    def only(self, known: tuple[str, ...], table: str = "") -> None:
        """Refuse keys that are not known, with near ones."""
        for key in self.content.get(table, {}) if table else self.content:
            if key not in known:
                near = get_close_matches(key, known, n=2)
                hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
                where = f"[{table}] " if table else ""
                self.fault(key, table, f"{where}{key}: unknown key; {hint}")

    def table(self, name: str, way_out: str) -> dict[str, Any]:
        """A table that must be there; empty, and a fault, when it is not."""
        table = self.content.get(name)
        if isinstance(table, dict):
            return table
        self.fault("", "", f"table [{name}] is missing; {way_out}")
        return {}

    def word(self, key: str, table: str = "", *, needed: bool = True) -> str:
        """A text; without `needed` it may be missing or empty."""
        place = self.content.get(table, {}) if table else self.content
        value = place.get(key, None if needed else "")
        if isinstance(value, str) and (value or not needed):
            return value
        self.fault(key, table, f"{key} is {value!r}; expected a text in quotes")
        return ""

    def words(self, key: str, table: str) -> tuple[str, ...]:
        """A list of texts, each once; empty when it is missing."""
        value = self.content.get(table, {}).get(key, [])
        if (
            isinstance(value, list)
            and all(isinstance(v, str) for v in value)
            and len(set(value)) == len(value)
        ):
            return tuple(value)
        self.fault(key, table, f"{key} is {value!r}; expected a list of names in quotes, each once")
        return ()

    def numbers(self, name: str) -> dict[str, float]:
        """A table of finite numbers; empty when it is missing."""
        table = self.content.get(name, {})
        if not isinstance(table, dict):
            self.fault("", name, f"[{name}] must be a table of numbers")
            return {}
        for key, value in table.items():
            if not is_number(value):
                self.fault(key, name, f"{name}.{key} is {value!r}; expected a finite number")
        return {key: float(value) for key, value in table.items() if is_number(value)}

    def count(self, key: str) -> int:
        """A whole number above zero."""
        value = self.content.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        self.fault(key, "", f"{key} is {value!r}; expected a whole number above zero")
        return 0


def is_number(value: object) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def open_page(path: str | Path) -> Page:
    """Read the file. Raises CaseError: no such file, not TOML, not an estimate, a later format."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except FileNotFoundError:
        raise CaseError(f"{file}:1: no such file; give the path of an estimate file (TOML)") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        found = re.search(r"line (\d+)", str(error))
        raise CaseError(
            f"{file}:{found.group(1) if found else 1}: not valid TOML: {error}; if the file was cut short, "
            "write it again with `kanrin estimate SPEC --out FILE`"
        ) from error
    except OSError as error:
        raise CaseError(
            f"{file}: cannot be read ({(error.strerror or str(error)).lower()}); give the path of an "
            "estimate file (TOML)"
        ) from None
    page = Page(file, content, text.splitlines())
    key = "format_version" if "format_version" in content else "version"
    version: object = page.version
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise CaseError(
            f"{page.at(key)}: {key} is {version!r}; expected a whole number from 1 to {FORMAT_VERSION}"
        )
    if version > FORMAT_VERSION:
        raise CaseError(
            f"{page.at(key)}: {key} {version} is later than {FORMAT_VERSION}, the last that is read here; "
            "renew Kanrin, or estimate again with this one"
        )
    return page
