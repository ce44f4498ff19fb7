"""A plan as a notebook shows it: the question, the answer and a table of the models."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

__all__ = ["html_table"]

_HEADS = ("Model", "Cars a year (P10–P90)", "Price, JPY", "Landed, JPY", "Unit margin, JPY", "P(loss)")


def html_table(answer: Mapping[str, Any]) -> str:
    """HTML of a plan.json; text from the case is escaped."""
    question = answer["question"]
    head = "".join(f"<th>{text}</th>" for text in _HEADS)
    body = "".join(_row(row) for row in answer["decision"])
    return (
        f"<p><strong>{escape(question['sentence'])}</strong><br>{escape(answer['answer'])}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<p>{escape(answer['notice'])} Run {escape(question['run_id'])}.</p>"
    )


def _row(row: Mapping[str, Any]) -> str:
    units = row["units"]
    cells = (
        escape(row["name"]),
        f"{units['mean']:,.0f} ({units['p10']:,.0f}–{units['p90']:,.0f})",
        f"{row['price_jpy']:,.0f}",
        f"{row['landed_cost_jpy']:,.0f}",
        f"{row['unit_margin_jpy']:,.0f}",
        f"{100 * row['probability_of_loss']:.0f} %",
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
