"""Section 8: how far to believe it: kinds of input, what lies outside the data, the certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kanrin.report._backtest_blocks import backtest_blocks
from kanrin.report._model_name import sentence_case
from kanrin.report._numbers import number, per_cent, tiny
from kanrin.report._page import (
    Block,
    Bullets,
    Cell,
    Column,
    Paragraph,
    Row,
    Section,
    Subheading,
    Table,
    words,
)

__all__ = ["belief_section"]

_KINDS = (("fact", "facts"), ("derived", "derived"), ("estimate", "estimates"), ("assumption", "assumptions"))


def belief_section(answer: Mapping[str, Any]) -> Section:
    """Counts, shares of the variance, flags, backtest, certificate, estimate."""
    belief = answer.get("belief") or {}
    blocks: list[Block] = []
    counts = belief.get("counts") or {}
    if counts:
        total = sum(counts.values())
        said = ", ".join(f"{counts[k]} {text}" for k, text in _KINDS if k in counts)
        blocks.append(Paragraph(words(f"Of {total} inputs: {said}.")))
    shares: Sequence[Mapping[str, Any]] = belief.get("variance_shares") or ()
    if shares:
        rows = tuple(
            Row((Cell(words(sentence_case(s["group"]))), Cell(words(per_cent(s["share"]))))) for s in shares
        )
        blocks.append(
            Table(
                "What the spread of the profit comes from.",
                (Column("Source of spread"), Column("Share", True)),
                rows,
            )
        )
    outside = belief.get("outside_support") or ()
    if outside:
        blocks += [
            Subheading("Outside what the market has seen"),
            Bullets(tuple(words(f"{t.rstrip('.')}.") for t in outside)),
        ]
    blocks += backtest_blocks(answer)
    blocks += [Subheading("Certificate of the equilibrium"), _certificate(answer["certificate"])]
    estimate = answer.get("estimate") or {}
    if estimate:
        rest = "; ".join(
            f"{k.replace('_', ' ')} {number(v)}"
            for k, v in estimate.items()
            if k != "title" and not isinstance(v, dict | list)
        )
        title = str(estimate.get("title") or "as given")
        blocks.append(
            Paragraph(words(f"Demand estimate: {title}", f" ({rest})" if rest else "", "."), role="note")
        )
    return Section("belief", "How far to believe it", tuple(blocks))


def _certificate(certificate: Mapping[str, Any]) -> Bullets:
    lines = [
        f"First-order conditions hold to {tiny(certificate['max_foc_residual'])} of the price.",
        "Second-order conditions hold at the solution."
        if certificate["second_order_ok"]
        else "Second-order conditions do not hold at the solution: read the prices with care.",
        f"{certificate['starts_agreeing']} of {certificate['starts']} starting points agree.",
    ]
    gain = certificate.get("largest_deviation_gain")
    if gain is not None:
        lines.append(
            f"No firm gains more than {tiny(gain)} of its profit by moving one price alone."
            if gain > 0
            else "No firm gains by another price of one of its cars (scan: at most 0)."
        )
    if certificate.get("batch_max_residual") is not None:
        failures = certificate.get("batch_failures")
        failed = "" if failures is None else f", {number(failures)} left unsolved"
        lines.append(
            f"Over all draws the largest residual is {tiny(certificate['batch_max_residual'])}{failed}."
        )
    if certificate.get("outside_share") is not None:
        lines.append(f"Households that buy no new car in the year: {per_cent(certificate['outside_share'])}.")
    return Bullets(tuple(words(line) for line in lines))
