"""The brief: one plan told as HTML, Markdown, JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from kanrin.base import KanrinError
from kanrin.report._csv import to_csv
from kanrin.report._folder import write_folder
from kanrin.report._html import to_html
from kanrin.report._layout import lay_out
from kanrin.report._markdown import to_markdown

__all__ = ["Brief"]


@dataclass(frozen=True)
class Brief:
    """What a planner forwards. The same `answer` gives the same bytes, each time.

    Parameters
    ----------
    answer
        The dict of plan.json; see `schema()`.
    """

    answer: Mapping[str, Any]

    def html(self) -> str:
        """One page that stands alone: no script, nothing fetched, prints on A4."""
        return to_html(lay_out(self.answer))

    def markdown(self) -> str:
        """The same order and the same words."""
        return to_markdown(lay_out(self.answer))

    def json(self) -> str:
        """plan.json: the order of the plan kept, UTF-8, a newline at the end.

        Raises
        ------
        KanrinError
            A number is not finite; the text names its place.
        """
        _all_finite(self.answer, "plan")
        return json.dumps(self.answer, ensure_ascii=False, indent=2, allow_nan=False) + "\n"

    def csv(self) -> dict[str, str]:
        """File name to text, one table a file."""
        return to_csv(self.answer)

    def texts(self) -> dict[str, str]:
        """Every file of the folder, by its name there: brief.html, brief.md, plan.json and csv/*.csv."""
        texts = {"brief.html": self.html(), "brief.md": self.markdown(), "plan.json": self.json()}
        return texts | {f"csv/{name}": text for name, text in self.csv().items()}

    def write(self, folder: str | Path, force: bool = False) -> list[Path]:
        """Write brief.html, brief.md, plan.json and csv/*.csv, all or none.

        Parameters
        ----------
        folder
            Made if it does not exist.
        force
            Replace the files of an earlier plan; files that are not ours stay.

        Raises
        ------
        OutputError
            The folder is not empty and `force` is not given, or it cannot be written.
        """
        return write_folder(Path(folder), self.texts(), force=force)

    def _repr_html_(self) -> str:
        """The page in a frame of its own, so that its style does not reach the notebook."""
        from html import escape

        look = "width:100%;height:40rem;border:0"
        return f'<iframe srcdoc="{escape(self.html())}" style="{look}" title="Brief"></iframe>'


def _all_finite(value: Any, place: str) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            _all_finite(item, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            _all_finite(item, f"{place}[{i}]")
    elif isinstance(value, float) and not isfinite(value):
        raise KanrinError(
            f"{place} is {value}, and a plan holds finite numbers only; report it with the command you ran"
        )
