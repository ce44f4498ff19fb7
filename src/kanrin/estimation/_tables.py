"""Tables of estimates: as text, Markdown, LaTeX, HTML and as a frame. Telling only, no arithmetic
of models."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kanrin.base import Floats
from kanrin.estimation._table import as_frame
from kanrin.estimation._tails import normal_tail

__all__ = ["CoefficientTable"]

_HEAD = ("", "Estimate", "Std. error", "z", "p", "95 % interval")
_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class CoefficientTable:
    """Estimates with standard errors by name, a title, statistics below and notes.

    `errors` is not a number where a parameter has none (fixed, or on a bound): tables show a dash there.
    """

    title: str
    names: tuple[str, ...]
    values: Floats  # (P,)
    errors: Floats  # (P,)
    statistics: Mapping[str, str]
    notes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()  # a heading for each name, "" for none
    kind: str = "dict"  # kind of frame `to_frame` gives

    def cells(self) -> list[tuple[str, ...]]:
        """One tuple of texts a row: name, estimate, error, z, p, interval."""
        rows: list[tuple[str, ...]] = []
        for name, value, error in zip(self.names, self.values, self.errors, strict=True):
            if math.isfinite(error) and error > 0:
                z = value / error
                low, high = value - _NORMAL_95 * error, value + _NORMAL_95 * error
                rest = (
                    number(error),
                    f"{z:.2f}",
                    f"{normal_tail(z):.3f}",
                    f"{number(low)} to {number(high)}",
                )
            else:
                rest = ("–", "–", "–", "–")
            rows.append((name, number(value), *rest))
        return rows

    def _grouped(self) -> list[tuple[str, tuple[str, ...]]]:
        groups = self.groups or ("",) * len(self.names)
        return list(zip(groups, self.cells(), strict=True))

    def to_text(self) -> str:
        """Aligned columns."""
        rows = self.cells()
        widths = [max(len(row[k]) for row in [_HEAD, *rows]) for k in range(len(_HEAD))]
        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))

        def line(row: Sequence[str]) -> str:
            return "  ".join(
                [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
            )

        out, last = [self.title, rule, line(_HEAD), rule], ""
        for group, row in self._grouped():
            if group and group != last:
                out.append(f"{group}:")
                last = group
            out.append(line(row))
        out.append(rule)
        out += [f"{name}: {text}" for name, text in self.statistics.items()]
        out += [f"Note: {note}" for note in self.notes]
        return "\n".join(out)

    def to_markdown(self) -> str:
        """A Markdown table with the statistics as a list below."""
        out = [f"**{self.title}**", "", "| " + " | ".join(_HEAD) + " |", "|:--|" + "--:|" * (len(_HEAD) - 1)]
        out += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in self.cells()]
        out += ["", *(f"- {name}: {text}" for name, text in self.statistics.items())]
        return "\n".join([*out, *(f"- Note: {note}" for note in self.notes)])

    def to_latex(self) -> str:
        """A LaTeX tabular (booktabs): estimates, standard errors in brackets below."""
        out = ["\\begin{tabular}{lr}", "\\toprule", " & Estimate \\\\", "\\midrule"]
        for name, value, error, *_ in self.cells():
            out.append(f"{_latex(name)} & {_latex_number(value)} \\\\")
            if error != "–":
                out.append(f" & ({_latex_number(error)}) \\\\")
        out.append("\\midrule")
        out += [f"{_latex(name)} & {_latex(text)} \\\\" for name, text in self.statistics.items()]
        return "\n".join([*out, "\\bottomrule", "\\end{tabular}"])

    def to_html(self) -> str:
        """An HTML table with a caption; what a notebook shows."""
        head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in _HEAD)
        body = []
        for row in self.cells():
            cells = "".join(f'<td style="text-align:right">{html.escape(text)}</td>' for text in row[1:])
            body.append(f'<tr><th scope="row" style="text-align:left">{html.escape(row[0])}</th>{cells}</tr>')
        below = "<br>".join(html.escape(f"{name}: {text}") for name, text in self.statistics.items())
        notes = "".join(f"<br><em>{html.escape(note)}</em>" for note in self.notes)
        return (
            f"<table><caption>{html.escape(self.title)}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(body)}</tbody></table><p>{below}{notes}</p>"
        )

    _repr_html_ = to_html

    def __str__(self) -> str:
        return self.to_text()

    def to_frame(self) -> Any:
        """Columns name, estimate, std_error, z, p as a frame of the kind that came in; None where
        there is none."""
        known = np.isfinite(self.errors) & (self.errors > 0)
        z = np.where(known, self.values / np.where(known, self.errors, 1.0), np.nan)
        columns = {
            "name": list(self.names),
            "estimate": list(map(float, self.values)),
            "std_error": [float(e) if ok else None for e, ok in zip(self.errors, known, strict=True)],
            "z": [float(v) if ok else None for v, ok in zip(z, known, strict=True)],
            "p": [normal_tail(float(v)) if ok else None for v, ok in zip(z, known, strict=True)],
        }
        return as_frame(columns, self.kind)


def number(value: float) -> str:
    """Six significant digits at most, plain where readable."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "–"
    if 1e-4 <= abs(value) < 1e6:
        digits = max(0, min(6, 4 - math.floor(math.log10(abs(value)))))
        return f"{value:.{digits}f}"
    return f"{value:.3e}"


def _latex(text: str) -> str:
    for mark in "&%$#_{}":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("–", "--").replace("^", "\\^{}").replace("~", "\\~{}")


def _latex_number(text: str) -> str:
    return f"${text}$" if text.startswith("-") else text
