"""A simulation told: tables as text, Markdown or LaTeX, and JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from kanrin.app._simulate_spec import SimulateSpec
from kanrin.app._simulated import PRODUCT_OUTCOMES, Simulated, Source
from kanrin.app._spec_reader import Placed
from kanrin.base import KanrinError
from kanrin.simulation import (
    Batch,
    Evidence,
    Merger,
    Simulation,
    Spread,
    Surplus,
    Table,
    screen_merger,
    screen_table,
)

__all__ = ["failures", "plain", "texts"]

_LEVEL = 0.95


def texts(spec: Placed[SimulateSpec], source: Source, found: Simulated, form: str) -> Iterator[str]:
    """Every table and note, one after the other."""
    if spec.content.title and form != "latex":
        yield spec.content.title
    if source.calibration is not None:
        yield _text(source.calibration.parameter_table(), form)
        if source.calibration.targets:
            yield _text(source.calibration.target_table(), form)
    if len(source.names) > 1:
        yield _text(found.batch.table(Surplus(spec.content.surplus)), form)
    else:
        for one in found.batch.done.values():
            for table in _tables(one, Surplus(spec.content.surplus)).values():
                yield _text(table, form)
            if form != "latex":
                yield _certificate(one)
    if found.spread is not None:
        for table in _spread_tables(found.spread).values():
            yield _text(table, form)


def _text(table: Table, form: str) -> str:
    if form == "markdown":
        return f"**{table.title}**\n\n{table.to_markdown()}"
    return table.to_latex() if form == "latex" else str(table)


def _tables(one: Simulation, surplus: Surplus) -> dict[str, Table]:
    """By the name they have in JSON."""
    found = {
        "products": one.products(),
        "owners": one.owners(),
        "welfare": one.welfare(surplus),
        "concentration": one.concentration(),
    }
    if one.after.market.caps:
        found["quotas"] = one.quotas()
    first = one.changes[0]
    if isinstance(first, Merger):
        try:
            found["screens"] = screen_table(screen_merger(one.before, first))
        except KanrinError:  # a screen without an answer leaves the simulation as it is
            return found
    return found


def _certificate(one: Simulation) -> str:
    """What the equilibrium after can show for itself."""
    evidence = one.evidence
    assert evidence is not None
    lines = [
        "How sure the prices after are",
        f"largest residual of the pricing conditions: {_of_price(evidence)}",
    ]
    if evidence.second_order_ok is not None:
        lines.append(f"each owner at a maximum: {'yes' if evidence.second_order_ok else 'no'}")
    if evidence.starts:
        lines.append(
            f"other starts that end at the same prices: {evidence.starts_agreeing} of {evidence.starts}"
        )
    if evidence.largest_deviation_gain is not None:
        gain = evidence.largest_deviation_gain
        lines.append(
            "no owner gains by prices far from these"
            if gain <= 0.0
            else f"an owner gains {100 * gain:.3g} % by prices far from these"
        )
    if evidence.outside_share is not None:
        lines.append(f"share of potential buyers who buy none: {evidence.outside_share:.4g}")
    return "\n".join([*lines, *([evidence.note] if evidence.note else [])])


def _of_price(evidence: Evidence) -> str:
    return f"{evidence.residual:.1e} of the highest price"


def _spread_tables(spread: Spread) -> dict[str, Table]:
    """Totals, and changes by product where there are any, by the name they have in JSON."""
    table = spread.table(_LEVEL)
    rows = {name: {head: table[head][name] for head in table.columns} for name in table.index}
    products: dict[str, dict[str, Any]] = {}
    for head in PRODUCT_OUTCOMES:
        for name in [name for name in rows if name.startswith(f"{head}: ")]:
            found = rows.pop(name)
            products.setdefault(name.removeprefix(f"{head}: "), {}).update(
                {f"{head}{'' if what == 'estimate' else f' {what}'}": value for what, value in found.items()}
            )
    told = {"outcomes": _of_rows("Who gains, over draws of the estimate", "outcome", rows, table.notes)}
    if products:
        told["products"] = _of_rows("By product, over draws of the estimate", "product", products, ())
    return told


def _of_rows(title: str, index_name: str, rows: dict[str, dict[str, Any]], notes: tuple[str, ...]) -> Table:
    heads = next(iter(rows.values()))
    columns = {head: tuple(row[head] for row in rows.values()) for head in heads}
    return Table(title, index_name, tuple(rows), columns, notes)


def plain(spec: Placed[SimulateSpec], source: Source, found: Simulated) -> dict[str, Any]:
    """The answer for machines; what does not exist is null."""
    surplus = Surplus(spec.content.surplus)
    out: dict[str, Any] = {
        "specification": str(spec.path),
        "title": spec.content.title,
        "markets": {
            name: {key: _rows(table) for key, table in _tables(one, surplus).items()}
            | {"certificate": _evidence(one.evidence)}
            for name, one in found.batch.done.items()
        },
        "failed": {failure.name: failure.reason for failure in found.batch.failed},
    }
    if source.calibration is not None:
        made = source.calibration
        out["calibration"] = {
            "parameters": {name: _number(value) for name, value in made.parameters.items()},
            "fitted": list(made.fitted),
            "targets": _rows(made.target_table()) if made.targets else [],
            "notes": list(made.notes),
        }
    if found.spread is not None:
        tables = {name: _rows(table) for name, table in _spread_tables(found.spread).items()}
        out["draws"] = {"level": _LEVEL, "failed": len(found.spread.failed), **tables}
    return out


def _rows(table: Table) -> list[dict[str, Any]]:
    return [
        {table.index_name: name} | {head: _number(values[i]) for head, values in table.columns.items()}
        for i, name in enumerate(table.index)
    ]


def _evidence(evidence: Evidence | None) -> dict[str, Any] | None:
    if evidence is None:
        return None
    return {
        "residual": _number(evidence.residual),
        "second_order_ok": evidence.second_order_ok,
        "largest_eigenvalue": _number(evidence.largest_eigenvalue),
        "starts": evidence.starts,
        "starts_agreeing": evidence.starts_agreeing,
        "largest_deviation_gain": _number(evidence.largest_deviation_gain),
        "outside_share": _number(evidence.outside_share),
        "note": evidence.note,
    }


def _number(value: Any) -> Any:
    if value is None or isinstance(value, str | bool):
        return value
    return float(value) if math.isfinite(value) else None


def failures(batch: Batch, markets: int) -> str:
    """The markets that were not solved, with their reasons."""
    reasons = "; ".join(f"{failure.name}: {failure.reason}" for failure in batch.failed[:3])
    more = f"; and {len(batch.failed) - 3} more" if len(batch.failed) > 3 else ""
    return f"{len(batch.failed)} of {markets} markets could not be simulated: {reasons}{more}"
