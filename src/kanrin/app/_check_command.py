"""`kanrin check`: prove that a case is sound."""

from __future__ import annotations

import click

from kanrin.app._options import case_argument, json_option

__all__ = ["command"]


@click.command(
    "check",
    help="Prove that CASE is sound: files complete, numbers and dates valid, sources and units known, "
    "spells of law "
    "not overlapping, totals adding up, every candidate with a way to be certified. "
    "Ends with exit code 2 and every fault, with file and line, when it is not.",
)
@case_argument
@json_option
def command(case: str, as_json: bool) -> None:
    """Checks of a case, or its faults."""
    from kanrin.app._checks import checks_of
    from kanrin.app._terminal import console, print_json, table
    from kanrin.base import CaseError

    checks = checks_of(case)
    faults = [fault for check in checks for fault in check.faults]
    if as_json:
        rows = [{"check": c.name, "looked_at": c.looked_at, "faults": list(c.faults)} for c in checks]
        print_json({"case": case, "sound": not faults, "checks": rows})
    else:
        lines = [
            (c.name, c.looked_at, "sound" if not c.faults else f"{len(c.faults)} faults") for c in checks
        ]
        columns = (("check", "left"), ("looked at", "left"), ("result", "left"))
        console().print(table(f"Checks of {case}", columns, lines))
    if faults:
        raise CaseError(faults)
