"""A specification: a TOML file as records; every fault with file, line and the nearest known key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from kanrin.app._spec_words import in_spec_words
from kanrin.base import CaseError, InputError
from kanrin.facts import Record, fault_sentence, faults_in, line_of, read_toml

__all__ = ["Placed", "SpecError", "read_spec"]

R = TypeVar("R", bound=Record)
Loc = tuple[str | int, ...]


class SpecError(CaseError):
    """One or more faults in a specification, each with file and line."""

    of = "the specification"


@dataclass(frozen=True)
class Placed(Generic[R]):
    """A specification and where its keys stand. Files it names are relative to its folder."""

    content: R
    path: Path
    text: str

    def place(self, *loc: str | int) -> str:
        """`file:line` of a key."""
        return f"{self.path}:{line_of(self.text, loc)}"

    @contextmanager
    def at(self, *loc: str | int) -> Iterator[None]:
        """Bad input met inside is told with the place of this key."""
        try:
            yield
        except CaseError:
            raise
        except InputError as error:
            name = next((part for part in reversed(loc) if isinstance(part, str)), "")
            raise SpecError(
                f"{self.place(*loc)}: {name + ': ' if name else ''}{in_spec_words(str(error))}"
            ) from error

    def file(self, name: str, *loc: str | int) -> Path:
        """A file that the key names. Raises SpecError when there is none."""
        found = self.path.parent / name
        if not found.is_file():
            what = "is a folder, not a file" if found.is_dir() else "no such file"
            raise SpecError(
                f"{self.place(*loc)}: {loc[-1]}: {found}: {what}; give a path relative to the folder of "
                f"{self.path.name}"
            )
        return found


def read_spec(path: str | Path, model: type[R], what: str) -> Placed[R]:
    """A specification. Raises SpecError that lists every fault."""
    file = Path(path)
    if not file.is_file():
        state = "is a folder, not a file" if file.is_dir() else "no such file"
        raise SpecError(f"{file}: {state}; expected the path of {what} (TOML)")
    data, text = read_toml(file)
    try:
        return Placed(model.model_validate(data), file, text)
    except ValidationError as error:
        faults: dict[Loc, str] = {}
        for one in faults_in(error):
            loc = _written(one["loc"], data)
            sentence = _sentence({**one, "loc": loc}, model, one["loc"])
            if loc in faults and sentence not in faults[loc]:  # a value that fits none of several kinds
                sentence = f"{faults[loc]}; or {sentence.partition(': ')[2]}"
            faults[loc] = f"{sentence}"
        raise SpecError(
            [f"{file}:{line_of(text, loc)}: {_table(loc)}{text_of}" for loc, text_of in faults.items()]
        ) from None


def _table(loc: Loc) -> str:
    """`[table] ` of a fault inside one."""
    return f"[{loc[0]}] " if len(loc) > 1 else ""


def _written(loc: Loc, data: Any) -> Loc:
    """The path as it stands in the file: without the names of the kinds a value was tried as."""
    out: list[str | int] = []
    here = data
    for nth, part in enumerate(loc):
        if isinstance(here, dict):
            if part in here:
                here = here[part]
            elif nth < len(loc) - 1:
                continue
        elif isinstance(here, list):
            if not isinstance(part, int):
                continue
            here = here[part] if part < len(here) else None
        else:
            continue
        out.append(part)
    return tuple(out)


def _sentence(error: ErrorDetails, model: type[BaseModel], loc: Loc) -> str:
    kind, context = error["type"], error.get("ctx", {})
    named = [str(part) for part in error["loc"] if isinstance(part, str)]
    where = named[-1] if named else "the file"
    if kind == "extra_forbidden":
        known = _keys_at(model, loc)
        near = get_close_matches(str(loc[-1]), known, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(near)}?" if near else f"known here: {', '.join(known)}"
        return f"{where}: unknown key; {hint}"
    if kind == "union_tag_invalid":
        key, tags = str(context["discriminator"]).strip("'"), str(context["expected_tags"])
        near = get_close_matches(str(context["tag"]), [t.strip(" '") for t in tags.split(",")], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        return f"{where}: {key} is {context['tag']!r}; expected one of {tags}{hint}"
    if kind == "union_tag_not_found":
        return f"{where}: {str(context['discriminator']).strip(chr(39))} is missing; add it"
    return fault_sentence(error)


def _keys_at(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that may stand in the table in which a path ends."""
    tables = [model]
    for part in loc[:-1]:
        if isinstance(part, int):
            continue
        inside = [t.model_fields[part].annotation for t in tables if part in t.model_fields]
        if inside:
            tables = [found for annotation in inside for found in _records(annotation)]
        else:  # the tag of a table of several kinds
            tables = [
                t for t in tables if any(part in get_args(f.annotation) for f in t.model_fields.values())
            ]
    return list(dict.fromkeys(name for t in tables for name in t.model_fields))


def _records(annotation: Any) -> Sequence[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in _records(inner)]
