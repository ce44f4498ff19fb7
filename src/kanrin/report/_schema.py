"""The published JSON Schema of plan.json: every name, its unit and its meaning."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

__all__ = ["schema"]


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of plan.json, a fresh dict."""
    text = (files("kanrin.report") / "plan.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
