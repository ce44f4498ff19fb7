"""Sphinx: furo, MyST with executed pages, API from docstrings. Build: `sphinx-build -W docs docs/_build`."""

from __future__ import annotations

from kanrin import __version__

project = "Kanrin"
author = "The Kanrin authors"
copyright = "2026, The Kanrin authors"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
exclude_patterns = ["_build", ".jupyter_cache"]

html_theme = "furo"
html_title = f"Kanrin {release}"
html_copy_source = False

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 240
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
python_maximum_signature_line_length = 88
suppress_warnings = ["mystnb.unknown_mime_type"]
