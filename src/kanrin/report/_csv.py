"""The tables of a plan as CSV files: plain numbers, tidy, the unit in the name of the column."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["to_csv"]

Answer = Mapping[str, Any]

_LISTS: dict[str, tuple[str, ...]] = {
    "sensitivity": (
        "key", "label", "value", "low", "high", "unit", "profit_low_jpy", "profit_high_jpy", "swing_jpy",
        "flips_at",
        "flips_to",
    ),
    "rules": (
        "key", "label", "value", "unit", "effective_from", "effective_to", "status", "known_from",
        "source", "used", "note",
    ),
    "pending": ("key", "value", "unit", "effective_from", "status", "known_from", "source", "text"),
    "calendar": ("id", "date", "actor", "via", "claim", "about", "how_final", "source"),
    "assumptions": ("key", "value", "low", "high", "unit", "reason", "source", "used", "set_by_user"),
    "sources": ("id", "publisher", "title", "date", "url"),
    "rejected": ("model", "name", "reason", "profit_if_added_jpy", "units_if_added"),
}  # fmt: skip


def to_csv(answer: Answer) -> dict[str, str]:
    """File name to text; the same files for every plan, with their header even where there is no row."""
    tables = {
        "decision": _decision(answer),
        "alternatives": _alternatives(answer),
        "rejected": _listed(answer, "rejected"),
        "market": _market(answer),
        "waterfalls": _waterfalls(answer),
        "bridge": _rows(("step", "amount_jpy", "note"), answer.get("bridge") or ()),
        "sensitivity": _listed(answer, "sensitivity"),
        "rules": _listed(answer, "rules"),
        "pending": _listed(answer, "pending"),
        "calendar": _listed(answer, "calendar"),
        "assumptions": _listed(answer, "assumptions"),
        "sources": _listed(answer, "sources"),
    }
    return {f"{name}.csv": text for name, text in tables.items()}


def _write(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_plain(x) for x in row] for row in rows)
    return out.getvalue()


def _plain(x: Any) -> Any:
    if x is None:
        return ""
    if isinstance(x, bool):
        return "true" if x else "false"
    return repr(float(x)) if isinstance(x, float) else x


def _rows(header: tuple[str, ...], items: Iterable[Mapping[str, Any]]) -> str:
    return _write(header, ([item.get(name) for name in header] for item in items))


def _listed(answer: Answer, name: str) -> str:
    return _rows(_LISTS[name], answer.get(name) or ())


def _decision(answer: Answer) -> str:
    header = (
        "model", "name", "units_per_year_mean", "units_per_year_p10", "units_per_year_p50",
        "units_per_year_p90",
        "price_jpy", "list_price_jpy", "landed_cost_jpy", "unit_margin_jpy", "profit_jpy_mean",
        "profit_jpy_p10",
        "profit_jpy_p90", "probability_of_loss", "break_even_units_per_year", "break_even_jpy_per_usd",
        "pathway",
        "pathway_reason", "route", "route_days",
    )  # fmt: skip
    same = ("price_jpy", "list_price_jpy", "landed_cost_jpy", "unit_margin_jpy")
    rows = (
        (
            d["model"], d.get("name"), *(d["units"].get(k) for k in ("mean", "p10", "p50", "p90")),
            *(d[k] for k in same),
            *(d["profit_jpy"].get(k) for k in ("mean", "p10", "p90")), d["probability_of_loss"],
            d["break_even_units"],
            d["break_even_jpy_per_usd"], d["pathway"], d["pathway_reason"], d["route"], d.get("route_days"),
        )
        for d in answer["decision"]
    )  # fmt: skip
    return _write(header, rows)


def _alternatives(answer: Answer) -> str:
    header = (
        "models",
        "profit_jpy_mean",
        "profit_jpy_p10",
        "profit_jpy_p90",
        "gives_up_jpy",
        "gives_up_se_jpy",
        "note",
    )
    rows = (
        (
            " ".join(a["models"]),
            *(a["profit_jpy"].get(k) for k in ("mean", "p10", "p90")),
            a.get("gives_up_jpy"),
            a.get("gives_up_se_jpy"),
            a.get("note"),
        )
        for a in answer["alternatives"]
    )
    return _write(header, rows)


def _market(answer: Answer) -> str:
    """One tidy table: what, for whom, how much, in which unit."""
    market, rows = answer["market"], []
    maker = answer["question"]["maker"]
    for item in market.get("own_lost") or ():
        rows.append(("units_lost", item["model"], maker, item["units"], "vehicles per year"))
    for item in market.get("rivals_lost") or ():
        rows.append(("units_lost", item["model"], item["firm"], item["units"], "vehicles per year"))
    for item in market.get("firms") or ():
        rows.append(("units_change", "", item["firm"], item["units_change"], "vehicles per year"))
        rows.append(("profit_change", "", item["firm"], item["profit_change_jpy"], "JPY per year"))
    for item in market.get("prices_moved") or ():
        rows.append(("price_change", item["model"], item["firm"], item["change_jpy"], "JPY per vehicle"))
    for name in ("own_units_lost", "rivals_units_lost", "outside_units_gained_from"):
        if market.get(name) is not None:
            rows.append((name, "", "", market[name], "vehicles per year"))
    for name in ("mean", "p10", "p90"):
        if market["consumer_surplus_jpy"].get(name) is not None:
            rows.append(
                (f"consumer_surplus_{name}", "", "", market["consumer_surplus_jpy"][name], "JPY per year")
            )
    if market.get("tax_revenue_jpy") is not None:
        rows.append(("tax_revenue_change", "", "", market["tax_revenue_jpy"], "JPY per year"))
    return _write(("measure", "model", "firm", "value", "unit"), rows)


def _waterfalls(answer: Answer) -> str:
    header = ("model", "line", "label", "base", "rate", "amount_jpy", "kind", "key", "source", "note")
    rows = (
        (model, *(line.get(name) for name in header[1:]))
        for model, lines in answer["waterfalls"].items()
        for line in lines
    )
    return _write(header, rows)
