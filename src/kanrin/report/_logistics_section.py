"""From plant to dealer, by month: words, volumes, the map, costs, and what one more place is worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kanrin.report._marks import Marks
from kanrin.report._months_chart import by_month, months_chart
from kanrin.report._numbers import cars, jpy, per_cent, signed, tiny, usd
from kanrin.report._page import Block, Cell, Column, Figure, Fold, Paragraph, Row, Section, Table, words
from kanrin.report._route_map import route_map

__all__ = ["logistics_section"]

_TITLE = "From plant to dealer, by month"
_PARTS = ("inland", "sea", "calls", "waiting", "inspection", "delivery")
_KINDS = {
    "slots": "room on ships that call",
    "least": "a smaller call",
    "inspections": "inspections",
    "room": "room at dealers",
    "plant": "cars from the plant",
}
_WAYS = {"land": "over land", "sea": "by ship", "delivery": "to dealers"}
_SHOWN = 8


def logistics_section(answer: Mapping[str, Any], marks: Marks) -> Section | None:
    """The schedule in words, pictures and tables; None for a plan.json that has none."""
    found = answer.get("logistics")
    if not found:
        return None
    blocks: list[Block] = [Paragraph(words(*_joined(found["words"])))]
    if not found["months"] or not found["map"]["arcs"]:
        return Section("logistics", _TITLE, tuple(blocks))
    blocks += [_volumes(found), _map(found["map"]), _costs(found["cost_per_car"]), *_worth(found)]
    fixed = found["fixed_point"]
    stands = "stand still" if fixed["settled"] else "had not come to rest"
    blocks.append(
        Paragraph(
            words(
                "Prices answer to these costs and the schedule to the volumes that follow: after "
                f"{fixed['iterations']} steps both {stands}, volumes to {tiny(fixed['residual'])} of "
                f"themselves. The cheapest schedule may cost up to {per_cent(found['gap'])} less. Cars are "
                "means, so a month may hold parts of one; times are days of the route rounded up to whole "
                "months. The smallest call",
                marks.mark("logistics.minimum_call_cars"),
                ", the room on a ship",
                marks.mark("logistics.share_of_vessel_available"),
                " and the shares of regions are assumptions.",
            ),
            role="note",
        )
    )
    return Section("logistics", _TITLE, tuple(blocks))


def _joined(sentences: Sequence[str]) -> list[str]:
    return [" ".join(sentences)]


def _table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[str]], texts: int = 1) -> Table:
    """A table whose first columns are words and whose others are numbers."""
    heads = tuple(Column(name, k >= texts) for k, name in enumerate(columns))
    return Table(caption, heads, tuple(Row(tuple(Cell(words(c)) for c in row)) for row in rows))


def _volumes(found: Mapping[str, Any]) -> Figure:
    totals = by_month(found["cars"], found["months"])
    calls = {m: sum(c["calls"] for c in found["calls"] if c["month"] == m) for m in found["months"]}
    stocks = {s["month"]: s for s in found["stocks"]}
    rows = [
        (
            r["month"],
            *(cars(r[n]) for n in ("left_plant", "loaded")),
            str(calls[r["month"]]),
            cars(r["sold"]),
            *(cars(stocks[r["month"]][n]) for n in ("export_ports", "import_ports", "dealers")),
        )
        for r in totals
    ]
    heads = ("Month", "Left the plant", "Loaded", "Calls", "Sold", "Wait: export", "import", "dealers")
    table = _table("Cars by month, and cars that wait at its end.", heads, rows)
    caption = "Cars sold each month (bars) and loaded on ships (ticks)."
    return Figure("months-chart", caption, months_chart(totals), table)


def _map(drawn: Mapping[str, Any]) -> Figure:
    rows = [(a["from"], a["to"], _WAYS[a["kind"]], cars(a["cars"])) for a in drawn["arcs"]]
    table = _table("Ways and the cars they carry over all months.", ("From", "To", "Way", "Cars"), rows, 3)
    caption = "Plants (squares), ports and regions of dealers (circles); a wider line carries more cars."
    return Figure("route-map", caption, route_map(drawn), table)


def _costs(rows: Sequence[Mapping[str, Any]]) -> Table:
    told = [
        (
            str(r["name"]).split(" (")[0],
            jpy(r["schedule_jpy"]),
            usd(r["schedule_usd"]),
            jpy(r["route_jpy"]),
            *(jpy(r["parts"].get(p)) for p in _PARTS),
            f"{cars(r['units_before'])} to {cars(r['units'])}",
            signed(jpy(r["price_change_jpy"]), r["price_change_jpy"]),
        )
        for r in rows
    ]
    heads = (
        "Model",
        "A car",
        "in dollars",
        "Route alone",
        *(p.capitalize() for p in _PARTS),
        "Cars a year",
        "Price",
    )
    return _table("What moving a car costs, and how volume and price before tax answer.", heads, told)


def _worth(found: Mapping[str, Any]) -> list[Block]:
    prices = found["shadow_prices"]
    if not prices:
        return [
            Paragraph(words("No capacity binds: a further place on a ship or in a port is worth nothing."))
        ]
    rows = [
        (
            _KINDS[p["kind"]],
            p["where"],
            p["months"][0] if len(p["months"]) == 1 else f"{len(p['months'])} from {p['months'][0]}",
            jpy(p["most_jpy"]),
        )
        for p in prices
    ]
    heads = ("What", "Where", "Months", "Yen a car, at most")
    caption = "What one more car of it would save, with the calls as they are."
    table = _table(caption, heads, rows[:_SHOWN], 3)
    if len(rows) <= _SHOWN:
        return [table]
    return [table, Fold("All of them", (_table(caption, heads, rows, 3),), printed=False)]
