"""What every record of a case is built on: a frozen row, and the kinds of cell with their bounds."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = [
    "Count",
    "Filled",
    "Latitude",
    "Longitude",
    "MaybeDate",
    "MaybeNumber",
    "MaybePositive",
    "NotNegative",
    "Number",
    "Percent",
    "Positive",
    "Record",
    "Share",
    "Text",
]


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _number(value: object) -> object:
    if isinstance(value, str) and "_" in value:
        raise ValueError("a number is written without underscores here")
    return value


Text = str
Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]
Positive = Annotated[float, BeforeValidator(_number), Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, BeforeValidator(_number), Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, BeforeValidator(_number), Field(ge=0, le=1, allow_inf_nan=False)]
Percent = Annotated[float, BeforeValidator(_number), Field(ge=0, le=100, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
MaybeDate = Annotated[date | None, BeforeValidator(_blank_is_none)]
MaybeNumber = Annotated[float | None, BeforeValidator(_blank_is_none), Field(allow_inf_nan=False)]
MaybePositive = Annotated[
    Annotated[float, Field(gt=0, allow_inf_nan=False)] | None, BeforeValidator(_blank_is_none)
]
Filled = Annotated[str, Field(min_length=1)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class Record(BaseModel):
    """A frozen row; unknown columns are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
