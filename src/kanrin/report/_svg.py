"""A Vega-Lite specification as a picture inside a page: nothing fetched, own ids, a text alternative."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

__all__ = ["svg"]

_VEGA_LITE = "5.20"  # pinned: the same specification gives the same bytes
_IDS = re.compile(r'\bid="([^"]+)"')
_ROOT = re.compile(r"<svg\b[^>]*>")
_SIZE = re.compile(r'\b(width|height|viewBox)="([^"]+)"')


def svg(spec: Mapping[str, Any], prefix: str) -> str:
    """Draw `spec`; every id starts with `prefix`, the specification's description becomes the label."""
    import vl_convert

    text = vl_convert.vegalite_to_svg(dict(spec), vl_version=_VEGA_LITE)
    root = _ROOT.search(text)
    if root is None:  # pragma: no cover - the converter always writes a root
        raise ValueError("the chart converter gave no svg element")
    size = " ".join(f'{name}="{value}"' for name, value in _SIZE.findall(root.group()))
    head = f'<svg {size} role="img" aria-label="{escape(str(spec["description"]))}">'
    body = text[root.end() :]
    for name in sorted(set(_IDS.findall(body)), key=len, reverse=True):
        body = body.replace(f'id="{name}"', f'id="{prefix}-{name}"').replace(
            f"url(#{name})", f"url(#{prefix}-{name})"
        )
    return head + body.strip()
