"""How a fault of a record reads: `column: what; expected`, in plain words in place of the validator's."""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_core import ErrorDetails

__all__ = ["fault_sentence", "faults_in"]


_EXPECTED = {
    "float_parsing": "expected a number; write it with a dot and without units or spaces",
    "float_type": "expected a number; write it without quotes",
    "finite_number": "expected a finite number",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "greater_than": "expected a number greater than {gt:g}",
    "greater_than_equal": "expected a number of at least {ge:g}",
    "less_than": "expected a number below {lt:g}",
    "less_than_equal": "expected a number of at most {le:g}",
    "string_too_short": "must not be empty",
    "string_type": "expected text; put it in quotes",
    "missing": "is missing; add it",
    "extra_forbidden": "is not known here; check the spelling or remove it",
    "date_from_datetime_parsing": "expected a date that exists, written YYYY-MM-DD",
    "date_parsing": "expected a date that exists, written YYYY-MM-DD",
    "date_type": "expected a date, written YYYY-MM-DD",
    "date_from_datetime_inexact": "expected a date without a time, written YYYY-MM-DD",
    "too_short": "must not be empty",
}


def fault_sentence(error: ErrorDetails) -> str:
    """One fault as `column: what; expected`."""
    context = error.get("ctx", {})
    kind = error["type"]
    shown = error["input"]
    if kind == "value_error":
        what = str(context.get("error", error["msg"]))
    elif kind in ("literal_error", "enum"):
        what = f"expected one of {context.get('expected', '')}"
    elif kind == "string_pattern_mismatch":
        what = f"does not have the form {context.get('pattern')}"
    elif kind in _EXPECTED:
        what = _EXPECTED[kind].format(**context)
    else:
        what = error["msg"]
    if kind not in ("value_error", "missing", "extra_forbidden") and not isinstance(shown, (dict, list)):
        what += f", got {shown!r}"
    if "; " not in what:
        what += "; correct it"
    if kind == "value_error" and error["loc"] and isinstance(error["loc"][-1], int):
        return what  # the fault of a whole element tells its own name
    named = [str(p) for p in error["loc"] if isinstance(p, str)]
    return f"{named[-1]}: {what}" if named else what


def faults_in(error: ValidationError) -> list[ErrorDetails]:
    """The faults of a record, without `too few elements` where an element has a fault of its own."""
    found = error.errors()
    return [
        one
        for one in found
        if one["type"] != "too_short"
        or not any(other["loc"][: len(one["loc"])] == one["loc"] for other in found if other is not one)
    ]
