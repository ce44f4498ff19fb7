"""A model's key as a name a reader knows, and labels at the start of a line."""

from __future__ import annotations

__all__ = ["model_title", "sentence", "sentence_case"]


def model_title(model: str) -> str:
    """A key such as `honda_accord` as a name; a name stays as it is."""
    if model != model.lower() or "_" not in model:
        return model
    parts = model.split("_")
    return " ".join(
        p.upper() if len(p) <= 2 or any(c.isdigit() for c in p) else p.capitalize() for p in parts
    )


def sentence_case(text: str) -> str:
    """A label that starts a line, with its first letter raised and the rest as it is."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """A text as a sentence: first letter raised, a full stop at the end."""
    text = sentence_case(text.rstrip())
    return text if text.endswith((".", "!", "?")) or not text else f"{text}."
