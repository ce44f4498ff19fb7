"""A model's key as a name a reader knows."""

from __future__ import annotations

__all__ = ["model_title"]


def model_title(model: str) -> str:
    """A key such as `honda_accord` as a name; a name stays as it is."""
    if model != model.lower() or "_" not in model:
        return model
    parts = model.split("_")
    return " ".join(
        p.upper() if len(p) <= 2 or any(c.isdigit() for c in p) else p.capitalize() for p in parts
    )
