"""The law on a day as rows and as a small table for a notebook; all text is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date
from html import escape
from typing import TYPE_CHECKING

from kanrin.facts import Rule, Spell

if TYPE_CHECKING:
    from kanrin.rules._explain import Explanation
    from kanrin.rules._regime import Regime

__all__ = ["RuleRow", "explanation_html", "html_table", "regime_html", "rule_value", "rules_table"]

YES_NO = "1 yes, 0 no"


@dataclass(frozen=True)
class RuleRow:
    """A dated value of a rule as known on a day; `standing` is `in force` or `pending`, beside its status."""

    key: str
    value: float
    unit: str
    effective_from: date
    effective_to: date | None
    status: str
    standing: str
    source: str
    locus: str


def rules_table(regime: Regime) -> tuple[RuleRow, ...]:
    """Rules in force on the day in the order of the files, then what is pending."""
    law = [_row(rule, spell, end, "in force") for rule, spell, end in regime.in_force()]
    return (*law, *(_row(p.rule, p.spell, p.effective_to, "pending") for p in regime.pending()))


def regime_html(regime: Regime) -> str:
    """`rules_table` as HTML, for a notebook."""
    caption = f"Law of {regime.case.name} on {regime.on}, as known on {regime.known_on}"
    columns = [f.name.replace("_", " ") for f in fields(RuleRow)]
    return html_table(caption, columns, (map(_cell, astuple(row)) for row in rules_table(regime)))


def explanation_html(told: Explanation) -> str:
    """The chain behind a figure, its sources and the spells of its rules, as HTML tables."""
    links = (
        (
            "\u00a0\u00a0" * link.depth + (link.figure.key or link.figure.label or link.figure.formula),
            _cell(link.figure.value),
            link.figure.unit,
            str(link.figure.kind),
            link.figure.source,
            "as above" if link.told else link.figure.note,
        )
        for link in told.links
    )
    caption = told.figure.key or told.figure.label or "figure"
    parts = [html_table(caption, ("figure", "value", "unit", "kind", "source", "note"), links)]
    if told.spells:
        spells = (
            (r.key, _cell(r.spell.value), str(r.spell.effective_from), _cell(r.effective_to), r.spell.status,
             r.standing, str(r.spell.known_from), f"{r.source.publisher}, {r.source.title}", r.spell.locus)
            for r in told.spells
        )  # fmt: skip
        columns = ("rule", "value", "from", "to", "status", "standing", "known from", "source", "locus")
        parts.append(html_table("Spells of the rules", columns, spells))
    sources = ((s.id, s.publisher, s.title, s.date, s.url) for s in told.sources)
    parts.append(html_table("Sources", ("id", "publisher", "title", "date", "address"), sources))
    return "".join(parts)


def html_table(caption: str, columns: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """A plain HTML table of text cells."""
    head = "".join(f"<th>{escape(c)}</th>" for c in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    top = f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
    return f"<table>{top}<tbody>{body}</tbody></table>"


def rule_value(value: float, unit: str) -> str:
    """A value of a rule with its unit, as a reader would say it: yes, 15% of customs value."""
    if unit == YES_NO:
        return "yes" if value else "no"
    before, fraction, of = unit.partition("fraction of ")
    if fraction:
        sort = f" ({before.strip()})" if before else ""
        return f"{value * 100:,.10g}% of {of}{sort}"
    return f"{value:,.10g} {unit}"


def _row(rule: Rule, spell: Spell, end: date | None, standing: str) -> RuleRow:
    return RuleRow(
        rule.key, spell.value, rule.unit, spell.effective_from, end, spell.status.replace("_", " "), standing,
        spell.source, spell.locus,
    )  # fmt: skip


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, float) else str(value)
