"""`kanrin check`: prove that a case is sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kanrin.app._options import case_argument, json_option

if TYPE_CHECKING:
    from kanrin.facts import CheckReport

__all__ = ["command"]


@click.command(
    "check",
    help="Prove that CASE is sound: files complete, numbers and dates valid, sources and units known, "
    "spells of law not overlapping, totals adding up, every candidate with a way to be certified. "
    "Ends with exit code 2 and every fault, with file and line, when it is not.",
)
@case_argument
@json_option
def command(case: str, as_json: bool) -> None:
    """Checks of a case, or its faults."""
    from kanrin.app._checks import checks_of
    from kanrin.app._terminal import print_json
    from kanrin.base import CaseError

    report = checks_of(case)
    if as_json:
        print_json(
            {
                "case": case,
                "sound": report.ok,
                "checks": [
                    {
                        "check": r.name,
                        "looked_at": r.looked_at,
                        "faults": list(r.faults),
                        "remarks": list(r.remarks),
                    }
                    for r in report.results
                ],
                "kinds": {t: {str(k): n for k, n in kinds.items()} for t, kinds in report.kinds.items()},
            }
        )
    else:
        _print(report, case)
    if not report.ok:
        raise CaseError(report.faults)


def _print(report: CheckReport, case: str) -> None:
    from kanrin.app._terminal import console, table
    from kanrin.base import Kind

    out = console()
    rows = [
        (r.name, r.looked_at, "sound" if r.ok else _faults(len(r.faults)), f"{len(r.remarks) or ''}")
        for r in report.results
    ]
    columns = (("check", "left"), ("looked at", "left"), ("result", "left"), ("remarks", "right"))
    out.print(table(f"Checks of {case}", columns, rows))
    if report.kinds:
        counts = [
            (name, *(f"{kinds.get(kind, 0) or ''}" for kind in Kind)) for name, kinds in report.kinds.items()
        ]
        headings = (("numbers of", "left"), *((str(kind), "right") for kind in Kind))
        out.print(table("How firm its numbers are", headings, counts))
    for result in report.results:
        for remark in result.remarks:
            out.print(f"Remark, {result.name}: {remark}", soft_wrap=True)


def _faults(number: int) -> str:
    return f"{number} fault" if number == 1 else f"{number} faults"
