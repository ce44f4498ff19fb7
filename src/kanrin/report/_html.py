"""The page as one HTML file that stands alone: no script, nothing fetched, style and pictures inside."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

from kanrin.report._numbers import shown
from kanrin.report._page import Figure, Page
from kanrin.report._svg import svg

__all__ = ["to_html"]

_UNIT = re.compile(
    r"(?<=\d) (?=(?:%|m³|± \d|(?:million|billion|trillion|cars?|years?|months?|days?|draws|km|mm|kg|kW|PS"
    r"|USD|JPY|yen|utils|sd)\b))|(?<=±) (?=[\d¥$])"
)
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]*([._][A-Za-z0-9-]+)+")


def to_html(page: Page) -> str:
    """Render the page; the template engine escapes every word, all but our own pictures and style."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    folder = files("kanrin.report") / "templates"

    def draw(figure: Figure) -> Any:
        return Markup(svg(figure.spec, figure.name))

    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
        keep_trailing_newline=True,
    )
    environment.filters["tight"] = _tight
    style = (folder / "brief.css").read_text(encoding="utf-8").strip()
    return environment.get_template("brief.html.j2").render(page=page, style=Markup(style), draw=draw)


def _tight(text: str) -> Any:
    """Keep a sign with its number and a number with its unit; let a long key break after its dots."""
    from markupsafe import Markup, escape

    if _KEY.fullmatch(text):
        return Markup(re.sub(r"([._])", r"\1<wbr>", str(escape(text))))
    joined = shown(text).replace("\u2212¥", "\u2212\u2060¥").replace("\u2212$", "\u2212\u2060$")
    return _UNIT.sub("\u00a0", joined)
