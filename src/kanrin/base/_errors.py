"""One tree of exceptions. An error says what, where, what was expected, and the way out.

```
KanrinError
├── InputError              bad input: exit code 2, no traceback
│   ├── CaseError           a fault in a case folder, with file and line
│   ├── UnknownName         a key, case, model or maker that does not exist; near names offered
│   ├── OverrideError       --set with a wrong type, unit or range
│   ├── NotInForce          no value of a rule on the day asked
│   └── OutputError         a folder that cannot be written or is not empty
├── UnitError               unlike units added, or a unit that is not known
└── SolveError              a solver that did not get there: value, residual, advice
```
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "CaseError",
    "InputError",
    "KanrinError",
    "NotInForce",
    "OutputError",
    "OverrideError",
    "SolveError",
    "UnitError",
    "UnknownName",
]


class KanrinError(Exception):
    """Root of every error Kanrin raises on purpose."""


class InputError(KanrinError):
    """Bad input from the user; the command line ends with exit code 2."""


class CaseError(InputError):
    """One or more faults in a case folder; `faults` holds one line each: `file:line: what; way out`."""

    def __init__(self, faults: str | Iterable[str]) -> None:
        self.faults: tuple[str, ...] = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("\n".join(self.faults))


class UnknownName(InputError):
    """A name that does not exist, with the nearest ones that do."""

    def __init__(self, what: str, name: str, known: Iterable[str], way_out: str = "") -> None:
        self.what, self.name, self.known = what, name, tuple(sorted(known))
        lowered = {k.lower(): k for k in self.known}
        near = [lowered[n] for n in get_close_matches(name.lower(), list(lowered), n=4, cutoff=0.5)]
        inside = [k for k in self.known if name.lower() in k.lower() and k not in near][: 4 - len(near)]
        offered = near + inside
        text = f"unknown {what} {name!r}"
        if offered:
            text += "; did you mean " + ", ".join(offered) + "?"
        elif len(self.known) <= 30:
            text += "; known: " + ", ".join(self.known)
        if way_out:
            text += f" {way_out}" if text.endswith("?") else f"; {way_out}"
        super().__init__(text)


class OverrideError(InputError):
    """`--set KEY=VALUE` with a value of the wrong type, unit or range."""


class NotInForce(InputError):
    """A rule without a value on the day asked, as known on the day of asking."""


class OutputError(InputError):
    """A place that cannot be written, or that is not empty."""


class UnitError(KanrinError):
    """Unlike units added or compared, or an unknown unit."""


class SolveError(KanrinError):
    """A solver that stopped short; the text names the market, the residual and what to try."""
